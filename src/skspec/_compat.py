"""Every private scikit-learn import, and what not every version of it has."""

from collections.abc import Callable
from typing import Any

from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._array_api import np_compat as numpy_namespace
from sklearn.utils._param_validation import (
    Hidden,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ModuleNotFoundError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's: without `set_callbacks`."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Give the method as it is."""
        return method


#: Private classes inside fitted calibrated classifiers, and where they are; not every version of
#: scikit-learn has all.
CALIBRATION_PARTS = dict.fromkeys(
    ["_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"], "sklearn.calibration"
)

__all__ = [
    "CALIBRATION_PARTS",
    "BaseSearchCV",
    "CallbackSupportMixin",
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "check_sample_weight",
    "numpy_namespace",
    "safe_indexing",
    "validate_parameter_constraints",
    "with_callbacks",
]
