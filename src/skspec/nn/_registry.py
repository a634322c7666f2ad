"""The registry of backbones: what each one is built of, expects, and where its weights are."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, nn

from skspec.exceptions import BackboneNotFoundError, ParameterError

StateDict: TypeAlias = dict[str, Tensor]
NamedBlocks: TypeAlias = list[tuple[str, nn.Module]]


@dataclass(frozen=True)
class Preset:
    """What a backbone's weights expect of an image.

    Parameters
    ----------
    input_size : tuple of (int or None)
        Height and width in pixels; None where it is the image's own.
    mean, std : tuple of float, one per channel
        Normalisation of images in [0, 1].
    """

    input_size: tuple[int | None, int | None]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def as_it_is(tensors: StateDict) -> StateDict:
    """Give weights unchanged: the file's names and layouts are the module's own."""
    return tensors


@dataclass(frozen=True)
class BackboneEntry:
    """One backbone: how to build it, cut it into blocks, feed it, and find its weights.

    ``convert(tensors)`` turns published weights, from a file or `fetch_weights`, into the
    module's own names and layouts.
    """

    name: str
    build: Callable[[], nn.Module]
    blocks: Callable[[nn.Module], NamedBlocks]
    preset: Callable[[], Preset]
    fetch_weights: Callable[[nn.Module], StateDict] | None
    weights_from: str
    convert: Callable[[StateDict], StateDict] = as_it_is


_ENTRIES: dict[str, BackboneEntry] = {}
_FAMILIES: dict[str, Callable[[str], BackboneEntry]] = {}


def add_entry(entry: BackboneEntry) -> None:
    """Put an entry into the registry, in place of one of the same name."""
    _ENTRIES[entry.name] = entry


def add_family(prefix: str, make: Callable[[str], BackboneEntry]) -> None:
    """Let ``make(name)`` give the entry of every backbone called ``"prefix/name"``."""
    _FAMILIES[prefix] = make


def entries() -> list[BackboneEntry]:
    """Give all entries that have a name of their own, in the order they were added."""
    return list(_ENTRIES.values())


def register_backbone(
    name: str,
    build: Callable[[], nn.Module],
    blocks: Callable[[nn.Module], NamedBlocks],
    *,
    input_size: tuple[int | None, int | None] = (224, 224),
    mean: tuple[float, ...] = (0.485, 0.456, 0.406),
    std: tuple[float, ...] = (0.229, 0.224, 0.225),
    fetch_weights: Callable[[nn.Module], StateDict] | None = None,
) -> None:
    """Make a network of your own usable by name, in every estimator that takes a backbone.

    Parameters
    ----------
    name : str
        The name; registering it again replaces the entry.
    build : callable
        ``build()`` gives a new module with as many input channels as `mean` has numbers, and
        fresh random weights.
    blocks : callable
        ``blocks(module)`` gives the ordered list of ``(name, module)`` pairs that, applied one
        after the other, map (n, 3, height, width) to feature maps (n, channels, h, w). Freezing,
        deep features and saliency maps all use this order. Names are unique. No block may write
        over what it is given, as an activation with ``inplace=True`` at its start would.
    input_size : tuple of (int or None), default=(224, 224)
        Height and width the images are resized to; None for a side that stays as it is.
    mean, std : tuple of float, default=ImageNet's
        Normalisation that the weights expect of images in [0, 1].
    fetch_weights : callable, default=None
        ``fetch_weights(module)`` gives the state dict behind ``weights="imagenet"``.

    Notes
    -----
    Dropout and stochastic depth inside the blocks are replaced by seeded ones. Any other layer
    that draws random numbers uses torch's global state, and then fits in threads are not
    reproducible. A pickled estimator finds its backbone by name: register it there as well.

    Examples
    --------
    >>> from torch import nn
    >>> from skspec import register_backbone
    >>> def build():
    ...     return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 8, 3, stride=2))
    >>> register_backbone("two_convs", build, lambda net: [("a", net[0]), ("b", net[1])],
    ...                   input_size=(32, 32))
    """
    if not name:
        raise ParameterError(f"Got name={name!r}, but expected a non-empty string.")
    add_entry(
        BackboneEntry(
            name=name,
            build=build,
            blocks=blocks,
            preset=lambda: Preset((input_size[0], input_size[1]), tuple(mean), tuple(std)),
            fetch_weights=fetch_weights,
            weights_from="the user's" if fetch_weights else "none",
        )
    )


def get_entry(name: str) -> BackboneEntry:
    """Give the entry of that name, or an error that lists the names, nearest first."""
    if name in _ENTRIES:
        return _ENTRIES[name]
    prefix, slash, rest = name.partition("/")
    if slash and prefix in _FAMILIES:
        return _FAMILIES[prefix](rest)
    raise BackboneNotFoundError(
        f"Got backbone={name!r}, but expected one of {_nearest_first(name, list(_ENTRIES))}, or "
        "timm/NAME for any model of timm. Add your own with skspec.register_backbone."
    )


def block_index(name: str, names: list[str], *, backbone: str) -> int:
    """Give the position of a block among the backbone's, or an error that lists them."""
    if name not in names:
        raise BackboneNotFoundError(
            f"Got block {name!r}, but the blocks of {backbone!r} are {names}."
        )
    return names.index(name)


def _nearest_first(name: str, names: list[str]) -> list[str]:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.3)
    return near + sorted(set(names) - set(near))
