"""Cross-validate several estimators on the same splits, and lay the scores side by side."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from skspec._compat import safe_indexing
from skspec._progress import progress_bar
from skspec.exceptions import InputError, ParameterError

METRICS = ("accuracy", "balanced_accuracy", "macro_f1")


@dataclass(frozen=True)
class SystemResult:
    """What one estimator did on every split.

    Parameters
    ----------
    name : str
        Its name.
    scores : dict of str to ndarray of shape (n_splits,)
        One array for each metric: accuracy, balanced accuracy, macro-averaged F1.
    seconds : float
        Fitting and predicting, all splits together.
    predictions : list of (ndarray, ndarray)
        Test rows and predicted labels of each split.
    estimator : estimator
        As fitted on the last split.
    test_share : float
        Mean ratio of test to training clips, which the interval needs.
    """

    name: str
    scores: dict[str, NDArray[np.float64]]
    seconds: float
    predictions: list[tuple[NDArray[np.intp], NDArray[Any]]]
    estimator: BaseEstimator
    test_share: float

    def interval(self, metric: str, level: float = 0.95) -> tuple[float, float]:
        """Give mean and half width of the interval, see `corrected_interval`."""
        return corrected_interval(self.scores[metric], self.test_share, level)


def corrected_interval(
    scores: ArrayLike, test_share: float, level: float = 0.95
) -> tuple[float, float]:
    """Give mean and half width of a confidence interval of cross-validated scores.

    Training sets of different splits overlap, so their scores are no independent sample and the
    plain interval is too narrow. The variance of the mean is taken as

    ``(1 / n + test_share) * var(scores)``

    with Student's t of n - 1 degrees of freedom.

    Parameters
    ----------
    scores : array-like of shape (n_splits,)
        One score for each split, at least two.
    test_share : float
        Test clips divided by training clips, 1/4 for five folds.
    level : float in (0, 1), default=0.95
        Confidence.

    Returns
    -------
    mean, half_width : float
        The half width is NaN for a single score.

    Raises
    ------
    ParameterError
        `level` is not between 0 and 1, or `test_share` is negative.

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003.

    Examples
    --------
    >>> from skspec.evaluation import corrected_interval
    >>> mean, half_width = corrected_interval([0.7, 0.8, 0.75], test_share=0.5)
    >>> round(mean, 3), round(half_width, 3)
    (0.75, 0.196)
    """
    if not 0 < level < 1:
        raise ParameterError(f"Got level={level!r}, but expected a number in (0, 1), such as 0.95.")
    if not test_share >= 0:
        raise ParameterError(f"Got test_share={test_share!r}, but expected a number >= 0.")
    values = np.asarray(scores, dtype=np.float64)
    n = len(values)
    if n < 2:
        return float(values.mean()), math.nan
    deviation = math.sqrt((1 / n + test_share) * values.var(ddof=1))
    return float(values.mean()), float(stats.t.ppf(0.5 + level / 2, n - 1) * deviation)


def cross_validate_systems(
    systems: Mapping[str, BaseEstimator],
    X: Any,
    y: ArrayLike,
    splits: Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]],
    *,
    verbose: int = 0,
) -> list[SystemResult]:
    """Fit every estimator on every split, and score it on what was held out.

    All see the same splits, so scores can be compared split by split.

    Parameters
    ----------
    systems : dict of str to estimator
        Each is cloned for each split.
    X : waveforms, paths or images
        Anything the estimators take.
    y : array-like of shape (n_clips,)
        Labels.
    splits : iterable of (train, test)
        Row indices, for example ``StratifiedGroupKFold(3).split(X, y, groups)``.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Returns
    -------
    list of SystemResult
        In the order of `systems`.

    Raises
    ------
    InputError
        There are no splits.
    """
    labels, parts = np.asarray(y), list(splits)
    if not parts:
        raise InputError("There are no splits; a generator of them can be used only once.")
    results = []
    with progress_bar(
        len(systems) * len(parts), "cross-validation", verbose=verbose, unit="fit"
    ) as bar:
        for name, system in systems.items():
            bar.set_description(name)
            results.append(_run_system(name, system, X, labels, parts, bar))
    return results


def _run_system(
    name: str,
    system: BaseEstimator,
    X: Any,
    y: NDArray[Any],
    parts: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    bar: Any,
) -> SystemResult:
    start = time.perf_counter()
    predictions = []
    for train, test in parts:
        fitted = clone(system).fit(safe_indexing(X, train), y[train])
        predictions.append((test, fitted.predict(safe_indexing(X, test))))
        bar.update()
    scores = [_score(y[test], predicted) for test, predicted in predictions]
    return SystemResult(
        name=name,
        scores={metric: np.array([row[metric] for row in scores]) for metric in METRICS},
        seconds=time.perf_counter() - start,
        predictions=predictions,
        estimator=fitted,
        test_share=float(np.mean([len(test) / len(train) for train, test in parts])),
    )


def _score(true: NDArray[Any], predicted: NDArray[Any]) -> dict[str, float]:
    return {
        "accuracy": accuracy_score(true, predicted),
        "balanced_accuracy": balanced_accuracy_score(true, predicted),
        "macro_f1": f1_score(true, predicted, average="macro", zero_division=0.0),
    }


def scores_table(results: Sequence[SystemResult]) -> str:
    """Give the results as a Markdown table: each score with its 95 % interval, and seconds."""
    head = ["system", "accuracy", "balanced accuracy", "macro F1", "seconds"]
    rows = [head]
    for result in results:
        cells = [_cell(*result.interval(metric)) for metric in METRICS]
        rows.append([result.name.replace("|", r"\|"), *cells, f"{result.seconds:.1f}"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rows.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(_line(row, widths) for row in rows)


def _cell(mean: float, half_width: float) -> str:
    return f"{mean:.2f}" if math.isnan(half_width) else f"{mean:.2f} ± {half_width:.2f}"


def _line(row: list[str], widths: list[int]) -> str:
    first = row[0].ljust(widths[0])
    others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "| " + " | ".join([first, *others]) + " |"
