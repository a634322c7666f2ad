"""Chroma filters, norms and tuning, against librosa's."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import chroma_filters, estimate_tuning, normalize_frames


@pytest.mark.parametrize(
    "options",
    [{}, {"tuning": 0.3}, {"n_chroma": 24, "ctroct": 4.0}, {"octwidth": None}, {"octwidth": 0.5}],
)
def test_filters_are_those_of_librosa(options):
    filters = chroma_filters(16_000, 1024, **options)
    expected = librosa.filters.chroma(sr=16_000, n_fft=1024, **options)
    assert filters.dtype == np.float32
    assert_allclose(filters, expected, atol=1e-8)
    assert filters[filters > 0].min() > np.finfo(np.float32).tiny


def test_filters_are_made_once_and_cannot_be_changed():
    filters = chroma_filters(16_000, 512)
    assert chroma_filters(16_000, 512) is filters
    with pytest.raises(ValueError, match="read-only"):
        filters[0, 0] = 1


@pytest.mark.parametrize("norm", [0.5, 1.0, 2, 7.5, np.inf, None])
def test_norms_are_those_of_librosa(norm):
    values = np.random.default_rng(0).exponential(size=(12, 30)).astype(np.float32)
    values[:, 3] = 0
    expected = librosa.util.normalize(values.astype(np.float64), norm=norm, axis=0)
    assert_allclose(normalize_frames(values, norm), expected, rtol=1e-5)
    assert_array_equal(values[:, 3], 0)


@pytest.mark.parametrize("level", [1e-45, 1e-30, 1e30])
@pytest.mark.parametrize("norm", [0.3, 1.0, 50.0, np.inf])
def test_norms_survive_every_level(level, norm):
    values = normalize_frames(np.full((12, 2), level, np.float32), norm)
    assert np.isfinite(values).all()


def test_norm_works_in_place():
    values = np.ones((2, 3), np.float32)
    assert normalize_frames(values, 1) is values
    assert_array_equal(values, 0.5)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from([(33, 9), (129, 20), (513, 4), (1025, 6)]),
    sr=st.sampled_from([4000, 8000, 22_050.0]),
    bins_per_octave=st.sampled_from([12, 24, 36]),
    seed=st.integers(0, 1000),
)
def test_tuning_is_that_of_librosa(shape, sr, bins_per_octave, seed):
    powers = np.random.default_rng(seed).exponential(size=shape).astype(np.float32)
    n_fft = 2 * (shape[0] - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an empty set of pitches
        expected = librosa.estimate_tuning(
            S=powers.astype(np.float64), sr=sr, n_fft=n_fft, bins_per_octave=bins_per_octave
        )
    result = estimate_tuning(powers, sr, n_fft, bins_per_octave=bins_per_octave)
    assert_allclose(result, expected, atol=1e-9)


def test_tuning_without_peaks_is_0():
    for powers in (np.zeros((129, 5)), np.ones((129, 5)), np.ones((2, 3))):
        n_fft = 2 * (len(powers) - 1)
        assert estimate_tuning(powers.astype(np.float32), 8000, n_fft) == 0
