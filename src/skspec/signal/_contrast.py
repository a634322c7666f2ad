"""How far peaks stand above valleys, octave by octave."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skspec.signal._decibel import to_decibel
from skspec.signal._stft import STFT, magnitude, scratch, spectrum_blocks


@dataclass(frozen=True)
class ContrastBand:
    """A band of the spectrum.

    Parameters
    ----------
    low, high : float
        Edges in Hz.
    bins : slice
        Bins of the spectrum that lie in it.
    n_extreme : int > 0
        How many of them a peak, and a valley, is the mean of.
    """

    low: float
    high: float
    bins: slice
    n_extreme: int


def contrast_bands(
    sr: float, n_fft: int, *, fmin: float = 200.0, n_bands: int = 6, quantile: float = 0.02
) -> list[ContrastBand]:
    """Give the bands of `librosa.feature.spectral_contrast`: below `fmin`, then octaves.

    Parameters
    ----------
    sr : float > 0
        Sampling rate in Hz.
    n_fft : int > 0
        Samples in a frame.
    fmin : float > 0, default=200.0
        Upper edge of the lowest band in Hz.
    n_bands : int > 0, default=6
        Octaves above it; the last one goes on to sr / 2.
    quantile : float in (0, 1), default=0.02
        Share of a band's bins that is its peak, and its valley; at least one bin.

    Returns
    -------
    list of ContrastBand
        n_bands + 1 of them.

    Raises
    ------
    ValueError
        A band lies above sr / 2, or holds no bin.
    """
    frequencies = np.fft.rfftfreq(n_fft, 1 / sr)
    edges = np.concatenate([[0.0], fmin * 2.0 ** np.arange(n_bands + 1)])
    if edges[-2] >= sr / 2:
        raise ValueError(f"the highest band begins at {edges[-2]:g} Hz, sr / 2 is {sr / 2:g} Hz")
    edges[-1] = max(edges[-1], sr / 2)
    return [
        _band(frequencies, low, high, first=k == 0, last=k == n_bands, quantile=quantile)
        for k, (low, high) in enumerate(itertools.pairwise(edges))
    ]


def _band(
    frequencies: NDArray[Any], low: float, high: float, *, first: bool, last: bool, quantile: float
) -> ContrastBand:
    start = int(np.searchsorted(frequencies, low))
    stop = int(np.searchsorted(frequencies, high, "right"))
    if stop == start:
        raise ValueError(f"there is no FFT bin from {low:g} to {high:g} Hz")
    if not first:
        start = max(0, start - 1)
    n_extreme = max(1, round(quantile * (stop - start)))
    # As in librosa, a band but the last lends its top bin to the next, after counting it.
    stop -= not last
    if stop == start:
        raise ValueError(f"there is but one FFT bin from {low:g} to {high:g} Hz")
    return ContrastBand(low, min(high, frequencies[-1]), slice(start, stop), n_extreme)


def spectral_contrasts(
    waveforms: Sequence[NDArray[np.float32]],
    stft: STFT,
    bands: list[ContrastBand],
    *,
    linear: bool = False,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Give peak less valley of the amplitudes in each band.

    Parameters
    ----------
    waveforms : sequence of ndarrays (n_timepoints,) of float32
        One or more, of one length of at least one sample.
    stft : STFT
        Frames and window.
    bands : list of ContrastBand
        As `contrast_bands` gives them.
    linear : bool, default=False
        Difference of the amplitudes, rather than of 10 * log10 of them.
    out : ndarray (n_clips, n_bands, n_frames) of float32, default=None
        Written to where given.

    Returns
    -------
    ndarray (n_clips, n_bands, n_frames) of float32
    """
    n_frames = stft.n_frames(len(waveforms[0]))
    extremes = scratch("extremes", 2, len(waveforms), len(bands), n_frames)
    for clips, frames, spectrum in spectrum_blocks(waveforms, stft):
        amplitudes = magnitude(spectrum, 1, scratch("magnitude", *spectrum.shape))
        extremes[:, clips, :, frames] = band_extremes(amplitudes, bands)
    return contrast_of_extremes(extremes, linear=linear, out=out)


def contrast_of_extremes(
    extremes: NDArray[np.float32], *, linear: bool = False, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Give peak less valley of `extremes` (2, n_clips, n_bands, n_frames), overwriting them."""
    if not linear:
        to_decibel(extremes, ref=1.0)
    valleys, peaks = extremes
    return np.subtract(peaks, valleys, out=out)


def band_extremes(
    amplitudes: NDArray[np.float32], bands: list[ContrastBand]
) -> NDArray[np.float32]:
    """Give the valley and the peak of each band of each spectrum.

    Parameters
    ----------
    amplitudes : ndarray (n_clips, n_frames, n_bins) of float32
        A spectrum in each row.
    bands : list of ContrastBand
        As `contrast_bands` gives them.

    Returns
    -------
    ndarray (2, n_clips, n_bands, n_frames) of float32
        Means of the smallest and of the largest amplitudes.
    """
    n_clips, n_frames, n_bins = amplitudes.shape
    spectra = amplitudes.reshape(-1, n_bins)
    smallest, largest = extremes = np.empty((2, len(bands), len(spectra)), np.float32)
    # Few calls, and the ufuncs themselves: a second thread waits for each line of Python.
    narrow = max((band.bins.stop for band in bands if band.n_extreme == 1), default=0)
    # Turned first: along short rows numpy does one number at a time.
    turned = scratch("narrow bands", narrow, len(spectra))
    turned[:] = spectra[:, :narrow].T
    for row, band in enumerate(bands):
        if band.n_extreme == 1:
            np.minimum.reduce(turned[band.bins], axis=0, out=smallest[row])
            np.maximum.reduce(turned[band.bins], axis=0, out=largest[row])
        else:
            _sum_extremes(spectra[:, band.bins], band.n_extreme, smallest[row], largest[row])
    extremes /= np.array([[band.n_extreme] for band in bands], np.float32)
    return extremes.reshape(2, len(bands), n_clips, n_frames).swapaxes(1, 2)


def _sum_extremes(
    amplitudes: NDArray[np.float32],
    count: int,
    smallest: NDArray[np.float32],
    largest: NDArray[np.float32],
) -> None:
    """Write the sums of the `count` smallest and largest values of each row."""
    # numpy sorts float32 by vectors, but does not partition so: sorting is far faster.
    ordered = scratch("band", *amplitudes.shape)
    ordered[:] = amplitudes
    ordered.sort(axis=1)
    np.add.reduce(ordered[:, :count], axis=1, out=smallest)
    np.add.reduce(ordered[:, -count:], axis=1, out=largest)
