"""Ends a trial whose training goes worse than that of the trials before it."""

from __future__ import annotations

from typing import Any

import optuna
from skorch.callbacks import Callback

from skspec.exceptions import ParameterError


class EpochPruning(Callback):
    """Tells an Optuna trial the score of every epoch, and ends it when its pruner says so.

    For the `callbacks` of a classifier that is trained in an objective of your own; `optimize`
    does it by itself.

    Parameters
    ----------
    trial : optuna.Trial
        The trial.
    monitor : {"valid_accuracy", "valid_loss", "train_loss"}, default="valid_accuracy"
        What is told, a column of `history_`; those of validation want a `validation` part. Its
        sign is changed where better is the other way round: for a loss in a study that maximises,
        for accuracy in one that minimises.

    Raises
    ------
    optuna.TrialPruned
        From the fit, where the pruner ends the trial.
    ParameterError
        History has no such column.

    Examples
    --------
    >>> import numpy as np, optuna
    >>> from skspec import PretrainedCNNClassifier
    >>> from skspec.search import EpochPruning
    >>> images = np.random.default_rng(0).random((8, 1, 16, 16), dtype=np.float32)
    >>> def objective(trial):
    ...     pruning = EpochPruning(trial, "train_loss")
    ...     cnn = PretrainedCNNClassifier("tiny", weights=None, callbacks=[pruning])
    ...     return cnn.fit(images, [0, 1] * 4).history_[-1]["train_loss"]
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study()
    >>> study.optimize(objective, n_trials=1)
    >>> len(study.trials[0].intermediate_values) > 1
    True
    """

    def __init__(self, trial: optuna.Trial, monitor: str = "valid_accuracy") -> None:
        self.trial = trial
        self.monitor = monitor

    def __sklearn_clone__(self) -> EpochPruning:
        # Clones and stages copy their callbacks, but the trial is one.
        return EpochPruning(self.trial, self.monitor)

    def __deepcopy__(self, memo: Any) -> EpochPruning:
        return self.__sklearn_clone__()

    def on_epoch_end(self, net: Any, *_: Any, **__: Any) -> None:
        """Report the epoch, and stop where the pruner says so."""
        row = net.run.history[-1]
        if self.monitor not in row:
            raise ParameterError(
                f"Got monitor={self.monitor!r}, but history has {sorted(row)}. Scores of "
                "validation want a classifier with validation=0.2 or the like."
            )
        self.trial.report(self._score(row[self.monitor]), len(net.run.history))
        if self.trial.should_prune():
            raise optuna.TrialPruned(f"epoch {len(net.run.history)}")

    def _score(self, value: float) -> float:
        maximised = self.trial.study.direction == optuna.study.StudyDirection.MAXIMIZE
        return value if maximised != self.monitor.endswith("loss") else -value
