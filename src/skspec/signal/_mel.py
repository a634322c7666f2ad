"""Mel filter banks, and spectrograms seen through them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import librosa
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from skspec.exceptions import AudioWarning
from skspec.signal._filter_bank import FilterBank, sum_bins
from skspec.signal._stft import STFT, magnitude, scratch, spectrum_blocks

Norm = Literal["slaney"] | float | None


def mel_filters(
    sr: float,
    n_fft: int,
    *,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    htk: bool = False,
    norm: Norm = "slaney",
) -> scipy.sparse.csr_array:
    """Give librosa's mel filter bank as a sparse matrix (n_mels, 1 + n_fft // 2) of float32.

    A triangle covers a few bins only: 1009 of the 65,664 weights of 128 bands over 513 bins are
    not zero. Sparse sums are as fast as blocks for BLAS, and their bits do not change with the
    number of BLAS threads. Parameters are those of `librosa.filters.mel`; treat the cached
    result as read-only.
    """
    return _mel_filters(sr, n_fft, n_mels, fmin, sr / 2 if fmax is None else fmax, htk, norm)


@lru_cache(maxsize=32)
def _mel_filters(
    sr: float, n_fft: int, n_mels: int, fmin: float, fmax: float, htk: bool, norm: Any
) -> scipy.sparse.csr_array:
    with warnings.catch_warnings():
        # Of empty bands; who asks for the bank says so every time, not only when it is made.
        warnings.simplefilter("ignore", UserWarning)
        weights = librosa.filters.mel(
            sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, htk=htk, norm=norm
        )
    filters = scipy.sparse.csr_array(weights)
    filters.data.flags.writeable = False
    return filters


def warn_of_silent_bands(filters: scipy.sparse.csr_array, n_fft: int, caller: str) -> None:
    """Warn of the bands of a mel filter bank that no bin falls into, for a helper of `fit`."""
    n_silent = int(np.sum(np.diff(filters.indptr) == 0))
    if n_silent:
        warnings.warn(
            f"{caller}: {n_silent} of n_mels={filters.shape[0]} bands are too narrow for "
            f"n_fft={n_fft} and stay silent; lower n_mels or raise n_fft.",
            AudioWarning,
            stacklevel=4,
        )


def mel_spectrograms(
    waveforms: Sequence[NDArray[np.float32]],
    stft: STFT,
    filters: FilterBank,
    *,
    power: float = 2.0,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Give the spectrograms of waveforms, summed into the bands of a filter bank.

    Parameters
    ----------
    waveforms : sequence of ndarrays (n_timepoints,) of float32
        One or more, of one length of at least one sample.
    stft : STFT
        Frames and window.
    filters : sparse array or ndarray (n_bands, n_bins) of float32
        From `mel_filters`, or any other bank.
    power : float > 0, default=2.0
        Exponent of the amplitude: 1 for amplitude, 2 for power.
    out : ndarray (n_clips, n_bands, n_frames) of float32, default=None
        Written to where given.

    Returns
    -------
    ndarray (n_clips, n_bands, n_frames) of float32

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import STFT, make_window, mel_filters, mel_spectrograms
    >>> stft = STFT(make_window("hann", 512, 512), hop_length=160)
    >>> noise = np.random.default_rng(0).standard_normal((2, 16_000), dtype=np.float32)
    >>> mel_spectrograms(noise, stft, mel_filters(16_000, 512, n_mels=40)).shape
    (2, 40, 101)
    """
    if out is None:
        n_bands, n_frames = filters.shape[0], stft.n_frames(len(waveforms[0]))
        out = np.empty((len(waveforms), n_bands, n_frames), np.float32)
    for clips, frames, spectrum in spectrum_blocks(waveforms, stft):
        values = magnitude(spectrum, power, scratch("magnitude", *spectrum.shape))
        sum_bins(values, filters, out=out[clips, :, frames])
    return out
