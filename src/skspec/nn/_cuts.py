"""Ways to cut a network into named blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import nn


def efficientnet_names(stages: list[int]) -> list[str]:
    """Give Keras's names: block1a, block2a, block2b, ... for the residual blocks of each stage."""
    return [
        f"block{stage}{chr(ord('a') + i)}"
        for stage, depth in enumerate(stages, start=1)
        for i in range(depth)
    ]


def split_layers(
    layers: Iterable[nn.Module], ends: Callable[[nn.Module, nn.Module], bool]
) -> list[nn.Sequential]:
    """Cut a row of layers between every two for which ``ends(layer, next_layer)``."""
    groups: list[list[nn.Module]] = []
    for layer in layers:
        if not groups or ends(groups[-1][-1], layer):
            groups.append([])
        groups[-1].append(layer)
    return [nn.Sequential(*group) for group in groups]
