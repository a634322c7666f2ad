"""Images given to an estimator: their shape, kind and values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skspec._image_batch import ImageBatch, on_demand
from skspec.exceptions import InputError, InputTypeError

_NEEDS_IMAGES = "Turn waveforms and paths into images first, as MelSpectrogramImage does."


def check_images(
    estimator: BaseEstimator, X: Any, *, reset: bool, keep_on_demand: bool = False
) -> ImageBatch:
    """Check a batch of images and remember, or compare, its shape on the estimator.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `image_shape_in_`, and for 2-D input scikit-learn's `n_features_in_`, on `reset`.
    X : ImageBatch or array-like
        Images (n_clips, n_channels, n_bins, n_frames); 2-D input is n images of one row.
    reset : bool
        True in ``fit``.
    keep_on_demand : bool, default=False
        Whether images that are made on demand stay so; otherwise they become an array.

    Returns
    -------
    ImageBatch
        Finite float32 or float64 images.
    """
    if isinstance(X, ImageBatch) and keep_on_demand and on_demand(X.values):
        batch = X
    elif isinstance(X, ImageBatch):
        batch = X.with_values(_as_images(estimator, X.values, reset))
    else:
        batch = ImageBatch(_as_images(estimator, X, reset))
    caller = type(estimator).__name__
    shape = batch.shape[1:]
    if reset:
        estimator.image_shape_in_ = shape
    elif shape != estimator.image_shape_in_:
        raise InputError(
            f"{caller} was fitted on images of (n_channels, n_bins, n_frames) = "
            f"{estimator.image_shape_in_}, but X has {shape}."
        )
    if len(batch) == 0:
        raise InputError(f"{caller} got 0 clips (n_samples=0), but needs a minimum of 1.")
    if 0 in shape:
        raise InputError(f"{caller} got images without pixels: X has shape {batch.shape}.")
    if not on_demand(batch.values):  # finite waveforms give finite images
        _check_finite(batch.values, caller)
    return batch


def _as_images(estimator: BaseEstimator, X: Any, reset: bool) -> NDArray[Any]:
    if not hasattr(X, "ndim") and not sparse.issparse(X):
        X = _as_array(X)
    if X.ndim != 4:
        return _rows_as_images(estimator, X, reset)
    if reset:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(estimator).pop(name, None)
    images = np.asarray(X)
    if images.dtype.kind not in "fiub":
        raise InputTypeError(f"Images of dtype {images.dtype} are not numbers.")
    return images if images.dtype in (np.float32, np.float64) else images.astype(np.float32)


def _as_array(X: Any) -> NDArray[Any]:
    try:
        array = np.asarray(X)
    except ValueError as error:  # lists of different lengths
        raise InputError(f"X is no batch of images: {error}. {_NEEDS_IMAGES}") from error
    if array.shape == (0,):
        raise InputError("X holds 0 clips, expected at least 1.")
    return array


def _rows_as_images(estimator: BaseEstimator, X: Any, reset: bool) -> NDArray[Any]:
    """Take 2-D input as images of one row, as scikit-learn's conventions need it."""
    if X.ndim == 1 and X.dtype.kind in "OUS":
        raise InputTypeError(f"X is a row of paths or other objects. {_NEEDS_IMAGES}")
    if X.ndim == 3:
        raise InputError(
            f"X has shape {X.shape}, expected (n_clips, n_channels, n_bins, n_frames); "
            "for one channel use X[:, None], for one clip X[None]."
        )
    try:
        rows = validate_data(
            estimator, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite=False
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    return rows[:, None, None, :]


def _check_finite(images: NDArray[Any], caller: str, chunk: int = 256) -> None:
    """Refuse NaN and infinity, naming the first clip; in chunks, to spare memory."""
    for start in range(0, len(images), chunk):
        finite = np.isfinite(images[start : start + chunk]).all(axis=(1, 2, 3))
        if not finite.all():
            raise InputError(
                f"{caller}, clip {start + int(np.argmin(finite))}: the image contains NaN or "
                "infinity. Look at the waveform it was made from, and at the steps before."
            )
