"""One estimator, fitted and tried once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from skspec._fit_groups import fit_or_stop
from skspec.evaluation._dataset import Clips, Split
from skspec.evaluation._peak_memory import PeakMemory


@dataclass(frozen=True)
class SplitRun:
    """What came of one split: predictions and what they cost, or an error's message."""

    predicted: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    probability: NDArray[Any] | None = None
    costs: dict[str, float] = field(default_factory=dict)
    estimator: BaseEstimator | None = None
    error: str | None = None


def run_split(
    estimator: BaseEstimator, clips: Clips, split: Split, *, keep: bool, catch: bool
) -> SplitRun:
    """Fit a clone on the training rows and predict the test rows."""
    train, test = (clips.take(rows) for rows in split)
    try:
        return fit_and_predict(clone(estimator), train, test.X, np.unique(clips.y), keep=keep)
    except Exception as error:
        if not catch:
            raise
        return SplitRun(error=f"{type(error).__name__}: {error}")


def fit_and_predict(
    estimator: BaseEstimator, train: Clips, unseen: Any, classes: NDArray[Any], *, keep: bool
) -> SplitRun:
    """Fit an estimator, predict other clips, and take down what both cost."""
    memory, start = PeakMemory(), time.perf_counter()
    fit_or_stop(estimator, train.X, train.y, train.groups)
    seconds_fit = time.perf_counter() - start
    run = predict(estimator, unseen, classes)
    costs = {"seconds_fit": seconds_fit, **run.costs, "peak_memory_mb": memory.megabytes()}
    return replace(run, costs=costs, estimator=estimator if keep else None)


def predict(fitted: BaseEstimator, X: Any, classes: NDArray[Any]) -> SplitRun:
    """Give labels, and probabilities where there are any: a column for each of `classes`."""
    start = time.perf_counter()
    predicted = np.asarray(fitted.predict(X))
    costs = {"seconds_predict": time.perf_counter() - start}
    if not hasattr(fitted, "predict_proba"):
        return SplitRun(predicted, costs=costs)
    given = np.asarray(fitted.predict_proba(X))
    probability = np.zeros((len(given), len(classes)), dtype=given.dtype)
    # 0 stays for a class that was not in training.
    probability[:, np.searchsorted(classes, fitted.classes_)] = given
    return SplitRun(predicted, probability, costs)
