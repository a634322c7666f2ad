"""`Stage`: a stretch of training with its own learning part, optimizer and learning rate."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import torch
from sklearn.base import BaseEstimator, clone

from skspec._compat import Interval, StrOptions
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.models._schedules import CosineSchedule, PlateauSchedule, Schedule
from skspec.nn._registry import block_index
from skspec.nn._training import StagePlan

# The base class, and what takes matrices alone or sparse gradients alone.
_NOT_OFFERED = {"Optimizer", "Muon", "SparseAdam"}

OPTIMIZERS = {
    name.lower(): kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind)
    and issubclass(kind, torch.optim.Optimizer)
    and name not in _NOT_OFFERED
}


class Stage(BaseEstimator):
    """One stage of training: what learns, for how long, and how.

    Stages follow each other on the same network; the optimizer may change between them.

    Parameters
    ----------
    train : str, default="all"
        What learns: ``"head"``, ``"all"``, ``"last:2"`` (the last two blocks and the head), or
        the name of a block: it and all after it.
    epochs : int > 0, default=10
        Passes over the training clips.
    optimizer : str or class, default="adamw"
        Name of a torch optimizer in lower case, or the class. ``"lbfgs"`` has one rate for all,
        so it trains a head alone.
    lr : float > 0, default=1e-4
        Learning rate of the backbone.
    head_lr_factor : float > 0, default=1.0
        The head learns at ``lr * head_lr_factor``.
    schedule : schedule, default=None
        How all learning rates change within the stage: `StepSchedule`, `CyclicSchedule`,
        `CosineSchedule`, `OneCycleSchedule` or `PlateauSchedule`. None keeps them.
    layer_decay : float in (0, 1], default=1.0
        Block i of n (counted from 0) learns at ``lr * layer_decay ** (n - 1 - i)``: the last
        block at `lr`, the blocks before it ever more slowly, because early blocks carry what
        holds for all images. The head keeps its own rate.
    weight_decay : float >= 0, default=0.0
        Given to the optimizer.
    decay_on : {"weights", "all"}, default="weights"
        What `weight_decay` is for: tensors of two or more dimensions (kernels and matrices), and
        not the biases and the scales of norms; or all that learns.
    clip_norm : float > 0, default=None
        Gradients of all that learns, taken as one vector, are scaled down to this norm where they
        are longer. None leaves them.
    optimizer_params : dict, default=None
        Further arguments of the optimizer, such as ``{"momentum": 0.9}``.
    batchnorm : {"train", "frozen"}, default="train"
        What learns may keep the running statistics of its BatchNorm layers (``"frozen"``: they
        are used, not updated; scale and shift learn on). On few clips that is often better.
    patience : int > 0, default=None
        End the stage after so many epochs without a better validation score; needs
        ``validation``. None runs all epochs. A schedule is laid out for all `epochs`, whether or
        not they are reached.

    References
    ----------
    `layer_decay` as in H. Bao, L. Dong, S. Piao, F. Wei, "BEiT: BERT pre-training of image
    transformers", ICLR 2022; `clip_norm` as in R. Pascanu, T. Mikolov, Y. Bengio, "On the
    difficulty of training recurrent neural networks", ICML 2013, section 3.2.

    Examples
    --------
    >>> from skspec import Stage
    >>> Stage("last:2", epochs=20, optimizer="sgd", lr=1e-4, optimizer_params={"momentum": 0.9})
    Stage(epochs=20, optimizer='sgd', optimizer_params={'momentum': 0.9},
          train='last:2')
    """

    _parameter_constraints = {  # noqa: RUF012
        "train": [str],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "head_lr_factor": [Interval(Real, 0, None, closed="neither")],
        "schedule": [Schedule, None],
        "layer_decay": [Interval(Real, 0, 1, closed="right")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "decay_on": [StrOptions({"weights", "all"})],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "optimizer_params": [dict, None],
        "batchnorm": [StrOptions({"train", "frozen"})],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        train: str = "all",
        *,
        epochs: int = 10,
        optimizer: str | Callable[..., torch.optim.Optimizer] = "adamw",
        lr: float = 1e-4,
        head_lr_factor: float = 1.0,
        schedule: Schedule | None = None,
        layer_decay: float = 1.0,
        weight_decay: float = 0.0,
        decay_on: str = "weights",
        clip_norm: float | None = None,
        optimizer_params: dict[str, Any] | None = None,
        batchnorm: str = "train",
        patience: int | None = None,
    ) -> None:
        self.train = train
        self.epochs = epochs
        self.optimizer = optimizer
        self.lr = lr
        self.head_lr_factor = head_lr_factor
        self.schedule = schedule
        self.layer_decay = layer_decay
        self.weight_decay = weight_decay
        self.decay_on = decay_on
        self.clip_norm = clip_norm
        self.optimizer_params = optimizer_params
        self.batchnorm = batchnorm
        self.patience = patience

    def plan(self, name: str, block_names: list[str], backbone: str) -> StagePlan:
        """Check the parameters and give them as plain values for a backbone."""
        check_parameters(self)
        self._check_schedule()
        kind = OPTIMIZERS[self.optimizer] if isinstance(self.optimizer, str) else self.optimizer
        return StagePlan(
            name=name,
            first_block=self._first_block(block_names, backbone),
            epochs=int(self.epochs),
            optimizer=kind,
            optimizer_params=self._optimizer_params(kind),
            lr=self.lr,
            head_lr=self.lr * self.head_lr_factor,
            batchnorm=self.batchnorm,
            patience=self.patience,
            schedule=None if self.schedule is None else clone(self.schedule),
            layer_decay=self.layer_decay,
            decay_on=self.decay_on,
            clip_norm=self.clip_norm,
        )

    def _check_schedule(self) -> None:
        """Refuse schedules that the stage would end before."""
        schedule = self.schedule
        if schedule is not None:
            check_parameters(schedule)
        if isinstance(schedule, CosineSchedule) and schedule.warmup_epochs >= self.epochs:
            raise ParameterError(
                f"Got warmup_epochs={schedule.warmup_epochs!r} in a stage of epochs="
                f"{self.epochs!r}, but expected fewer: nothing would be left of the cosine."
            )
        if isinstance(schedule, PlateauSchedule) and (
            self.patience is not None and self.patience <= schedule.patience
        ):
            raise ParameterError(
                f"Got patience={self.patience!r} in a stage with schedule={schedule!r}, but "
                f"expected more than {schedule.patience}: the stage would end before any rate "
                "falls."
            )

    def _optimizer_params(self, kind: Callable[..., torch.optim.Optimizer]) -> dict[str, Any]:
        known = inspect.signature(kind).parameters
        params = self._given_params(kind)
        # Some optimizers have a decay of their own by default, so 0 is given as well.
        if "weight_decay" in known:
            params.setdefault("weight_decay", 0.0)
        if taken := sorted(params.keys() & {"lr", "params"}):
            raise ParameterError(
                f"Got {taken[0]}={params[taken[0]]!r} for optimizer={self.optimizer!r}, but `lr` "
                "is a parameter of the stage itself, and what learns is said by `train`."
            )
        unknown = sorted(params.keys() - known.keys())
        takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
        if unknown and not takes_any:
            raise ParameterError(
                f"Got {unknown[0]}={params[unknown[0]]!r} for optimizer={self.optimizer!r}, but "
                f"its parameters are {sorted(known.keys() - {'params', 'lr'})}."
            )
        return params

    def _given_params(self, kind: Callable[..., torch.optim.Optimizer]) -> dict[str, Any]:
        """Give what a partial brings, under the stage's decay, under `optimizer_params`."""
        brought = kind.keywords if isinstance(kind, partial) else {}
        decay = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return {**brought, **decay, **(self.optimizer_params or {})}

    def _first_block(self, block_names: list[str], backbone: str) -> int:
        n_blocks = len(block_names)
        if self.train == "head":
            return n_blocks
        if self.train == "all":
            return 0
        if not self.train.startswith("last:"):
            return block_index(self.train, block_names, backbone=backbone)
        count = self.train.removeprefix("last:")
        if not count.isdecimal() or not 1 <= int(count) <= n_blocks:
            raise ParameterError(
                f"Got train={self.train!r}, but expected 'last:N' with 1 <= N <= {n_blocks}, "
                f"the number of blocks of {backbone!r}."
            )
        return n_blocks - int(count)


STAGE_WORDS = ["frozen", "full", "two_stage"]


def named_stages(stages: str | Sequence[tuple[str, Stage]]) -> list[tuple[str, Stage]]:
    """Give the (name, Stage) pairs that a word stands for; a list as it is."""
    if not isinstance(stages, str):
        return list(stages)
    words = {
        "frozen": [("frozen", Stage("head", epochs=10, lr=1e-3))],
        "two_stage": [
            ("warmup", Stage("head", epochs=5, lr=1e-3)),
            ("finetune", Stage("all", epochs=10, lr=1e-4)),
        ],
        "full": [("full", Stage("all", epochs=20, lr=1e-3))],
    }
    if stages not in words:
        raise ParameterError(
            f"Got stages={stages!r}, but expected one of {STAGE_WORDS} or a list of "
            "(name, Stage) pairs."
        )
    return words[stages]
