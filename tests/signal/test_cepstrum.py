"""Cepstral coefficients and slopes, against formulas, librosa and scipy."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skspec.signal import cepstrum, delta


def levels(n_bins, n_frames, seed=0):
    return np.random.default_rng(seed).uniform(-80, 0, (n_bins, n_frames)).astype(np.float32)


def test_cepstrum_is_the_sum_of_cosines():
    bands = levels(40, 3)
    m, n = np.arange(40), np.arange(13)[:, None]
    expected = np.sqrt(2 / 40) * np.cos(np.pi * n * (m + 0.5) / 40) @ bands
    expected[0] /= np.sqrt(2)
    assert_allclose(cepstrum(bands, 13), expected, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    n_bands=st.integers(2, 60),
    share=st.floats(0, 1),
    dct_type=st.integers(1, 3),
    norm=st.sampled_from(["ortho", None]),
    lifter=st.just(0) | st.floats(0.5, 60),
)
def test_cepstrum_is_that_of_librosa(n_bands, share, dct_type, norm, lifter):
    bands, n_mfcc = levels(n_bands, 7), 1 + int(share * (n_bands - 1))
    expected = librosa.feature.mfcc(
        S=bands.astype(np.float64), n_mfcc=n_mfcc, dct_type=dct_type, norm=norm, lifter=lifter
    )
    result = cepstrum(bands, n_mfcc, dct_type=dct_type, norm=norm, lifter=lifter)
    assert result.dtype == np.float32
    assert_allclose(result, expected, atol=1e-6 * np.abs(expected).max() * n_bands)


@settings(max_examples=100, deadline=None)
@given(
    width=st.integers(1, 8).map(lambda half: 2 * half + 1),
    order=st.integers(1, 2),
    mode=st.sampled_from(["interp", "nearest", "mirror", "constant", "wrap"]),
    longer=st.integers(0, 30),
)
def test_delta_is_that_of_librosa(width, order, mode, longer):
    values = levels(4, width + longer)
    expected = librosa.feature.delta(values.astype(np.float64), width=width, order=order, mode=mode)
    result = delta(values, width=width, order=order, mode=mode)
    assert result.dtype == np.float32
    assert_allclose(result, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("mode", ["nearest", "mirror", "constant", "wrap"])
@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_other_modes_take_fewer_frames_than_the_width(mode, n_frames):
    values = levels(3, n_frames)
    result = delta(values, width=9, mode=mode)
    assert result.shape == values.shape
    assert np.isfinite(result).all()


def test_derivatives_of_a_parabola_are_exact():
    t = np.arange(20, dtype=np.float32)
    assert_allclose(delta(3 * t[None] - 5), np.full((1, 20), 3), atol=1e-5)
    assert_allclose(delta(t[None] ** 2, order=2), np.full((1, 20), 2), atol=1e-4)


def test_out_is_written_to():
    values, out = levels(2, 12), np.empty((2, 12), np.float32)
    assert delta(values, out=out) is out
    assert_allclose(out, delta(values))
