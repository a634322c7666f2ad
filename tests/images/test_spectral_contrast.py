"""SpectralContrastImage: librosa's contrast, wherever librosa has one."""

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skspec import SpectralContrastImage
from skspec.exceptions import ParameterError

SMALL = {"sr": 8000, "n_fft": 512, "hop_length": 128, "n_bands": 4}


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    fade = np.exp(-3 * times)
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * fade * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


@st.composite
def parameters(draw):
    n_fft = draw(st.sampled_from([100, 255, 512, 1024, 2048]))
    return {
        "sr": draw(st.sampled_from([8000, 22_050, 44_100.0])),
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft)),
        "win_length": draw(st.none() | st.integers(n_fft // 2, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", "boxcar"])),
        "center": draw(st.booleans()),
        "pad_mode": draw(st.sampled_from(["constant", "edge", "symmetric"])),
        "fmin": draw(st.sampled_from([200.0, 500.0]) | st.floats(50, 2000)),
        "n_bands": draw(st.integers(1, 7)),
        "quantile": draw(st.sampled_from([0.02]) | st.floats(0.001, 0.999)),
        "linear": draw(st.booleans()),
    }


def check_agreement(p, n, seed):
    assume(n >= p["n_fft"])
    clip = sound(n, seed)
    try:
        (image,) = SpectralContrastImage(**p).fit_transform([clip])
    except ParameterError:
        with np.errstate(invalid="ignore"):
            check_that_librosa_has_none(clip, p)
        return
    expected = librosa.feature.spectral_contrast(y=clip.astype(np.float64), **p)
    assert image.shape == (1, *expected.shape)
    linear = 1e-4 * np.abs(expected).max()
    tolerance = linear if p["linear"] else decibel_tolerance(clip, p, expected)
    assert (np.abs(image[0] - expected) <= tolerance).all()


def decibel_tolerance(clip, p, expected):
    """Give 0.01 dB, and what float32 can change in a valley that is nearly nothing.

    By chance the smallest of many bins can be close to 0, where 5e-7 of the loudest amplitude is
    many dB; the valley is found from the contrasts in amplitudes and in decibels.
    """
    differences = librosa.feature.spectral_contrast(
        y=clip.astype(np.float64), **{**p, "linear": True}
    )
    names = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode")
    loudest = np.abs(librosa.stft(clip.astype(np.float64), **{n: p[n] for n in names})).max()
    with np.errstate(divide="ignore", invalid="ignore"):
        valleys = differences / (10 ** (expected / 10) - 1)
        slack = 10 * np.log10(1 + 5e-7 * loudest / valleys)
    return 0.01 + np.nan_to_num(slack)


def check_that_librosa_has_none(clip, p):
    """Check that librosa raises an error, or gives NaN for a band without bins."""
    try:
        expected = librosa.feature.spectral_contrast(y=clip.astype(np.float64), **p)
    except (librosa.ParameterError, IndexError, ValueError):
        return
    assert np.isnan(expected).any()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@settings(max_examples=60, deadline=None)
@given(p=parameters(), n=st.integers(100, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@settings(max_examples=1000, deadline=None)
@given(p=parameters(), n=st.integers(100, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_agreement(p, n, seed)


def test_agrees_with_librosa_on_defaults():
    clip = sound(66_150)
    (image,) = SpectralContrastImage().fit_transform(clip[None, :])
    assert_allclose(image[0], librosa.feature.spectral_contrast(y=clip), atol=0.01)


def test_tone_stands_out_in_its_octave_alone():
    noise = 0.01 * np.random.default_rng(0).standard_normal(8000)
    tone = noise + np.sin(2 * np.pi * 600 * np.arange(8000) / 8000)
    flat, peaked = SpectralContrastImage(**SMALL).fit_transform(np.stack([noise, tone]))[:, 0]
    rise = (peaked - flat)[:, 5:-5].mean(axis=1)
    assert rise.argmax() == 2  # 400 to 800 Hz
    assert rise[2] > 10


def test_rows_are_in_hz():
    drawing = SpectralContrastImage(**SMALL)
    expected = [100, *np.sqrt([200 * 400, 400 * 800, 800 * 1600, 1600 * 4000])]
    assert_allclose(drawing.get_frequencies(), expected)
    assert drawing.get_unit() == "dB"
    assert drawing.set_params(linear=True).get_unit() == "amplitude"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fmin": 0.0}, "'fmin' parameter .* Got 0.0"),
        ({"n_bands": 0}, "'n_bands' parameter"),
        ({"quantile": 1.0}, "'quantile' parameter"),
        ({"n_bands": 6}, "Got fmin=200.0, n_bands=6, .* highest band begins at 6400 Hz"),
        ({"n_fft": 64, "fmin": 10.0}, "there is but one FFT bin from 0 to 10 Hz"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        SpectralContrastImage(**{**SMALL, **options}).fit(sound(2000)[None, :])
