"""Training in stages: one module, and a new skorch net with its own optimizer for each stage."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PassthroughScoring
from torch import Tensor
from torch.nn import functional as F

from skspec._seeding import seed_at
from skspec.exceptions import FitDivergedError, ParameterError
from skspec.nn._batches import Batch, BatchLoader, Examples
from skspec.nn._device import Compute
from skspec.nn._frozen import frozen_once
from skspec.nn._network import TransferNetwork


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
    history: list[dict[str, Any]] = field(default_factory=list)
    best: BestEpoch | None = None
    interrupted: bool = False


@dataclass
class BestEpoch:
    """The epoch with the best validation score so far, and the weights it ended with."""

    score: float
    epoch: int
    state: dict[str, Tensor]


class _StageEndedError(Exception):
    """Early stopping ends a stage."""


class _StageNet(NeuralNet):
    """A skorch net that takes `Examples`, weighs its loss, and has two learning rates."""

    def __init__(
        self, *args: Any, run: Run, plan: StagePlan, start: int | None, **kwargs: Any
    ) -> None:
        self.run = run
        self.plan = plan
        self.start = start
        super().__init__(*args, **kwargs)

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return [
            (name, PassthroughScoring(name, on_train=name.startswith("train")))
            for name in ("train_loss", "valid_loss", "valid_accuracy")
        ]

    def initialize_module(self) -> _StageNet:
        """Take the module as it is: it goes on learning from stage to stage."""
        self.module_ = self.module
        return self

    def initialize_optimizer(self, *_: Any, **__: Any) -> _StageNet:
        """Give backbone and head their own learning rates."""
        plan = self.plan
        backbone, head = self.module_.parameters_by_part()
        groups = [{"params": backbone, "lr": plan.lr}, {"params": head, "lr": plan.head_lr}]
        learning = [group for group in groups if group["params"]]
        self.optimizer_ = plan.optimizer(learning, lr=plan.lr, **plan.optimizer_params)
        return self

    def get_split_datasets(
        self, X: Examples, y: Examples | None = None, **_: Any
    ) -> tuple[Examples, Examples | None]:
        """Take training and validation part as they were split."""
        return X, y

    def get_iterator(self, dataset: Examples, training: bool = False) -> BatchLoader:
        """Give the batches of the next epochs."""
        run = self.run
        epoch = len(run.history)
        return BatchLoader(
            dataset,
            run.batch_size,
            run.compute,
            training=training,
            seed=run.seed,
            first_epoch=epoch,
        )

    def infer(self, x: Tensor, **_: Any) -> Tensor:
        """Give the network's outputs."""
        with self.run.compute.context():
            return self.module_(x, self.start)

    def get_loss(self, y_pred: Tensor, y_true: Any, *_: Any, **__: Any) -> Tensor:
        """Give the mean of weight times cross-entropy, over both labels of mixed images."""
        losses = [
            F.cross_entropy(y_pred.to(weights.dtype), targets, reduction="none") * weights
            for targets, weights in zip(y_true[::2], y_true[1::2], strict=True)
        ]
        return sum(losses[1:], losses[0]).mean()

    def validation_step(self, batch: Batch, **_: Any) -> dict[str, Any]:
        """Give loss and logits, and note the batch's accuracy."""
        step = super().validation_step(batch)
        hits = step["y_pred"].argmax(dim=1) == batch[1][0]
        self.history.record_batch("valid_accuracy", hits.double().mean().item())
        return step

    def _set_training(self, training: bool = True) -> None:
        # skorch sets the mode of all modules before every step; only a change needs the walk.
        if self.module_.training != training:
            self.module_.train(training)


class _Bookkeeping(Callback):
    """Seeds each batch, stops at a loss that is not finite, writes history, ends stages early."""

    def __init__(self, run: Run, plan: StagePlan) -> None:
        self.run = run
        self.plan = plan

    def on_train_begin(self, net: NeuralNet, **_: Any) -> None:
        self.best_score = math.inf
        self.epochs_without_gain = 0

    def on_epoch_begin(self, net: NeuralNet, **_: Any) -> None:
        self.n_batch = 0

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **_: Any) -> None:
        if training:
            epoch = len(self.run.history)
            net.module_.draws.seed(seed_at(self.run.seed, "dropout", epoch, self.n_batch))
            self.n_batch += 1

    def on_batch_end(self, net: NeuralNet, training: bool = False, **_: Any) -> None:
        self.run.on_batch()
        if training and not math.isfinite(net.history[-1]["batches"][-1]["train_loss"]):
            raise FitDivergedError(
                f"The training loss became {net.history[-1]['batches'][-1]['train_loss']} in stage "
                f"{self.plan.name!r}, epoch {len(self.run.history)}, batch {self.n_batch - 1}. "
                "Lower the stage's lr, or look for extreme values in the images."
            )

    def on_epoch_end(self, net: NeuralNet, **_: Any) -> None:
        row = net.history[-1]
        names = ("train_loss", "valid_loss", "valid_accuracy")
        self.run.history.append(
            {
                "stage": self.plan.name,
                "epoch": len(self.run.history),
                "lr": float(net.optimizer_.param_groups[0]["lr"]),
                **{name: float(row[name]) for name in names if name in row},
            }
        )
        if self.run.valid is not None:
            self._judge(net)

    def _judge(self, net: NeuralNet) -> None:
        """Keep the weights of the best epoch; lower scores are better."""
        run, row = self.run, self.run.history[-1]
        score = row["valid_loss"] if run.monitor == "valid_loss" else -row["valid_accuracy"]
        score = math.inf if math.isnan(score) else score
        if run.best is None or score < run.best.score:
            state = copy.deepcopy(net.module_.state_dict())
            run.best = BestEpoch(score, row["epoch"], state)
        self.epochs_without_gain = 0 if score < self.best_score else self.epochs_without_gain + 1
        self.best_score = min(score, self.best_score)
        if self.plan.patience is not None and self.epochs_without_gain >= self.plan.patience:
            raise _StageEndedError


def train_in_stages(run: Run, plans: Iterable[StagePlan]) -> None:
    """Train the network through all stages; with a validation part, end at its best epoch.

    Each stage goes on from the best epoch so far where there is a validation part, and from the
    last one where there is none. Ctrl-C ends the training and sets ``run.interrupted``.
    """
    plans = list(plans)
    _check_patience(run, plans)
    for plan in plans:
        run.network.learn_from(plan.first_block, batchnorm=plan.batchnorm)
        try:
            _train_stage(run, plan)
        except KeyboardInterrupt:
            run.interrupted = True
        if run.best is not None:
            run.network.load_state_dict(run.best.state)
        if run.interrupted:
            break
    _check_finite(run.network)
    run.network.eval()


def _check_patience(run: Run, plans: list[StagePlan]) -> None:
    for plan in plans:
        if plan.patience is not None and run.valid is None:
            raise ParameterError(
                f"Got patience={plan.patience!r} in stage {plan.name!r} with validation=None, but "
                "early stopping needs validation clips: set validation, or patience=None."
            )


def _check_finite(network: TransferNetwork) -> None:
    """Find what the last step broke: no loss came after it to show it."""
    if not all(bool(torch.isfinite(p).all()) for p in network.parameters()):
        raise FitDivergedError(
            "The weights became NaN or infinite in the last step. Lower the last stage's lr."
        )


def _train_stage(run: Run, plan: StagePlan) -> None:
    train, valid, start = frozen_once(run, plan.first_block)
    net = _StageNet(
        run.network,
        criterion=torch.nn.CrossEntropyLoss,
        run=run,
        plan=plan,
        start=start,
        lr=plan.lr,
        max_epochs=plan.epochs,
        device=None,
        verbose=0,
        # Bookkeeping comes last: it ends stages, and all others should have seen the epoch.
        callbacks=[*copy.deepcopy(list(run.callbacks)), ("bookkeeping", _Bookkeeping(run, plan))],
    ).initialize()
    net.notify("on_train_begin", X=train, y=valid)
    with contextlib.suppress(_StageEndedError):
        net.fit_loop(train, valid)
    net.notify("on_train_end", X=train, y=valid)
