"""Bilinear interpolation, against torch's and numpy's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skspec.signal import even_positions, resize, resize_weights


def image(n_bins, n_frames):
    return np.random.default_rng(0).normal(size=(n_bins, n_frames)).astype(np.float32)


def resized(values, n_bins, n_frames):
    rows = resize_weights(len(values), even_positions(len(values), n_bins))
    n_in = values.shape[1]
    return resize(values, rows, resize_weights(n_in, even_positions(n_in, n_frames)))


# From two on: of a single column torch gives wrong rows (seen with 2.15), all like the first.
SIZES = st.tuples(st.integers(2, 40), st.integers(2, 60))


@settings(max_examples=100, deadline=None)
@given(shape=SIZES, size=SIZES)
def test_sizes_are_changed_as_by_torch(shape, size):
    values = image(*shape)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size, mode="bilinear", antialias=True
    )
    result = resized(values, *size)
    assert result.dtype == np.float32
    assert_allclose(result, expected[0, 0].numpy(), atol=3e-5)


@settings(max_examples=50, deadline=None)
@given(
    n_in=st.integers(1, 30),
    n_out=st.integers(1, 50),
    first=st.floats(-40, 40),
    step=st.floats(0.01, 1.0),
)
def test_between_values_it_is_linear(n_in, n_out, first, step):
    values, positions = image(1, n_in), first + step * np.arange(n_out)
    weights = resize_weights(n_in, positions)
    if weights is None or n_out == 1:
        return
    expected = np.interp(positions, np.arange(n_in), values[0])
    assert_allclose(resize(values, None, weights)[0], expected, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(n_in=st.integers(1, 30), first=st.floats(-40, 40), step=st.floats(0, 9))
def test_a_constant_stays_one(n_in, first, step):
    weights = resize_weights(n_in, first + step * np.arange(7))
    if weights is not None:
        assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_nothing_to_do_copies_nothing():
    values = image(3, 4)
    assert resized(values, 3, 4) is values


@pytest.mark.parametrize("n_out", [3, 8])
def test_even_positions_share_the_length_out(n_out):
    positions = even_positions(6, n_out)
    assert_allclose(np.diff(positions), 6 / n_out)
    assert_allclose(positions.mean(), 2.5)
