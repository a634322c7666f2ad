"""WaveformStandardizer: zero mean, unit variance, and silence that stays silent."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import zscore
from sklearn.pipeline import make_pipeline

from skspec import MelSpectrogramImage, WaveformStandardizer


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 3000),
    level=st.sampled_from([1e-6, 0.1, 1.0]),
    offset=st.floats(-0.5, 0.5),
    seed=st.integers(0, 1000),
)
def test_agrees_with_scipy(n, level, offset, seed):
    clip = offset + level * np.random.default_rng(seed).uniform(-1, 1, n)
    (standard,) = WaveformStandardizer().fit_transform([clip])
    assert standard.dtype == np.float32
    assert_allclose(standard, zscore(clip), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e-30, 3.3])
@pytest.mark.parametrize("n", [1, 2, 16_001])
def test_silence_and_constants_become_zero(value, n):
    assert_array_equal(WaveformStandardizer().fit_transform(np.full((2, n), value)), 0)


def test_high_peaks_that_come_out_warn_nobody():
    clips = np.random.default_rng(0).standard_t(3, (3, 4000)) / 100
    assert np.abs(WaveformStandardizer().fit_transform(clips)).max() > 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mel = MelSpectrogramImage(8000, n_fft=512, n_mels=20)
        make_pipeline(WaveformStandardizer(), mel).fit_transform(clips)


def test_level_and_offset_of_a_recording_drop_out():
    clip = np.random.default_rng(0).uniform(-0.5, 0.5, 1000)
    low, high = WaveformStandardizer().fit_transform([clip, 0.3 + 0.01 * clip])
    assert_allclose(low, high, atol=1e-5)
