"""Numbers per frame: librosa's, over drawn parameters."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import (
    STFT,
    make_window,
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_flatness,
    spectral_rolloff,
    spectrum_blocks,
    zero_crossing_rate,
)


def sound(n, seed, level=0.5):
    """Give tones that fade into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    tones = sum(np.sin(2 * np.pi * f * times) for f in rng.uniform(50, 3000, 3))
    fading = np.exp(-rng.uniform(0, 5) * times) * tones
    return (level * fading + 0.01 * rng.standard_normal(n)).astype(np.float32)


def agrees(ours, theirs, tolerance=1e-4):
    theirs = np.squeeze(theirs, axis=0)
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    assert abs(ours - theirs).max() <= tolerance * abs(theirs).max()


drawn = given(
    n=st.integers(1, 5000),
    n_fft=st.integers(2, 700),
    hop_length=st.integers(1, 400),
    seed=st.integers(0, 10_000),
)


@settings(max_examples=60, deadline=None)
@drawn
def test_level_and_crossings_are_those_of_librosa(n, n_fft, hop_length, seed):
    waveform = sound(n, seed)
    stft = STFT(np.ones(n_fft, np.float32), hop_length)
    exact = {"frame_length": n_fft, "hop_length": hop_length}
    agrees(rms(waveform, stft), librosa.feature.rms(y=waveform.astype(float), **exact))
    theirs = librosa.feature.zero_crossing_rate(waveform, **exact)
    assert_allclose(zero_crossing_rate(waveform, stft), theirs[0], rtol=1e-6)


def spectra(n, n_fft, hop_length, seed):
    stft = STFT(make_window("hann", n_fft, n_fft), hop_length)
    blocks = [np.abs(block[0]) for _, _, block in spectrum_blocks([sound(n, seed)], stft)]
    return np.concatenate(blocks), np.fft.rfftfreq(n_fft, 1 / 8000).astype(np.float32)


@settings(max_examples=60, deadline=None)
@drawn
def test_shape_of_the_spectrum_is_that_of_librosa(n, n_fft, hop_length, seed):
    amplitudes, frequencies = spectra(n, n_fft, hop_length, seed)
    clip = sound(n, seed).astype(float)
    how = {"y": clip, "n_fft": n_fft, "hop_length": hop_length}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's, of clips shorter than a frame
        centroid = spectral_centroid(amplitudes, frequencies)
        agrees(centroid, librosa.feature.spectral_centroid(**how, sr=8000))
        bandwidth = spectral_bandwidth(amplitudes, frequencies, centroid)
        agrees(bandwidth, librosa.feature.spectral_bandwidth(**how, sr=8000))
        agrees(spectral_flatness(amplitudes**2), librosa.feature.spectral_flatness(**how))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 3000),
    n_fft=st.integers(2, 700),
    roll_percent=st.floats(0.01, 0.99),
    seed=st.integers(0, 10_000),
)
def test_rolloff_is_that_of_librosa(n, n_fft, roll_percent, seed):
    amplitudes, frequencies = spectra(n, n_fft, 128, seed)
    ours = spectral_rolloff(amplitudes, frequencies, roll_percent=roll_percent)
    # It is one of the bins, so where the share is met to rounding either neighbour is right.
    low, high = (
        librosa.feature.spectral_rolloff(
            S=amplitudes.T.astype(float), sr=8000, n_fft=n_fft, roll_percent=share
        )[0]
        for share in (roll_percent * (1 - 2e-6), roll_percent * (1 + 2e-6))
    )
    assert np.all(ours >= low * (1 - 1e-6))
    assert np.all(ours <= high * (1 + 1e-6))


def test_rolloff_is_mostly_the_same_bin_as_from_the_waveform():
    amplitudes, frequencies = spectra(40_000, 512, 64, 0)
    theirs = librosa.feature.spectral_rolloff(
        y=sound(40_000, 0).astype(float), sr=8000, n_fft=512, hop_length=64
    )
    assert np.mean(np.isclose(spectral_rolloff(amplitudes, frequencies), theirs[0])) > 0.99


@pytest.mark.parametrize("n_bins", [1, 2, 15, 16, 17, 33, 400])
def test_rolloff_against_a_loop(n_bins):
    amplitudes = np.random.default_rng(n_bins).integers(0, 9, (50, n_bins)).astype(np.float32)
    frequencies = np.arange(n_bins, dtype=np.float32)
    for share in (0.1, 0.5, 0.85):
        expected = []
        for row in amplitudes.astype(float).tolist():
            total, reached = 0.0, 0
            while reached < n_bins - 1 and total + row[reached] < share * sum(row):
                total += row[reached]
                reached += 1
            expected.append(reached)
        got = spectral_rolloff(amplitudes, frequencies, roll_percent=share)
        assert_array_equal(got, expected)


def test_known_spectra():
    frequencies = np.array([0, 100, 200, 300], np.float32)
    spectrum = np.array([[0, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 1]], np.float32)
    centroid = spectral_centroid(spectrum, frequencies)
    assert_allclose(centroid, [200, 150, 200])
    bandwidth = spectral_bandwidth(spectrum, frequencies, centroid)
    assert_allclose(bandwidth, [0, np.sqrt(12_500), 100], rtol=1e-6)
    assert_array_equal(spectral_rolloff(spectrum, frequencies, roll_percent=0.5), [200, 100, 100])
    assert_allclose(spectral_flatness(spectrum[:2] ** 2), [4 * 1e-10**0.75, 1], rtol=1e-4)


def test_low_and_narrow_sound_at_a_high_frequency():
    # Moments about 0 would lose this deviation in float32's rounding.
    frequencies = np.linspace(0, 22_050, 4096, dtype=np.float32)
    spectrum = np.zeros((1, 4096), np.float32)
    spectrum[0, 4000:4002] = 1
    centroid = spectral_centroid(spectrum, frequencies)
    half = (frequencies[4001] - frequencies[4000]) / 2
    assert_allclose(spectral_bandwidth(spectrum, frequencies, centroid), [half], rtol=1e-3)


def test_silence_and_faint_sound():
    stft = STFT(make_window("hann", 64, 64), 16)
    frequencies = np.arange(33, dtype=np.float32)
    silence = np.zeros((3, 33), np.float32)
    assert_array_equal(rms(np.zeros(90, np.float32), stft), 0)
    assert_array_equal(zero_crossing_rate(np.zeros(90, np.float32), stft), 0)
    assert_array_equal(spectral_centroid(silence, frequencies), 0)
    assert_array_equal(spectral_bandwidth(silence, frequencies, silence[:, 0]), 0)
    assert_array_equal(spectral_rolloff(silence, frequencies), 0)
    assert_array_equal(spectral_flatness(silence), 1)
    for level in (1e-45, 1e-38, 1e-20, 1e10):
        loud = np.full((2, 33), level, np.float32)
        centroid = spectral_centroid(loud, frequencies)
        assert np.isfinite(spectral_bandwidth(loud, frequencies, centroid)).all()
        assert np.isfinite(spectral_rolloff(loud, frequencies)).all()


def test_crossings_below_the_threshold_do_not_count():
    faint = np.array([1, -1e-11, 1, -1, 1], np.float32)
    stft = STFT(np.ones(5, np.float32), 5, center=False)
    assert_allclose(zero_crossing_rate(faint, stft), [2 / 5])
    assert_allclose(zero_crossing_rate(faint, stft, threshold=0.0), [4 / 5])
    assert_allclose(zero_crossing_rate(faint, stft, threshold=1.0), [0])


def test_working_memory_changes_nothing():
    amplitudes, frequencies = spectra(900, 64, 32, 0)
    centroid = spectral_centroid(amplitudes, frequencies)
    out = np.empty_like(amplitudes)
    assert_array_equal(
        spectral_bandwidth(amplitudes, frequencies, centroid, out=out),
        spectral_bandwidth(amplitudes, frequencies, centroid),
    )
