"""Decibels, against librosa's."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import to_decibel

SOUND_POWERS = arrays(np.float32, (4, 5), elements=st.floats(0, 2.0**60, width=32))


@settings(deadline=None)
@given(
    values=SOUND_POWERS,
    ref=st.sampled_from(["max", 1.0, 1e-3, 1e-12, 250.0]),
    top_db=st.sampled_from([None, 0.0, 40, 80.0]),
    amin=st.sampled_from([1e-10, 1e-5, 1.0]),
)
def test_powers_are_those_of_librosa(values, ref, top_db, amin):
    reference = np.max if ref == "max" else ref
    expected = librosa.power_to_db(
        values.astype(np.float64), ref=reference, amin=amin, top_db=top_db
    )
    result = to_decibel(values.copy(), ref=ref, amin=amin, top_db=top_db)
    assert_allclose(result, expected, atol=1e-3)
    if ref == "max":
        assert result.max() == 0


@pytest.mark.parametrize("ref", ["max", 0.5])
def test_amplitudes_are_those_of_librosa(ref):
    values = np.geomspace(1e-7, 10, 50, dtype=np.float32).reshape(5, 10)
    reference = np.max if ref == "max" else ref
    expected = librosa.amplitude_to_db(values, ref=reference)
    assert_allclose(to_decibel(values.copy(), power=1.0, ref=ref), expected, atol=1e-3)


def test_level_does_not_depend_on_the_power_amplitudes_were_raised_to():
    amplitudes = np.geomspace(1e-3, 1, 20, dtype=np.float32).reshape(4, 5)
    expected = to_decibel(amplitudes**2)
    for power in (0.5, 1.0, 1.5):
        assert_allclose(to_decibel(amplitudes**power, power=power), expected, atol=1e-3)


def test_works_in_place():
    values = np.ones((2, 3), np.float32)
    assert to_decibel(values) is values


@pytest.mark.parametrize("ref", ["max", 0.5])
@pytest.mark.parametrize("top_db", [None, 20.0])
def test_each_clip_is_its_own_reference(ref, top_db):
    clips = np.random.default_rng(0).exponential(size=(3, 4, 5)).astype(np.float32)
    clips *= np.float32([[[1e-3]], [[1]], [[50]]])
    alone = [to_decibel(clip.copy(), ref=ref, top_db=top_db) for clip in clips]
    assert_array_equal(to_decibel(clips, ref=ref, top_db=top_db), alone)


@pytest.mark.parametrize("amin", [1e-10, 1e-300])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_silence_is_finite(amin, power):
    result = to_decibel(np.zeros((2, 2), np.float32), amin=amin, power=power, top_db=None)
    assert_allclose(result, 0)
