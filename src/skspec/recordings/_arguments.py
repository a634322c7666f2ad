"""What `predict_recording` is given, checked."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec._validation import check_values
from skspec.exceptions import ParameterError

_POSITIVE = Interval(Real, 0, None, closed="neither")
_CONSTRAINTS = {
    "window_s": [_POSITIVE],
    "hop_s": [_POSITIVE, None],
    "sr": [_POSITIVE, None],
    "start_s": [Interval(Real, 0, None, closed="left")],
    "end_s": [_POSITIVE, None],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "smooth": [Interval(Integral, 1, None, closed="left"), None],
    "threshold": [Interval(Real, 0, 1, closed="both"), None],
    "merge": ["boolean"],
    "on_error": [StrOptions({"raise", "skip", "nan"})],
}


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Check the arguments by name, before anything is read."""
    check_values(_CONSTRAINTS, arguments, caller="predict_recording")
    if arguments["smooth"] is not None and arguments["smooth"] % 2 == 0:
        raise ParameterError(f"Got smooth={arguments['smooth']!r}, but expected an odd number.")


def check_classifier(estimator: BaseEstimator) -> list[str]:
    """Give the classes of a fitted classifier as text."""
    if not hasattr(estimator, "predict_proba"):
        raise ParameterError(
            f"Got a {type(estimator).__name__} without predict_proba, but predict_recording needs "
            "probabilities: put CalibratedClassifierCV around it."
        )
    check_is_fitted(estimator, "classes_")
    return [str(label) for label in estimator.classes_]


def find_sr(estimator: BaseEstimator, sr: float | None) -> float:
    """Give the rate of an estimator's waveforms: that of its parameters, or the one given."""
    params = getattr(estimator, "best_estimator_", estimator).get_params()
    found = {value for name, value in params.items() if name.split("__")[-1] == "sr"} - {None}
    if sr is None and len(found) != 1:
        raise ParameterError(
            f"Got sr=None, but {type(estimator).__name__} has {sorted(found) or 'no sr'} among its "
            "parameters: expected the rate in Hz of the waveforms that it takes."
        )
    if sr is not None and found and sr not in found:
        raise ParameterError(
            f"Got sr={sr!r}, but {type(estimator).__name__} takes waveforms at {sorted(found)} Hz."
        )
    return found.pop() if sr is None else sr
