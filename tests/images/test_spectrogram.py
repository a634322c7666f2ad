"""SpectrogramImage: librosa's numbers, and matplotlib's where it is asked for them."""

import librosa
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib import mlab
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from skspec import SpectrogramImage
from skspec.exceptions import ParameterError

SMALL = {"sr": 8000, "n_fft": 256, "hop_length": 64}


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    fade = np.exp(-3 * times)
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * fade * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


def to_db(values, p):
    """Give librosa's decibels of amplitudes to a power."""
    powers = values ** (2 / p["power"])
    ref = np.max if p["ref"] == "max" else p["ref"] ** (2 / p["power"])
    return librosa.power_to_db(powers, ref=ref, amin=p["amin"], top_db=p["top_db"])


SCALES = {
    "power": st.sampled_from([1.0, 1.5, 2.0]),
    "scale": st.sampled_from(["db", "linear"]),
    "ref": st.sampled_from(["max", 1.0, 0.01]),
    "amin": st.sampled_from([1e-10, 1e-7]),
    "top_db": st.floats(0, 80),
}


@st.composite
def parameters(draw):
    n_fft = draw(st.sampled_from([64, 100, 255, 512, 1024]))
    return {
        "sr": draw(st.sampled_from([8000, 22_050, 44_100.0])),
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft)),
        "win_length": draw(st.none() | st.integers(8, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", "boxcar", ("kaiser", 8.0)])),
        "center": draw(st.booleans()),
        "pad_mode": draw(st.sampled_from(["constant", "edge", "symmetric"])),
        **{name: draw(values) for name, values in SCALES.items()},
    }


def assert_agrees(image, expected, scale):
    assert image.shape == (1, *expected.shape)
    tolerance = 0.01 if scale == "db" else 1e-4 * np.abs(expected).max()
    assert np.abs(image[0] - expected).max() <= tolerance


def check_librosa(p, n, seed):
    assume(n >= p["n_fft"])
    clip = sound(n, seed)
    (image,) = SpectrogramImage(**p).fit_transform([clip])
    names = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode")
    spectrum = librosa.stft(clip.astype(np.float64), **{name: p[name] for name in names})
    expected = np.abs(spectrum) ** p["power"]
    assert_agrees(image, to_db(expected, p) if p["scale"] == "db" else expected, p["scale"])


@settings(max_examples=60, deadline=None)
@given(p=parameters(), n=st.integers(64, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_librosa(p, n, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(p=parameters(), n=st.integers(64, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_librosa(p, n, seed)


@settings(max_examples=60, deadline=None)
@given(
    n_fft=st.integers(4, 600),
    overlap=st.floats(0, 0.95),
    sr=st.sampled_from([8000, 44_100.0]),
    symmetric=st.booleans(),
    per_hz=st.booleans(),
    scales=st.fixed_dictionaries(SCALES),
    n=st.integers(601, 5000),
    seed=st.integers(0, 10_000),
)
def test_agrees_with_matplotlib(n_fft, overlap, sr, symmetric, per_hz, scales, n, seed):
    clip, noverlap = sound(n, seed), int(overlap * n_fft)
    window = np.hamming(n_fft) if symmetric else librosa.filters.get_window("hamming", n_fft)
    drawing = SpectrogramImage(
        sr,
        n_fft=n_fft,
        hop_length=n_fft - noverlap,
        window=window if symmetric else "hamming",
        center=False,
        scaling="density" if per_hz else "spectrum",
        **scales,
    )
    (image,) = drawing.fit_transform([clip])
    powers, frequencies, times = mlab.specgram(
        clip.astype(np.float64), n_fft, sr, None, window, noverlap, scale_by_freq=per_hz
    )
    expected = powers ** (scales["power"] / 2)
    is_db = scales["scale"] == "db"
    assert_agrees(image, to_db(expected, scales) if is_db else expected, scales["scale"])
    assert_allclose(drawing.get_frequencies(), frequencies)
    assert_allclose(drawing.get_times(), times, atol=0.5 / sr)


def test_agrees_with_what_matplotlib_draws():
    clip = sound(8000)
    with mpl.rc_context({"image.cmap": "magma"}):
        *_, picture = (
            Figure()
            .subplots()
            .specgram(clip, NFFT=256, Fs=8000, window=np.hamming(256), noverlap=192)
        )
    drawing = SpectrogramImage(
        **SMALL, window=np.hamming(256), center=False, scaling="density", ref=1.0, amin=1e-30
    )
    (image,) = drawing.set_params(top_db=None).fit_transform([clip])
    assert_allclose(image[0, ::-1], picture.get_array(), atol=0.01)


def test_decibels_do_not_depend_on_power():
    clip = sound(3000)[None, :]
    expected = SpectrogramImage(**SMALL).fit_transform(clip)
    for power in (0.5, 1.0):
        images = SpectrogramImage(**SMALL, power=power).fit_transform(clip)
        assert_allclose(images, expected, atol=1e-3)


@pytest.mark.parametrize("scaling", ["magnitude", "spectrum", "density"])
def test_crop_keeps_the_bins_between_and_on_the_edges(scaling):
    clip = sound(3000)[None, :]
    options = {**SMALL, "scale": "linear", "scaling": scaling}
    whole = SpectrogramImage(**options).fit_transform(clip)
    drawing = SpectrogramImage(**options, fmin=62.5, fmax=1000.0).fit(clip)
    assert_allclose(drawing.transform(clip), whole[:, :, 2:33], rtol=1e-6)
    assert_array_equal(drawing.get_frequencies(), np.arange(2, 33) * 31.25)


def test_tone_has_its_power_under_any_window():
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)[None, :]
    for window in ("hann", "boxcar", "blackman"):
        drawing = SpectrogramImage(
            **SMALL, window=window, scaling="spectrum", scale="linear", center=False
        )
        assert_allclose(drawing.fit_transform(tone).max(), 0.5, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({}, "dB"),
        ({"scale": "linear", "power": 1}, "amplitude ** 1"),
        ({"scale": "linear", "scaling": "density"}, "power / Hz"),
        ({"scale": "linear", "scaling": "density", "power": 1.0}, "(power / Hz) ** 0.5"),
        ({"scale": "db", "scaling": "density"}, "dB"),
    ],
)
def test_unit(options, unit):
    assert SpectrogramImage(**SMALL, **options).get_unit() == unit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scaling": "psd"}, "'scaling' parameter .* Got 'psd'"),
        ({"power": 3.0}, "'power' parameter"),
        ({"win_length": 257}, "Got win_length=257, but expected at most n_fft=256"),
        ({"fmax": 4001.0}, r"Got fmax=4001.0, but expected at most sr / 2 = 4000.0 Hz"),
        ({"fmin": 500.0, "fmax": 400.0}, r"Got fmin=500.0, but expected less than fmax=400.0"),
        ({"fmin": 1.0, "fmax": 30.0}, r"holds a multiple of sr / n_fft = 31.25 Hz"),
        ({"window": np.zeros(256), "scaling": "density"}, "divides by its sum, which is 0"),
        ({"window": np.full(256, np.nan)}, "NaN or infinity in the window"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        SpectrogramImage(**{**SMALL, **options}).fit(sound(2000)[None, :])
