"""Frames, window and spectrum, against librosa."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import STFT, _stft, magnitude, make_window, spectrum_blocks


def noise(n, seed=0):
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


def spectrum(waveform, stft):
    return np.concatenate([block[0] for _, _, block in spectrum_blocks([waveform], stft)])


@settings(deadline=None)
@given(
    n=st.integers(1, 3000),
    n_fft=st.integers(2, 400),
    hop_length=st.integers(1, 300),
    center=st.booleans(),
    pad_mode=st.sampled_from(["constant", "edge", "reflect", "symmetric"]),
)
def test_spectrum_is_that_of_librosa(n, n_fft, hop_length, center, pad_mode):
    waveform = noise(n)
    if not center and n < n_fft:
        waveform = np.pad(waveform, (0, n_fft - n))  # librosa refuses it
    # librosa pads the last half frame without the sample before it, which reflection needs.
    assume(not (pad_mode == "reflect" and n % hop_length == 0 and 2 * hop_length >= n_fft))
    ours = spectrum(noise(n), STFT(make_window("hann", n_fft, n_fft), hop_length, center, pad_mode))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's, of clips shorter than a frame
        expected = librosa.stft(
            waveform, n_fft=n_fft, hop_length=hop_length, center=center, pad_mode=pad_mode
        )
    assert ours.dtype == np.complex64
    assert ours.shape == expected.T.shape
    assert_allclose(ours, expected.T, atol=1e-5 * max(1e-3, np.abs(expected).max()))


@settings(deadline=None)
@given(n=st.integers(1, 2000), n_fft=st.integers(1, 300), hop_length=st.integers(1, 300))
def test_frames_are_counted_right(n, n_fft, hop_length):
    for center in (True, False):
        stft = STFT(make_window("boxcar", n_fft, n_fft), hop_length, center)
        assert stft.frames([noise(n)] * 3).shape == (3, stft.n_frames(n), n_fft)
        assert spectrum(noise(n), stft).shape == (stft.n_frames(n), stft.n_bins)


def test_block_size_changes_only_rounding(monkeypatch):
    stft = STFT(make_window("hann", 64, 64), 16)
    whole = spectrum(noise(5000), stft)
    monkeypatch.setattr(_stft, "BLOCK_BYTES", 64 * 4 * 7)
    blocks = list(spectrum_blocks([noise(5000)], stft))
    assert len(blocks) == -(-len(whole) // 7)
    assert [rows.start for _, rows, _ in blocks] == list(range(0, len(whole), 7))
    assert_allclose(np.concatenate([block[0] for _, _, block in blocks]), whole, atol=1e-5)


@settings(deadline=None)
@given(
    n_clips=st.integers(1, 9),
    n=st.integers(1, 700),
    n_fft=st.integers(2, 100),
    hop_length=st.integers(1, 60),
    pad_mode=st.sampled_from(["constant", "reflect"]),
    frames_in_block=st.integers(1, 60),
)
def test_bits_of_a_clip_do_not_hang_on_its_company(
    n_clips, n, n_fft, hop_length, pad_mode, frames_in_block
):
    stft = STFT(make_window("hann", n_fft, n_fft), hop_length, True, pad_mode)
    clips = [noise(n, seed) for seed in range(n_clips)]
    found = np.full((n_clips, stft.n_frames(n), stft.n_bins), np.nan, np.complex64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_stft, "BLOCK_BYTES", 4 * n_fft * frames_in_block)
        for rows, frames, block in spectrum_blocks(clips, stft):
            assert block.shape[0] * block.shape[1] <= frames_in_block
            found[rows, frames] = block
    assert_array_equal(found, [spectrum(clip, stft) for clip in clips])


@pytest.mark.parametrize("name", ["hann", "hamming", ("kaiser", 14.0), "boxcar"])
def test_window_is_that_of_librosa(name):
    expected = librosa.util.pad_center(librosa.filters.get_window(name, 99), size=128)
    assert_allclose(make_window(name, 99, 128), expected, atol=1e-7)


def test_window_given_as_values():
    assert_array_equal(make_window([1.0, 2.0], 2, 5), [0, 1, 2, 0, 0])
    with pytest.raises(ValueError, match=r"shape \(2,\) where \(3,\) was expected"):
        make_window([1.0, 2.0], 3, 5)


@pytest.mark.parametrize("power", [0.5, 1.0, 1.7, 2.0])
def test_magnitude(power):
    values = (noise(40) + 1j * noise(40, 1)).astype(np.complex64)
    result = magnitude(values, power)
    assert result.dtype == np.float32
    assert_allclose(result, np.abs(values.astype(complex)) ** power, rtol=1e-5)
