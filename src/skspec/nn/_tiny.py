"""`tiny`: a backbone of three small convolutions, for tests and first tries."""

from __future__ import annotations

from torch import nn

from skspec.nn._registry import BackboneEntry, NamedBlocks, Preset, add_entry


def _block(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), nn.ReLU())


def _build() -> nn.Module:
    return nn.Sequential(_block(3, 8), _block(8, 16), _block(16, 32))


def _blocks(module: nn.Module) -> NamedBlocks:
    return [(f"block{i}", block) for i, block in enumerate(module.children(), start=1)]


# No BatchNorm: a batch of weighted images must equal a batch of repeated ones.
add_entry(
    BackboneEntry(
        name="tiny",
        build=_build,
        blocks=_blocks,
        preset=lambda: Preset((32, 32), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        fetch_weights=None,
        weights_from="none",
    )
)
