"""Zero mean and unit variance, against the standard library's arithmetic."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import standardize

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=50)


@given(NUMBERS)
def test_is_mean_and_deviation(numbers):
    standard = standardize(np.array(numbers, np.float32))
    assert standard.dtype == np.float64
    assert np.isfinite(standard).all()
    deviation = statistics.pstdev(numbers)
    if deviation > 1e-10 * max(map(abs, numbers)) and deviation > 1e-100:
        expected = [(x - statistics.fmean(numbers)) / deviation for x in numbers]
        assert_allclose(standard, expected, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, -80.1, 1e-300, 1e100])
@pytest.mark.parametrize("n", [1, 3, 1000])
def test_constants_become_zero(value, n):
    with np.errstate(all="raise", under="ignore"):
        assert_array_equal(standardize(np.full((2, n), value)), 0)


def test_rows_are_taken_by_themselves_and_left_alone():
    rows = np.random.default_rng(0).random((5, 100))
    before = rows.copy()
    standard = standardize(rows)
    assert_array_equal(rows, before)
    for row, expected in zip(rows, standard, strict=True):
        assert_array_equal(standardize(row), expected)
    assert_array_equal(standardize(np.asfortranarray(rows)), standard)
