"""Dots of a row stand apart where their values are the same, and inside their row."""

import numpy as np
from numpy.testing import assert_array_equal

from skspec.evaluation._strip import REACH, strip_offsets


def test_values_far_apart_stay_on_their_row():
    assert_array_equal(strip_offsets(np.array([0.1, 0.9, 0.5])), [0, 0, 0])


def test_equal_values_stand_apart_and_inside():
    for n in (2, 5, 40):
        offsets = strip_offsets(np.full(n, 0.7))
        assert len(set(offsets)) == n
        assert np.abs(offsets).max() <= REACH
        assert offsets[0] == 0


def test_nothing_to_draw():
    assert strip_offsets(np.array([])).shape == (0,)
