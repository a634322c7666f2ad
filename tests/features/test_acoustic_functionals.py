"""AcousticFunctionals: librosa's numbers under the right names, for every form of a batch."""

import pickle
import warnings

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from skspec import AcousticFunctionals, DeepFeatures, MelSpectrogramImage, make_voices
from skspec.exceptions import (
    AudioReadError,
    AudioWarning,
    InputError,
    InputTypeError,
    ParameterError,
    SkspecError,
)
from skspec.features._frame_descriptors import FEATURES, make_frame_descriptors
from skspec.signal import FUNCTIONALS, make_stft

SMALL = {"sr": 8000, "n_fft": 512, "hop_length": 128, "n_mels": 30}
WITHOUT_ROLLOFF = tuple(name for name in FEATURES if name not in ("pitch", "spectral_rolloff"))

NUMBERED = ("mfcc", "mfcc_delta", "spectral_contrast", "chroma")


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    tone = np.sin(2 * np.pi * rng.uniform(100, 900) * times)
    return (0.5 * np.exp(-3 * times) * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


def sounds(n_clips, n=2000):
    return np.stack([sound(n, seed) for seed in range(n_clips)])


@pytest.fixture
def paths(tmp_path):
    names = [tmp_path / f"{i}.wav" for i in range(5)]
    for name, clip in zip(names, sounds(5), strict=True):
        soundfile.write(name, clip, 8000, subtype="FLOAT")
    return names


@parametrize_with_checks([AcousticFunctionals()])
def test_estimator_checks(estimator, check):
    check(estimator)


def librosa_rows(clip, p):
    """Give librosa's descriptors of a clip, from float64."""
    clip = clip.astype(np.float64)
    frames = {"frame_length": p["n_fft"], "hop_length": p["hop_length"]}
    how = {key: p[key] for key in ("n_fft", "hop_length", "win_length", "window")}
    rated = {"y": clip, "sr": p["sr"], **how}
    octaves = sum(200 * 2**k < p["sr"] / 2 for k in range(6))
    found = {
        "rms": librosa.feature.rms(y=clip, **frames),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(clip, **frames),
        "mfcc": librosa.feature.mfcc(n_mfcc=p["n_mfcc"], n_mels=p["n_mels"], **rated),
        "spectral_centroid": librosa.feature.spectral_centroid(**rated),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(**rated),
        "spectral_flatness": librosa.feature.spectral_flatness(y=clip, **how),
        "spectral_contrast": librosa.feature.spectral_contrast(n_bands=octaves, **rated),
        "chroma": librosa.feature.chroma_stft(tuning=0.0, **rated),
    }
    enough = found["mfcc"].shape[1] >= p["delta_width"]
    mode = "interp" if enough else "nearest"
    found["mfcc_delta"] = librosa.feature.delta(found["mfcc"], width=p["delta_width"], mode=mode)
    return found


@st.composite
def parameters(draw):
    n_fft = draw(st.sampled_from([400, 512, 1000, 2048]))
    n_mels = draw(st.integers(1, 80))
    return {
        "sr": draw(st.sampled_from([8000, 16_000, 22_050.0])),
        "n_fft": n_fft,
        "hop_length": draw(st.integers(30, n_fft)),
        "win_length": draw(st.none() | st.integers(300, n_fft)),
        "window": draw(st.sampled_from(["hann", "hamming", ("kaiser", 8.0)])),
        "n_mfcc": draw(st.integers(1, n_mels)),
        "n_mels": n_mels,
        "delta_width": draw(st.sampled_from([3, 5, 9])),
    }


def check_agreement(p, n, seed):
    clip = sound(n, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty bands, and of clips shorter than a frame
        expected = librosa_rows(clip, p)
        statistics = ("mean", "median", "max")
        acoustic = AcousticFunctionals(**p, features=WITHOUT_ROLLOFF, statistics=statistics)
        (vector,) = acoustic.fit_transform([clip])
    found = dict(zip(acoustic.get_feature_names_out(), vector, strict=True))
    for name, rows in expected.items():
        # Slopes of nothing are rounding of what they are slopes of.
        scale = abs(expected["mfcc"] if name == "mfcc_delta" else rows).max()
        # A single coefficient can cross 0 dB: there, what is left is the rounding of its power.
        least = 1.0 if name.startswith("mfcc") else 0.0
        # By chance the smallest bin of some frame can be nearly 0, and its decibels mere rounding.
        is_contrast = name == "spectral_contrast"
        for row, values in enumerate(rows):
            stem = f"{name}_{row}" if name in NUMBERED else name
            for statistic in ("median",) if is_contrast else ("mean", "median", "max"):
                difference = found[f"{stem}_{statistic}"] - getattr(np, statistic)(values)
                assert abs(difference) <= (1e-3 if is_contrast else 1e-4) * max(scale, least)


@settings(max_examples=40, deadline=None)
@given(p=parameters(), n=st.integers(300, 6000), seed=st.integers(0, 10_000))
def test_agrees_with_librosa(p, n, seed):
    check_agreement(p, n, seed)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(p=parameters(), n=st.integers(300, 60_000), seed=st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(p, n, seed):
    check_agreement(p, n, seed)


def test_frames_are_those_of_librosa_one_by_one():
    p = {**SMALL, "win_length": None, "window": "hann", "n_mfcc": 13, "delta_width": 9}
    stft = make_stft("hann", None, 512, 128, True, "constant")
    descriptors = make_frame_descriptors(
        8000, stft, n_mfcc=13, n_mels=30, delta_width=9, roll_percent=0.85, contrast=True
    )
    clip = sound(5000)
    rows = descriptors.measure(clip, WITHOUT_ROLLOFF)
    expected = librosa_rows(clip, p)
    for name, ours in zip(WITHOUT_ROLLOFF, rows, strict=True):
        assert ours.shape == expected[name].shape == (len(descriptors.row_names(name)), 40)
        assert abs(ours - expected[name]).max() <= 1e-4 * abs(expected[name]).max()


def test_rolloff_and_pitch():
    acoustic = AcousticFunctionals(
        **SMALL, features=("spectral_rolloff", "pitch"), statistics=("median",)
    )
    clip = sound(4000)
    rolloff, pitch, share = acoustic.fit_transform([clip])[0]
    theirs = librosa.feature.spectral_rolloff(
        y=clip.astype(float), sr=8000, n_fft=512, hop_length=128
    )
    assert_allclose(rolloff, np.median(theirs), rtol=1e-6)
    expected = np.random.default_rng(0).uniform(100, 900)  # of the tone in `sound`
    assert_allclose(pitch, expected, rtol=0.01)
    assert share == 1


def test_pitch_counts_voiced_frames_only():
    times = np.arange(4000) / 8000
    tone = 0.3 * np.sin(2 * np.pi * 200 * times)
    noise = 0.1 * np.random.default_rng(0).standard_normal(4000)
    acoustic = AcousticFunctionals(**SMALL, features=("pitch",), statistics=("min", "max"))
    vectors = acoustic.fit_transform([np.append(tone, noise), noise, np.zeros(4000)])
    assert_allclose(vectors[0, :2], 200, rtol=0.03)
    assert 0.4 < vectors[0, 2] < 0.6
    assert_array_equal(vectors[1:], 0)


def test_pitch_parameters_reach_it():
    clip = [0.3 * np.sin(2 * np.pi * 300 * np.arange(4000) / 8000)]
    options = {"features": ("pitch",), "statistics": ("median",)}
    expected = {"pitch_fmin": (400.0, 0, 0), "voicing_threshold": (1e-9, 0, 0)}
    expected["pitch_fmax"] = (250.0, 150, 1)  # two periods are a period as well
    for name, (value, pitch, share) in expected.items():
        acoustic = AcousticFunctionals(**SMALL, **options, **{name: value})
        assert_allclose(acoustic.fit_transform(clip)[0], [pitch, share], rtol=0.02, atol=0.1)
    fading = [np.append(clip[0], 1e-3 * clip[0])]
    shares = [
        AcousticFunctionals(**SMALL, **options, voicing_db=level).fit_transform(fading)[0, 1]
        for level in (40.0, 80.0)
    ]
    assert shares[0] < 0.6 < 0.9 < shares[1]


def test_known_names():
    acoustic = AcousticFunctionals(
        **SMALL, features=["chroma", "pitch", "rms"], statistics=["q90", "mean"]
    ).fit(sounds(1))
    names = acoustic.get_feature_names_out().tolist()
    assert names[:3] == ["chroma_0_q90", "chroma_0_mean", "chroma_1_q90"]
    assert names[24:] == ["pitch_q90", "pitch_mean", "pitch_voiced_share", "rms_q90", "rms_mean"]
    assert acoustic.n_features_out_ == len(names) == len(set(names))


def test_a_list_of_one_is_still_numbered():
    acoustic = AcousticFunctionals(**SMALL, features=("mfcc",), statistics=("mean",), n_mfcc=1).fit(
        sounds(1)
    )
    assert acoustic.get_feature_names_out().tolist() == ["mfcc_0_mean"]


def test_any_part_is_that_part_of_the_whole():
    X = sounds(2)
    statistics = tuple(FUNCTIONALS)
    whole = AcousticFunctionals(**SMALL, statistics=statistics).set_output(transform="pandas")
    frame = whole.fit_transform(X)
    for name in FEATURES:
        part = AcousticFunctionals(**SMALL, statistics=statistics, features=(name,))
        vectors = part.fit_transform(X)
        assert_array_equal(vectors, frame[part.get_feature_names_out()])
        assert vectors.dtype == np.float32


def test_forms_of_a_batch_are_alike(paths):
    X = sounds(5)
    acoustic = AcousticFunctionals(**SMALL).fit(X)
    expected = acoustic.transform(X)
    ragged = np.empty(5, object)
    ragged[:] = list(X)
    for form in (list(X), ragged, paths, [str(path) for path in paths], X.astype(np.float64)):
        assert_array_equal(acoustic.transform(form), expected)
        assert_array_equal(clone(acoustic).fit_transform(form), expected)
    assert_array_equal(acoustic.transform(pd.DataFrame(X)), expected)


def test_a_vector_does_not_depend_on_its_batch():
    lengths = [2000, 700, 1, 511, 513, 2000, 40_000]
    clips = [sound(n, seed) for seed, n in enumerate(lengths)]
    acoustic = AcousticFunctionals(**SMALL, statistics=tuple(FUNCTIONALS)).fit(clips)
    expected = acoustic.transform(clips)
    for index, clip in enumerate(clips):
        assert_array_equal(acoustic.transform([clip])[0], expected[index])
        assert_array_equal(acoustic.transform(clip[None])[0], expected[index])
    assert_array_equal(acoustic.transform(clips[::-1]), expected[::-1])


@pytest.mark.parametrize("n_jobs", [1, 2, 5, -1])
def test_bits_do_not_hang_on_the_number_of_jobs(n_jobs, paths):
    X = sounds(21, 1500)
    expected = AcousticFunctionals(**SMALL).fit_transform(X)
    assert_array_equal(AcousticFunctionals(**SMALL, n_jobs=n_jobs).fit_transform(X), expected)
    expected = AcousticFunctionals(**SMALL).fit_transform(paths)
    assert_array_equal(AcousticFunctionals(**SMALL, n_jobs=n_jobs).fit_transform(paths), expected)


def test_bits_do_not_hang_on_the_number_of_blas_threads():
    X = sounds(1, 60_000)
    vectors = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            vectors.append(AcousticFunctionals(8000).fit_transform(X))
    assert_array_equal(*vectors)


@settings(max_examples=60, deadline=None)
@given(
    n=st.sampled_from([1, 2, 100, 511, 512, 513, 1500]),
    kind=st.sampled_from(["silence", "offset", "click", "noise", "square", "tone"]),
    level=st.sampled_from([1e-45, 1e-30, 1e-12, 1e-3, 1.0, 1e6]),
    n_fft=st.sampled_from([256, 2048]),
)
def test_finite_for_every_sound(n, kind, level, n_fft):
    clip = {
        "silence": np.zeros(n),
        "offset": np.ones(n),
        "click": np.eye(1, n)[0],
        "noise": np.random.default_rng(0).uniform(-1, 1, n),
        "square": np.sign(np.sin(np.arange(n) / 7.3)) * 0.999,
        "tone": np.sin(np.arange(n) / 5) * 0.999,
    }[kind] * level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        acoustic = AcousticFunctionals(8000, n_fft=n_fft, statistics=tuple(FUNCTIONALS))
        clips = [clip.astype(np.float32) * np.float32(0.9000006)]
        assert np.isfinite(acoustic.fit_transform(clips)).all()


@pytest.mark.parametrize("sr", [2000, 4000, 8000, 16_000, 22_050, 48_000])
def test_contrast_has_the_octaves_that_there_are(sr):
    acoustic = AcousticFunctionals(sr, features=("spectral_contrast",), statistics=("mean",))
    n_octaves = {2000: 3, 4000: 4, 8000: 5}.get(sr, 6)
    assert acoustic.fit_transform([sound(sr)]).shape == (1, 1 + n_octaves)


def test_tables_of_another_width():
    acoustic = AcousticFunctionals(**SMALL).fit(sounds(3))
    with pytest.raises(InputError, match=r"X has 900 features.*expecting 2000.*list\(X\)"):
        acoustic.transform(sounds(2, 900))
    assert_array_equal(
        acoustic.transform(list(sounds(2, 900)))[:1], acoustic.transform(sounds(1, 900))
    )


def test_learned_attributes(paths):
    table = pd.DataFrame(sounds(2, 600), columns=[f"t{i}" for i in range(600)])
    acoustic = AcousticFunctionals(**SMALL).fit(table)
    assert acoustic.n_features_in_ == 600
    assert acoustic.feature_names_in_[1] == "t1"
    acoustic.fit(paths)
    assert not hasattr(acoustic, "n_features_in_")


def test_pandas_output(paths):
    acoustic = AcousticFunctionals(**SMALL).set_output(transform="pandas")
    frame = acoustic.fit_transform(paths)
    assert frame.columns.tolist() == acoustic.get_feature_names_out().tolist()
    table = pd.DataFrame(sounds(2), index=["a", "b"])
    assert acoustic.fit_transform(table).index.tolist() == ["a", "b"]


def test_clone_and_pickle_give_the_same_vectors():
    X = sounds(2)
    acoustic = AcousticFunctionals(**SMALL, window=("kaiser", 5.0)).fit(X)
    again = pickle.loads(pickle.dumps(acoustic))
    assert_array_equal(again.transform(X), acoustic.transform(X))
    assert_array_equal(clone(acoustic).fit_transform(X), acoustic.transform(X))
    assert clone(acoustic).get_params() == acoustic.get_params()


def test_progress_bar_only_when_asked_for(capsys):
    for verbose in (0, 1):
        AcousticFunctionals(**SMALL, verbose=verbose).fit_transform(sounds(2))
        assert ("AcousticFunctionals" in capsys.readouterr().err) == bool(verbose)


def voices():
    return make_voices(16, n_speakers=4, sr=8000, duration_s=0.3, random_state=0)


def test_baseline_in_a_search():
    X, y, groups = voices()
    pipe = make_pipeline(AcousticFunctionals(**SMALL), StandardScaler(), SVC())
    grid = {
        "acousticfunctionals__features": [("mfcc", "pitch"), ("pitch",)],
        "acousticfunctionals__statistics": [("mean",), ("mean", "std")],
    }
    search = GridSearchCV(pipe, grid, cv=StratifiedGroupKFold(2)).fit(X, y, groups=groups)
    assert search.best_score_ > 0.5
    assert search.predict(X).shape == (16,)


def test_deep_and_acoustic_features_together():
    X, y, _ = voices()
    deep = make_pipeline(
        MelSpectrogramImage(8000, n_fft=512, n_mels=32),
        DeepFeatures("tiny", weights=None, random_state=0, device="cpu"),
    )
    union = make_union(deep, AcousticFunctionals(**SMALL))
    vectors = union.fit_transform(X)
    assert vectors.dtype == np.float32
    assert_array_equal(vectors[:, 32:], AcousticFunctionals(**SMALL).fit_transform(X))
    assert make_pipeline(union, StandardScaler(), SVC()).fit(X, y).score(X, y) > 0.9


BAD_PARAMETERS = [
    ({"hop_length": 0}, r"'hop_length' parameter of AcousticFunctionals must be an int .* Got 0"),
    ({"sr": -1}, "'sr' parameter"),
    ({"n_fft": 1}, "'n_fft' parameter"),
    ({"roll_percent": 1.0}, "'roll_percent' parameter"),
    ({"voicing_db": -1.0}, "'voicing_db' parameter"),
    ({"features": "mfcc"}, "'features' parameter .* Got 'mfcc'"),
    ({"win_length": 513}, "Got win_length=513, but expected at most n_fft=512"),
    ({"window": "hanning"}, "Got window='hanning', but expected a window that scipy"),
    ({"n_mfcc": 31}, "Got n_mfcc=31, but expected at most n_mels=30"),
    ({"delta_width": 4}, "Got delta_width=4, but expected an odd number of frames"),
    ({"pitch_fmax": 4001.0}, r"Got pitch_fmax=4001.0, but expected at most sr / 2 = 4000.0 Hz"),
    ({"pitch_fmin": 1000.0}, r"Got pitch_fmin=1000.0, but expected less than pitch_fmax=1000.0"),
    ({"features": ("mfc",)}, r"Got 'mfc' in features=\('mfc',\), but expected some of mfcc, "),
    ({"statistics": ("avg",)}, r"Got 'avg' in statistics=.* but expected some of "),
    ({"statistics": (3,)}, r"Got 3 in statistics=\(3,\)"),
    ({"features": ()}, r"Got features=\(\), but expected at least one, each once"),
    ({"statistics": ["mean", "mean"]}, r"Got statistics=\['mean', 'mean'\], .* each once"),
    ({"n_fft": 16}, r"Got sr=8000 and n_fft=16, but for spectral_contrast there is .* larger"),
    ({"sr": 300, "pitch_fmax": 100.0}, "the highest band begins at 200 Hz"),
    ({"n_jobs": 0}, "Got n_jobs=0, but expected"),
]


@pytest.mark.parametrize(("options", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_told_in_fit(options, message):
    acoustic = AcousticFunctionals(**{**SMALL, **options})
    with pytest.raises(ParameterError, match=message) as caught:
        acoustic.fit(sounds(2))
    assert isinstance(caught.value, SkspecError)


def test_parameters_of_what_is_not_measured_do_not_matter():
    AcousticFunctionals(300, n_fft=64, n_mels=20, features=("rms", "chroma")).fit(sounds(1))


def test_empty_bands_are_warned_of_where_they_are_used():
    with pytest.warns(AudioWarning, match=r"[0-9]+ of n_mels=128 bands are too narrow for n_fft"):
        AcousticFunctionals(8000, n_fft=128, features=("mfcc",)).fit(sounds(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AcousticFunctionals(8000, n_fft=128, features=("rms",)).fit(sounds(1))


@pytest.mark.parametrize("n_jobs", [None, 3])
def test_bad_files_are_named(paths, n_jobs):
    acoustic = AcousticFunctionals(**SMALL, n_jobs=n_jobs).fit(paths)
    paths[2].unlink()
    for method in (acoustic.fit, acoustic.transform):
        with pytest.raises(AudioReadError, match=r"clip 2, path '.*2.wav': no such file"):
            method(paths)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], InputError, "AcousticFunctionals: X holds no clips"),
        (sound(100), InputError, r"for one clip use X\[None, :\]"),
        ([sound(5), np.full(5, np.nan)], InputError, "clip 1: NaN or infinity"),
        (["a.wav", sound(5)], InputTypeError, "clip 1: a mix of kinds"),
    ],
)
def test_bad_batches_are_refused_by_fit_and_transform(X, error, message):
    for method in ("fit", "transform"):
        with pytest.raises(error, match=message):
            getattr(AcousticFunctionals(**SMALL).fit(sounds(1)), method)(X)
