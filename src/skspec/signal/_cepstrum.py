"""Cepstral coefficients, and slopes over time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
from numpy.typing import NDArray

DeltaMode = Literal["interp", "nearest", "mirror", "constant", "wrap"]


def cepstrum(
    decibels: NDArray[np.float32],
    n_mfcc: int,
    *,
    dct_type: int = 2,
    norm: Literal["ortho"] | None = "ortho",
    lifter: float = 0,
) -> NDArray[np.float32]:
    """Give the first coefficients of the cosine transform over bands: MFCC of mel decibels.

    Parameters
    ----------
    decibels : ndarray (..., n_bands, n_frames) of float32
        Levels of the bands.
    n_mfcc : int > 0
        Coefficients wanted, at most n_bands.
    dct_type : {1, 2, 3}, default=2
        Type of the cosine transform.
    norm : "ortho" or None, default="ortho"
        Whether the transform is orthonormal.
    lifter : float >= 0, default=0
        Coefficient n >= 0 is multiplied by 1 + lifter / 2 * sin(pi * (n + 1) / lifter).

    Returns
    -------
    ndarray (..., n_mfcc, n_frames) of float32

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import cepstrum
    >>> cepstrum(np.ones((4, 2), np.float32), 2).round(3)
    array([[2., 2.],
           [0., 0.]], dtype=float32)
    """
    every = scipy.fft.dct(decibels, type=dct_type, axis=-2, norm=norm)
    coefficients = every[..., :n_mfcc, :]
    if lifter > 0:
        sines = np.sin(np.pi * np.arange(1, n_mfcc + 1) / lifter)
        coefficients *= (1 + lifter / 2 * sines).astype(np.float32)[:, None]
    return coefficients


def delta(
    values: NDArray[np.float32],
    *,
    width: int = 9,
    order: int = 1,
    mode: DeltaMode = "interp",
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Give the derivative over time of polynomials fitted to stretches of frames.

    Parameters
    ----------
    values : ndarray (n_bins, n_frames) of float32
        At least `width` frames for mode "interp".
    width : odd int >= 3, default=9
        Frames that a polynomial is fitted to.
    order : {1, 2}, default=1
        Of the derivative, and of the polynomial.
    mode : {"interp", "nearest", "mirror", "constant", "wrap"}, default="interp"
        What the first and last width // 2 frames are: derivatives of the polynomials fitted to
        the first and last `width` frames, or of an image extended as `scipy.ndimage` does.
    out : ndarray (n_bins, n_frames) of float32, default=None
        Written to where given; not `values` itself.

    Returns
    -------
    ndarray (n_bins, n_frames) of float32

    Notes
    -----
    The filter of A. Savitzky and M. J. E. Golay, "Smoothing and differentiation of data by
    simplified least squares procedures", Anal. Chem. 36, 1627 (1964): `librosa.feature.delta`.
    """
    weights, edges = _delta_weights(width, order)
    inner = "nearest" if mode == "interp" else mode
    out = np.empty_like(values) if out is None else out
    scipy.ndimage.correlate1d(values, weights, axis=1, mode=inner, output=out)
    if mode == "interp":
        half = width // 2
        # float64, because slopes of a constant must not be its rounding.
        out[:, :half] = np.einsum("bt,ft->bf", values[:, :width], edges[:half])
        out[:, -half:] = np.einsum("bt,ft->bf", values[:, -width:], edges[-half:])
    return out


@lru_cache(maxsize=16)
def _delta_weights(width: int, order: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the filter (width,), and the derivative at each of `width` frames from all of them."""
    weights = scipy.signal.savgol_coeffs(width, order, deriv=order, use="dot")
    edges = scipy.signal.savgol_filter(
        np.eye(width), width, order, deriv=order, axis=0, mode="interp"
    )
    return weights, edges
