"""Images of many waveforms at once, by torch: what this package's functions on one clip do.

Not imported with the package, because torch is heavy. All of it is float32 but for products with
matrices, which `exact_product` does in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from skspec.signal._cepstrum import DeltaMode, _delta_weights, cepstrum
from skspec.signal._contrast import ContrastBand
from skspec.signal._torch_stft import BatchSTFT, amplitudes, extend, spectra

#: For each value of an axis in its new size, which old ones it is the sum of, and their weights.
Interpolation: TypeAlias = tuple[Tensor, Tensor]

Device: TypeAlias = torch.device | str

# Of waveforms in a block, and how many at most: even a clip of one sample has a whole frame. A GPU
# is busy with that, and no batch is filled up with much more.
BLOCK_SAMPLES = 2**20
BLOCK_CLIPS = 64

_SMALLEST = float(np.finfo(np.float32).tiny)
# What scipy.ndimage calls an extension, and numpy does.
_EXTENSIONS = {
    "interp": "edge",
    "nearest": "edge",
    "mirror": "reflect",
    "constant": "constant",
    "wrap": "wrap",
}


def draw_in_blocks(draw: Callable[[Tensor], Tensor], waveforms: Tensor) -> Tensor:
    """Draw images of blocks of clips that all have one size, filled up with silence at the end.

    The sizes of a block decide which kernels a device takes, and so the last bits of a result:
    like this, those of a clip do not depend on how many others there are.

    Parameters
    ----------
    draw : callable
        From waveforms (n_clips, n_timepoints) to images with n_clips as first axis.
    waveforms : Tensor (n_clips, n_timepoints) of float32
        At least one clip.

    Returns
    -------
    Tensor (n_clips, ...)
        Without gradients, whatever the context, and in float32 also where autocast is on.
    """
    size = max(1, min(BLOCK_CLIPS, BLOCK_SAMPLES // waveforms.shape[1]))
    with torch.no_grad(), torch.autocast(waveforms.device.type, enabled=False):
        drawn = [
            draw(F.pad(block, (0, 0, 0, size - len(block))))[: len(block)]
            for block in waveforms.split(size)
        ]
        return torch.cat(drawn)


def exact_product(matrix: Tensor, values: Tensor) -> Tensor:
    """Give ``matrix @ values``, summed in float64.

    A user may allow TF32 for float32 products all over a program, as many do for training; it
    has 10 bits, and agreement with librosa would be lost. The setting is global, so it is not
    ours to change, but it does not concern float64, and neither does autocast. The product is
    small beside reading the clips, on devices that are slow in float64 too.

    Parameters
    ----------
    matrix : Tensor (n_out, n_in) or (n_clips, n_out, n_in) of float64
        Such as a filter bank, as `to_dense` gives it.
    values : Tensor (n_clips, n_in, n_frames) of float32
        Columns to be summed.

    Returns
    -------
    Tensor (n_clips, n_out, n_frames) of float32
    """
    return (matrix @ values.double()).float()


def to_dense(matrix: scipy.sparse.csr_array | NDArray[np.floating[Any]], device: Device) -> Tensor:
    """Bring a matrix to a device, in float64; of a sparse one, only the weights travel."""
    if not scipy.sparse.issparse(matrix):
        # A copy: cached banks are read-only, which torch warns of.
        return torch.from_numpy(np.array(matrix, dtype=np.float64)).to(device)
    rows, columns = (torch.as_tensor(places, device=device) for places in matrix.nonzero())
    dense = torch.zeros(matrix.shape, dtype=torch.float64, device=device)
    dense[rows.long(), columns.long()] = to_dense(matrix.data, device)
    return dense


def spectrograms(
    waveforms: Tensor, stft: BatchSTFT, *, power: float = 2.0, bins: slice | None = None
) -> Tensor:
    """Give the amplitudes of spectra over time, (n_clips, n_bins, n_frames); see `spectrogram`."""
    kept = slice(None) if bins is None else bins
    parts = [amplitudes(part[..., kept], power).mT for part in spectra(waveforms, stft)]
    return torch.cat(parts, dim=-1)


def mel_spectrograms(
    waveforms: Tensor, stft: BatchSTFT, filters: Tensor, *, power: float = 2.0
) -> Tensor:
    """Give spectrograms summed into bands, (n_clips, n_bands, n_frames); see `mel_spectrogram`."""
    parts = [
        exact_product(filters, amplitudes(part, power).mT) for part in spectra(waveforms, stft)
    ]
    return torch.cat(parts, dim=-1)


def to_decibels(
    values: Tensor,
    *,
    power: float = 2.0,
    ref: float | Literal["max"] = "max",
    amin: float = 1e-10,
    top_db: float | None = 80.0,
) -> Tensor:
    """Give the decibels of images (..., n_bins, n_frames), each by itself; see `to_decibel`."""
    floor = max(amin ** (power / 2), _SMALLEST)
    decibels = 20 / power / math.log(10)
    levels = values.clamp(min=floor).log()
    top = levels.amax(dim=(-2, -1), keepdim=True)
    zero = top if ref == "max" else math.log(max(ref, floor))
    result = (levels - zero) * decibels
    return result if top_db is None else result.maximum((top - zero) * decibels - top_db)


def cepstrum_matrix(
    n_bands: int,
    n_mfcc: int,
    device: Device,
    *,
    dct_type: int = 2,
    norm: Literal["ortho"] | None = "ortho",
    lifter: float = 0,
) -> Tensor:
    """Give what decibels of `n_bands` bands are multiplied by for MFCC; see `cepstrum`."""
    bands: Any = np.eye(n_bands)
    matrix = cepstrum(bands, n_mfcc, dct_type=dct_type, norm=norm, lifter=lifter)
    return to_dense(matrix, device)


def deltas(values: Tensor, *, width: int = 9, order: int = 1, mode: DeltaMode = "interp") -> Tensor:
    """Give derivatives over the last axis of images (..., n_bins, n_frames); see `delta`."""
    weights, edges = (to_dense(part, values.device) for part in _delta_weights(width, order))
    half = width // 2
    longer = extend(values.double(), half, _EXTENSIONS[mode])
    slopes = longer.unfold(-1, width, 1) @ weights
    if mode == "interp":
        slopes[..., :half] = values[..., :width].double() @ edges[:half].mT
        slopes[..., -half:] = values[..., -width:].double() @ edges[-half:].mT
    return slopes.float()


def normalized_frames(values: Tensor, norm: float | None) -> Tensor:
    """Give images (..., n_bins, n_frames) by the norm of each frame; see `normalize_frames`."""
    if norm is None:
        return values
    top = values.amax(dim=-2, keepdim=True)
    silent = top < _SMALLEST
    shares = values / top.masked_fill(silent, 1)
    if norm == math.inf:
        return shares
    length = shares.pow(norm).sum(dim=-2, keepdim=True).pow(1 / norm)
    return shares / length.masked_fill(silent, 1)


def spectral_contrasts(
    waveforms: Tensor, stft: BatchSTFT, bands: list[ContrastBand], *, linear: bool = False
) -> Tensor:
    """Give peak less valley of each band, (n_clips, n_bands, n_frames); see `spectral_contrast`."""
    parts = [extremes(amplitudes(part, 1), bands) for part in spectra(waveforms, stft)]
    peaks, valleys = torch.cat(parts, dim=-1)
    if linear:
        return peaks - valleys
    return to_decibels(peaks, ref=1.0) - to_decibels(valleys, ref=1.0)


def extremes(values: Tensor, bands: list[ContrastBand]) -> Tensor:
    """Give peaks and valleys (2, n_clips, n_bands, n_frames) of (n_clips, n_frames, n_bins)."""
    extremes = [
        [
            values[..., band.bins].topk(band.n_extreme, dim=-1, largest=largest).values.mean(dim=-1)
            for band in bands
        ]
        for largest in (True, False)
    ]
    return torch.stack([torch.stack(rows, dim=1) for rows in extremes])


def _make_interpolation(
    weights: scipy.sparse.csr_array | None, device: Device
) -> Interpolation | None:
    """Bring what `resize_weights` gives to a device, as which values to add and their weights."""
    if weights is None:
        return None
    counts = np.diff(weights.indptr)[:, None]
    reach = np.arange(counts.max())
    places = weights.indptr[:-1, None] + np.minimum(reach, counts - 1)
    values = np.where(reach < counts, weights.data[places], np.float32(0))
    columns = weights.indices[places].astype(np.int64)
    return torch.as_tensor(columns, device=device), torch.as_tensor(values, device=device)


def make_resizer(
    row_weights: scipy.sparse.csr_array | None,
    frame_weights: scipy.sparse.csr_array | None,
    device: Device,
) -> Callable[[Tensor], Tensor]:
    """Give the function that interpolates images (..., n_bins, n_frames); see `resize`."""
    rows = _make_interpolation(row_weights, device)
    frames = _make_interpolation(frame_weights, device)

    def resized(images: Tensor) -> Tensor:
        if rows is not None:
            images = _interpolated(images.mT, rows).mT
        return images if frames is None else _interpolated(images, frames)

    return resized


def _interpolated(values: Tensor, interpolation: Interpolation) -> Tensor:
    columns, weights = interpolation
    return (values[..., columns] * weights).sum(dim=-1)
