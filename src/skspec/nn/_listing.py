"""A table of all backbones: what they cost and where their weights come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode

from skspec.exceptions import MissingDependencyError
from skspec.nn._backbone import outline, show_size
from skspec.nn._registry import BackboneEntry, entries, get_entry


@dataclass(frozen=True)
class BackboneInfo:
    """One row of `backbones`.

    Parameters
    ----------
    name : str
        What to give as ``backbone=``.
    parameters : int or None
        Number of parameters in the blocks, without the classifier; None, as are the numbers
        below, where a package is missing.
    n_features : int or None
        Channels of the last block's maps.
    n_blocks : int or None
        Number of blocks that can be frozen, cut off, or read.
    input_size : tuple of (int or None), or None
        Height and width in pixels; a side that is None is the image's own.
    gmacs : float or None
        Billions of multiplications with addition for one image of that size, 224 pixels on a
        side that is None.
    weights : str
        Where ``weights="imagenet"`` comes from.
    note : str
        What to install, where a package is missing.
    """

    name: str
    parameters: int | None
    n_features: int | None
    n_blocks: int | None
    input_size: tuple[int | None, int | None] | None
    gmacs: float | None
    weights: str
    note: str = ""


class BackboneTable(list[BackboneInfo]):
    """A list of `BackboneInfo` that prints as a table."""

    def __repr__(self) -> str:
        header = [field.name for field in fields(BackboneInfo)]
        rows = [header, *(_cells(info) for info in self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join(lines)


def backbones(names: Iterable[str] | None = None) -> BackboneTable:
    """List backbones, with their size, their cost, and the source of their weights.

    To choose one: ``weights`` says which work without a download, ``gmacs`` what an image costs,
    and ``parameters`` what a saved model weighs, at four bytes each.

    Parameters
    ----------
    names : iterable of str, default=None
        Which ones, ``"timm/NAME"`` for any model of timm. None lists all that have a name of
        their own, yours by `register_backbone` among them, in alphabetical order.

    Returns
    -------
    list of BackboneInfo
        It prints as a table.

    Raises
    ------
    BackboneNotFoundError
        If there is no backbone of a name.

    Notes
    -----
    Shapes alone are computed, without weights, and once for each backbone. The first listing of
    all takes some seconds. Multiplications are counted by ``torch.utils.flop_counter``, in
    convolutions and matrix products.

    ``cnn14`` was trained on sound, and its weights expect what it was shown: images by
    ``MelSpectrogramImage(sr=32_000, n_fft=1024, hop_length=320, pad_mode="reflect", n_mels=64,
    fmin=50, fmax=14_000, ref=1.0, amin=1e-10, top_db=None)``, and ``input_scaling=None`` in the
    estimator that takes them. They come from a local file, as its authors publish it.

    References
    ----------
    Q. Kong, Y. Cao, T. Iqbal, Y. Wang, W. Wang, M. D. Plumbley, "PANNs: Large-scale pretrained
    audio neural networks for audio pattern recognition", IEEE/ACM TASLP 28 (2020).

    Examples
    --------
    >>> from skspec import backbones
    >>> print(backbones(["alexnet", "vgg16"]))
    name     parameters  n_features  n_blocks  input_size  gmacs  weights                     note
    alexnet  2,469,696   256         5         224 x 224   0.66   torchvision's server, once
    vgg16    14,714,688  512         5         224 x 224   15.35  torchvision's server, once
    """
    if names is None:
        names = sorted(entry.name for entry in entries())
    return BackboneTable(_info(get_entry(name)) for name in names)


def _info(entry: BackboneEntry) -> BackboneInfo:
    try:
        return _measured(entry)
    except MissingDependencyError as error:
        return BackboneInfo(
            entry.name, None, None, None, None, None, entry.weights_from, note=str(error)
        )


@lru_cache(maxsize=256)
def _measured(entry: BackboneEntry) -> BackboneInfo:
    preset, backbone = entry.preset(), outline(entry)
    size = [224 if side is None else side for side in preset.input_size]
    for layer in backbone.modules():
        if isinstance(layer, _BatchNorm):  # changes no shape, has no products, and is slow here
            layer.forward = nn.Identity().forward  # type: ignore[method-assign]
    image = torch.empty(1, len(preset.mean), *size, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        maps = backbone(image)
    return BackboneInfo(
        name=entry.name,
        parameters=sum(p.numel() for p in backbone.parameters()),
        n_features=maps.shape[1],
        n_blocks=len(backbone.blocks),
        input_size=preset.input_size,
        gmacs=counter.get_total_flops() / 2e9,
        weights=entry.weights_from,
    )


def _cells(info: BackboneInfo) -> list[str]:
    return [
        info.name,
        "" if info.parameters is None else f"{info.parameters:,}",
        "" if info.n_features is None else str(info.n_features),
        "" if info.n_blocks is None else str(info.n_blocks),
        "" if info.input_size is None else show_size(info.input_size),
        "" if info.gmacs is None else f"{info.gmacs:.2f}",
        info.weights,
        info.note,
    ]
