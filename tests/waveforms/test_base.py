"""What all steps from waveforms to waveforms have in common, and how they chain."""

import pickle

import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skspec import (
    FixedLength,
    MelSpectrogramImage,
    SilenceTrimmer,
    TimeResampler,
    WaveformStandardizer,
    time_statistics,
)
from skspec.exceptions import AudioReadError, InputError, InputTypeError, ParameterError
from skspec.waveforms._base import gather

STEPS = [
    SilenceTrimmer(sr=8000, frame_length=64, hop_length=32),
    SilenceTrimmer(sr=8000, frame_length=64, hop_length=32, remove="all"),
    FixedLength(sr=8000, pad="wrap"),
    FixedLength(0.05, sr=8000, pad="reflect", crop="center"),
    TimeResampler(500, sr=8000),
    WaveformStandardizer(sr=8000),
]
every_step = pytest.mark.parametrize("step", STEPS, ids=repr)


def clip_with_gaps(n, seed=0):
    rng = np.random.default_rng([n, seed])
    gaps = np.repeat(rng.random(1 + n // 100) < 0.5, 100)[:n]
    return np.where(gaps, 0, rng.uniform(-0.5, 0.5, n)).astype(np.float32)


RAGGED = [clip_with_gaps(n) for n in (700, 1, 33, 1000, 512, 64, 1000)]
TABLE = np.stack([clip_with_gaps(600, seed) for seed in range(5)])


def assert_same(a, b):
    """Compare batches of waveforms, tables or not, bit by bit."""
    assert len(a) == len(b)
    for left, right in zip(a, b, strict=True):
        assert left.dtype == right.dtype == np.float32
        assert_array_equal(left, right)


@pytest.fixture
def paths(tmp_path):
    names = [tmp_path / f"{i}.wav" for i in range(len(RAGGED))]
    for name, clip in zip(names, RAGGED, strict=True):
        soundfile.write(name, clip, 8000, subtype="FLOAT")
    return names


@every_step
def test_all_forms_of_a_ragged_batch_give_the_same_bits(step, paths):
    objects = np.empty(len(RAGGED), object)
    objects[:] = RAGGED
    expected = clone(step).fit_transform(RAGGED)
    forms = [tuple(RAGGED), objects, pd.Series(RAGGED), [c.astype(np.float64) for c in RAGGED]]
    forms += [[c.tolist() for c in RAGGED], paths, list(map(str, paths)), np.array(paths)]
    for form in forms:
        assert_same(clone(step).fit_transform(form), expected)


@every_step
def test_all_forms_of_a_table_give_the_same_bits(step):
    expected = clone(step).fit_transform(TABLE)
    for form in (list(TABLE), TABLE.astype(np.float64), np.asfortranarray(TABLE), TABLE.tolist()):
        assert_same(clone(step).fit_transform(form), expected)
    assert_same(clone(step).fit_transform(pd.DataFrame(TABLE)), expected)


@every_step
@pytest.mark.parametrize("X", [RAGGED, TABLE], ids=["ragged", "table"])
def test_equal_lengths_are_a_table_and_others_an_object_array(step, X):
    changed = clone(step).fit_transform(X)
    lengths = {len(clip) for clip in changed}
    if len(lengths) == 1:
        assert changed.dtype == np.float32
        assert changed.shape == (len(X), *lengths)
    else:
        assert changed.dtype == object
        assert changed.shape == (len(X),)
        assert all(clip.ndim == 1 and clip.dtype == np.float32 for clip in changed)
    assert step.fit(X).n_timepoints_ in (None, *lengths)


def test_both_kinds_occur_among_these_steps():
    kinds = {clone(step).fit_transform(RAGGED).ndim for step in STEPS}
    assert kinds == {1, 2}


@every_step
def test_clip_does_not_depend_on_its_batch(step):
    step = clone(step).fit(RAGGED)
    changed = step.transform(RAGGED)
    for i, clip in enumerate(RAGGED):
        assert_same(step.transform([clip]), changed[i : i + 1])
        assert_same(step.transform(clip[None, :]), changed[i : i + 1])
    order = [3, 0, 6, 2]
    assert_same(step.transform([RAGGED[i] for i in order]), [changed[i] for i in order])


@every_step
def test_clip_alone_may_be_of_any_length_after_a_table(step):
    step = clone(step).fit(TABLE)
    assert step.n_features_in_ == 600
    assert_same(step.transform(RAGGED[3][None, :]), step.transform([RAGGED[3]]))


@every_step
def test_clips_given_are_left_alone(step):
    clips = [clip.copy() for clip in RAGGED]
    for changed in clone(step).fit_transform(clips):
        changed[:] = 7
    assert_same(clips, RAGGED)


@every_step
def test_clone_and_pickle_give_the_same(step):
    fitted = clone(step).fit(RAGGED)
    expected = fitted.transform(RAGGED)
    assert_same(pickle.loads(pickle.dumps(fitted)).transform(RAGGED), expected)
    assert_same(clone(fitted).fit_transform(RAGGED), expected)


@every_step
def test_set_output_does_nothing(step):
    pipe = make_pipeline(clone(step)).set_output(transform="pandas")
    assert isinstance(pipe.fit_transform(TABLE), np.ndarray)


@every_step
def test_columns_are_those_of_the_last_fit(step):
    step = clone(step).fit(pd.DataFrame(TABLE).add_prefix("t"))
    assert step.feature_names_in_[1] == "t1"
    step.fit(RAGGED)
    assert not hasattr(step, "n_features_in_")
    assert not hasattr(step, "feature_names_in_")


@every_step
def test_files_are_decoded_at_the_rate_asked_for(step, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.repeat(TABLE[0], 2), 16_000, subtype="FLOAT")
    step = clone(step).set_params(sr=16_000).fit([path])
    assert_same(step.transform([path]), step.transform([np.repeat(TABLE[0], 2)]))


@every_step
def test_errors_name_the_clip(step, paths):
    name = type(step).__name__
    step = clone(step).fit(RAGGED)
    with pytest.raises(InputError, match=f"{name}, clip 2: NaN or infinity"):
        step.transform([*RAGGED[:2], np.full(5, np.nan)])
    with pytest.raises(InputError, match=rf"{name}: Reshape .* use X\[None, :\]"):
        step.fit(RAGGED[0])
    with pytest.raises(InputTypeError, match="clip 1: a mix of kinds"):
        step.fit(["a.wav", RAGGED[0]])
    paths[4].unlink()
    for method in (step.fit, step.transform):
        with pytest.raises(AudioReadError, match=r"clip 4, path '.*4.wav': no such file"):
            method(paths)
    with pytest.raises(ParameterError, match=f"'sr' parameter of {name}"):
        step.set_params(sr=0).fit(RAGGED)


@every_step
def test_tables_of_another_width_show_the_way(step):
    step = clone(step).fit(TABLE)
    if isinstance(step, FixedLength) and step.duration_s != "longest":
        assert step.transform(TABLE[:, :500]).shape == (5, 400)
        return
    with pytest.raises(InputError, match=r"X has 500 features, but .* 600 features .* list\(X\)"):
        step.transform(TABLE[:, :500])
    assert len(step.transform(list(TABLE[:, :500]))) == 5


@every_step
def test_progress_bar_only_when_asked_for(step, capsys):
    for verbose in (0, 1):
        clone(step).set_params(verbose=verbose).fit_transform(RAGGED)
        assert (type(step).__name__ in capsys.readouterr().err) == bool(verbose)


def test_gather_takes_any_order_of_lengths():
    for lengths in ([3, 3, 3], [3, 3, 4], [1, 2, 3], [4]):
        clips = [np.arange(n, dtype=np.float64) for n in lengths]
        gathered = gather(iter(clips), len(clips))
        assert gathered.ndim == (2 if len(set(lengths)) == 1 else 1)
        assert_same(gathered, [clip.astype(np.float32) for clip in clips])


def two_classes(n=24):
    """Give clips of unequal length with a low or a high tone somewhere in silence."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    clips = []
    for high in y:
        times = np.arange(rng.integers(1500, 3000)) / 8000
        tone = 0.3 * np.sin(2 * np.pi * (1500 if high else 400) * times)
        silence = [1e-5 * rng.standard_normal(rng.integers(200, 2000)) for _ in range(2)]
        clips.append(np.concatenate([silence[0], tone, silence[1]]))
    return clips, y


def chain():
    return Pipeline(
        [
            ("trim", SilenceTrimmer(sr=8000, frame_length=256, hop_length=64)),
            ("standard", WaveformStandardizer(sr=8000)),
            ("length", FixedLength(sr=8000, pad="wrap")),
            ("mel", MelSpectrogramImage(8000, n_fft=256, n_mels=16)),
            ("statistics", FunctionTransformer(time_statistics)),
            ("svm", SVC()),
        ]
    )


@pytest.mark.parametrize("form", ["ragged", "paths"])
def test_chain_in_a_search(form, tmp_path):
    X, y = two_classes()
    if form == "paths":
        names = [tmp_path / f"{i}.wav" for i in range(len(X))]
        for name, clip in zip(names, X, strict=True):
            soundfile.write(name, clip, 8000)
        X = names
    grid = {
        "trim__remove": ["ends", "all"],
        "length": [FixedLength(sr=8000), FixedLength(0.2, sr=8000), TimeResampler(2000, sr=8000)],
    }
    search = GridSearchCV(chain(), grid, cv=3, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.9
    assert len(search.predict(X[:1])) == 1


def test_chain_gives_a_clip_the_same_image_alone_and_in_a_batch():
    X, y = two_classes()
    images = chain().fit(X, y)[:4]
    together = images.transform(X)
    for i in (0, 7, 23):
        assert_array_equal(images.transform([X[i]])[0], together[i])
