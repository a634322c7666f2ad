"""Small networks that learn from scratch: convolutions alone, and a recurrent one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike

import torch
from torch import Tensor, nn

from skspec.exceptions import InputError, WeightsUnavailableError
from skspec.nn._backbone import Backbone
from skspec.nn._random import seeded_initialisation
from skspec.nn._registry import NamedBlocks, Preset

#: Filters of each 2 x 2 convolution, and whether 2 x 2 max pooling follows the last one.
ARCHITECTURES = {
    "simple": ((32,), False),
    "mandel": ((32, 48, 120), True),
    "mandel_small": ((32, 48), True),
}


@dataclass(frozen=True)
class SmallCNNBackbone:
    """2 x 2 convolutions with ReLU, no padding; a block each, weights as torch draws them."""

    architecture: str
    n_channels: int
    input_size: tuple[int, int]

    def preset(self) -> Preset:
        """Give the images' own size: nothing is expected of their values."""
        return _plain_preset(self.n_channels, self.input_size)

    def build(self, weights: str | PathLike[str] | None = None, *, seed: int = 0) -> Backbone:
        """Build it with random weights that depend on `seed` alone."""
        _refuse(weights, self.architecture)
        self._check_size()
        with seeded_initialisation(seed):
            return Backbone(self.architecture, list(self._blocks()))

    def _blocks(self) -> Iterator[tuple[str, nn.Module]]:
        filters, pools = ARCHITECTURES[self.architecture]
        # Along an axis of a single pixel there is nothing to convolve.
        kernel = (min(2, self.input_size[0]), min(2, self.input_size[1]))
        n_in = self.n_channels
        for i, n_out in enumerate(filters, start=1):
            layers: list[nn.Module] = [nn.Conv2d(n_in, n_out, kernel), nn.ReLU()]
            if pools and i == len(filters):
                layers.append(nn.MaxPool2d(kernel))
            yield f"conv{i}", nn.Sequential(*layers)
            n_in = n_out

    def _check_size(self) -> None:
        """Refuse images of which the convolutions would leave nothing."""
        filters, pools = ARCHITECTURES[self.architecture]
        least = len(filters) + (2 if pools else 1)
        if any(1 < n < least for n in self.input_size):
            height, width = self.input_size
            raise InputError(
                f"Images of {height} x {width} pixels are too small: architecture="
                f"{self.architecture!r} needs at least {least} along each axis, or exactly 1. Set "
                f"input_size=({max(height, least)}, {max(width, least)}) or architecture='simple'."
            )


@dataclass(frozen=True)
class LSTMBackbone:
    """An LSTM over frames, behind convolutions that pool frequency by two and keep time."""

    n_channels: int
    input_size: tuple[int, int]
    hidden: int
    n_layers: int
    bidirectional: bool
    conv: tuple[int, ...]
    dropout: float
    last: bool

    def preset(self) -> Preset:
        """Give the images' own size: nothing is expected of their values."""
        return _plain_preset(self.n_channels, self.input_size)

    def build(self, weights: str | PathLike[str] | None = None, *, seed: int = 0) -> Backbone:
        """Build it with random weights that depend on `seed` alone."""
        _refuse(weights, "lstm")
        with seeded_initialisation(seed):
            return Backbone("lstm", self._blocks())

    def _blocks(self) -> NamedBlocks:
        blocks: NamedBlocks = []
        channels, bins = self.n_channels, self.input_size[0]
        for i, filters in enumerate(self.conv, start=1):
            pooling = nn.MaxPool2d((min(2, bins), 1))
            conv = nn.Conv2d(channels, filters, 3, padding=1)
            blocks.append((f"conv{i}", nn.Sequential(conv, nn.ReLU(), pooling)))
            channels, bins = filters, bins // min(2, bins)
        n_in = channels * bins
        for i in range(1, self.n_layers + 1):
            layer = LSTMLayer(
                n_in, self.hidden, self.bidirectional, last=self.last and i == self.n_layers
            )
            # A layer of its own for each: torch's dropout between them would not be seeded.
            block = layer if i == 1 else nn.Sequential(nn.Dropout(self.dropout), layer)
            blocks.append((f"lstm{i}", block))
            n_in = self.hidden * (2 if self.bidirectional else 1)
        return blocks


class LSTMLayer(nn.Module):
    """One LSTM layer that takes and gives feature maps; frames are time steps.

    Parameters
    ----------
    n_in : int
        Channels times height of the maps.
    hidden : int
        Width of the state.
    bidirectional : bool
        Whether a second LSTM runs backwards; its states follow as further channels.
    last : bool, default=False
        Whether to give only the state that each direction ends with.
    """

    def __init__(self, n_in: int, hidden: int, bidirectional: bool, *, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.lstm = nn.LSTM(n_in, hidden, batch_first=True, bidirectional=bidirectional)

    def extra_repr(self) -> str:
        """Show what no layer inside does: a checkpoint tells networks apart by it."""
        return f"last={self.last}"

    def forward(self, maps: Tensor) -> Tensor:
        """Give states (n, n_directions * hidden, 1, width or 1) for maps (n, c, height, width)."""
        frames = maps.flatten(1, 2).transpose(1, 2)
        # Rounding to bfloat16 would add up over the frames.
        with torch.autocast(maps.device.type, enabled=False):
            states, (ends, _) = self.lstm(frames.to(next(self.lstm.parameters()).dtype))
        if self.last:
            return ends.transpose(0, 1).flatten(1)[:, :, None, None]
        return states.transpose(1, 2).unsqueeze(2)


def _plain_preset(n_channels: int, input_size: tuple[int, int]) -> Preset:
    return Preset(input_size, (0.0,) * n_channels, (1.0,) * n_channels)


def _refuse(weights: str | PathLike[str] | None, name: str) -> None:
    if weights is not None:
        raise WeightsUnavailableError(
            f"Got weights={weights!r}, but {name!r} has no pretrained weights. Use weights=None."
        )
