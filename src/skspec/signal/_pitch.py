"""Fundamental frequency, by the YIN method."""

from __future__ import annotations

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from skspec.signal._descriptors import rms
from skspec.signal._stft import STFT

Numbers = NDArray[np.float64]

# Samples of all frames in a block. Larger arrays of float64 are fresh memory pages each time,
# which cost more than the transform.
BLOCK_SIZE = 2**16

_TINY = np.finfo(np.float64).tiny


def yin(
    waveform: NDArray[np.float32],
    stft: STFT,
    sr: float,
    *,
    fmin: float,
    fmax: float,
    trough_threshold: float = 0.1,
) -> tuple[Numbers, Numbers]:
    """Give the fundamental frequency of each frame, and how far from periodic it is.

    Parameters
    ----------
    waveform : ndarray (n_timepoints,) of float32
        At least one sample.
    stft : STFT
        Frames; its window is not applied. They must be longer than the period of `fmin`, and
        should be twice as long.
    sr : float > 0
        Sampling rate in Hz.
    fmin, fmax : float
        Range of frequencies in Hz, fmax at most sr / 2.
    trough_threshold : float > 0, default=0.1
        The shortest period whose aperiodicity is a minimum under this is taken; where there is
        none, the period of the least aperiodicity.

    Returns
    -------
    frequencies : ndarray (n_frames,)
        In Hz: `librosa.yin`. Numbers without meaning where nothing is periodic.
    aperiodicity : ndarray (n_frames,)
        0 for a periodic frame, near 1 for noise; infinite where the frame is silent, or the
        least aperiodicity lies at an end of the range and so need not be a minimum.

    Notes
    -----
    With the frame x of n samples, and its autocorrelation r::

        d(tau) = 2 * (r(0) - r(tau)) - sum over m < tau of x(m) ** 2
        aperiodicity(tau) = d(tau) / mean of d(1), ..., d(tau)

    and a parabola through the minimum and its neighbours. As in librosa nothing is subtracted
    for tau = 1. All in float64: r(0) - r(tau) is the
    small difference of large numbers. A. de Cheveigné, H. Kawahara, "YIN, a fundamental
    frequency estimator for speech and music", J. Acoust. Soc. Am. 111, 1917 (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import STFT, yin
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(8000) / 8000).astype(np.float32)
    >>> frames = STFT(np.ones(512, np.float32), hop_length=256, center=False)
    >>> frequencies, aperiodicity = yin(tone, frames, 8000, fmin=65, fmax=1000)
    >>> bool(abs(frequencies - 220).max() < 1), bool(aperiodicity.max() < 0.1)
    (True, True)
    """
    shortest, longest = math.floor(sr / fmax), min(math.ceil(sr / fmin), stft.n_fft - 1)
    frames = stft.frames([waveform])[0]
    size = max(1, BLOCK_SIZE // stft.n_fft)
    periods, depths = np.empty(len(frames)), np.empty(len(frames))
    for start in range(0, len(frames), size):
        rows = slice(start, start + size)
        curves = _aperiodicity(frames[rows].astype(np.float64), longest)[:, shortest - 1 :]
        periods[rows], depths[rows] = _choose(curves, trough_threshold)
    return sr / (shortest + periods), depths


def is_voiced(
    waveform: NDArray[np.float32],
    stft: STFT,
    aperiodicity: Numbers,
    *,
    threshold: float = 0.25,
    top_db: float = 40.0,
) -> NDArray[np.bool_]:
    """Tell in which frames a pitch is heard: periodic ones that are not far from the loudest.

    Parameters
    ----------
    waveform : ndarray (n_timepoints,) of float32
        At least one sample.
    stft : STFT
        Frames, as for `yin`.
    aperiodicity : ndarray (n_frames,)
        As `yin` gives it.
    threshold : float > 0, default=0.25
        Voiced frames have less of it.
    top_db : float >= 0, default=40.0
        Voiced frames are at most so many dB below the loudest of the clip.

    Returns
    -------
    ndarray (n_frames,) of bool
        Never True for silence.
    """
    level = rms(waveform, stft)
    return (aperiodicity < threshold) & (level >= level.max() * 10 ** (-top_db / 20)) & (level > 0)


def _aperiodicity(frames: Numbers, longest: int) -> Numbers:
    """Give the aperiodicity (n_frames, longest) of the periods 1, ..., longest."""
    size = 2 * scipy.fft.next_fast_len((frames.shape[1] + longest + 1) // 2, real=True)
    spectrum = scipy.fft.rfft(frames, size)
    powers = np.square(spectrum.real)
    powers += np.square(spectrum.imag)
    # The inverse of an even spectrum, of which this transform takes and gives one half.
    correlation = scipy.fft.dct(powers, type=1, overwrite_x=True)[:, : longest + 1] / size
    difference = 2 * (correlation[:, :1] - correlation[:, 1:])
    difference[:, 1:] -= np.cumsum(frames[:, :longest] ** 2, axis=1)[:, 1:]
    mean = np.cumsum(difference, axis=1) / np.arange(1, longest + 1)
    return difference / (mean + _TINY)


def _choose(curves: Numbers, threshold: float) -> tuple[Numbers, Numbers]:
    """Give the place of the minimum that counts in each row, and the value there."""
    is_trough = np.empty(curves.shape, bool)
    is_trough[:, 0] = curves[:, 0] < curves[:, 1]
    is_trough[:, 1:] = curves[:, 1:] < curves[:, :-1]
    is_trough[:, 1:-1] &= curves[:, 1:-1] <= curves[:, 2:]
    is_trough &= curves < threshold
    places = np.where(is_trough.any(axis=1), is_trough.argmax(axis=1), curves.argmin(axis=1))
    rows, last = np.arange(len(curves)), curves.shape[1] - 1
    inside = (places > 0) & (places < last)
    left, middle, right = (curves[rows, np.clip(places + step, 0, last)] for step in (-1, 0, 1))
    bend, slope = left + right - 2 * middle, (right - left) / 2
    fits = inside & (abs(slope) < abs(bend))
    shift = np.divide(-slope, bend, out=np.zeros(len(rows)), where=fits)
    return places + shift, np.where(inside, middle + slope * shift / 2, np.inf)
