"""Losses: how many outputs they take, the loss of each clip, and probabilities from outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


class Loss(Protocol):
    """What training and prediction ask of a loss."""

    @property
    def soft_labels(self) -> bool:
        """Whether it can be shared out between the two labels of a mixed image."""
        ...

    def n_outputs(self, n_classes: int) -> int:
        """Give the number of outputs that the network needs."""
        ...

    def per_clip(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Give losses (n,) for outputs (n, n_outputs) and class indices (n,)."""
        ...

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Give probabilities (n, n_classes) for outputs (n, n_outputs)."""
        ...


class _Softmax:
    """One output for each class; its softmax is the probability."""

    soft_labels = True

    def n_outputs(self, n_classes: int) -> int:
        return n_classes

    def probabilities(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(dim=1)


@dataclass(frozen=True)
class CrossEntropyLoss(_Softmax):
    """The negative logarithm of the true class's softmax."""

    label_smoothing: float = 0.0

    def per_clip(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Give losses (n,) for outputs (n, n_outputs) and class indices (n,)."""
        return F.cross_entropy(
            outputs, targets, reduction="none", label_smoothing=self.label_smoothing
        )


@dataclass(frozen=True)
class HingeLoss(_Softmax):
    """How far the true class's score is from a margin above the others."""

    margin: float = 1.0
    soft_labels = False

    def per_clip(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Give losses (n,) for outputs (n, n_outputs) and class indices (n,)."""
        return F.multi_margin_loss(outputs, targets, margin=self.margin, reduction="none")


@dataclass(frozen=True)
class FocalLoss(_Softmax):
    """Cross-entropy times (1 - p) ** gamma, p the true class's softmax."""

    gamma: float = 2.0

    def per_clip(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Give losses (n,) for outputs (n, n_outputs) and class indices (n,)."""
        true = targets[:, None]
        total = outputs.logsumexp(dim=1)
        log_p = outputs.gather(1, true)[:, 0] - total
        # 1 - p from the other classes: it stays above 0 where p rounds to 1, and so do gradients.
        log_rest = outputs.scatter(1, true, -math.inf).logsumexp(dim=1) - total
        return -(self.gamma * log_rest).exp() * log_p


@dataclass(frozen=True)
class BinaryCrossEntropyLoss:
    """One sigmoid for two classes; for more, one sigmoid each against all others."""

    soft_labels = True

    def n_outputs(self, n_classes: int) -> int:
        """Give the number of outputs that the network needs."""
        return 1 if n_classes == 2 else n_classes

    def per_clip(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Give losses (n,), the mean over the sigmoids."""
        n_outputs = outputs.shape[1]
        truth = targets[:, None] if n_outputs == 1 else F.one_hot(targets, n_outputs)
        losses = F.binary_cross_entropy_with_logits(
            outputs, truth.to(outputs.dtype), reduction="none"
        )
        return losses.mean(dim=1)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Give 1 - p and p for one sigmoid; several, scaled to a sum of 1."""
        if outputs.shape[1] == 1:
            return torch.cat([-outputs, outputs], dim=1).sigmoid()
        return F.logsigmoid(outputs).softmax(dim=1)  # by logarithms: all may be close to 0
