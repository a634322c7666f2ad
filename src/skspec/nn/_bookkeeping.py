"""What happens around the batches and epochs of a stage, beside learning."""

from __future__ import annotations

import math
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch.optim.lr_scheduler import ReduceLROnPlateau

from skspec._seeding import seed_at
from skspec.exceptions import FitDivergedError
from skspec.nn._run import Run, StagePlan, all_finite


class StageEndedError(Exception):
    """Early stopping ends a stage."""


class Bookkeeping(Callback):
    """Seeds each batch, moves the rates, stops what diverges, keeps history and best epoch."""

    def __init__(self, run: Run, plan: StagePlan) -> None:
        self.run = run
        self.plan = plan

    def on_train_begin(self, net: NeuralNet, **_: Any) -> None:
        self.first_epoch = len(self.run.history)
        self.best_score = math.inf
        self.epochs_without_gain = 0

    def state(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it."""
        names = ("first_epoch", "best_score", "epochs_without_gain", "rates")
        return {name: getattr(self, name) for name in names}

    @property
    def out_of_patience(self) -> bool:
        """Whether the stage has gone on for too long without a better score."""
        patience = self.plan.patience
        return patience is not None and self.epochs_without_gain >= patience

    @property
    def epochs_left(self) -> int:
        """How many epochs the stage still has."""
        done = len(self.run.history) - self.first_epoch
        return 0 if self.out_of_patience else self.plan.epochs - done

    def on_epoch_begin(self, net: NeuralNet, **_: Any) -> None:
        net.history[-1]["batches"].extend(net.done)
        self.n_batch = len(net.done)

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **_: Any) -> None:
        if not training:
            return
        epoch = len(self.run.history)
        net.batch_seed = seed_at(self.run.seed, "dropout", epoch, self.n_batch)
        started = self.n_batch > 0 or epoch > self.first_epoch
        if started and net.scheduler is not None and not _by_score(net):
            net.scheduler.step()  # before a batch, so that the last one's rate can be read after
        if self.n_batch == 0:
            self.rates = net.rates()
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
        if self.run.finite is not None:
            self._check_weights(net)
        self._note(net)
        score = self._score()
        if net.scheduler is not None and _by_score(net):
            net.scheduler.step(score)
        if self.run.finite is not None:
            self.run.finite = self.run.snapshot()
        if self.run.valid is not None:
            self._judge(score)

    def _check_weights(self, net: NeuralNet) -> None:
        """Find what the epoch's last step broke, before anything is kept of it."""
        if not all_finite(net.module_):
            raise FitDivergedError(
                f"The weights became NaN or infinite in stage {self.plan.name!r}, epoch "
                f"{len(self.run.history)}, batch {self.n_batch - 1}. Lower the stage's lr."
            )

    def _note(self, net: NeuralNet) -> None:
        """Write the epoch's row of history; its rates are those it began with."""
        row, (lr, head_lr) = net.history[-1], self.rates
        names = ("train_loss", "valid_loss", "valid_accuracy")
        end = {} if net.scheduler is None else {"lr_end": net.rates()[0]}
        self.run.history.append(
            {
                "stage": self.plan.name,
                "epoch": len(self.run.history),
                "lr": lr,
                "head_lr": head_lr,
                **end,
                **{name: float(row[name]) for name in names if name in row},
            }
        )

    def _score(self) -> float:
        """Give what schedules and early stopping go by; lower is better."""
        run, row = self.run, self.run.history[-1]
        name = "train_loss" if run.valid is None else run.monitor
        score = -row[name] if name == "valid_accuracy" else row[name]
        return math.inf if math.isnan(score) else score

    def _judge(self, score: float) -> None:
        """Keep the weights of the best epoch, and count those since."""
        run = self.run
        if run.best is None or score < run.best.score:
            run.best = run.snapshot(score)
        self.epochs_without_gain = 0 if score < self.best_score else self.epochs_without_gain + 1
        self.best_score = min(score, self.best_score)


class EndOfPatience(Callback):
    """Ends a stage that has gone on for too long without a better score."""

    def __init__(self, bookkeeping: Bookkeeping) -> None:
        self.bookkeeping = bookkeeping

    def on_epoch_end(self, net: NeuralNet, **_: Any) -> None:
        if self.bookkeeping.out_of_patience:
            raise StageEndedError


def _by_score(net: NeuralNet) -> bool:
    """Tell whether the schedule goes by an epoch's score."""
    return isinstance(net.scheduler, ReduceLROnPlateau)
