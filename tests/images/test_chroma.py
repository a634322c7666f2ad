"""ChromaImage: librosa's chroma, tuned or not."""

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec import ChromaImage
from skspec.exceptions import ParameterError

SMALL = {"sr": 8000, "n_fft": 512, "hop_length": 128}
NAMES = {"sr", "n_fft", "hop_length", "win_length", "window", "center", "pad_mode", "n_chroma"}
NAMES |= {"norm", "ctroct", "octwidth"}


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    fade = np.exp(-3 * times)
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * fade * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


def chord(n, detuned):
    """Give three notes with overtones, all off by `detuned` notes, in a little noise."""
    times = np.arange(n) / 22_050
    pitches = 440 * 2 ** ((np.array([-9, -5, -2]) + detuned) / 12)
    voices = [np.sin(2 * np.pi * k * f * times) / k for f in pitches for k in (1, 2, 3)]
    return 0.1 * np.sum(voices, axis=0) + 1e-4 * np.random.default_rng(0).standard_normal(n)


@st.composite
def parameters(draw):
    n_fft = draw(st.sampled_from([100, 255, 512, 1024, 2048]))
    return {
        "sr": draw(st.sampled_from([8000, 22_050, 44_100.0])),
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft)),
        "win_length": draw(st.none() | st.integers(32, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", ("kaiser", 8.0)])),
        "center": draw(st.booleans()),
        "pad_mode": draw(st.sampled_from(["constant", "edge", "symmetric"])),
        "n_chroma": draw(st.sampled_from([3, 12, 24, 30])),
        "tuning": draw(st.floats(-0.5, 0.5)),
        "norm": draw(st.sampled_from([np.inf, 1, 2.0, 3.5, None])),
        "ctroct": draw(st.sampled_from([3.0, 5.0])),
        "octwidth": draw(st.sampled_from([2, 0.7, None])),
    }


def check_agreement(p, n, seed):
    assume(n >= p["n_fft"])
    clip = sound(n, seed)
    (image,) = ChromaImage(**p).fit_transform([clip])
    expected = librosa.feature.chroma_stft(
        y=clip.astype(np.float64), tuning=p["tuning"], **{name: p[name] for name in NAMES}
    )
    assert image.shape == (1, *expected.shape)
    assert np.abs(image[0] - expected).max() <= 1e-4 * np.abs(expected).max()


@settings(max_examples=60, deadline=None)
@given(p=parameters(), n=st.integers(100, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(p=parameters(), n=st.integers(100, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.parametrize("detuned", [-0.42, -0.2, 0.0, 0.13, 0.37])
@pytest.mark.parametrize("n_chroma", [12, 24])
def test_estimated_tuning_is_that_of_librosa(detuned, n_chroma):
    clip = chord(22_050, detuned)
    (image,) = ChromaImage(tuning="estimate", n_chroma=n_chroma).fit_transform(clip[None, :])
    expected = librosa.feature.chroma_stft(y=clip, n_chroma=n_chroma)
    assert_allclose(image[0], expected, atol=1e-4)


def test_estimating_makes_up_for_a_detuned_recording():
    X = np.stack([chord(22_050, detuned) for detuned in (0.0, 0.4)])
    plain = ChromaImage().fit_transform(X)[:, 0, :, 20]
    tuned = ChromaImage(tuning="estimate").fit_transform(X)[:, 0, :, 20]
    assert np.abs(tuned[0] - tuned[1]).max() < 0.3 * np.abs(plain[0] - plain[1]).max()


def test_each_note_has_its_row():
    times = np.arange(22_050) / 22_050
    X = np.stack([np.sin(2 * np.pi * 261.63 * 2 ** (note / 12) * times) for note in range(12)])
    images = ChromaImage(n_fft=4096).fit_transform(X)
    assert_array_equal(images[:, 0, :, 20].argmax(axis=1), np.arange(12))


def test_silence_between_sounds_stays_nothing():
    clip = np.r_[sound(2000), np.zeros(2000, np.float32), sound(2000)]
    (image,) = ChromaImage(**SMALL).fit_transform([clip])
    assert_array_equal(image[0, :, 20:28], 0)
    assert_array_equal(image[0].max(axis=0)[:10], 1)


def test_rows_and_unit_are_named():
    drawing = ChromaImage(**SMALL, n_chroma=24)
    assert_array_equal(drawing.get_frequencies(), np.arange(24))
    assert drawing.get_row_label() == "note (0 is C)"
    assert drawing.get_unit() == "share"
    assert drawing.set_params(norm=None).get_unit() == "amplitude ** 2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_chroma": 0}, "'n_chroma' parameter .* Got 0"),
        ({"tuning": None}, "'tuning' parameter"),
        ({"tuning": "auto"}, "'tuning' parameter .* Got 'auto'"),
        ({"norm": 0}, "'norm' parameter"),
        ({"octwidth": 0}, "'octwidth' parameter"),
        ({"ctroct": np.nan}, "'ctroct' parameter"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        ChromaImage(**{**SMALL, **options}).fit(sound(2000)[None, :])
