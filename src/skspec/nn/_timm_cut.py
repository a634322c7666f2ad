"""Where to cut a model of timm into blocks: found by trying, not by knowing the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from skspec._optional import import_optional
from skspec.exceptions import ParameterError
from skspec.nn._random import seeded_initialisation
from skspec.nn._registry import NamedBlocks

#: What a model may raise when its parts are called in another way than it does.
_FAILURES = (RuntimeError, TypeError, ValueError, AttributeError, AssertionError, IndexError)


def timm_blocks(name: str, module: nn.Module) -> NamedBlocks:
    """Cut timm's model `name` into blocks that, one after the other, are its features.

    Blocks are called by their paths in timm, the first one ``"stem"``. A model that is no chain
    of its parts, such as a vision transformer, is one block, ``"features"``.
    """
    plan = _plan(name)
    if plan is None:
        return [("features", _Features(module))]
    return _follow(plan, module)


class _Features(nn.Module):
    """A whole model, its features laid out as maps."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = _without_classifier(model)

    def forward(self, x: Tensor) -> Tensor:
        """Give feature maps (n, channels, height, width)."""
        return _as_maps(self.model, self.model.forward_features(x), x.shape[-2:])


class _ChannelsInside(nn.Module):
    """A part that works on (n, height, width, channels), between maps of the usual layout."""

    def __init__(self, part: nn.Module, *, first: bool) -> None:
        super().__init__()
        self.part = part
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        """Give feature maps (n, channels, height, width)."""
        return self.part(x if self.first else x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _without_classifier(model: Any) -> Any:
    model.reset_classifier(0)
    return model


def _as_maps(model: Any, x: Any, size: Sequence[int]) -> Tensor:
    """Give features as (n, channels, height, width), tokens without their prefix."""
    if isinstance(x, Tensor) and x.ndim == 4:
        return x.permute(0, 3, 1, 2) if _has_channels_last(model, x) else x
    if isinstance(x, Tensor) and x.ndim == 3:
        for n_prefix in (getattr(model, "num_prefix_tokens", 0), 1):  # 1: CoaT does not say
            grid = _grid(model, x.shape[1] - n_prefix, size)
            if grid is not None:
                return x[:, n_prefix:].transpose(1, 2).unflatten(2, grid)
    got = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
    raise ParameterError(
        f"The features of timm's {type(model).__name__} are {got}, which are no maps on a known "
        "grid. Use another model, or skspec.register_backbone with blocks of your own."
    )


def _has_channels_last(model: Any, x: Tensor) -> bool:
    named = getattr(model, "output_fmt", None)
    if named is not None:
        return str(getattr(named, "value", named)) == "NHWC"
    return x.shape[1] != model.num_features and x.shape[-1] == model.num_features


def _grid(model: Any, n_tokens: int, size: Sequence[int]) -> tuple[int, int] | None:
    """Give rows and columns of the tokens: as the model says, or of a square image, square."""
    grid = getattr(getattr(model, "patch_embed", None), "grid_size", None)
    if grid is not None and math.prod(grid) == n_tokens:
        return grid[0], grid[1]
    side = math.isqrt(n_tokens)
    return (side, side) if side**2 == n_tokens and size[0] == size[1] else None


# The plan: (name of the block, paths of its parts), and whether channels come last inside.
Plan = tuple[tuple[tuple[str, tuple[str, ...]], ...], bool]


def _follow(plan: Plan, module: nn.Module) -> NamedBlocks:
    groups, channels_inside = plan
    blocks: NamedBlocks = []
    for name, paths in groups:
        parts = [module.get_submodule(path) for path in paths]
        block = parts[0] if len(parts) == 1 else nn.Sequential(*parts)
        if channels_inside:
            block = _ChannelsInside(block, first=not blocks)
        blocks.append((name, block))
    return blocks


@cache
def _plan(name: str) -> Plan | None:
    """Find the finest cut whose blocks give the model's own features, bit by bit."""
    timm = import_optional("timm", extra="timm")
    with seeded_initialisation(0):
        model = timm.create_model(name, pretrained=False, num_classes=0).eval()
    generator = torch.Generator().manual_seed(0)
    _shake(model, generator)
    config = timm.get_pretrained_cfg(name)
    n_channels, *own_size = config.input_size
    sizes = [own_size] if config.fixed_input_size else [[64, 64], own_size]
    for size in sizes:
        x = torch.rand(1, n_channels, *size, generator=generator)
        try:
            with torch.no_grad():
                return _find(model, x)
        except _FAILURES:  # too small for it
            continue
    return None


def _find(model: Any, x: Tensor) -> Plan | None:
    features = model.forward_features(x)
    if not isinstance(features, Tensor) or features.ndim != 4:
        return None
    units = _chain(model, x, features)
    if units is None:
        return None
    plan = (_groups(model, units), _has_channels_last(model, features))
    return plan if _reproduces(_follow(plan, model), x, _as_maps(model, features, (0, 0))) else None


def _reproduces(blocks: NamedBlocks, x: Tensor, maps: Tensor) -> bool:
    """Tell whether blocks give these maps, each 4-D and leaving what it got as it was."""
    for _, block in blocks:
        before = x.clone()
        y = block(x)
        if y.ndim != 4 or not torch.equal(x, before):
            return False
        x = y
    return torch.equal(x, maps)


def _chain(model: nn.Module, x: Tensor, target: Tensor) -> list[str] | None:
    """Give paths of parts that, applied in order, give `target`; None where they do not."""
    paths: list[str] = []
    for path, part in _parts(model, ""):
        try:
            y = part(x.clone())
            done = torch.equal(y, target)
            # The stem stays whole, unless it is all there is.
            paths += _expand(part, path, x, y) if paths or done else [path]
        except _FAILURES:
            return None
        if done:
            return paths
        x = y
    return None


def _expand(part: nn.Module, path: str, x: Tensor, y: Tensor) -> list[str]:
    """Cut a part further where it is a row of blocks, down to the single blocks."""
    if not _is_row(part, outermost="." not in path):
        return [path]
    paths: list[str] = []
    for inner_path, inner in _parts(part, f"{path}."):
        try:
            inner_y = inner(x.clone())
            paths += _expand(inner, inner_path, x, inner_y)
        except _FAILURES:
            return [path]
        x = inner_y
    return paths if torch.equal(x, y) else [path]


def _is_row(part: nn.Module, *, outermost: bool) -> bool:
    """Tell whether a part is a stage of blocks; one whose children are single layers is none."""
    named = hasattr(part, "blocks") or type(part).__name__.endswith("Stage")
    if outermost or not isinstance(part, nn.Sequential):
        return named or isinstance(part, nn.Sequential)
    return all(_is_small(child) or any(child.children()) for child in part.children())


def _is_small(part: nn.Module) -> bool:
    """Tell an activation, a norm or a pooling from what has weights over channels."""
    return all(p.ndim < 2 for p in part.parameters())


def _parts(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """Go through a module's children, into those that are mere lists."""
    for name, child in module.named_children():
        if isinstance(child, nn.ModuleList):
            yield from _parts(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _groups(model: nn.Module, paths: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Join activations, norms and poolings to the convolution before them; name the blocks."""
    groups: list[list[str]] = []
    for path in paths:
        if groups and _is_small(model.get_submodule(path)):
            groups[-1].append(path)
        else:
            groups.append([path])
    names = ["stem", *(group[0] for group in groups[1:])]
    return tuple((name, tuple(group)) for name, group in zip(names, groups, strict=True))


@torch.no_grad()
def _shake(model: nn.Module, generator: torch.Generator) -> None:
    """Fill a model with random numbers, so that no branch that starts at 0 hides a wrong cut."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    for name, tensor in tensors:
        if isinstance(tensor, nn.Parameter) and tensor.ndim > 1:
            deviation = (tensor.numel() / tensor.shape[0]) ** -0.5
            tensor.normal_(0.0, deviation, generator=generator)
        elif name.endswith(("bias", "running_mean")):
            tensor.normal_(0.0, 0.1, generator=generator)
        elif isinstance(tensor, nn.Parameter) or name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
