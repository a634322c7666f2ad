"""From feature maps (n, channels, frequency, time) to vectors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

#: Statistics over time that each pooling gives, in order.
STATISTICS = {"mean": ("mean",), "max": ("max",), "mean_std": ("mean", "std")}


def pool(maps: Tensor, pooling: str, n_bands: int = 1) -> Tensor:
    """Pool feature maps over time and, but for `n_bands` bands, over frequency.

    Parameters
    ----------
    maps : Tensor of shape (n, channels, height, width)
        Height runs over frequency, width over time.
    pooling : {"mean", "max", "mean_std", "flatten"}
        Mean, maximum, or mean and deviation over time; or every value as it is.
    n_bands : int, default=1
        Frequency is averaged (for ``"max"``: maximised) within so many bands. With 1 and
        ``"mean"`` this is global average pooling.

    Returns
    -------
    Tensor of shape (n, n_statistics * channels * n_bands)
        Statistics outermost, then channels, then bands.
    """
    if pooling == "flatten":
        return maps.flatten(1)
    if pooling == "max":
        return F.adaptive_max_pool2d(maps, (n_bands, 1)).flatten(1)
    if n_bands == 1 and pooling == "mean":
        return maps.mean(dim=(2, 3))
    bands = F.adaptive_avg_pool2d(maps, (n_bands, maps.shape[-1]))
    mean = bands.mean(dim=-1)
    if pooling == "mean":
        return mean.flatten(1)
    variance = (bands - mean.unsqueeze(-1)).square().mean(dim=-1)
    # The square root has no finite slope at 0, where a band does not change over time.
    deviation = variance.clamp_min(torch.finfo(variance.dtype).tiny).sqrt()
    return torch.cat([mean.flatten(1), deviation.flatten(1)], dim=1)
