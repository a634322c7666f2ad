"""Backbones from torchvision: EfficientNetB0, MobileNetV2, ResNet18."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn
from torchvision import models

from skspec.nn._registry import BackboneEntry, NamedBlocks, Preset, StateDict, add_entry


def efficientnet_names(stages: list[int]) -> list[str]:
    """Give Keras's names: block1a, block2a, block2b, ... for the residual blocks of each stage."""
    return [
        f"block{stage}{chr(ord('a') + i)}"
        for stage, depth in enumerate(stages, start=1)
        for i in range(depth)
    ]


def _efficientnet_blocks(module: Any) -> NamedBlocks:
    stem, *stages, top = module.features
    residual = [block for stage in stages for block in stage]
    names = efficientnet_names([len(stage) for stage in stages])
    return [("stem", stem), *zip(names, residual, strict=True), ("top", top)]


def _mobilenet_blocks(module: Any) -> NamedBlocks:
    stem, *residual, top = module.features
    named = [(f"block{i}", block) for i, block in enumerate(residual, start=1)]
    return [("stem", stem), *named, ("top", top)]


def _resnet_blocks(module: Any) -> NamedBlocks:
    stem = nn.Sequential(module.conv1, module.bn1, module.relu, module.maxpool)
    layers = [module.layer1, module.layer2, module.layer3, module.layer4]
    named = [
        (f"layer{i}.{j}", block)
        for i, layer in enumerate(layers, start=1)
        for j, block in enumerate(layer)
    ]
    return [("stem", stem), *named]


def _preset(weights: Any) -> Preset:
    transforms = weights.transforms()
    size = transforms.crop_size[0]
    return Preset((size, size), tuple(transforms.mean), tuple(transforms.std))


def _download(weights: Any, module: nn.Module) -> StateDict:
    # check_hash: the file's name carries the first 8 hexadecimal digits of its SHA-256.
    return weights.get_state_dict(progress=False, check_hash=True, weights_only=True)


def _add(
    name: str,
    build: Callable[..., nn.Module],
    blocks: Callable[[nn.Module], NamedBlocks],
    weights: Any,
) -> None:
    add_entry(
        BackboneEntry(
            name=name,
            build=partial(build, weights=None),
            blocks=blocks,
            preset=partial(_preset, weights),
            fetch_weights=partial(_download, weights),
            weights_from="torchvision's server, once",
        )
    )


_add(
    "efficientnet_b0",
    models.efficientnet_b0,
    _efficientnet_blocks,
    models.EfficientNet_B0_Weights.IMAGENET1K_V1,
)
_add(
    "mobilenet_v2",
    models.mobilenet_v2,
    _mobilenet_blocks,
    models.MobileNet_V2_Weights.IMAGENET1K_V1,
)
_add("resnet18", models.resnet18, _resnet_blocks, models.ResNet18_Weights.IMAGENET1K_V1)
