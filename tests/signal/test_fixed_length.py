"""One length for every clip, against `numpy.pad`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skspec.signal import fix_length

NUMPY_MODES = {"zero": "constant", "wrap": "wrap", "reflect": "reflect"}


@settings(deadline=None)
@given(
    n=st.integers(1, 20),
    longer=st.integers(0, 100),
    pad=st.sampled_from(sorted(NUMPY_MODES)),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_padding_is_that_of_numpy(n, longer, pad, dtype):
    waveform = np.arange(1, n + 1).astype(dtype)
    fixed = fix_length(waveform, n + longer, pad=pad)
    assert fixed.dtype == dtype
    assert_array_equal(fixed, np.pad(waveform, (0, longer), mode=NUMPY_MODES[pad]))


@pytest.mark.parametrize(
    ("crop", "expected"), [("start", [0, 1, 2]), ("center", [2, 3, 4])], ids=["start", "center"]
)
def test_crop(crop, expected):
    assert_array_equal(fix_length(np.arange(7.0), 3, crop=crop), expected)


def test_nothing_to_do_copies_nothing():
    waveform = np.arange(7.0)
    assert np.shares_memory(fix_length(waveform, 7), waveform)


def test_input_is_left_alone():
    waveform = np.arange(3.0)
    fix_length(waveform, 9, pad="wrap")[0] = 5
    assert_array_equal(waveform, [0, 1, 2])
