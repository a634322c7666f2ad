"""Confidence intervals of cross-validated scores, whose training sets overlap."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from skspec.exceptions import ParameterError


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
        Test clips divided by training clips, 1/4 for five folds; NaN where it is not known.
    level : float in (0, 1), default=0.95
        Confidence.

    Returns
    -------
    mean, half_width : float
        The half width is NaN for a single score or a share of NaN, both are NaN for no scores.

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
    mean, deviation, n = _mean_and_deviation(scores, test_share)
    return mean, float(stats.t.ppf(0.5 + level / 2, n - 1) * deviation) if n > 1 else math.nan


def corrected_p_value(scores: ArrayLike, test_share: float) -> float:
    """Give the p-value of a mean of 0, two-sided, by the test that `corrected_interval` inverts."""
    mean, deviation, n = _mean_and_deviation(scores, test_share)
    if n < 2:
        return math.nan
    if deviation == 0:
        return float(mean == 0)
    return float(2 * stats.t.sf(abs(mean) / deviation, n - 1))


def _mean_and_deviation(scores: ArrayLike, test_share: float) -> tuple[float, float, int]:
    """Give the mean, its corrected standard deviation, and the number of scores."""
    if test_share < 0:  # NaN where it is not known: then the interval is, too
        raise ParameterError(f"Got test_share={test_share!r}, but expected a number >= 0.")
    values = np.asarray(scores, dtype=np.float64)
    n = len(values)
    if n < 2:
        return float(values[0]) if n else math.nan, math.nan, n
    return float(values.mean()), math.sqrt((1 / n + test_share) * values.var(ddof=1)), n
