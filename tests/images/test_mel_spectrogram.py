"""MelSpectrogramImage: librosa's numbers, whatever the form and the size of the batch."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspec import MelSpectrogramImage
from skspec.exceptions import (
    AudioReadError,
    AudioWarning,
    InputError,
    InputTypeError,
    ParameterError,
)

SMALL = {"sr": 8000, "n_fft": 256, "hop_length": 64, "n_mels": 16}


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    fade = np.exp(-3 * times)
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * fade * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


def sounds(n_clips, n=2000):
    return np.stack([sound(n, seed) for seed in range(n_clips)])


@pytest.fixture
def paths(tmp_path):
    names = [tmp_path / f"{i}.wav" for i in range(5)]
    for name, clip in zip(names, sounds(5), strict=True):
        soundfile.write(name, clip, 8000, subtype="FLOAT")
    return names


@parametrize_with_checks([MelSpectrogramImage()])
def test_estimator_checks(estimator, check):
    check(estimator)


def librosa_image(clip, p):
    """Give what librosa makes of the same parameters, from float64."""
    bands = librosa.feature.melspectrogram(
        y=clip.astype(np.float64),
        sr=p["sr"],
        n_fft=p["n_fft"],
        hop_length=p["hop_length"],
        win_length=p["win_length"],
        window=p["window"],
        center=p["center"],
        pad_mode=p["pad_mode"],
        power=p["power"],
        n_mels=p["n_mels"],
        fmin=p["fmin"],
        fmax=p["fmax"],
        htk=p["htk"],
        norm=p["norm"],
        dtype=np.float64,
    )
    if p["scale"] == "linear":
        return bands
    ref = np.max if p["ref"] == "max" else p["ref"]
    if p["power"] == 1.0:
        return librosa.amplitude_to_db(bands, ref=ref, amin=np.sqrt(p["amin"]), top_db=p["top_db"])
    to_power = 2 / p["power"]
    if p["ref"] != "max":
        ref = p["ref"] ** to_power
    return librosa.power_to_db(bands**to_power, ref=ref, amin=p["amin"], top_db=p["top_db"])


@st.composite
def parameters(draw):
    sr = draw(st.sampled_from([8000, 16_000, 22_050, 44_100.0]))
    n_fft = draw(st.sampled_from([64, 100, 255, 512, 1024, 2048]))
    fmin = draw(st.sampled_from([0.0, 20.0, 300.0]))
    return {
        "sr": sr,
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft + 50)),
        "win_length": draw(st.none() | st.integers(8, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", "blackman", "boxcar", ("kaiser", 8.0)])),
        "center": draw(st.booleans()),
        "pad_mode": draw(st.sampled_from(["constant", "edge", "reflect", "symmetric"])),
        "power": draw(st.sampled_from([1.0, 1.5, 2.0])),
        "n_mels": draw(st.integers(1, 150)),
        "fmin": fmin,
        "fmax": draw(st.none() | st.floats(fmin + 100, sr / 2)),
        "htk": draw(st.booleans()),
        "norm": draw(st.sampled_from(["slaney", None, 1.0, 2.0, np.inf])),
        "scale": draw(st.sampled_from(["db", "linear"])),
        "ref": draw(st.sampled_from(["max", 1.0, 0.01])),
        "amin": draw(st.sampled_from([1e-10, 1e-7])),
        "top_db": draw(st.floats(0, 80)),
    }


def check_agreement(p, n, seed):
    # librosa refuses a clip shorter than a frame without padding; with it, one reflected many
    # times has a line spectrum, and nothing but rounding in the bands between the lines.
    assume(n > p["n_fft"] // 2 if p["center"] else n >= p["n_fft"])
    # librosa pads the last half frame without the sample before it, which reflection needs.
    late = n % p["hop_length"] == 0 and 2 * p["hop_length"] >= p["n_fft"]
    assume(not (p["pad_mode"] == "reflect" and late))
    clip = sound(n, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty bands, from both
        (image,) = MelSpectrogramImage(**p).fit_transform([clip])
        expected = librosa_image(clip, p)
    assert image.shape == (1, *expected.shape)
    scale = 0.01 if p["scale"] == "db" else 1e-4 * np.abs(expected).max()
    assert np.abs(image[0] - expected).max() <= scale


@settings(max_examples=60, deadline=None)
@given(p=parameters(), n=st.integers(32, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(p=parameters(), n=st.integers(32, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_agreement(p, n, seed)


def test_agrees_with_librosa_on_speech_length_defaults():
    clip = librosa.chirp(fmin=60, fmax=9000, sr=22_050, duration=3.0)
    (image,) = MelSpectrogramImage().fit_transform(clip[None, :])
    expected = librosa.power_to_db(librosa.feature.melspectrogram(y=clip), ref=np.max)
    assert np.abs(image[0] - expected).max() <= 0.01


@settings(max_examples=30, deadline=None)
@given(
    n_clips=st.integers(2, 9),
    n=st.integers(1, 3000),
    n_fft=st.sampled_from([60, 256, 512]),
    data=st.data(),
)
def test_image_does_not_depend_on_its_batch(n_clips, n, n_fft, data):
    X = sounds(n_clips, n)
    mel = MelSpectrogramImage(8000, n_fft=n_fft, hop_length=50, n_mels=12).fit(X)
    images = mel.transform(X)
    some = data.draw(st.permutations(range(n_clips)))[: n_clips // 2]
    assert_array_equal(mel.transform(X[some]), images[some])
    assert_array_equal(
        np.concatenate([mel.transform(X[i : i + 1]) for i in range(n_clips)]), images
    )


def test_loud_neighbour_changes_nothing():
    X = sounds(3)
    louder = X.copy()
    louder[1] *= 3
    mel = MelSpectrogramImage(**SMALL).fit(X)
    assert_array_equal(mel.transform(X)[[0, 2]], mel.transform(louder)[[0, 2]])


def test_threads_do_not_disturb_each_other():
    X = sounds(40, 8000)
    mel = MelSpectrogramImage(**SMALL).fit(X)
    expected = mel.transform(X)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(mel.transform, X.reshape(8, 5, -1)))
    assert_array_equal(np.concatenate(parts), expected)


def test_all_forms_of_a_batch_give_the_same_bits(paths):
    X = sounds(5)
    objects = np.empty(5, object)
    objects[:] = list(X)
    forms = [X, list(X), tuple(X), objects, pd.Series(list(X)), X.astype(np.float64), X.tolist()]
    forms += [paths, list(map(str, paths)), np.array(paths), pd.Series(list(map(str, paths)))]
    forms += [pd.DataFrame(X), np.asfortranarray(X)]
    expected = MelSpectrogramImage(**SMALL).fit_transform(X)
    assert expected.dtype == np.float32
    assert expected.shape == (5, 1, 16, 32)
    for form in forms:
        assert_array_equal(MelSpectrogramImage(**SMALL).fit_transform(form), expected)


@pytest.mark.parametrize("pad", ["zero", "wrap", "reflect"])
@pytest.mark.parametrize("crop", ["start", "center"])
def test_duration_pads_and_crops(pad, crop):
    clips = [sound(n) for n in (1, 700, 1600, 2501)]
    mel = MelSpectrogramImage(**SMALL, duration_s=0.2, pad=pad, crop=crop).fit(clips)
    assert mel.n_timepoints_ == 1600
    modes = {"zero": "constant", "wrap": "wrap", "reflect": "reflect"}
    start = 450 if crop == "center" else 0
    fixed = [np.pad(clip, (0, 1600 - len(clip)), mode=modes[pad]) for clip in clips[:3]]
    fixed.append(clips[3][start : start + 1600])
    assert_array_equal(
        mel.transform(clips), MelSpectrogramImage(**SMALL).fit_transform(np.stack(fixed))
    )


def test_with_a_duration_tables_of_any_width_are_taken():
    mel = MelSpectrogramImage(**SMALL, duration_s=0.2).fit(sounds(2, 2000))
    assert mel.n_features_in_ == 2000
    assert mel.transform(sounds(2, 900)).shape == (2, 1, 16, 26)


def test_files_are_resampled(paths):
    images = MelSpectrogramImage(16_000, n_fft=512, n_mels=16).fit_transform(paths)
    assert images.shape == (5, 1, 16, 8)


@pytest.mark.parametrize("center", [True, False])
def test_clip_shorter_than_a_window_is_padded(center):
    clip = sound(100)
    mel = MelSpectrogramImage(**SMALL, center=center, pad_mode="reflect", scale="linear")
    (image,) = mel.fit_transform([clip])
    if not center:
        assert image.shape == (1, 16, 1)
        assert_array_equal(image, mel.fit_transform([np.pad(clip, (0, 156))])[0])
    assert np.isfinite(image).all()
    assert image.max() > 0


@pytest.mark.parametrize("scale", ["db", "linear"])
@pytest.mark.parametrize("top_db", [80.0, None])
@pytest.mark.parametrize("power", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("level", [0.0, 1e-300, 1e-30, 1.0, 1e6])
def test_finite_for_every_level(scale, top_db, power, level):
    X = np.vstack([np.full(1000, level / 3), sounds(1, 1000) * level])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        mel = MelSpectrogramImage(**SMALL, scale=scale, top_db=top_db, power=power)
        assert np.isfinite(mel.fit_transform(X)).all()


def test_decibels_are_below_the_maximum_of_the_clip():
    images = MelSpectrogramImage(**SMALL, top_db=30.0).fit_transform(sounds(4))
    assert_array_equal(images.max(axis=(1, 2, 3)), 0)
    assert_array_equal(images.min(axis=(1, 2, 3)), -30)


def test_learned_attributes(paths):
    table = pd.DataFrame(sounds(2, 300), columns=[f"t{i}" for i in range(300)])
    mel = MelSpectrogramImage(**SMALL).fit(table)
    assert (mel.n_timepoints_, mel.image_shape_, mel.n_features_in_) == (300, (1, 16, 5), 300)
    assert mel.feature_names_in_[1] == "t1"
    mel.fit(paths)
    assert (mel.n_timepoints_, mel.image_shape_) == (2000, (1, 16, 32))
    assert not hasattr(mel, "n_features_in_")
    assert not hasattr(mel, "feature_names_in_")


def test_clone_and_pickle_give_the_same_image():
    X = sounds(2)
    mel = MelSpectrogramImage(**SMALL, window=("kaiser", 5.0)).fit(X)
    again = pickle.loads(pickle.dumps(mel))
    assert_array_equal(again.transform(X), mel.transform(X))
    assert_array_equal(clone(mel).fit_transform(X), mel.transform(X))
    assert clone(mel).get_params() == mel.get_params()


def test_set_output_does_nothing():
    pipe = make_pipeline(MelSpectrogramImage(**SMALL)).set_output(transform="pandas")
    assert isinstance(pipe.fit_transform(sounds(2)), np.ndarray)


def test_progress_bar_only_when_asked_for(capsys):
    for verbose in (0, 1):
        MelSpectrogramImage(**SMALL, verbose=verbose).fit_transform(sounds(2))
        assert ("MelSpectrogramImage" in capsys.readouterr().err) == bool(verbose)


BAD_PARAMETERS = [
    ({"hop_length": 0}, r"'hop_length' parameter of MelSpectrogramImage must be an int .* Got 0"),
    ({"sr": -1}, "'sr' parameter"),
    ({"duration_s": 0.0}, "'duration_s' parameter"),
    ({"pad": "mirror"}, "'pad' parameter .* Got 'mirror'"),
    ({"power": 3.0}, "'power' parameter"),
    ({"ref": "min"}, "'ref' parameter"),
    ({"n_mels": 2.5}, "'n_mels' parameter"),
    ({"pad_mode": "wrap"}, "'pad_mode' parameter"),
    ({"win_length": 257}, r"Got win_length=257, but expected at most n_fft=256"),
    ({"fmax": 4001.0}, r"Got fmax=4001.0, but expected at most sr / 2 = 4000.0 Hz"),
    ({"fmin": 500.0, "fmax": 400.0}, r"Got fmin=500.0, but expected less than fmax=400.0"),
    ({"fmin": 4000.0}, r"Got fmin=4000.0, but expected less than fmax=4000.0"),
    ({"window": "hanning"}, r"Got window='hanning', but expected a window that scipy"),
    ({"window": np.ones(7)}, r"or 256 values"),
]


@pytest.mark.parametrize(("options", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        MelSpectrogramImage(**{**SMALL, **options}).fit(sounds(2))


def test_empty_bands_are_warned_of_every_time():
    for _ in range(2):
        with pytest.warns(AudioWarning, match=r"[0-9]+ of n_mels=128 bands are too narrow"):
            MelSpectrogramImage(8000, n_fft=128).fit(sounds(1))


def test_length_that_differs_names_the_clip(paths):
    clips = [sound(2000), sound(2000), sound(1999)]
    message = r"MelSpectrogramImage, clip 2: 1999 samples at 8000 Hz, expected 2000 .*duration_s"
    mel = MelSpectrogramImage(**SMALL)
    with pytest.raises(InputError, match=message):
        mel.fit(clips)
    with pytest.raises(InputError, match=message):
        mel.fit(clips[:2]).transform(clips)
    soundfile.write(paths[3], sound(30), 8000)
    with pytest.raises(InputError, match=r"clip 3 \(path '.*3.wav'\): 30 samples at 8000 Hz"):
        mel.transform(paths)
    with pytest.raises(InputError, match=r"X has 9 features, but .* expecting 2000 features as in"):
        mel.fit(sounds(2)).transform(sounds(2, 9))


def test_bad_files_are_named_in_fit_already(paths):
    mel = MelSpectrogramImage(**SMALL, duration_s=0.1).fit(paths)
    paths[2].unlink()
    for method in (mel.fit, mel.transform):
        with pytest.raises(AudioReadError, match=r"clip 2, path '.*2.wav': no such file"):
            method(paths)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], InputError, "MelSpectrogramImage: X holds no clips"),
        (sound(100), InputError, r"for one clip use X\[None, :\]"),
        ([sound(5), np.full(5, np.nan)], InputError, "clip 1: NaN or infinity"),
        (["a.wav", sound(5)], InputTypeError, "clip 1: a mix of kinds"),
    ],
)
def test_bad_batches_are_refused_by_fit_and_transform(X, error, message):
    for method in ("fit", "transform"):
        with pytest.raises(error, match=message):
            getattr(MelSpectrogramImage(**SMALL).fit(sounds(1)), method)(X)
