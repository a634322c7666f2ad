"""What a batch of waveforms or images is, and what the parameters of an estimator may be."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skspec._compat import InvalidParameterError, validate_parameter_constraints
from skspec.exceptions import AudioWarning, InputError, InputTypeError, ParameterError

AnyPath = str | os.PathLike[str]
Clip = NDArray[np.floating[Any]]
Waveforms = Clip | list[Clip] | list[AnyPath]

LOUDEST = 1e6  # 120 dB over full scale; power spectra stay far from float32's overflow
INTEGER_PEAK = 127  # from here on, whole numbers are taken for integer samples (8 bits or more)
USUAL_PEAK = 4


def check_choice(name: str, value: object, allowed: Iterable[object]) -> None:
    """Refuse what is not one of the values that a function's parameter can have."""
    choices = list(allowed)
    if value not in choices:
        raise ParameterError(f"Got {name}={value!r}, but expected one of {choices!r}.")


def check_parameters(estimator: BaseEstimator) -> None:
    """Check an estimator's constructor parameters against its `_parameter_constraints`."""
    params = estimator.get_params(deep=False)
    check_values(estimator._parameter_constraints, params, caller=type(estimator).__name__)


def check_values(constraints: Mapping[str, Any], values: Mapping[str, Any], *, caller: str) -> None:
    """Check values by name against scikit-learn's kind of constraints."""
    try:
        validate_parameter_constraints(constraints, values, caller_name=caller)
    except InvalidParameterError as error:
        raise ParameterError(str(error)) from None


def check_waveforms(X: Any, *, caller: str) -> Waveforms:
    """Normalise a batch of waveforms, or say which clip of it cannot be used.

    Parameters
    ----------
    X : array-like (n_clips, n_timepoints), or sequence of 1-D arrays, or sequence of paths
        Numbers are samples, full scale is 1. Paths are not opened here.
    caller : str
        Name of the estimator, for messages.

    Returns
    -------
    ndarray (n_clips, n_timepoints), or list of 1-D ndarrays, or list of paths
        float32 or float64; a list of arrays stays a list even where all lengths are equal.

    Raises
    ------
    InputError
        No clips, no samples, wrong rank, complex, NaN or infinite samples, peaks above 1e6, or
        whole numbers with a peak of 127 or more: integer samples that were not scaled.
    InputTypeError
        Sparse, a lone path, not numbers, or a mix of paths and arrays.

    Warns
    -----
    AudioWarning
        Peaks above 4, in clips whose deviation is not about 1 (those were standardised).
    """
    array = _as_batch(X, caller)
    if isinstance(array, np.ndarray):
        return _check_matrix(array, caller)
    return _check_sequence(array, caller)


def check_clips(
    estimator: BaseEstimator,
    X: Any,
    *,
    reset: bool,
    any_width: bool = False,
    remedy: str = "Give clips of other lengths as a list, list(X).",
) -> Waveforms:
    """Check waveforms for an estimator, and the width and column names of tables.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `n_features_in_` (samples per clip) and column names on `reset`, of tables only.
    X : as for `check_waveforms`
    reset : bool
        True in `fit`.
    any_width : bool, default=False
        Whether tables after `fit` may be of another width than in it.
    remedy : str
        What to do about another width, a sentence; by default, to give a list.
    """
    if reset:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):  # of an earlier fit to a table; paths have no columns
                delattr(estimator, name)
    clips = check_waveforms(X, caller=type(estimator).__name__)
    if not isinstance(clips, np.ndarray) or (any_width and not reset):
        return clips
    expected = None if reset else getattr(estimator, "n_features_in_", None)
    if expected not in (None, clips.shape[1]):
        raise InputError(
            f"X has {clips.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{expected} features as input: samples per clip, as in fit. {remedy}"
        )
    if reset or not isinstance(X, np.ndarray) or hasattr(estimator, "feature_names_in_"):
        validate_data(estimator, X, reset=reset, skip_check_array=True)  # columns and their names
    return clips


def holds_paths(clips: Waveforms) -> TypeGuard[list[AnyPath]]:
    """Tell whether checked waveforms are still files to be read."""
    return isinstance(clips, list) and isinstance(clips[0], str | os.PathLike)


def clip_name(caller: str, index: int, clips: Waveforms) -> str:
    """Name a clip in a message: `MelSpectrogramImage, clip 17 (path 'a.wav')`."""
    path = f" (path {os.fspath(clips[index])!r})" if holds_paths(clips) else ""
    return f"{caller}, clip {index}{path}"


def _as_batch(X: Any, caller: str) -> NDArray[Any] | list[Any]:
    """Give numbers as an array of any rank, anything else as the list of its clips."""
    if issparse(X):
        raise InputTypeError(f"{caller}: X is sparse, expected a dense array of samples.")
    if isinstance(X, str | bytes | os.PathLike):
        raise InputTypeError(f"{caller}: X is one path, {X!r}; for one clip use [X].")
    if isinstance(X, list | tuple):
        return _sequence_as_batch(X)
    if not hasattr(X, "__array__"):
        raise InputTypeError(
            f"{caller}: X is a {type(X).__name__}, expected an array (n_clips, n_timepoints), "
            "or a list of 1-D arrays or of paths."
        )
    array = np.asarray(X)
    return list(array) if array.ndim == 1 and array.dtype.kind in "OUT" else array


def _sequence_as_batch(X: Sequence[Any]) -> NDArray[Any] | list[Any]:
    """Turn nested lists of numbers into an array where they are rectangular."""
    if any(isinstance(clip, str | os.PathLike) or hasattr(clip, "__array__") for clip in X):
        return list(X)
    try:
        return np.asarray(X) if X else []
    except ValueError:  # lists of different lengths
        return list(X)


def _as_floats(array: NDArray[Any], where: str) -> Clip:
    """Give float32 or float64; integers keep their value."""
    if array.dtype.kind == "c":
        raise InputError(f"{where}: Complex data not supported: samples are real numbers.")
    if array.dtype.kind not in "fiubO":
        raise InputTypeError(f"{where}: dtype {array.dtype} is not a kind of number.")
    if array.dtype in (np.float32, np.float64):
        return array
    try:
        return array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    except (TypeError, ValueError) as error:
        raise InputTypeError(
            f"{where}: samples must be numbers: {error}. Paths are given as a 1-D array or a list."
        ) from error


def _check_matrix(array: NDArray[Any], caller: str) -> Clip:
    if array.ndim == 1:
        raise _one_clip_error(array.shape, caller)
    if array.ndim != 2:
        raise InputError(f"{caller}: X has shape {array.shape}, expected (n_clips, n_timepoints).")
    clips = _as_floats(array, caller)
    if len(clips) == 0:
        raise InputError(f"{caller}: X holds no clips (shape={clips.shape}), expected at least 1.")
    if clips.shape[1] == 0:
        # The words up to the full stop are those that scikit-learn's checks look for.
        raise InputError(
            f"{caller}, clip 0: 0 samples. X has 0 feature(s) (shape={clips.shape}) "
            "while a minimum of 1 is required."
        )
    _check_levels(clips, _peaks(clips), caller)
    return clips


def _check_sequence(items: list[Any], caller: str) -> list[Clip] | list[AnyPath]:
    if not items:
        raise InputError(f"{caller}: X holds no clips, expected at least 1.")
    is_path = [isinstance(item, str | os.PathLike) for item in items]
    if all(is_path):
        return [str(item) if isinstance(item, str) else item for item in items]
    if any(is_path):
        odd = is_path.index(not is_path[0])
        raise InputTypeError(
            f"{caller}, clip {odd}: a mix of kinds. Clip 0 is a {type(items[0]).__name__}, "
            f"this one a {type(items[odd]).__name__}; expected all paths or all 1-D arrays."
        )
    if isinstance(items[0], Number):
        raise _one_clip_error((len(items),), caller)
    clips = [_as_clip(item, index, caller) for index, item in enumerate(items)]
    _check_levels(clips, _peaks(clips), caller)
    return clips


def _one_clip_error(shape: tuple[int, ...], caller: str) -> InputError:
    return InputError(
        f"{caller}: Reshape your data: X has shape {shape}, expected (n_clips, n_timepoints); "
        "for one clip use X[None, :]."
    )


def _as_clip(clip: Any, index: int, caller: str) -> Clip:
    where = f"{caller}, clip {index}"
    try:
        array = np.asarray(clip)
    except ValueError as error:
        raise InputError(f"{where}: not a 1-D array: {error}.") from error
    if array.ndim != 1:
        raise InputError(f"{where}: has shape {array.shape}, expected (n_timepoints,).")
    if array.size == 0:
        raise InputError(f"{where}: 0 samples, expected at least 1.")
    return _as_floats(array, where)


def _peaks(clips: Clip | list[Clip]) -> NDArray[np.float64]:
    """Give the largest absolute sample of each clip."""
    # Two reductions need no temporary the size of the clip, both let NaN through, and clip by clip
    # the second one finds it in the cache. A second thread waits for Python longer than it helps.
    return np.array([np.maximum(clip.max(), -clip.min()) for clip in clips], dtype=np.float64)


def _check_levels(clips: Clip | list[Clip], peaks: NDArray[Any], caller: str) -> None:
    """Refuse samples that cannot be sound; warn of those that probably are not."""
    _refuse(peaks, ~np.isfinite(peaks), caller, "NaN or infinity among its samples.")
    _refuse(
        peaks, peaks > LOUDEST, caller, "its peak is {peak:.3g}, expected about 1 (full scale)."
    )
    for index in np.flatnonzero(peaks >= INTEGER_PEAK):
        if np.array_equal(clips[index], np.rint(clips[index])):
            raise InputError(
                f"{caller}, clip {index}: whole numbers up to {peaks[index]:.0f}, which looks like "
                "integer samples; divide by the full scale (32768 for 16 bits)."
            )
    loud = [i for i in np.flatnonzero(peaks > USUAL_PEAK) if not _looks_standardised(clips[i])]
    if loud:
        warnings.warn(
            f"{caller}, clip {loud[0]}: its peak is {peaks[loud[0]]:.3g}, where full scale is 1"
            f"{f' ({len(loud)} clips are like that)' if len(loud) > 1 else ''}.",
            AudioWarning,
            stacklevel=4,
        )


def _looks_standardised(clip: Clip) -> bool:
    """Tell whether a clip's deviation is about 1, also after padding or cropping."""
    return 0.5 < float(np.std(clip[clip != 0])) < 2.0


def _refuse(peaks: NDArray[Any], bad: NDArray[np.bool_], caller: str, reason: str) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        raise InputError(f"{caller}, clip {index}: {reason.format(peak=peaks[index])}")
