"""Statistics over time, against scipy's and Python's."""

import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import FUNCTIONALS, functionals

EXPECTED = {
    "mean": statistics.fmean,
    "std": statistics.pstdev,
    "min": min,
    "max": max,
    "range": lambda row: max(row) - min(row),
    "median": statistics.median,
    "q10": lambda row: scipy.stats.scoreatpercentile(row, 10),
    "q25": lambda row: scipy.stats.scoreatpercentile(row, 25),
    "q75": lambda row: scipy.stats.scoreatpercentile(row, 75),
    "q90": lambda row: scipy.stats.scoreatpercentile(row, 90),
    "skewness": scipy.stats.skew,
    "kurtosis": lambda row: scipy.stats.kurtosis(row, fisher=False),
}


def test_every_statistic_is_tested():
    assert EXPECTED.keys() == FUNCTIONALS.keys()


@pytest.mark.parametrize("n_frames", [2, 5, 40])
@pytest.mark.parametrize("name", FUNCTIONALS)
def test_against_other_implementations(name, n_frames):
    rows = np.random.default_rng(n_frames).gamma(2.0, size=(3, n_frames))
    (got,) = functionals(rows, [name]).T
    assert_allclose(got, [EXPECTED[name](row.tolist()) for row in rows], rtol=1e-9, atol=1e-12)


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.floats(-(2.0**60), 2.0**60, width=32),
    )
)
def test_always_finite(rows):
    result = functionals(rows, list(FUNCTIONALS))
    assert result.shape == (len(rows), len(FUNCTIONALS))
    assert result.dtype == np.float64
    assert np.isfinite(result).all()


def test_values_that_are_all_alike_have_no_shape():
    for value in (0.0, 0.1, -3e8):
        rows = np.full((1, 7), value, np.float32)
        assert_array_equal(functionals(rows, ["skewness", "kurtosis", "range"]), 0)


def test_no_frames_give_zeros():
    assert_array_equal(functionals(np.empty((2, 0)), list(FUNCTIONALS)), np.zeros((2, 12)))


def test_order_is_that_of_the_names():
    assert_array_equal(functionals(np.array([[1.0, 3.0]]), ["max", "min"]), [[3, 1]])
    assert_array_equal(functionals(np.array([[1.0, 3.0]]), ["min", "max"]), [[1, 3]])


def test_rows_are_not_changed():
    rows = np.random.default_rng(0).standard_normal((2, 5))
    before = rows.copy()
    functionals(rows, list(FUNCTIONALS))
    assert_array_equal(rows, before)
