"""Pitch: librosa's numbers, known tones, and where there is a voice."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import STFT, is_voiced, yin
from skspec.signal._pitch import _aperiodicity


def tone(pitch, n=4000, sr=8000, overtones=4):
    times = np.arange(n) / sr
    waves = [np.sin(2 * np.pi * k * pitch * times) / k for k in range(1, overtones + 1)]
    return (0.3 * sum(waves)).astype(np.float32)


def noise(n, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def frames_of(n_fft, hop_length=128):
    return STFT(np.ones(n_fft, np.float32), hop_length)


@settings(max_examples=60, deadline=None)
@given(
    pitch=st.floats(70, 900),
    level=st.sampled_from([0.0, 0.1, 1.0]),
    offset=st.sampled_from([0.0, 5.0]),
    n=st.integers(300, 4000),  # of a click all periods are alike, and rounding chooses
    n_fft=st.integers(260, 1100),
    fmin=st.floats(40, 200),
    fmax=st.floats(300, 4000),
    trough_threshold=st.floats(0.01, 0.5),
    seed=st.integers(0, 1000),
)
def test_pitch_is_that_of_librosa(
    pitch, level, offset, n, n_fft, fmin, fmax, trough_threshold, seed
):
    waveform = (tone(pitch, n) + level * noise(n, seed) + offset).astype(np.float32)
    waveform *= 0.1
    how = {"fmin": fmin, "fmax": fmax, "trough_threshold": trough_threshold}
    ours, aperiodicity = yin(waveform, frames_of(n_fft), 8000, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of frames shorter than two periods
        expected = librosa.yin(
            waveform.astype(float), sr=8000, frame_length=n_fft, hop_length=128, **how
        )
    assert ours.shape == aperiodicity.shape == expected.shape
    assert_allclose(ours, expected, rtol=1e-6)


def test_differences_against_their_definition():
    frames = np.random.default_rng(0).standard_normal((5, 90))
    difference = np.empty((5, 40))
    for tau in range(1, 41):
        # Of a frame that is zero outside, less the energy of the samples that leave it.
        longer = np.pad(frames, ((0, 0), (0, tau)))
        shifted = np.pad(frames, ((0, 0), (tau, 0)))
        whole = np.sum((longer - shifted) ** 2, axis=1)
        difference[:, tau - 1] = whole - np.sum(frames[:, :tau] ** 2, axis=1) * (tau > 1)
    mean = np.cumsum(difference, axis=1) / np.arange(1, 41)
    assert_allclose(_aperiodicity(frames, 40), difference / mean, rtol=1e-10)


@pytest.mark.parametrize("pitch", [82.41, 110.0, 220.0, 311.1, 440.0, 880.0])
def test_known_tones(pitch):
    stft = frames_of(1024)
    frequencies, aperiodicity = yin(tone(pitch, 8000), stft, 8000, fmin=65, fmax=1000)
    inner = slice(8, -8)
    # A sixth of a semitone at most: `librosa.yin` is as far off.
    assert_allclose(frequencies[inner], pitch, rtol=0.01)
    assert aperiodicity[inner].max() < 0.15


@pytest.mark.parametrize("n", [1, 2, 50])
def test_clips_shorter_than_a_period(n):
    frequencies, aperiodicity = yin(tone(200, n), frames_of(512), 8000, fmin=65, fmax=1000)
    assert np.isfinite(frequencies).all()
    assert (aperiodicity > 0.25).all()


def test_long_clips_go_by_blocks():
    waveform = tone(200, 100_000)
    stft = frames_of(512)
    whole, _ = yin(waveform, stft, 8000, fmin=65, fmax=1000)
    assert len(whole) > 2 * 2**16 // 512
    part, _ = yin(waveform[-30_000:], stft, 8000, fmin=65, fmax=1000)
    # 70,000 samples are not a whole number of hops, but the pitch is the same all along.
    assert_allclose(whole[5:-5], whole[100], rtol=0.005)
    assert_allclose(part[5:-5], whole[100], rtol=0.005)


def voiced(waveform, fmin=65, fmax=1000, **options):
    stft = frames_of(1024)
    _, aperiodicity = yin(waveform, stft, 8000, fmin=fmin, fmax=fmax)
    return is_voiced(waveform, stft, aperiodicity, **options)


def test_tones_are_voiced_and_noise_and_silence_are_not():
    assert voiced(tone(200)).mean() > 0.9
    assert not voiced(noise(4000)).any()
    assert not voiced(np.zeros(4000, np.float32)).any()
    assert not voiced(np.full(4000, 0.5, np.float32))[5:-5].any()  # an offset is no sound
    half = np.concatenate([tone(200), noise(4000)])
    assert abs(voiced(half).mean() - 0.5) < 0.1


def test_tones_out_of_range_are_not_voiced():
    assert not voiced(tone(40, overtones=1))[5:-5].any()
    assert not voiced(tone(1600, overtones=1), fmin=1000, fmax=1500)[5:-5].any()


def test_faint_frames_are_not_voiced():
    fading = np.concatenate([tone(200), 1e-3 * tone(200)])
    assert 0.4 < voiced(fading).mean() < 0.6
    assert voiced(fading, top_db=70.0).mean() > 0.9
    # Loudness of the clip as a whole does not matter.
    assert_array_equal(voiced(fading), voiced(fading * np.float32(2**-20)))


def test_threshold_of_voicing():
    mixed = tone(200) + 0.5 * noise(4000)
    shares = [voiced(mixed, threshold=limit).mean() for limit in (1e-6, 0.1, 0.25, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.9
