"""What is measured on the held-out clips of one split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix, log_loss

from skspec.exceptions import InputError, ParameterError

Metric = Callable[[NDArray[Any], NDArray[Any]], float]
Row = tuple[str, Any, float]

#: What a system costs; tables show it without an interval.
COSTS = ("seconds_fit", "seconds_predict", "peak_memory_mb")
#: What is measured of every system, besides metrics of one's own.
BUILT_IN = (
    *("accuracy", "balanced_accuracy", "macro_f1", "expected_calibration_error", "log_loss"),
    *("precision", "recall", "f1"),
    *COSTS,
)


def expected_calibration_error(
    y_true: ArrayLike, probability: ArrayLike, classes: ArrayLike, *, n_bins: int = 15
) -> float:
    """Give how far the probability of the chosen class is from how often it is right.

    Parameters
    ----------
    y_true : array-like of shape (n_clips,)
        Labels.
    probability : array-like of shape (n_clips, n_classes)
        Of each class, as `predict_proba` gives it.
    classes : array-like of shape (n_classes,)
        Label of each column.
    n_bins : int > 0, default=15
        Bins of equal width over (0, 1], each with its right end.

    Returns
    -------
    float
        From 0 to 1; 0 where clips said to be right with 80 % are right in 80 % of cases.

    Raises
    ------
    InputError
        The shapes do not fit together.
    ParameterError
        `n_bins` is not positive.

    Notes
    -----
    ``sum over bins of n_b / n * |accuracy_b - confidence_b|``: clips are binned by their largest
    probability, whose mean within a bin is its confidence; its accuracy is the share of clips
    whose class of largest probability is the true one. It depends on the bins, and is too large
    for few clips, since chance alone moves the accuracy of a bin.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
    ICML 2017, section 2.

    Examples
    --------
    >>> from skspec.evaluation import expected_calibration_error
    >>> probability = [[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]]
    >>> error = expected_calibration_error(["a", "b", "b"], probability, ["a", "b"])
    >>> round(error, 4)  # 2/3 * |1/2 - 0.9| + 1/3 * |1 - 0.7|
    0.3667
    """
    labels, names, values = np.asarray(y_true), np.asarray(classes), np.asarray(probability)
    if values.shape != (len(labels), len(names)):
        raise InputError(
            f"probability has shape {values.shape}, expected {(len(labels), len(names))}: "
            "a row for each clip, a column for each class."
        )
    if n_bins < 1:
        raise ParameterError(f"Got n_bins={n_bins!r}, but expected an integer > 0.")
    confidence = values.max(axis=1).astype(np.float64)
    right = names[values.argmax(axis=1)] == labels
    bins = confidence_bins(confidence, n_bins)
    return float(np.abs(np.bincount(bins, right - confidence)).sum() / len(labels))


def confidence_bins(confidence: NDArray[Any], n_bins: int) -> NDArray[np.intp]:
    """Give the bin of each probability: of equal width, each with its right end; 0 in the first."""
    return np.clip(np.ceil(confidence * n_bins) - 1, 0, n_bins - 1).astype(np.intp)


def check_metric_names(metrics: Mapping[str, Metric]) -> None:
    """Refuse metrics that have the name of a built-in one: each split would count twice."""
    taken = [name for name in metrics if name in BUILT_IN]
    if taken:
        raise ParameterError(
            f"Got metrics named {taken!r}, but these are measured in any case: expected names "
            f"other than {list(BUILT_IN)!r}. Leave them out, or rename them."
        )


def score_rows(
    true: NDArray[Any],
    predicted: NDArray[Any],
    probability: NDArray[Any] | None,
    classes: NDArray[Any],
    metrics: Mapping[str, Metric],
) -> Iterator[Row]:
    """Give (metric, label, value) of one split; label None where it is for all classes."""
    by_class = _by_class(confusion_matrix(true, predicted, labels=classes))
    yield "accuracy", None, float(np.mean(true == predicted))
    yield "balanced_accuracy", None, float(np.nanmean(by_class["recall"]))
    yield "macro_f1", None, float(np.nanmean(by_class["f1"]))
    if probability is not None:
        error = expected_calibration_error(true, probability, classes)
        yield "expected_calibration_error", None, error
        # Sums of float32 are further from 1 than scikit-learn allows.
        exact = probability.astype(np.float64)
        exact /= exact.sum(axis=1, keepdims=True)
        yield "log_loss", None, float(log_loss(true, exact, labels=classes))
    for name, metric in metrics.items():
        yield name, None, float(metric(true, predicted))
    for name, values in by_class.items():
        yield from ((name, label, float(v)) for label, v in zip(classes, values, strict=True))


def _by_class(counts: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Give precision, recall and F1 of each class; NaN where it is 0 / 0."""
    right, true, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return {
            "precision": right / predicted,
            "recall": right / true,
            "f1": 2 * right / (true + predicted),
        }
