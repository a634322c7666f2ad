"""Energy of the notes of the scale, whatever their octave."""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
from numpy.typing import NDArray

_SMALLEST = np.float32(np.finfo(np.float32).tiny)

# Of a bin's largest weight. Below, a weight is under a tenth of float32's rounding, and some are
# subnormal numbers, which many processors are slow at.
_NEGLIGIBLE = 1e-8


@lru_cache(maxsize=128)
def chroma_filters(
    sr: float,
    n_fft: int,
    *,
    n_chroma: int = 12,
    tuning: float = 0.0,
    ctroct: float = 5.0,
    octwidth: float | None = 2.0,
) -> NDArray[np.float32]:
    """Give librosa's chroma filter bank, an array (n_chroma, 1 + n_fft // 2) of float32.

    Weights under 1e-8 of the largest of their bin are zero. Parameters are those of
    `librosa.filters.chroma`; treat the cached result as read-only.
    """
    weights = librosa.filters.chroma(
        sr=sr, n_fft=n_fft, n_chroma=n_chroma, tuning=tuning, ctroct=ctroct, octwidth=octwidth
    )
    weights[weights < _NEGLIGIBLE * weights.max(axis=0)] = 0
    weights.flags.writeable = False
    return weights


def normalize_frames(values: NDArray[np.float32], norm: float | None) -> NDArray[np.float32]:
    """Divide each frame by its vector norm, in place.

    Parameters
    ----------
    values : ndarray (..., n_bins, n_frames) of float32
        Not negative. Overwritten.
    norm : float > 0, inf or None
        Which norm: 1 makes the sum 1, 2 the length, inf the maximum. None changes nothing.

    Returns
    -------
    ndarray of float32
        `values` itself. Frames of nothing but zeros stay so.
    """
    if norm is None:
        return values
    # By the maximum first, so that no power of what follows can overflow or vanish.
    top = values.max(axis=-2, keepdims=True)
    values /= np.where(top < _SMALLEST, np.float32(1), top)
    if norm != np.inf:
        length = np.sum(values**norm, axis=-2, keepdims=True) ** (1 / norm)
        values /= np.where(top < _SMALLEST, np.float32(1), length)
    return values


def estimate_tuning(
    powers: NDArray[np.float32],
    sr: float,
    n_fft: int,
    *,
    bins_per_octave: int = 12,
    fmin: float = 150.0,
    fmax: float = 4000.0,
    threshold: float = 0.1,
    resolution: float = 0.01,
) -> float:
    """Estimate how far a recording is tuned off A = 440 Hz.

    Parameters
    ----------
    powers : ndarray (1 + n_fft // 2, n_frames) of float32
        Spectrogram.
    sr : float > 0
        Sampling rate in Hz.
    n_fft : int > 0
        Samples in a frame.
    bins_per_octave : int > 0, default=12
        Notes in an octave.
    fmin, fmax : float, default=150.0, 4000.0
        Range of pitches in Hz.
    threshold : float in [0, 1), default=0.1
        Peaks count from this share of a frame's maximum.
    resolution : float in (0, 1), default=0.01
        Step of the result.

    Returns
    -------
    float in [-0.5, 0.5)
        In notes; 0 where there is no peak.

    Notes
    -----
    Peaks of the spectrum are refined by parabolas, and of the stronger half of them the most
    frequent distance from a note is given: `librosa.estimate_tuning` of the same spectrogram.
    """
    pitches, heights = _peaks(powers, sr / n_fft, fmin, min(fmax, sr / 2), threshold)
    if len(pitches) == 0:
        return 0.0
    strong = pitches[heights >= np.median(heights)]
    distance = np.mod(bins_per_octave * np.log2(strong / (440 / 16)), 1.0)
    distance[distance >= 0.5] -= 1.0
    counts, edges = np.histogram(distance, int(np.ceil(1 / resolution)), (-0.5, 0.5))
    return float(edges[np.argmax(counts)])


def _peaks(
    powers: NDArray[np.float32], bin_hz: float, fmin: float, fmax: float, threshold: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give frequency in Hz and height of every peak between two frequencies."""
    first = max(1, int(np.ceil(fmin / bin_hz)))
    stop = max(first, min(len(powers) - 1, int(np.ceil(fmax / bin_hz))))
    middle = powers[first:stop]
    least = np.float32(threshold) * powers.max(axis=0)
    is_peak = middle > powers[first - 1 : stop - 1]
    is_peak &= middle >= powers[first + 1 : stop + 1]
    is_peak &= middle > least
    n_frames = powers.shape[1]
    places = np.flatnonzero(is_peak) + first * n_frames
    left, top, right = (
        powers.reshape(-1)[places + step * n_frames].astype(np.float64) for step in (-1, 0, 1)
    )
    bend, slope = left + right - 2 * top, (right - left) / 2
    shift = np.divide(-slope, bend, out=np.zeros_like(top), where=abs(slope) < abs(bend))
    return (places // n_frames + shift) * bin_hz, top + slope * shift / 2
