"""Short-time Fourier transforms of many waveforms at once, by torch, on any of its devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from skspec.signal._stft import STFT

# Of windowed frames in a block: 64 MB, so that a transform and its amplitudes stay under 512 MB.
BLOCK_VALUES = 2**24


@dataclass(frozen=True, eq=False)
class BatchSTFT:
    """An `STFT` with its window on a torch device.

    Parameters
    ----------
    stft : STFT
        Frames and window.
    window : Tensor (n_fft,) of float32
        The window again.
    """

    stft: STFT
    window: Tensor

    @classmethod
    def on(cls, device: torch.device | str, stft: STFT) -> Self:
        """Bring a transform to a device."""
        return cls(stft, torch.as_tensor(stft.window, device=device))

    def frames(self, waveforms: Tensor) -> Tensor:
        """Give the overlapping frames (n_clips, n_frames, n_fft), not yet windowed, as a view."""
        stft = self.stft
        if stft.center:
            waveforms = extend(waveforms, stft.n_fft // 2, stft.pad_mode)
        if waveforms.shape[-1] < stft.n_fft:
            waveforms = F.pad(waveforms, (0, stft.n_fft - waveforms.shape[-1]))
        return waveforms.unfold(-1, stft.n_fft, stft.hop_length)


def extend(values: Tensor, n: int, mode: str) -> Tensor:
    """Give the last axis with `n` values more on both sides, as `numpy.pad` does.

    Parameters
    ----------
    values : Tensor (..., n_values)
        At least one value.
    n : int >= 0
        How many.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        Zeros, or which of the values. An extension longer than the values goes back and forth,
        or round and round, where torch's own refuses.

    Returns
    -------
    Tensor (..., n_values + 2 * n)
    """
    if mode == "constant":
        return F.pad(values, (n, n))
    mode_of_numpy: Any = mode
    places = np.pad(np.arange(values.shape[-1]), n, mode=mode_of_numpy)
    return values[..., torch.as_tensor(places, device=values.device)]


def spectra(waveforms: Tensor, stft: BatchSTFT) -> Iterator[Tensor]:
    """Yield the spectra of waveforms a block of frames at a time.

    Parameters
    ----------
    waveforms : Tensor (n_clips, n_timepoints) of float32
        At least one sample each.
    stft : BatchSTFT
        Frames and window.

    Yields
    ------
    Tensor (n_clips, n_frames_in_block, n_bins) of complex64
    """
    frames = stft.frames(waveforms)
    for part in frames.split(max(1, BLOCK_VALUES // (len(frames) * frames.shape[2])), dim=1):
        yield torch.fft.rfft(part * stft.window)


def amplitudes(spectrum: Tensor, power: float) -> Tensor:
    """Give the amplitude of a spectrum to a power: 1 for amplitude, 2 for power."""
    amplitude = spectrum.abs()
    if power == 2:
        return amplitude.square()
    return amplitude if power == 1 else amplitude.pow(power)
