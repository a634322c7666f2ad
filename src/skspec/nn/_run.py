"""Plain data of a training: the plan of a stage, and what one fit keeps over its stages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Protocol

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from skspec.nn._batches import Examples, batch_slices
from skspec.nn._cache import FrozenCache
from skspec.nn._device import Compute
from skspec.nn._losses import CrossEntropyLoss, Loss
from skspec.nn._memory import PartSize
from skspec.nn._network import TransferNetwork
from skspec.nn._row_store import Keys


class SchedulerMaker(Protocol):
    """What makes the scheduler of a stage's optimizer."""

    def scheduler(
        self, optimizer: torch.optim.Optimizer, n_batches: int, n_epochs: int
    ) -> LRScheduler:
        """Give the torch scheduler of a stage of `n_epochs` with `n_batches` each."""
        ...


@dataclass(frozen=True)
class StagePlan:
    """Plain values of a `Stage`, with the backbone's blocks resolved: see there."""

    name: str
    first_block: int
    epochs: int
    optimizer: Callable[..., torch.optim.Optimizer]
    optimizer_params: dict[str, Any]
    lr: float
    head_lr: float
    batchnorm: str
    patience: int | None
    schedule: SchedulerMaker | None = None
    layer_decay: float = 1.0
    decay_on: str = "weights"
    clip_norm: float | None = None


@dataclass
class Snapshot:
    """Weights as they were at the end of an epoch; before the first one, epoch -1."""

    score: float
    epoch: int
    state: dict[str, Tensor]


@dataclass
class Run:
    """One fit: what stays the same over its stages, and what they add to."""

    network: TransferNetwork
    train: Examples
    valid: Examples | None
    batch_size: int
    compute: Compute
    seed: int
    monitor: str
    callbacks: Sequence[Callback] = ()
    on_batch: Callable[[], None] = lambda: None
    loss: Loss = field(default_factory=CrossEntropyLoss)
    on_divergence: str = "raise"
    part_size: PartSize = field(default_factory=PartSize)
    cache: FrozenCache | None = None
    checkpoint: str | PathLike[str] | None = None
    checkpoint_every_s: float = 300.0
    compiled: bool = False
    keys: dict[int, Keys] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Snapshot | None = None
    finite: Snapshot | None = None
    interrupted: bool = False
    diverged: bool = False

    def batches_per_epoch(self) -> int:
        """Count the batches of an epoch, those of validation among them."""
        n = len(batch_slices(len(self.train), self.batch_size, merge_single=True))
        if self.valid is not None:
            n += len(batch_slices(len(self.valid), self.batch_size, merge_single=False))
        return n

    def snapshot(self, score: float = 0.0) -> Snapshot:
        """Copy the weights as they are."""
        state = copy.deepcopy(self.network.state_dict())
        return Snapshot(score, len(self.history) - 1, state)


def all_finite(network: nn.Module) -> bool:
    """Tell whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(p).all()) for p in network.parameters())
