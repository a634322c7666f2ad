"""Spectrograms on a linear frequency axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skspec.signal._stft import STFT, magnitude, scratch, spectrum_blocks

Scaling = Literal["magnitude", "spectrum", "density"]


def spectrum_factors(stft: STFT, sr: float, scaling: Scaling) -> NDArray[np.float64] | None:
    """Give what the squared amplitude of each bin is multiplied by, or None for nothing.

    Parameters
    ----------
    stft : STFT
        Frames and window.
    sr : float > 0
        Sampling rate in Hz.
    scaling : {"magnitude", "spectrum", "density"}
        Nothing; power of the sine that would cause the bin; power per Hz. The last two count
        negative frequencies to the positive ones.

    Returns
    -------
    ndarray (n_bins,) or None
    """
    if scaling == "magnitude":
        return None
    window = stft.window.astype(np.float64)
    whole = window.sum() ** 2 if scaling == "spectrum" else sr * np.sum(window**2)
    factors = np.full(stft.n_bins, 2 / whole)
    factors[0] = 1 / whole
    if stft.n_fft % 2 == 0:
        factors[-1] = 1 / whole
    return factors


def spectrograms(
    waveforms: Sequence[NDArray[np.float32]],
    stft: STFT,
    *,
    power: float = 2.0,
    bins: slice | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Give the amplitudes of the spectra of waveforms over time.

    Parameters
    ----------
    waveforms : sequence of ndarrays (n_timepoints,) of float32
        One or more, of one length of at least one sample.
    stft : STFT
        Frames and window.
    power : float > 0, default=2.0
        Exponent of the amplitude: 1 for amplitude, 2 for power.
    bins : slice, default=None
        Which frequencies are kept; None keeps all.
    out : ndarray (n_clips, n_bins, n_frames) of float32, default=None
        Written to where given.

    Returns
    -------
    ndarray (n_clips, n_bins, n_frames) of float32

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import STFT, make_window, spectrograms
    >>> stft = STFT(make_window("hamming", 256, 256), hop_length=128)
    >>> noise = np.random.default_rng(0).standard_normal((2, 8000), dtype=np.float32)
    >>> spectrograms(noise, stft, power=1.0).shape
    (2, 129, 63)
    """
    kept = slice(0, stft.n_bins) if bins is None else bins
    if out is None:
        n_bins, n_frames = len(range(stft.n_bins)[kept]), stft.n_frames(len(waveforms[0]))
        out = np.empty((len(waveforms), n_bins, n_frames), np.float32)
    for clips, frames, spectrum in spectrum_blocks(waveforms, stft):
        part = spectrum[:, :, kept]
        amplitudes = magnitude(part, power, scratch("magnitude", *part.shape))
        # Turned in the cache and then copied: scattered over fresh memory it takes twice as long.
        turned = scratch("bins", part.shape[0], *part.shape[:0:-1])
        turned[:] = amplitudes.swapaxes(1, 2)
        out[clips, :, frames] = turned
    return out
