"""One number for each frame: level, zero crossings, and the shape of the spectrum.

Spectra have a frame in each row here, as `spectrum_blocks` gives them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skspec.signal._stft import STFT

Amplitudes = NDArray[np.float32]

_SMALLEST = np.float32(np.finfo(np.float32).tiny)
_GROUP = 16  # bins that the roll-off first sums; sums of all in float64 take twice as long


def rms(waveform: NDArray[np.float32], stft: STFT) -> NDArray[np.float32]:
    """Give the root mean square of each frame, not windowed: `librosa.feature.rms`.

    Parameters
    ----------
    waveform : ndarray (n_timepoints,) of float32
        At least one sample.
    stft : STFT
        Frames; its window is not applied.

    Returns
    -------
    ndarray (n_frames,) of float32
    """
    frames = stft.frames([waveform])[0]
    return np.sqrt(np.einsum("tn,tn->t", frames, frames) / np.float32(stft.n_fft))


def zero_crossing_rate(
    waveform: NDArray[np.float32], stft: STFT, *, threshold: float = 1e-10
) -> NDArray[np.float32]:
    """Give the share of samples at which the sign changes: `librosa.feature.zero_crossing_rate`.

    Parameters
    ----------
    waveform : ndarray (n_timepoints,) of float32
        At least one sample.
    stft : STFT
        Frames. Where they are centred, both ends of the waveform go on as their last sample.
    threshold : float >= 0, default=1e-10
        Samples not above it count as 0, which is positive.

    Returns
    -------
    ndarray (n_frames,) of float32
        In [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import STFT, zero_crossing_rate
    >>> stft = STFT(np.ones(8, np.float32), hop_length=8, center=False)
    >>> zero_crossing_rate(np.array([1, 1, -1, -1, 1, 1, -1, -1], np.float32), stft)
    array([0.375], dtype=float32)
    """
    negative = waveform < -threshold
    if stft.center:
        negative = np.pad(negative, stft.n_fft // 2, mode="edge")
    negative = np.pad(negative, (0, max(0, stft.n_fft - len(negative))), mode="edge")
    # How many changes there are up to each sample; a frame has those after its first one.
    changes = np.zeros(len(negative), np.int64)
    np.cumsum(negative[1:] != negative[:-1], out=changes[1:])
    starts = np.arange(stft.n_frames(len(waveform))) * stft.hop_length
    return ((changes[starts + stft.n_fft - 1] - changes[starts]) / stft.n_fft).astype(np.float32)


def spectral_centroid(
    amplitudes: Amplitudes, frequencies: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give the mean frequency of each spectrum, weighted by amplitude.

    Parameters
    ----------
    amplitudes : ndarray (n_frames, n_bins) of float32
        Not negative.
    frequencies : ndarray (n_bins,) of float32
        In Hz.

    Returns
    -------
    ndarray (n_frames,) of float32
        In Hz; 0 for silence. It is `librosa.feature.spectral_centroid`.
    """
    return np.einsum("tk,k->t", amplitudes, frequencies) / _totals(amplitudes)


def spectral_bandwidth(
    amplitudes: Amplitudes,
    frequencies: NDArray[np.float32],
    centroid: NDArray[np.float32],
    *,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Give the standard deviation of frequency in each spectrum, weighted by amplitude.

    Parameters
    ----------
    amplitudes : ndarray (n_frames, n_bins) of float32
        Not negative.
    frequencies : ndarray (n_bins,) of float32
        In Hz.
    centroid : ndarray (n_frames,) of float32
        As `spectral_centroid` gives it.
    out : ndarray (n_frames, n_bins) of float32, default=None
        Working memory.

    Returns
    -------
    ndarray (n_frames,) of float32
        In Hz; 0 for silence. It is `librosa.feature.spectral_bandwidth`.
    """
    # Not by moments about 0: those of a low and narrow sound differ by less than float32 resolves.
    squares = np.subtract(frequencies, centroid[:, None], out=out)
    np.square(squares, out=squares)
    return np.sqrt(np.einsum("tk,tk->t", amplitudes, squares) / _totals(amplitudes))


def spectral_rolloff(
    amplitudes: Amplitudes, frequencies: NDArray[np.float32], *, roll_percent: float = 0.85
) -> NDArray[np.float32]:
    """Give the lowest frequency up to which a share of all amplitude lies.

    Parameters
    ----------
    amplitudes : ndarray (n_frames, n_bins) of float32
        Not negative.
    frequencies : ndarray (n_bins,) of float32
        In Hz, ascending.
    roll_percent : float in (0, 1), default=0.85
        Share of the sum of amplitudes.

    Returns
    -------
    ndarray (n_frames,) of float32
        In Hz, one of `frequencies`. It is `librosa.feature.spectral_rolloff`.
    """
    # Sums of groups of bins first, then of the bins of the group that the goal lies in.
    first = np.arange(0, len(frequencies), _GROUP)
    sums = np.cumsum(np.add.reduceat(amplitudes, first, axis=1), axis=1, dtype=np.float64)
    goal = roll_percent * sums[:, -1:]
    group = np.count_nonzero(sums < goal, axis=1)[:, None]
    bins = np.minimum(group * _GROUP + np.arange(_GROUP), len(frequencies) - 1)
    inner = np.cumsum(np.take_along_axis(amplitudes, bins, axis=1), axis=1, dtype=np.float64)
    inner += np.where(group > 0, np.take_along_axis(sums, np.maximum(group - 1, 0), axis=1), 0)
    below = group[:, 0] * _GROUP + np.count_nonzero(inner < goal, axis=1)
    return frequencies[np.minimum(below, len(frequencies) - 1)]


def spectral_flatness(powers: NDArray[np.float32], *, amin: float = 1e-10) -> NDArray[np.float32]:
    """Give the geometric mean of each power spectrum as a share of the arithmetic one.

    Parameters
    ----------
    powers : ndarray (n_frames, n_bins) of float32
        Squared amplitudes.
    amin : float > 0, default=1e-10
        Smaller powers count as this.

    Returns
    -------
    ndarray (n_frames,) of float32
        From 0, a single tone, to 1, white noise and silence: `librosa.feature.spectral_flatness`.
    """
    floored = np.maximum(powers, np.float32(amin))
    mean = floored.mean(axis=1)
    geometric: NDArray[Any] = np.exp(np.log(floored, out=floored).mean(axis=1))
    return np.minimum(geometric / mean, np.float32(1))


def _totals(amplitudes: Amplitudes) -> NDArray[np.float32]:
    """Give what the sums over a spectrum are divided by: its sum, or 1 for silence."""
    totals = amplitudes.sum(axis=1)
    return np.where(totals < _SMALLEST, np.float32(1), totals)
