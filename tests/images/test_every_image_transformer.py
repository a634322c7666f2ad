"""What holds for every transformer from waveforms to images, whichever picture it draws."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from skspec import (
    ChannelStack,
    ChromaImage,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    SpectralContrastImage,
    SpectrogramImage,
)
from skspec.exceptions import AudioReadError, AudioWarning, InputError, ParameterError

SMALL = {"sr": 8000, "n_fft": 256, "hop_length": 64}
MEL = {**SMALL, "n_mels": 16}

TRANSFORMERS = {
    "mel": MelSpectrogramImage(**MEL),
    "spectrogram": SpectrogramImage(**SMALL),
    "density": SpectrogramImage(**SMALL, scaling="density", scale="linear", fmin=300.0),
    "mfcc": MFCCImage(**MEL, n_mfcc=10, deltas=2, delta_mode="nearest"),
    "chroma": ChromaImage(**SMALL, norm=2.0),
    "tuned chroma": ChromaImage(**SMALL, tuning="estimate", n_chroma=24),
    "contrast": SpectralContrastImage(**SMALL, n_bands=4),
    "resolutions": MultiResSpectrogram(
        8000, resolutions=[(64, 16), (256, 64)], n_fft=256, size=(12, 20), n_mels=16
    ),
    "stack": ChannelStack(
        [
            ("mel", MelSpectrogramImage(**MEL)),
            ("chroma", ChromaImage(8000, n_fft=512, hop_length=100)),
        ],
        size=(12, 20),
    ),
}
every_transformer = pytest.mark.parametrize("name", list(TRANSFORMERS))


def transformer(name, **params):
    return clone(TRANSFORMERS[name]).set_params(**params)


def sounds(n_clips, n=2000):
    rng = np.random.default_rng(n)
    tones = np.sin(2 * np.pi * rng.uniform(100, 3000, (n_clips, 1)) * np.arange(n) / 8000)
    return (0.3 * tones + 0.05 * rng.standard_normal((n_clips, n))).astype(np.float32)


@pytest.fixture
def paths(tmp_path):
    names = [tmp_path / f"{i}.wav" for i in range(5)]
    for name, clip in zip(names, sounds(5), strict=True):
        soundfile.write(name, clip, 8000, subtype="FLOAT")
    return names


@every_transformer
@settings(max_examples=8, deadline=None)
@given(n_clips=st.integers(2, 9), n=st.integers(1, 2000), data=st.data())
def test_image_does_not_depend_on_its_batch(name, n_clips, n, data):
    X = sounds(n_clips, n)
    drawing = transformer(name).fit(X)
    images = drawing.transform(X)
    some = data.draw(st.permutations(range(n_clips)))[: n_clips // 2]
    assert_array_equal(drawing.transform(X[some]), images[some])
    louder = X.copy()
    louder[1:] *= 3
    assert_array_equal(drawing.transform(louder)[0], images[0])


@every_transformer
def test_image_of_a_long_clip_does_not_depend_on_its_batch(name):
    X = sounds(3, 120_000)
    drawing = transformer(name).fit(X)
    expected = drawing.transform(X)
    for index in (2, 0):
        assert_array_equal(drawing.transform(X[index : index + 1])[0], expected[index])


@every_transformer
def test_threads_do_not_disturb_each_other(name):
    X = sounds(24, 4000)
    drawing = transformer(name).fit(X)
    expected = drawing.transform(X)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(drawing.transform, X.reshape(8, 3, -1)))
    assert_array_equal(np.concatenate(parts), expected)


@every_transformer
def test_bits_do_not_hang_on_the_number_of_jobs(name, paths):
    X = sounds(21, 1300)
    expected = transformer(name).fit_transform(X)
    for n_jobs in (1, 2, 5, -1):
        assert_array_equal(transformer(name, n_jobs=n_jobs).fit_transform(X), expected)
    expected = transformer(name).fit_transform(paths)
    assert_array_equal(transformer(name, n_jobs=2).fit_transform(paths), expected)


@every_transformer
def test_bits_do_not_hang_on_the_number_of_blas_threads(name):
    X = sounds(1, 120_000)
    images = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            images.append(transformer(name).fit_transform(X))
    assert_array_equal(*images)


@every_transformer
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_first_bad_clip_is_named_whatever_the_number_of_jobs(name, n_jobs, paths):
    drawing = transformer(name, n_jobs=n_jobs).fit(paths[:1])
    soundfile.write(paths[2], sounds(1)[0, :-1], 8000)
    paths[3].write_text("no sound")
    with pytest.raises(InputError, match=r"clip 2 \(path '.*2.wav'\): 1999 samples at 8000 Hz"):
        drawing.transform(paths)
    with pytest.raises(AudioReadError, match=r"clip 2, path '.*3.wav': is text"):
        drawing.transform([paths[0], paths[1], paths[3], paths[2]])


@every_transformer
def test_no_jobs_are_an_error(name):
    with pytest.raises(ParameterError, match="Got n_jobs=0, but expected"):
        transformer(name, n_jobs=0).fit(sounds(1))
    with pytest.raises(ParameterError, match=r"'n_jobs' parameter .* Got 1\.5"):
        transformer(name, n_jobs=1.5).fit(sounds(1))


@every_transformer
def test_all_forms_of_a_batch_give_the_same_bits(name, paths):
    X = sounds(5)
    expected = transformer(name).fit_transform(X)
    assert expected.dtype == np.float32
    for form in (list(X), X.astype(np.float64), np.asfortranarray(X), paths, np.array(paths)):
        assert_array_equal(transformer(name).fit_transform(form), expected)


# From nothing to the largest peak that is accepted. Not whole, which would be taken for integers.
LEVELS = [0.0, 5e-324, 1e-300, 1e-45, 3e-39, 1e-20, 1e-3, 0.99943217, 126.0, np.nextafter(1e6, 0)]


@st.composite
def anything_finite(draw):
    """Draw a waveform as odd as validation lets through."""
    n = draw(st.integers(1, 40) | st.integers(1, 1200))
    kind = draw(st.sampled_from(["samples", "noise", "constant", "impulse", "step"]))
    if kind == "samples":
        few = arrays(np.float32, min(n, 30), elements=st.floats(-1, 1, width=32))
        clip = np.resize(draw(few).astype(np.float64), n)
    elif kind == "noise":
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        clip = rng.uniform(-1, 1, n) * rng.choice([0.0, 1e-42, 1e-6, 1.0], n)
    else:
        clip = np.full(n, 1.0 if kind == "constant" else 0.0)
        place = draw(st.integers(0, n - 1))
        clip[place : place + 1 if kind == "impulse" else None] = draw(st.sampled_from([-1.0, 1.0]))
    return clip * draw(st.sampled_from(LEVELS))


@st.composite
def anything_framed(draw, name):
    """Draw a transformer with frames of any parity, most of them longer than most clips."""
    drawing = transformer(name)
    known = drawing.get_params()
    frames = [key for key in known if key.rpartition("__")[2] in {"n_fft", "center", "pad_mode"}]
    values = {
        "n_fft": [256, 257, 399, 1021, 2048],
        "center": [True, False],
        "pad_mode": ["constant", "edge", "reflect", "symmetric"],
    }
    choices = {key: st.sampled_from(values[key.rpartition("__")[2]]) for key in frames}
    return drawing.set_params(**{key: draw(choice) for key, choice in choices.items()})


def check_finite(drawing, clip):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        warnings.simplefilter("error", RuntimeWarning)
        assert np.isfinite(drawing.fit_transform(clip[None, :])).all()


@every_transformer
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_finite_waveforms_give_finite_images(name, data):
    check_finite(data.draw(anything_framed(name)), data.draw(anything_finite()))


MANY = 1200


def test_many_draws_are_ten_thousand_over_the_family():
    assert MANY * len(TRANSFORMERS) >= 10_000


@pytest.mark.slow
@every_transformer
@settings(max_examples=MANY, deadline=None)
@given(data=st.data())
def test_finite_waveforms_give_finite_images_over_many_draws(name, data):
    check_finite(data.draw(anything_framed(name)), data.draw(anything_finite()))


@every_transformer
@pytest.mark.parametrize("n", [1, 100, 2000])
def test_silence_is_finite(name, n):
    for level in (0.0, 1e-12, 0.4):
        check_finite(transformer(name), np.full(n, level))


@every_transformer
def test_axes_match_the_image(name):
    drawing = transformer(name).fit(sounds(1))
    n_channels, n_bins, n_frames = drawing.image_shape_
    times = drawing.get_times()
    assert times.shape == (n_frames,)
    assert (np.diff(times) > 0).all()
    assert times[0] >= 0
    assert times[-1] <= 2000 / 8000
    for channel in range(n_channels):
        rows = drawing.get_frequencies(channel)
        assert rows.shape == (n_bins,)
        assert (np.diff(rows) >= 0).all()
        assert drawing.get_unit(channel)
        assert drawing.get_row_label(channel)


@every_transformer
def test_clone_and_pickle_give_the_same_image(name):
    X = sounds(2)
    drawing = transformer(name).fit(X)
    again = pickle.loads(pickle.dumps(drawing))
    assert_array_equal(again.transform(X), drawing.transform(X))
    assert_array_equal(clone(drawing).fit_transform(X), drawing.transform(X))


@every_transformer
def test_length_that_differs_names_the_clip(name):
    with pytest.raises(InputError, match=r"clip 1: 1999 samples at 8000 Hz, expected 2000"):
        transformer(name).fit([*sounds(1), sounds(1)[0, :-1]])


@every_transformer
def test_missing_file_is_named(name, paths):
    paths[2].unlink()
    with pytest.raises(AudioReadError, match=r"clip 2, path '.*2.wav': no such file"):
        transformer(name).fit(paths)


@every_transformer
def test_set_output_does_nothing(name):
    drawing = transformer(name).set_output(transform="pandas")
    assert isinstance(drawing.fit_transform(sounds(2)), np.ndarray)


WITH_ONE_TRANSFORM = [
    name for name in TRANSFORMERS if "hop_length" in TRANSFORMERS[name].get_params()
]


@pytest.mark.parametrize("name", WITH_ONE_TRANSFORM)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hop_length": 0}, "'hop_length' parameter of .* Got 0"),
        ({"sr": -1}, "'sr' parameter"),
        ({"pad_mode": "wrap"}, "'pad_mode' parameter"),
        ({"win_length": 257}, "Got win_length=257, but expected at most n_fft=256"),
        ({"window": "hanning"}, "Got window='hanning', but expected a window that scipy"),
        ({"window": np.ones(7)}, "or 256 values"),
    ],
)
def test_bad_frames_are_told_in_fit(name, options, message):
    with pytest.raises(ParameterError, match=message):
        transformer(name, **options).fit(sounds(1))


@pytest.mark.parametrize("name", WITH_ONE_TRANSFORM)
def test_duration_pads(name):
    X = sounds(3, 1500)
    padded = np.pad(X, ((0, 0), (0, 500)))
    assert_array_equal(
        transformer(name, duration_s=0.25).fit_transform(list(X)),
        transformer(name).fit_transform(padded),
    )
