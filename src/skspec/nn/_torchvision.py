"""Backbones from torchvision: AlexNet, SqueezeNet, VGG, ResNet, DenseNet, and the mobile nets."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.squeezenet import Fire

from skspec.nn._cuts import efficientnet_names, split_layers
from skspec.nn._registry import (
    BackboneEntry,
    NamedBlocks,
    Preset,
    StateDict,
    add_entry,
    as_it_is,
)


def _alexnet_blocks(module: Any) -> NamedBlocks:
    groups = split_layers(module.features, lambda _, layer: isinstance(layer, nn.Conv2d))
    return [(f"conv{i}", group) for i, group in enumerate(groups, start=1)]


def _squeezenet_blocks(module: Any) -> NamedBlocks:
    # A pooling belongs to the block before it.
    stem, *fires = split_layers(module.features, lambda _, layer: isinstance(layer, Fire))
    return [("stem", stem), *((f"fire{i}", fire) for i, fire in enumerate(fires, start=2))]


def _vgg_blocks(module: Any) -> NamedBlocks:
    groups = split_layers(module.features, lambda layer, _: isinstance(layer, nn.MaxPool2d))
    return [(f"block{i}", group) for i, group in enumerate(groups, start=1)]


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


class _Growing(nn.Module):
    """A dense layer that hands on what it got, with its own maps behind."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Give (n, channels + growth, height, width)."""
        return torch.cat([x, self.layer(x)], dim=1)


def _densenet_blocks(module: Any) -> NamedBlocks:
    parts = dict(module.features.named_children())
    stem = nn.Sequential(*(parts.pop(name) for name in ("conv0", "norm0", "relu0", "pool0")))
    top = nn.Sequential(parts.pop("norm5"), nn.ReLU(inplace=True))
    named: NamedBlocks = [("stem", stem)]
    for name, part in parts.items():
        if name.startswith("transition"):
            named.append((name, part))
        else:
            named += [(f"{name}.{key}", _Growing(layer)) for key, layer in part.items()]
    return [*named, ("top", top)]


def _densenet_keys(tensors: StateDict) -> StateDict:
    """Give the dense layers of the published files their present names: norm.1 is norm1."""
    old = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
    return {old.sub(r"\1\2", key): tensor for key, tensor in tensors.items()}


def _build_convolutions(name: str, initialise: Callable[[nn.Conv2d], None]) -> nn.Module:
    """Build a network whose dense layers, most of its weights and not used, take no memory."""
    with torch.device("meta"):
        module = models.get_model(name, weights=None)
    module.classifier = nn.Identity()
    module.to_empty(device="cpu")
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            initialise(layer)
    return module


def _initialise_vgg(layer: nn.Conv2d) -> None:
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _preset(weights: Any) -> Preset:
    transforms = weights.transforms()
    size = transforms.crop_size[0]
    return Preset((size, size), tuple(transforms.mean), tuple(transforms.std))


def _download(weights: Any, module: nn.Module) -> StateDict:
    # check_hash: the file's name carries the first 8 hexadecimal digits of its SHA-256.
    return weights.get_state_dict(progress=False, check_hash=True, weights_only=True)


def _add(
    name: str,
    blocks: Callable[[nn.Module], NamedBlocks],
    *,
    build: Callable[[], nn.Module] | None = None,
    convert: Callable[[StateDict], StateDict] = as_it_is,
) -> None:
    weights = models.get_model_weights(name).IMAGENET1K_V1
    add_entry(
        BackboneEntry(
            name=name,
            build=build or partial(models.get_model, name, weights=None),
            blocks=blocks,
            preset=partial(_preset, weights),
            fetch_weights=partial(_download, weights),
            weights_from="torchvision's server, once",
            convert=convert,
        )
    )


_add(
    "alexnet",
    _alexnet_blocks,
    build=partial(_build_convolutions, "alexnet", nn.Conv2d.reset_parameters),
)
for _name in ("squeezenet1_0", "squeezenet1_1"):
    _add(_name, _squeezenet_blocks)
for _name in ("vgg16", "vgg19"):
    _add(_name, _vgg_blocks, build=partial(_build_convolutions, _name, _initialise_vgg))
for _name in ("resnet18", "resnet50", "resnet101"):
    _add(_name, _resnet_blocks)
for _name in ("densenet121", "densenet161", "densenet201"):
    _add(_name, _densenet_blocks, convert=_densenet_keys)
_add("mobilenet_v2", _mobilenet_blocks)
_add("efficientnet_b0", _efficientnet_blocks)
