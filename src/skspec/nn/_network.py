"""The whole network: input adapter, backbone, head; what learns and what is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from skspec.nn._backbone import Backbone, build_backbone, check_takes
from skspec.nn._input import ImageStatistics, InputAdapter
from skspec.nn._pooling import AttentionPooling, pool
from skspec.nn._random import Draws, SeededDropout, seed_random_layers, seeded_initialisation
from skspec.nn._registry import Preset, get_entry


class BackboneSource(Protocol):
    """Plain values that a backbone can be built from, again and again."""

    def build(self, weights: str | PathLike[str] | None = None, *, seed: int = 0) -> Backbone:
        """Build it with these weights; where they are None, with random ones of `seed`."""
        ...

    def preset(self) -> Preset:
        """Give what it expects of an image."""
        ...


@dataclass(frozen=True)
class RegisteredBackbone:
    """A backbone of the registry, ended after the block `upto`."""

    name: str
    upto: str | None = None

    def build(self, weights: str | PathLike[str] | None = None, *, seed: int = 0) -> Backbone:
        """Build it with these weights; where they are None, with random ones of `seed`."""
        return build_backbone(self.name, weights, upto=self.upto, seed=seed)

    def preset(self) -> Preset:
        """Give what its entry in the registry says."""
        return get_entry(self.name).preset()


@dataclass(frozen=True)
class HeadSpec:
    """Plain values of a `Head`: see there."""

    pooling: str
    n_bands: int
    hidden: tuple[int, ...]
    dropout: tuple[float, ...]


@dataclass(frozen=True)
class NetworkSpec:
    """All that is needed to build a transfer network again, but for its weights."""

    backbone: BackboneSource
    head: HeadSpec
    n_outputs: int
    image_shape: tuple[int, int, int]
    input_size: tuple[int, int]
    input_scaling: str | None
    statistics: ImageStatistics

    def build(
        self, weights: str | PathLike[str] | None = None, *, seed: int = 0, head_seed: int = 0
    ) -> TransferNetwork:
        """Build the network: backbone from `weights` or from `seed`, head from `head_seed`."""
        backbone = self.backbone.build(weights, seed=seed)
        preset = self.backbone.preset()
        adapter = InputAdapter(self.input_size, self.input_scaling, self.statistics, preset)
        draws = Draws()
        seed_random_layers(backbone, draws)
        maps_shape = _maps_shape(adapter, backbone, self.image_shape)
        with seeded_initialisation(head_seed):
            head = HeadModule(maps_shape, self.head, self.n_outputs, draws)
        return TransferNetwork(adapter, backbone, head, draws)


class HeadModule(nn.Module):
    """Pooling, hidden layers with ReLU and dropout, and the outputs.

    Parameters
    ----------
    maps_shape : sequence of int
        (channels, height, width) of the feature maps it will get.
    spec : HeadSpec
        What it is built of.
    n_outputs : int
        Width of the last layer.
    draws : Draws
        Of the network that it belongs to.
    """

    def __init__(
        self, maps_shape: Sequence[int], spec: HeadSpec, n_outputs: int, draws: Draws
    ) -> None:
        super().__init__()
        self.pooling = spec.pooling
        self.n_bands = spec.n_bands
        learns = spec.pooling == "attention"
        self.attention = AttentionPooling(maps_shape[0], spec.n_bands) if learns else None
        with torch.no_grad():
            n_features = self.pool(torch.zeros(1, *maps_shape)).shape[1]
        first, *others = spec.dropout
        layers: list[nn.Module] = [SeededDropout(first, draws)]
        for width, dropout in zip(spec.hidden, others, strict=True):
            layers += [nn.Linear(n_features, width), nn.ReLU(), SeededDropout(dropout, draws)]
            n_features = width
        self.layers = nn.Sequential(*layers, nn.Linear(n_features, n_outputs))

    def extra_repr(self) -> str:
        """Show what no layer inside does: a checkpoint tells heads apart by it."""
        return f"pooling={self.pooling!r}, n_bands={self.n_bands}"

    def pool(self, maps: Tensor) -> Tensor:
        """Give vectors (n, n_features) for feature maps (n, channels, height, width)."""
        if self.attention is not None:
            return self.attention(maps)
        return pool(maps, self.pooling, self.n_bands)

    @property
    def pools_fixedly(self) -> bool:
        """Whether pooling makes maps smaller and has nothing to learn, so that once is enough."""
        return self.attention is None and self.pooling != "flatten"

    def forward(self, maps: Tensor) -> Tensor:
        """Give outputs (n, n_outputs) for feature maps (n, channels, height, width)."""
        return self.layers(self.pool(maps))


class TransferNetwork(nn.Module):
    """Images in, logits out; a prefix of the backbone's blocks can be frozen."""

    def __init__(
        self, adapter: InputAdapter, backbone: Backbone, head: HeadModule, draws: Draws
    ) -> None:
        super().__init__()
        self.adapter = adapter
        self.backbone = backbone
        self.head = head
        self.draws = draws
        self._always_eval: list[nn.Module] = []

    def forward(self, x: Tensor, start: int | None = None) -> Tensor:
        """Give outputs (n, n_outputs) for images, or for what the block before `start` gave.

        One more than the number of blocks is behind the head's pooling.
        """
        if start is not None and start > len(self.backbone.blocks):
            return self.head.layers(x)
        x = self.adapter(x) if start is None else x
        for block in self.backbone.blocks[start or 0 :]:
            x = block(x)
        return self.head(x)

    def learn_from(self, first_block: int, *, batchnorm: str = "train") -> None:
        """Freeze the blocks before `first_block`; the others and the head learn.

        A frozen block stays in eval mode, or its BatchNorm statistics would move. With
        ``batchnorm="frozen"`` the statistics in learning blocks stay too; scale and shift learn.
        """
        blocks = self.backbone.blocks
        for i, block in enumerate(blocks):
            block.requires_grad_(i >= first_block)
        self._always_eval = list(blocks[:first_block])
        if batchnorm == "frozen":
            learning = blocks[first_block:]
            self._always_eval += [m for m in learning.modules() if isinstance(m, _BatchNorm)]
        self.train(self.training)

    def train(self, mode: bool = True) -> TransferNetwork:
        """Set the mode of what learns; what is frozen stays in eval mode."""
        super().train(mode)
        for module in self._always_eval:
            module.eval()
        return self

    def parameters_by_part(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Give the learning parameters of the backbone and of the head."""
        backbone = [p for p in self.backbone.parameters() if p.requires_grad]
        return backbone, list(self.head.parameters())


def _maps_shape(
    adapter: InputAdapter, backbone: Backbone, image_shape: tuple[int, int, int]
) -> torch.Size:
    """Give the shape of an image's feature maps, by sending an empty one through."""
    return check_takes(backbone, adapter(torch.zeros(1, *image_shape)).to(torch.float32)).shape[1:]
