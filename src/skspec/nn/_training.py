"""Training in stages: one module, and a new skorch net with its own optimizer for each stage."""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Iterable
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning

from skspec.exceptions import FitDivergedError, ParameterError
from skspec.nn._bookkeeping import Bookkeeping, EndOfPatience, StageEndedError
from skspec.nn._checkpoint import Checkpoints, open_checkpoints
from skspec.nn._checkpoint_key import describe_training
from skspec.nn._frozen import frozen_once
from skspec.nn._network import TransferNetwork
from skspec.nn._resume import Checkpointing, finished_state, restore_run, restore_stage
from skspec.nn._run import Run, StagePlan, all_finite
from skspec.nn._stage_net import StageNet

__all__ = ["Run", "StagePlan", "train_in_stages"]


def train_in_stages(run: Run, plans: Iterable[StagePlan]) -> None:
    """Train the network through all stages; with a validation part, end at its best epoch.

    Each stage goes on from the best epoch so far where there is a validation part, and from the
    last one where there is none. Ctrl-C ends the training and sets ``run.interrupted``; with
    ``run.on_divergence="restore"`` a loss that is not finite ends it and sets ``run.diverged``.
    With ``run.checkpoint`` it goes on from the folder's newest checkpoint of the same training;
    one that came to its end is not trained again.
    """
    plans = list(plans)
    _check_patience(run, plans)
    if run.on_divergence == "restore":
        run.finite = run.snapshot()
    training = {} if run.checkpoint is None else describe_training(run, plans)
    with open_checkpoints(run.checkpoint, training, run.checkpoint_every_s) as checkpoints:
        _go_on(run, plans, checkpoints)
    run.network.eval()


def _go_on(run: Run, plans: list[StagePlan], checkpoints: Checkpoints) -> None:
    """Train from where the newest checkpoint was written; from the start where there is none."""
    state = checkpoints.newest()
    if state is not None:
        restore_run(run, state)
    first = 0 if state is None else state["stage"]
    for stage in range(first, len(plans)):
        here = state if stage == first else None
        _train_until_stopped(run, plans[: stage + 1], checkpoints, here)
        if run.interrupted or run.diverged:
            break
    _check_finite(run.network)
    if first < len(plans) and not (run.interrupted or run.diverged):
        checkpoints.write(finished_state(run, plans), "the finished training", keep=1)


def _train_until_stopped(
    run: Run, plans: list[StagePlan], checkpoints: Checkpoints, state: dict[str, Any] | None
) -> None:
    """Train the stage of the last plan; whatever ends it, the best weights so far are kept."""
    run.network.learn_from(plans[-1].first_block, batchnorm=plans[-1].batchnorm)
    try:
        _train_stage(run, plans, checkpoints, state)
    except KeyboardInterrupt:
        run.interrupted = True
        _warn_of_interruption(run)
    except FitDivergedError as error:
        if run.finite is None:
            raise
        _go_back(run, error)
    if run.best is not None:
        run.network.load_state_dict(run.best.state)


def _check_patience(run: Run, plans: list[StagePlan]) -> None:
    for plan in plans:
        if plan.patience is not None and run.valid is None:
            raise ParameterError(
                f"Got patience={plan.patience!r} in stage {plan.name!r} with validation=None, but "
                "early stopping needs validation clips: set validation, or patience=None."
            )


def _warn_of_interruption(run: Run) -> None:
    """Say it also to who reads the scores of a search, which goes on."""
    n_epochs = len(run.history)
    after = f"after {n_epochs} epochs: they count as the whole training"
    before = "before its first epoch ended: the weights are as good as untrained"
    warnings.warn(
        f"The training was interrupted {after if n_epochs else before}.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _go_back(run: Run, error: FitDivergedError) -> None:
    """Load the weights of the last epoch that ended finite, and say so."""
    assert run.finite is not None
    run.diverged = True
    run.network.load_state_dict(run.finite.state)
    kept = run.finite if run.best is None else run.best
    weights = f"those of epoch {kept.epoch}" if kept.epoch >= 0 else "the untrained ones"
    warnings.warn(
        f"{error} The training ends here, and the weights kept are {weights}.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _check_finite(network: TransferNetwork) -> None:
    """Find what the last step broke: no loss came after it to show it."""
    if not all_finite(network):
        raise FitDivergedError(
            "The weights became NaN or infinite in the last step. Lower the last stage's lr."
        )


def _train_stage(
    run: Run, plans: list[StagePlan], checkpoints: Checkpoints, state: dict[str, Any] | None
) -> None:
    """Train the stage of the last plan, from its start or from a checkpoint's state."""
    plan = plans[-1]
    bookkeeping = Bookkeeping(run, plan)
    train, valid, start = frozen_once(run, plan.first_block)
    net = StageNet(
        run.network,
        criterion=torch.nn.Identity,  # skorch wants one; run.loss is what counts
        run=run,
        plan=plan,
        start=start,
        lr=plan.lr,
        max_epochs=plan.epochs,
        device=None,
        verbose=0,
        # First comes what keeps the epoch, last what ends the stage: between them, callbacks see
        # its row of history, and whatever they raise, it is not lost.
        callbacks=[
            ("bookkeeping", bookkeeping),
            *copy.deepcopy(list(run.callbacks)),
            ("checkpointing", Checkpointing(checkpoints, plans, bookkeeping)),
            ("patience", EndOfPatience(bookkeeping)),
        ],
    ).initialize()
    net.notify("on_train_begin", X=train, y=valid)
    if state is not None:
        restore_stage(net, bookkeeping, state)
    try:
        with contextlib.suppress(StageEndedError):
            net.fit_loop(train, valid, epochs=bookkeeping.epochs_left)
    finally:
        net.notify("on_train_end", X=train, y=valid)
