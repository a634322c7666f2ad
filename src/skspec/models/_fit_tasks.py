"""scikit-learn's callbacks: one task for a fit, and within it one for each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

from skspec.nn._run import Run


class FitTasks(Callback):
    """Opens and ends a task of scikit-learn's callbacks for each epoch.

    Where a callback asks for a stop at the end of an epoch, training ends as by Ctrl-C.
    """

    def __init__(self, estimator: BaseEstimator, context: Any, data: dict[str, Any]) -> None:
        self.estimator = estimator
        self.context = context
        self.data = data
        self.task_: Any = None

    def __deepcopy__(self, memo: dict[int, Any]) -> FitTasks:
        """Give the same: each stage copies its callbacks, and the tasks are those of one fit."""
        return self

    def on_epoch_begin(self, net: Any, *_: Any, **__: Any) -> None:
        self.task_ = self.context.subcontext(task_name="epoch")
        self.task_.call_on_fit_task_begin(**self._told(net))

    def on_epoch_end(self, net: Any, *_: Any, **__: Any) -> None:
        if self._end(net):
            raise KeyboardInterrupt

    def on_train_end(self, net: Any, *_: Any, **__: Any) -> None:
        self._end(net)  # of an epoch that was cut short; what cut it goes on its way

    def _end(self, net: Any) -> bool:
        """End the task that is open, and tell whether a callback asks for a stop."""
        task, self.task_ = self.task_, None
        return task is not None and task.call_on_fit_task_end(**self._told(net))

    def _told(self, net: Any) -> dict[str, Any]:
        attributes = partial(_as_if_stopped, self.estimator, net.run)  # made only if asked for
        return {
            "estimator": self.estimator,
            "reconstruction_attributes": attributes,
            **self.data,
        }


@contextmanager
def fit_tasks(
    estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, n_epochs: int
) -> Iterator[list[Callback]]:
    """Open the task of a whole fit, end it after; give what opens one for each epoch.

    Gives an empty list where nobody listens, or scikit-learn is older than 1.9.
    """
    if not hasattr(estimator, "set_callbacks"):
        yield []
        return
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    data = {"X": X, "y": y, "metadata": metadata}
    context = estimator._init_callback_context(max_subtasks=n_epochs)
    context.call_on_fit_task_begin(estimator=estimator, **data)
    listened = bool(getattr(estimator, "_skl_callbacks", ()))
    yield [FitTasks(estimator, context, data)] if listened else []
    # Fitted by now, so a copy needs nothing more.
    context.call_on_fit_task_end(estimator=estimator, reconstruction_attributes={}, **data)


def _as_if_stopped(estimator: BaseEstimator, run: Run) -> dict[str, Any]:
    """Give what training would have left, had it ended with the last whole epoch.

    All else that `fit` learns must be known before training: a copy takes it over.
    """
    network = estimator.compute_.place(estimator.network_spec_.build())
    network.load_state_dict(run.network.state_dict() if run.best is None else run.best.state)
    return {
        "network_": network.eval(),
        "history_": list(run.history),
        "best_epoch_": None if run.best is None else run.best.epoch,
        "interrupted_": False,
        "diverged_": False,
    }
