"""MFCCImage: librosa's coefficients and derivatives."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skspec import MelSpectrogramImage, MFCCImage
from skspec.exceptions import AudioWarning, ParameterError

SMALL = {"sr": 8000, "n_fft": 256, "hop_length": 64, "n_mels": 24, "n_mfcc": 12}
MEL_NAMES = {"sr", "n_fft", "hop_length", "win_length", "window", "center", "pad_mode", "n_mels"}
MEL_NAMES |= {"fmin", "fmax", "htk"}


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    fade = np.exp(-3 * times)
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * fade * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


@st.composite
def parameters(draw):
    sr = draw(st.sampled_from([8000, 22_050, 44_100.0]))
    n_fft = draw(st.sampled_from([100, 255, 512, 1024]))
    n_mels = draw(st.integers(2, 130))
    fmin = draw(st.sampled_from([0.0, 300.0]))
    return {
        "sr": sr,
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft)),
        "win_length": draw(st.none() | st.integers(32, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", ("kaiser", 8.0)])),
        "center": draw(st.booleans()),
        "pad_mode": draw(st.sampled_from(["constant", "edge", "symmetric"])),
        "n_mels": n_mels,
        "n_mfcc": draw(st.integers(1, n_mels)),
        "deltas": draw(st.integers(0, 2)),
        "delta_width": draw(st.sampled_from([3, 5, 9, 15])),
        "delta_mode": draw(st.sampled_from(["interp", "nearest", "mirror"])),
        "dct_type": draw(st.integers(1, 3)),
        "norm": draw(st.sampled_from(["ortho", None])),
        "lifter": draw(st.just(0) | st.floats(5, 40)),
        "fmin": fmin,
        "fmax": draw(st.none() | st.floats(fmin + 500, sr / 2)),
        "htk": draw(st.booleans()),
        "mel_norm": draw(st.sampled_from(["slaney", None, np.inf])),
        "ref": draw(st.sampled_from(["max", 1.0, 0.01])),
        "amin": draw(st.sampled_from([1e-10, 1e-7])),
        "top_db": draw(st.floats(1, 80)),
    }


def librosa_image(clip, p):
    """Give the channels that librosa makes of the same parameters, from float64."""
    bands = librosa.feature.melspectrogram(
        y=clip.astype(np.float64),
        norm=p["mel_norm"],
        dtype=np.float64,
        **{name: p[name] for name in MEL_NAMES},
    )
    ref = np.max if p["ref"] == "max" else p["ref"]
    levels = librosa.power_to_db(bands, ref=ref, amin=p["amin"], top_db=p["top_db"])
    first = librosa.feature.mfcc(
        S=levels,
        n_mfcc=p["n_mfcc"],
        dct_type=p["dct_type"],
        norm=p["norm"],
        lifter=p["lifter"],
    )
    slopes = [
        librosa.feature.delta(first, width=p["delta_width"], order=order, mode=p["delta_mode"])
        for order in range(1, 1 + p["deltas"])
    ]
    return np.stack([first, *slopes])


def check_agreement(p, n, seed):
    assume(n >= p["n_fft"])
    n_frames = 1 + (n - (0 if p["center"] else p["n_fft"])) // p["hop_length"]
    assume(not p["deltas"] or n_frames >= p["delta_width"])
    clip = sound(n, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty bands, from both
        (image,) = MFCCImage(**p).fit_transform([clip])
        expected = librosa_image(clip, p)
    assert image.shape == expected.shape
    assert np.abs(image - expected).max() <= 1e-4 * np.abs(expected).max()


@settings(max_examples=60, deadline=None)
@given(p=parameters(), n=st.integers(100, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(p=parameters(), n=st.integers(100, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_agreement(p, n, seed)


def test_agrees_with_librosa_on_defaults():
    clip = librosa.chirp(fmin=60, fmax=9000, sr=22_050, duration=3.0)
    (image,) = MFCCImage(deltas=2).fit_transform(clip[None, :])
    expected = librosa.feature.mfcc(y=clip)
    slopes = [librosa.feature.delta(expected, order=order) for order in (1, 2)]
    assert_allclose(image, np.stack([expected, *slopes]), atol=1e-4 * np.abs(expected).max())


def test_all_coefficients_bring_the_mel_spectrogram_back():
    clip = sound(4000)[None, :]
    mel = {name: value for name, value in SMALL.items() if name != "n_mfcc"}
    (coefficients,) = MFCCImage(**{**SMALL, "n_mfcc": 24}).fit_transform(clip)[:, 0]
    n, m = np.arange(24)[:, None], np.arange(24)
    basis = np.sqrt(2 / 24) * np.cos(np.pi * n * (m + 0.5) / 24)
    basis[0] = np.sqrt(1 / 24)
    expected = MelSpectrogramImage(**mel, ref=1.0).fit_transform(clip)[0, 0]
    assert_allclose(basis.T @ coefficients, expected, atol=0.01)


def test_ref_moves_coefficient_0_alone():
    clip = sound(4000)[None, :]
    images = [MFCCImage(**SMALL, ref=ref).fit_transform(clip) for ref in (1.0, "max", 0.1)]
    for image in images[1:]:
        assert_allclose(image[0, 0, 1:], images[0][0, 0, 1:], atol=1e-3)
    assert_allclose(images[2][0, 0, 0], images[0][0, 0, 0] + 10 * np.sqrt(24), rtol=1e-5)


def test_rows_and_units_are_named():
    drawing = MFCCImage(**SMALL, deltas=2).fit([sound(4000)])
    assert drawing.image_shape_ == (3, 12, 63)
    assert_array_equal(drawing.get_frequencies(1), np.arange(12))
    assert drawing.get_row_label() == "coefficient"
    assert [drawing.get_unit(c) for c in range(3)] == ["dB", "dB / frame", "dB / frame ** 2"]


def test_fewer_frames_than_a_derivative_needs():
    X = sound(400)[None, :]
    message = r"Got delta_width=9, but clips of 400 samples have 7 frames and delta_mode='interp'"
    with pytest.raises(ParameterError, match=message):
        MFCCImage(**SMALL, deltas=1).fit(X)
    for fine in ({"delta_width": 7}, {"delta_mode": "nearest"}, {"hop_length": 50}):
        (image,) = MFCCImage(**{**SMALL, "deltas": 2, **fine}).fit_transform(X)
        assert np.isfinite(image).all()
    assert MFCCImage(**SMALL).fit(X).image_shape_ == (1, 12, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_mfcc": 25}, "Got n_mfcc=25, but expected at most n_mels=24"),
        ({"n_mfcc": 0}, "'n_mfcc' parameter .* Got 0"),
        ({"deltas": 3}, "'deltas' parameter .* Got 3"),
        ({"delta_width": 8}, "Got delta_width=8, but expected an odd number of frames"),
        ({"delta_width": 1}, "'delta_width' parameter"),
        ({"delta_mode": "reflect"}, "'delta_mode' parameter"),
        ({"dct_type": 4}, "'dct_type' parameter"),
        ({"dct_type": 1, "n_mels": 1, "n_mfcc": 1}, "expected at least 2 with dct_type=1"),
        ({"lifter": -1}, "'lifter' parameter"),
        ({"norm": "slaney"}, "'norm' parameter"),
        ({"mel_norm": "ortho"}, "'mel_norm' parameter"),
        ({"fmax": 4001.0}, r"Got fmax=4001.0, but expected at most sr / 2 = 4000.0 Hz"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        MFCCImage(**{**SMALL, **options}).fit(sound(2000)[None, :])


def test_empty_bands_are_warned_of():
    with pytest.warns(AudioWarning, match=r"MFCCImage: [0-9]+ of n_mels=128 bands"):
        MFCCImage(8000, n_fft=128).fit([sound(2000)])
