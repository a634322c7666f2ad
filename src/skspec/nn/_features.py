"""A frozen network that gives pooled feature maps of chosen blocks."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

import torch
from torch import Tensor, nn

from skspec.nn._backbone import Backbone, build_backbone
from skspec.nn._input import ImageStatistics, InputAdapter
from skspec.nn._pooling import pool
from skspec.nn._registry import get_entry


@dataclass(frozen=True)
class FeatureSpec:
    """All that is needed to build a feature network again, but for its weights."""

    backbone: str
    blocks: tuple[str, ...] | None
    pooling: str
    n_bands: int
    input_size: tuple[int, int]
    input_scaling: str | None
    statistics: ImageStatistics

    def build(self, weights: str | PathLike[str] | None = None, *, seed: int = 0) -> FeatureNetwork:
        """Build the network, ended after the last block that is asked for."""
        backbone = build_backbone(self.backbone, weights, seed=seed)
        blocks = self.blocks or (backbone.block_names[-1],)
        preset = get_entry(self.backbone).preset()
        adapter = InputAdapter(self.input_size, self.input_scaling, self.statistics, preset)
        backbone.end_after(blocks)
        return FeatureNetwork(adapter, backbone, blocks, self.pooling, self.n_bands)


class FeatureNetwork(nn.Module):
    """Images in, one vector per image out, block after block."""

    def __init__(
        self,
        adapter: InputAdapter,
        backbone: Backbone,
        blocks: tuple[str, ...],
        pooling: str,
        n_bands: int,
    ) -> None:
        super().__init__()
        self.adapter = adapter
        self.backbone = backbone
        self.block_names = blocks
        self.pooling = pooling
        self.n_bands = n_bands
        self.requires_grad_(False)
        self.eval()

    def pooled(self, x: Tensor) -> list[Tensor]:
        """Give one (n, n_features) tensor for each block."""
        maps = self.backbone.feature_maps(self.adapter(x), self.block_names)
        return [pool(block_maps, self.pooling, self.n_bands) for block_maps in maps]

    def forward(self, x: Tensor) -> Tensor:
        """Give (n, n_features of all blocks)."""
        return torch.cat(self.pooled(x), dim=1)
