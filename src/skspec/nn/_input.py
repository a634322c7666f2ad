"""From a batch of spectrogram images to what a backbone takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from skspec.exceptions import InputError, ParameterError
from skspec.nn._batches import ImageSource
from skspec.nn._registry import Preset, get_entry


@dataclass(frozen=True)
class ImageStatistics:
    """Mean, deviation, minimum and maximum of all pixels of the training images."""

    mean: float
    std: float
    minimum: float
    maximum: float


class InputAdapter(nn.Module):
    """Scale, resize and repeat a single channel: ``normalise((x - shift) * gain)``.

    A batch at a time and on the network's device, so that stored images stay small.

    Parameters
    ----------
    size : tuple of int
        Height and width to resize to, bilinearly, with antialiasing where it shrinks.
    scaling : {"fit", "unit", "imagenet"} or None
        See `PretrainedCNNClassifier`.
    statistics : ImageStatistics
        Of the training images.
    preset : Preset
        Normalisation that the weights expect.
    """

    shift: Tensor
    gain: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        size: tuple[int, int],
        scaling: str | None,
        statistics: ImageStatistics,
        preset: Preset,
    ) -> None:
        super().__init__()
        self.size = size
        shift, gain = _affine(scaling, statistics)
        self.register_buffer("shift", torch.tensor(shift, dtype=torch.float64))
        self.register_buffer("gain", torch.tensor(gain, dtype=torch.float64))
        # Mapping onto the weights' mean and deviation and normalising by them again cancel out,
        # so "fit" needs no normalisation.
        normalised = scaling == "imagenet"
        mean = preset.mean if normalised else [0.0] * len(preset.mean)
        std = preset.std if normalised else [1.0] * len(preset.std)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float64).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float64).view(-1, 1, 1))
        self.n_channels = len(preset.mean)
        self.normalised = normalised

    def forward(self, x: Tensor) -> Tensor:
        """Give (n, n_channels, height, width) for images of 1 or n_channels channels."""
        if x.shape[1] not in (1, self.n_channels):
            wanted = f"{self.n_channels}, or 1 that is repeated" if self.n_channels > 1 else "1"
            raise InputError(f"Images have {x.shape[1]} channels, but the backbone takes {wanted}.")
        x = (x - self.shift) * self.gain
        if tuple(x.shape[-2:]) != self.size:
            shrinks = x.shape[-2] > self.size[0] or x.shape[-1] > self.size[1]
            x = F.interpolate(x, self.size, mode="bilinear", antialias=shrinks)
        x = x.expand(-1, self.n_channels, -1, -1)
        if self.normalised:
            x = (x - self.mean) / self.std
        return x.contiguous(memory_format=torch.channels_last)


def resolve_input_size(
    backbone: str, input_size: Sequence[int] | None, image_size: Sequence[int] | None = None
) -> tuple[int, int]:
    """Give height and width that a backbone gets: as asked for, or its own.

    A side that its preset leaves open is the image's, of `image_size`.
    """
    if input_size is not None:
        return checked_input_size(input_size)
    height, width = get_entry(backbone).preset().input_size
    if image_size is not None:
        height = image_size[0] if height is None else height
        width = image_size[1] if width is None else width
    if height is None or width is None:
        raise ParameterError(
            f"The backbone {backbone!r} has no input size of its own: set input_size."
        )
    return height, width


def checked_input_size(input_size: Sequence[int]) -> tuple[int, int]:
    """Give height and width as integers, or say what is wrong with them."""
    if len(input_size) != 2 or any(not isinstance(n, Integral) or n < 1 for n in input_size):
        raise ParameterError(
            f"Got input_size={input_size!r}, but expected (height, width), two integers > 0."
        )
    return int(input_size[0]), int(input_size[1])


def _affine(scaling: str | None, statistics: ImageStatistics) -> tuple[float, float]:
    """Give shift and gain; images that are all one value are only shifted."""
    if scaling is None:
        return 0.0, 1.0
    if scaling == "fit":
        shift, spread = statistics.mean, statistics.std
    else:
        shift, spread = statistics.minimum, statistics.maximum - statistics.minimum
    return shift, 1.0 / spread if spread > 0.0 else 1.0


def image_statistics(
    source: ImageSource,
    rows: NDArray[np.intp],
    weights: NDArray[np.float64] | None = None,
    chunk: int = 64,
) -> ImageStatistics:
    """Give the pixel statistics of the images at `rows`, a chunk at a time.

    Mean and deviation are weighted, so that a weight of 2 equals an image that is there twice.
    """
    weights = np.ones(int(rows.max()) + 1) if weights is None else weights
    total = first = second = 0.0
    low, high = np.inf, -np.inf
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        pixels = source.batch(part).reshape(len(part), -1).astype(np.float64)
        total += weights[part].sum()
        first += weights[part] @ pixels.mean(axis=1)
        second += weights[part] @ np.square(pixels).mean(axis=1)
        low, high = min(low, pixels.min()), max(high, pixels.max())
    mean = first / total
    # Of images that are all one value, rounding would leave a deviation that is not 0.
    variance = max(0.0, second / total - mean**2) if high > low else 0.0
    return ImageStatistics(float(mean), float(np.sqrt(variance)), float(low), float(high))
