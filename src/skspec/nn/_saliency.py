"""Grad-CAM: which places of a block's feature maps speak for a class."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from skspec.exceptions import ParameterError
from skspec.nn._network import TransferNetwork
from skspec.nn._registry import block_index


def grad_cam_maps(network: TransferNetwork, images: Tensor, targets: Tensor, block: str) -> Tensor:
    """Give maps of the images' own height and width, each with a maximum of 1, or all 0.

    Parameters
    ----------
    network : TransferNetwork
        In eval mode; it stays as it is, without gradients.
    images : Tensor of shape (n, n_channels, n_bins, n_frames)
        On the network's device, in its dtype.
    targets : Tensor of int of shape (n,)
        The class that each map speaks for.
    block : str
        Name of the block whose feature maps are weighed.
    """
    names = network.backbone.block_names
    start = 1 + block_index(block, names, backbone=network.backbone.name)
    maps = _feature_maps(network, images, start)
    if maps.ndim != 4:
        raise ParameterError(
            f"Got block={block!r}, whose features have the shape {tuple(maps.shape)}, but expected "
            f"maps (n, channels, height, width). Take another one of {names}."
        )
    weights = _gradient(network, maps, targets, start).mean(dim=(2, 3), keepdim=True)
    return _scaled(_resized((weights * maps).sum(dim=1).relu(), images.shape[-2:]))


@torch.no_grad()
def _feature_maps(network: TransferNetwork, images: Tensor, end: int) -> Tensor:
    x = network.adapter(images)
    for block in network.backbone.blocks[:end]:
        x = block(x)
    return x


def _gradient(network: TransferNetwork, maps: Tensor, targets: Tensor, start: int) -> Tensor:
    """Give the gradient of each image's score of its target by its maps, and of nothing else."""
    with torch.enable_grad():
        maps = maps.detach().requires_grad_()
        # Not network(...), which may be compiled: its backward pass would be compiled anew.
        scores = _class_scores(network.forward(maps, start))
        total = scores.gather(1, targets[:, None]).sum()
    return torch.autograd.grad(total, maps)[0]


def _class_scores(outputs: Tensor) -> Tensor:
    """Give a score for each class; a single output speaks for the second of two."""
    return torch.cat([-outputs, outputs], dim=1) if outputs.shape[1] == 1 else outputs


def _resized(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    shrinks = any(old > new for old, new in zip(maps.shape[1:], size, strict=True))
    return F.interpolate(maps[:, None], size, mode="bilinear", antialias=shrinks)[:, 0]


def _scaled(maps: Tensor) -> Tensor:
    peaks = maps.amax(dim=(1, 2), keepdim=True)
    return maps / peaks.where(peaks > 0, 1)
