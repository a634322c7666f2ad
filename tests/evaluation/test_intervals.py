"""Intervals and p-values of cross-validated scores."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skspec.evaluation import corrected_interval
from skspec.evaluation._intervals import corrected_p_value
from skspec.exceptions import ParameterError


def nadeau_bengio(scores, n_train, n_test):
    """Give mean and deviation by equation (9) of the paper."""
    n = len(scores)
    mean = math.fsum(scores) / n
    variance = math.fsum((score - mean) ** 2 for score in scores) / (n - 1)
    return mean, math.sqrt((1 / n + n_test / n_train) * variance)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize(("n", "n_train", "n_test"), [(2, 50, 50), (5, 80, 20), (15, 90, 10)])
def test_it_is_that_of_the_paper(n, n_train, n_test, level):
    scores = np.random.default_rng(n).uniform(0.6, 0.9, size=n)
    mean, half_width = corrected_interval(scores, n_test / n_train, level)
    expected, scale = nadeau_bengio(scores, n_train, n_test)
    low, high = stats.t(df=n - 1, loc=expected, scale=scale).interval(level)
    assert_allclose([mean, mean - half_width, mean + half_width], [expected, low, high])


def test_without_overlap_it_is_the_plain_interval_and_else_wider():
    scores = [0.7, 0.8, 0.75, 0.9]
    plain = stats.t.interval(0.95, 3, loc=np.mean(scores), scale=stats.sem(scores))
    mean, half_width = corrected_interval(scores, 0.0)
    assert_allclose([mean - half_width, mean + half_width], plain)
    assert corrected_interval(scores, 0.25)[1] == pytest.approx(half_width * math.sqrt(2))


def test_equal_scores_have_no_width_and_one_score_no_interval():
    assert corrected_interval([0.5, 0.5, 0.5], 0.5) == (0.5, 0.0)
    mean, half_width = corrected_interval([0.5], 0.5)
    assert mean == 0.5
    assert math.isnan(half_width)
    assert all(math.isnan(value) for value in corrected_interval([], 0.5))


def test_a_share_that_is_not_known_gives_no_interval():
    mean, half_width = corrected_interval([0.5, 0.7], math.nan)
    assert mean == pytest.approx(0.6)
    assert math.isnan(half_width)
    assert math.isnan(corrected_p_value([0.5, 0.7], math.nan))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"test_share": 0.5, "level": 95}, r"Got level=95, but expected a number in \(0, 1\)"),
        ({"test_share": -0.5}, "Got test_share=-0.5, but expected a number >= 0"),
    ],
)
def test_what_is_no_level_or_share(settings, message):
    with pytest.raises(ParameterError, match=message):
        corrected_interval([0.7, 0.8], **settings)


def test_p_value_without_overlap_is_that_of_the_t_test():
    gains = [0.1, -0.05, 0.2, 0.07]
    assert corrected_p_value(gains, 0.0) == pytest.approx(stats.ttest_1samp(gains, 0.0).pvalue)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_p_value_belongs_to_the_interval_that_ends_at_zero(share):
    gains = [0.1, -0.05, 0.2, 0.07]
    level = 1 - corrected_p_value(gains, share)
    mean, half_width = corrected_interval(gains, share, level)
    assert mean - half_width == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("gains", "expected"), [([0.0, 0.0], 1.0), ([0.1, 0.1], 0.0), ([0.1], math.nan)]
)
def test_p_value_where_nothing_varies(gains, expected):
    assert corrected_p_value(gains, 0.5) == pytest.approx(expected, nan_ok=True)
