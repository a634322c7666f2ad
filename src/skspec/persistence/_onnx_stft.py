"""Short-time Fourier transforms of products of matrices, which every ONNX runtime has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from skspec.signal import STFT
from skspec.signal._torch_stft import extend
from skspec.signal._torch_transforms import to_dense

Change = Callable[[Tensor], Tensor]


def constant(values: Any) -> Tensor:
    """Give an array or a sparse matrix as a dense tensor of float32."""
    return to_dense(values, "cpu").float()


def make_amplitudes(stft: STFT, power: float) -> Change:
    """Give the function from waveforms (n, n_timepoints) to images (n, n_bins, n_frames).

    Their values are amplitudes to the power `power`.
    """
    window, powers = torch.tensor(stft.window), make_transform(stft.n_fft)

    def amplitudes(waveforms: Tensor) -> Tensor:
        values = powers(cut(waveforms, stft) * window).mT
        return values if power == 2 else values.pow(power / 2)

    return amplitudes


def cut(waveforms: Tensor, stft: STFT) -> Tensor:
    """Give the overlapping frames (n, n_frames, n_fft), not yet windowed.

    ONNX has no view of overlapping frames: pieces of one hop each are put side by side.
    """
    n_frames = stft.n_frames(waveforms.shape[-1])
    if stft.center:
        waveforms = extend(waveforms, stft.n_fft // 2, stft.pad_mode)
    n_pieces = math.ceil(stft.n_fft / stft.hop_length)
    n_hops = n_frames + n_pieces - 1
    n_samples = n_hops * stft.hop_length
    whole = F.pad(waveforms, (0, max(0, n_samples - waveforms.shape[-1])))[..., :n_samples]
    hops = whole.unflatten(-1, (n_hops, stft.hop_length))
    pieces = [hops[:, first : first + n_frames] for first in range(n_pieces)]
    return torch.cat(pieces, dim=-1)[..., : stft.n_fft]


def make_transform(n_fft: int) -> Change:
    """Give the function from frames (..., n_fft) to their powers (..., n_fft // 2 + 1).

    A frame is taken as a table of rows and columns: a transform down the columns, a rotation of
    each value and a transform along the rows make that of the frame. That is far less work, and
    far less to store, than one matrix with a row for each sample.
    """
    n_bins = n_fft // 2 + 1
    n_rows = max(n for n in range(1, math.isqrt(n_fft) + 1) if n_fft % n == 0)
    n_columns = n_fft // n_rows
    down_cos, down_sin = _rotations(n_rows, n_rows, n_rows)
    turn_cos, turn_sin = _rotations(n_fft, n_rows, n_columns)
    along_cos, along_sin = _rotations(n_columns, n_columns, math.ceil(n_bins / n_rows))

    def powers(frames: Tensor) -> Tensor:
        table = frames.unflatten(-1, (n_rows, n_columns))
        a, b = down_cos @ table, down_sin @ table
        a, b = a * turn_cos - b * turn_sin, a * turn_sin + b * turn_cos
        a, b = a @ along_cos - b @ along_sin, a @ along_sin + b @ along_cos
        # Bin k stands in row k % n_rows and column k // n_rows.
        return (a.square() + b.square()).mT.flatten(-2)[..., :n_bins]

    return powers


def _rotations(n: int, n_first: int, n_second: int) -> tuple[Tensor, Tensor]:
    """Give real and imaginary parts of exp(-2 pi i j k / n) for j < n_first, k < n_second."""
    turns = np.outer(np.arange(n_first), np.arange(n_second)) % n
    values = np.exp(-2j * np.pi * turns / n)
    return constant(values.real), constant(values.imag)
