"""TimeResampler: scipy's Fourier resampling."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skspec import TimeResampler
from skspec.exceptions import ParameterError


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 2000), min_size=1, max_size=4),
    wanted=st.integers(1, 3000),
    seed=st.integers(0, 1000),
)
def test_agrees_with_scipy(lengths, wanted, seed):
    rng = np.random.default_rng(seed)
    clips = [rng.uniform(-1, 1, n) for n in lengths]
    resampled = TimeResampler(wanted).fit_transform(clips)
    assert resampled.dtype == np.float32
    assert resampled.shape == (len(clips), wanted)
    for clip, row in zip(clips, resampled, strict=True):
        assert_allclose(row, scipy.signal.resample(clip, wanted), atol=1e-6)


@pytest.mark.parametrize("n", [700, 1000, 1601])
def test_a_periodic_tone_is_the_same_tone_at_the_new_points(n):
    def tone(points):
        return 0.5 * np.sin(2 * np.pi * 7 * np.arange(points) / points + 0.3)

    (resampled,) = TimeResampler(1200).fit_transform([tone(n)])
    assert_allclose(resampled, tone(1200), atol=1e-6)


def test_what_does_not_fit_below_the_new_nyquist_frequency_is_gone():
    clip = np.sin(2 * np.pi * 400 * np.arange(1000) / 1000)
    assert_allclose(TimeResampler(500).fit_transform([clip]), 0, atol=1e-6)


def test_default_is_herrons_hundred_thousand_points():
    resampler = TimeResampler().fit([np.zeros(5)])
    assert resampler.n_timepoints_ == 100_000
    assert resampler.transform([np.full(33, 0.25)]).shape == (1, 100_000)
    assert_allclose(resampler.transform([np.full(33, 0.25)]), 0.25, rtol=1e-6)


@pytest.mark.parametrize("n_timepoints", [0, -5, 10.5, None, "all"])
def test_bad_parameters_are_told_in_fit(n_timepoints):
    with pytest.raises(ParameterError, match="'n_timepoints' parameter of TimeResampler"):
        TimeResampler(n_timepoints).fit([np.zeros(5)])
