"""From feature maps (n, channels, frequency, time) to vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skspec.exceptions import ParameterError

#: Statistics over time that each pooling gives, in order.
STATISTICS = {"mean": ("mean",), "max": ("max",), "mean_std": ("mean", "std"), "last": ("last",)}

#: Width of the hidden layer that scores the frames in `AttentionPooling`.
ATTENTION_WIDTH = 64


def pool(maps: Tensor, pooling: str, n_bands: int = 1) -> Tensor:
    """Pool feature maps over time and, but for `n_bands` bands, over frequency.

    Parameters
    ----------
    maps : Tensor of shape (n, channels, height, width)
        Height runs over frequency, width over time.
    pooling : {"mean", "max", "mean_std", "last", "flatten"}
        Mean, maximum, or mean and deviation over time; the last frame; or every value as it is.
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
    if pooling == "last":
        return F.adaptive_avg_pool2d(maps[..., -1:], (n_bands, 1)).flatten(1)
    if n_bands == 1 and pooling == "mean":
        return maps.mean(dim=(2, 3))
    bands = F.adaptive_avg_pool2d(maps, (n_bands, maps.shape[-1]))
    mean = bands.mean(dim=-1)
    if pooling == "mean":
        return mean.flatten(1)
    if pooling != "mean_std":
        raise ParameterError(
            f"Got pooling={pooling!r}, but without a layer that learns only "
            f"{sorted([*STATISTICS, 'flatten'])} can be had."
        )
    variance = (bands - mean.unsqueeze(-1)).square().mean(dim=-1)
    # The square root has no finite slope at 0, where a band does not change over time.
    deviation = variance.clamp_min(torch.finfo(variance.dtype).tiny).sqrt()
    return torch.cat([mean.flatten(1), deviation.flatten(1)], dim=1)


class AttentionPooling(nn.Module):
    """Mean over time in each band, of frames weighted by how much they say.

    With h_t the channels of a band in frame t, it gives ``sum_t a_t h_t`` with
    ``a = softmax_t(v . tanh(W h_t + b))``. All bands share W, b and v. It starts as the plain
    mean: v is 0 at first.
    """

    def __init__(self, n_channels: int, n_bands: int) -> None:
        super().__init__()
        self.n_bands = n_bands
        self.hidden = nn.Linear(n_channels, ATTENTION_WIDTH)
        self.score = nn.Linear(ATTENTION_WIDTH, 1, bias=False)  # softmax would cancel a bias
        nn.init.zeros_(self.score.weight)

    def weights(self, maps: Tensor) -> Tensor:
        """Give the frames' weights (n, n_bands, time), which sum to 1 over time."""
        return self._weights(self._frames(maps)).squeeze(-1)

    def forward(self, maps: Tensor) -> Tensor:
        """Give (n, channels * n_bands), channels outermost, for maps as `pool` takes them."""
        frames = self._frames(maps)
        means = (self._weights(frames) * frames).sum(dim=2)
        return means.transpose(1, 2).flatten(1)

    def _frames(self, maps: Tensor) -> Tensor:
        """Give (n, n_bands, time, channels)."""
        return F.adaptive_avg_pool2d(maps, (self.n_bands, maps.shape[-1])).movedim(1, -1)

    def _weights(self, frames: Tensor) -> Tensor:
        return self.score(torch.tanh(self.hidden(frames))).softmax(dim=2)
