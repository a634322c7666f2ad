"""Learning-rate schedules of a stage: how its rates change from batch to batch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from numbers import Integral, Real

from sklearn.base import BaseEstimator
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from skspec._compat import Interval


class Schedule(BaseEstimator, ABC):
    """What `Stage` takes as `schedule`."""

    @abstractmethod
    def scheduler(self, optimizer: Optimizer, n_batches: int, n_epochs: int) -> LRScheduler:
        """Give the torch scheduler of a stage of `n_epochs` with `n_batches` each."""


class BatchSchedule(Schedule):
    """A schedule that gives the factor of each batch; all rates are multiplied by it."""

    @abstractmethod
    def scale(self, batch: int, n_batches: int, n_epochs: int) -> float:
        """Give the factor of a batch, counted from the start of the stage.

        Parameters
        ----------
        batch : int >= 0
            The batch: ``n_batches * epoch`` is the first one of an epoch.
        n_batches : int > 0
            Batches per epoch.
        n_epochs : int > 0
            Epochs of the stage.
        """

    def scheduler(self, optimizer: Optimizer, n_batches: int, n_epochs: int) -> LRScheduler:
        """Give the torch scheduler of a stage of `n_epochs` with `n_batches` each."""
        return LambdaLR(optimizer, lambda batch: self.scale(batch, n_batches, n_epochs))


class StepSchedule(BatchSchedule):
    """The rate falls by a factor every so many epochs.

    Parameters
    ----------
    step_epochs : int > 0, default=20
        Epochs between two falls.
    factor : float > 0, default=0.1
        What the rate is multiplied by.

    Notes
    -----
    ``lr * factor ** (epoch // step_epochs)``, epochs counted from the start of the stage.

    Examples
    --------
    >>> from skspec import Stage, StepSchedule
    >>> Stage(epochs=60, lr=1e-3, schedule=StepSchedule(step_epochs=20))
    Stage(epochs=60, lr=0.001, schedule=StepSchedule())
    """

    _parameter_constraints = {  # noqa: RUF012
        "step_epochs": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, step_epochs: int = 20, *, factor: float = 0.1) -> None:
        self.step_epochs = step_epochs
        self.factor = factor

    def scale(self, batch: int, n_batches: int, n_epochs: int) -> float:
        """Give the factor of a batch, counted from the start of the stage."""
        return self.factor ** (batch // n_batches // self.step_epochs)


class CyclicSchedule(BatchSchedule):
    """The rate goes up and down in straight lines, batch by batch.

    The stage's `lr` is the highest rate. A rate that comes back high leaves a narrow minimum for
    a wider one; the epochs in which it is low are the ones to end at.

    Parameters
    ----------
    period_epochs : float > 0, default=4.0
        Epochs from one low to the next; at least two batches.
    min_factor : float in [0, 1], default=0.1
        The lowest rate is ``lr * min_factor``. A stage begins with it.

    Notes
    -----
    With ``x`` the share of its period that a batch stands at, the rate is
    ``lr * (min_factor + (1 - min_factor) * (1 - abs(2 * x - 1)))``: the triangular policy. No
    momentum is moved against it, so it goes with every optimizer.

    References
    ----------
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.

    Examples
    --------
    >>> from skspec import CyclicSchedule
    >>> cyclic = CyclicSchedule(period_epochs=2, min_factor=0.2)
    >>> [round(cyclic.scale(batch, n_batches=2, n_epochs=2), 3) for batch in range(4)]
    [0.2, 0.6, 1.0, 0.6]
    """

    _parameter_constraints = {  # noqa: RUF012
        "period_epochs": [Interval(Real, 0, None, closed="neither")],
        "min_factor": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(self, period_epochs: float = 4.0, *, min_factor: float = 0.1) -> None:
        self.period_epochs = period_epochs
        self.min_factor = min_factor

    def scale(self, batch: int, n_batches: int, n_epochs: int) -> float:
        """Give the factor of a batch, counted from the start of the stage."""
        period = max(2.0, self.period_epochs * n_batches)
        height = 1 - abs(2 * (batch % period) / period - 1)
        return self.min_factor + (1 - self.min_factor) * height


class CosineSchedule(BatchSchedule):
    """The rate falls along half a cosine over the stage, after a rise where one is wanted.

    Parameters
    ----------
    warmup_epochs : float >= 0, default=0.0
        Epochs in which the rate rises in a straight line to `lr`; fewer than the stage has.
    final_factor : float in [0, 1], default=0.0
        The rate ends at ``lr * final_factor``.

    Notes
    -----
    With ``w`` batches of warm-up and ``T`` in all, batch ``t`` has ``lr * (t + 1) / (w + 1)``
    before ``w``, and then
    ``lr * (f + (1 - f) * (1 + cos(pi * (t - w) / (T - w))) / 2)``, ``f`` being `final_factor`.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    equation 5 (here without restarts).

    Examples
    --------
    >>> from skspec import CosineSchedule
    >>> cosine = CosineSchedule(warmup_epochs=1)
    >>> [round(cosine.scale(batch, n_batches=1, n_epochs=5), 3) for batch in range(5)]
    [0.5, 1.0, 0.854, 0.5, 0.146]
    """

    _parameter_constraints = {  # noqa: RUF012
        "warmup_epochs": [Interval(Real, 0, None, closed="left")],
        "final_factor": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(self, *, warmup_epochs: float = 0.0, final_factor: float = 0.0) -> None:
        self.warmup_epochs = warmup_epochs
        self.final_factor = final_factor

    def scale(self, batch: int, n_batches: int, n_epochs: int) -> float:
        """Give the factor of a batch, counted from the start of the stage."""
        warmup = round(self.warmup_epochs * n_batches)
        if batch < warmup:
            return (batch + 1) / (warmup + 1)
        fall = _half_cosine((batch - warmup) / max(1, n_batches * n_epochs - warmup))
        return self.final_factor + (1 - self.final_factor) * fall


class OneCycleSchedule(BatchSchedule):
    """One rise to a high rate and one long fall far below the start, over the stage.

    The stage's `lr` is the highest rate, and can be several times higher than a constant one.

    Parameters
    ----------
    warmup : float in [0, 1), default=0.3
        Share of the stage's batches in which the rate rises.
    start_factor : float in (0, 1], default=0.04
        The first batch has ``lr * start_factor``.
    final_factor : float in [0, 1], default=4e-6
        The last batch has ``lr * final_factor``.

    Notes
    -----
    Both ways go along half a cosine. Momentum stays as it is, so it goes with every optimizer.

    References
    ----------
    L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", 2019, https://arxiv.org/abs/1708.07120.

    Examples
    --------
    >>> from skspec import OneCycleSchedule
    >>> cycle = OneCycleSchedule(warmup=0.5, start_factor=0.1)
    >>> [round(cycle.scale(batch, n_batches=2, n_epochs=3), 3) for batch in range(6)]
    [0.1, 0.55, 1.0, 0.75, 0.25, 0.0]
    """

    _parameter_constraints = {  # noqa: RUF012
        "warmup": [Interval(Real, 0, 1, closed="left")],
        "start_factor": [Interval(Real, 0, 1, closed="right")],
        "final_factor": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self, *, warmup: float = 0.3, start_factor: float = 0.04, final_factor: float = 4e-6
    ) -> None:
        self.warmup = warmup
        self.start_factor = start_factor
        self.final_factor = final_factor

    def scale(self, batch: int, n_batches: int, n_epochs: int) -> float:
        """Give the factor of a batch, counted from the start of the stage."""
        last = n_batches * n_epochs - 1
        peak = max(0.0, self.warmup * (last + 1) - 1)
        if batch < peak:
            return 1 + (self.start_factor - 1) * _half_cosine(batch / peak)
        fall = _half_cosine((batch - peak) / (last - peak)) if last > peak else 1.0
        return self.final_factor + (1 - self.final_factor) * fall


class PlateauSchedule(Schedule):
    """The rate falls by a factor whenever the validation score has not become better for a while.

    The score is what the classifier's `monitor` names; without a validation part it is the
    training loss.

    Parameters
    ----------
    patience : int > 0, default=5
        Epochs in a row without a score better than the best of the stage, after which the rate
        falls. A stage's own `patience` must be larger, or the stage would end first.
    factor : float in (0, 1), default=0.1
        What the rate is multiplied by.

    Examples
    --------
    >>> from skspec import PlateauSchedule, Stage
    >>> Stage(epochs=100, patience=12, schedule=PlateauSchedule(patience=4, factor=0.5))
    Stage(epochs=100, patience=12, schedule=PlateauSchedule(factor=0.5, patience=4))
    """

    _parameter_constraints = {  # noqa: RUF012
        "patience": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, patience: int = 5, *, factor: float = 0.1) -> None:
        self.patience = patience
        self.factor = factor

    def scheduler(self, optimizer: Optimizer, n_batches: int, n_epochs: int) -> LRScheduler:
        """Give the torch scheduler of a stage of `n_epochs` with `n_batches` each."""
        # torch lets `patience` bad epochs pass and acts on the one after them.
        return ReduceLROnPlateau(
            optimizer,
            factor=self.factor,
            patience=self.patience - 1,
            threshold=0.0,
            threshold_mode="abs",
            eps=0.0,
        )


def _half_cosine(x: float) -> float:
    """Give 1 at 0, 0 at 1, and half a cosine between."""
    return (1 + math.cos(math.pi * x)) / 2
