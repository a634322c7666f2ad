"""What of a training goes into a checkpoint, and how it goes on from there."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor

from skspec.nn._bookkeeping import Bookkeeping
from skspec.nn._checkpoint import Checkpoints
from skspec.nn._network import TransferNetwork
from skspec.nn._run import Run, Snapshot, StagePlan


class Checkpointing(Callback):
    """Writes a checkpoint at the end of every epoch, and within one when it is due.

    Everything random is a function of position, so a checkpoint holds no random state.

    Parameters
    ----------
    checkpoints : Checkpoints
        Where they go.
    plans : list of StagePlan
        Of the stages so far; the last one is trained.
    bookkeeping : Bookkeeping
        Of that stage; it must be called first.
    """

    def __init__(
        self, checkpoints: Checkpoints, plans: list[StagePlan], bookkeeping: Bookkeeping
    ) -> None:
        self.checkpoints = checkpoints
        self.plans = plans
        self.bookkeeping = bookkeeping

    def on_batch_end(self, net: NeuralNet, training: bool = False, **_: Any) -> None:
        if training and self.checkpoints.due():
            done = [_training_values(batch) for batch in net.history[-1]["batches"]]
            what = f"epoch {len(self.bookkeeping.run.history)}, batch {len(done) - 1}"
            self._write(net, done, what)

    def on_epoch_end(self, net: NeuralNet, **_: Any) -> None:
        self._write(net, [], f"epoch {len(self.bookkeeping.run.history) - 1}")

    def _write(self, net: NeuralNet, batches: list[dict[str, Any]], what: str) -> None:
        if self.checkpoints.folder is None:
            return  # before anything is gathered, in every epoch, for nothing
        state = {
            **_run_state(self.bookkeeping.run, self.plans),
            "stage": len(self.plans) - 1,
            "optimizer": net.optimizer_.state_dict(),
            "scheduler": None if net.scheduler is None else net.scheduler.state_dict(),
            "bookkeeping": self.bookkeeping.state(),
            "batches": batches,
        }
        self.checkpoints.write(state, what)


def _training_values(batch: dict[str, Any]) -> dict[str, Any]:
    """Give what an epoch's mean is made of; what callbacks note beside it is theirs."""
    return {name: batch[name] for name in ("train_loss", "train_batch_size")}


def _run_state(run: Run, plans: list[StagePlan]) -> dict[str, Any]:
    """Give what a run has become; blocks that no plan lets learn are as they were built."""
    first_block = min(plan.first_block for plan in plans)

    def snapshot(kept: Snapshot | None) -> dict[str, Any] | None:
        if kept is None:
            return None
        return {**vars(kept), "state": _learnt(kept.state, first_block)}

    return {
        "network": _learnt(run.network.state_dict(), first_block),
        "history": run.history,
        "best": snapshot(run.best),
        "finite": snapshot(run.finite),
        "part_size": vars(run.part_size),
    }


def _learnt(state: dict[str, Tensor], first_block: int) -> dict[str, Tensor]:
    frozen = tuple(f"backbone.blocks.{i}." for i in range(first_block))
    return {name: tensor for name, tensor in state.items() if not name.startswith(frozen)}


def finished_state(run: Run, plans: list[StagePlan]) -> dict[str, Any]:
    """Give what a training has come to, with no stage left; its best weights are the network's."""
    best = run.best and replace(run.best, state={})
    return {**_run_state(replace(run, best=best, finite=None), plans), "stage": len(plans)}


def restore_run(run: Run, state: dict[str, Any]) -> None:
    """Put a newly built run where a checkpoint found it."""

    def snapshot(kept: dict[str, Any] | None) -> Snapshot | None:
        if kept is None:
            return None
        return Snapshot(**{**kept, "state": _whole(run.network, kept["state"])})

    run.network.load_state_dict(_whole(run.network, state["network"]))
    run.history = state["history"]
    run.best = snapshot(state["best"])
    run.finite = snapshot(state["finite"])
    vars(run.part_size).update(state["part_size"])
    for _ in range(run.batches_per_epoch() * len(run.history) + len(state.get("batches", ()))):
        run.on_batch()


def _whole(network: TransferNetwork, learnt: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add what is as it was built."""
    return {**copy.deepcopy(network.state_dict()), **learnt}


def restore_stage(net: NeuralNet, bookkeeping: Bookkeeping, state: dict[str, Any]) -> None:
    """Put a stage that has just begun where a checkpoint found it."""
    net.optimizer_.load_state_dict(state["optimizer"])
    if net.scheduler is not None:
        net.scheduler.load_state_dict(state["scheduler"])
    for name, value in state["bookkeeping"].items():
        setattr(bookkeeping, name, value)
    net.done = state["batches"]
