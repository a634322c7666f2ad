"""Mel bands, against librosa's filters applied in float64."""

import librosa
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skspec.signal import STFT, make_window, mel_filters, mel_spectrograms


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_mels": 40, "htk": True, "norm": None},
        {"n_mels": 20, "fmin": 300.0, "fmax": 3000.0, "norm": 1.0},
        {"norm": np.inf},
    ],
)
def test_filters_are_those_of_librosa(options):
    filters = mel_filters(16_000, 1024, **options)
    assert filters.dtype == np.float32
    assert_array_equal(filters.toarray(), librosa.filters.mel(sr=16_000, n_fft=1024, **options))


def test_filters_are_made_once_and_cannot_be_changed():
    filters = mel_filters(16_000, 512)
    assert mel_filters(16_000, 512, fmax=8000.0) is filters
    with pytest.raises(ValueError, match="read-only"):
        filters.data[0] = 1


def test_bands_of_a_tone_peak_where_the_tone_is():
    waveform = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    stft = STFT(make_window("hann", 1024, 1024), 256)
    [bands] = mel_spectrograms([waveform], stft, mel_filters(16_000, 1024, n_mels=64))
    centers = librosa.mel_frequencies(66, fmin=0, fmax=8000)[1:-1]
    assert np.argmax(bands.mean(axis=1)) == np.argmin(np.abs(centers - 1000))


def test_out_is_written_to():
    waveforms = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    stft, filters = STFT(make_window("hann", 256, 256), 64), mel_filters(8000, 256, n_mels=10)
    out = np.empty((2, 10, stft.n_frames(1000)), np.float32)
    assert mel_spectrograms(waveforms, stft, filters, out=out) is out
    assert_array_equal(out, mel_spectrograms(waveforms, stft, filters))
