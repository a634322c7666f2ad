"""What a batch of waveforms is, and what is said of anything else."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from skspec._validation import check_waveforms, clip_name, holds_paths
from skspec.exceptions import AudioWarning, InputError, InputTypeError, SkspecError

CALLER = "SomeImage"


def check(X):
    return check_waveforms(X, caller=CALLER)


def noise(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_array_of_floats_is_given_back_as_it_is(dtype):
    X = noise(3, 10).astype(dtype)
    assert check(X) is X


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float16, np.float32), (np.int16, np.float64), (bool, np.float64), (object, np.float64)],
)
def test_other_numbers_become_floats_of_the_same_value(dtype, expected):
    X = np.array([[0, 1, 1], [1, 0, 0]], dtype)
    checked = check(X)
    assert checked.dtype == expected
    assert_array_equal(checked, X.astype(float))


@pytest.mark.parametrize("form", [np.ndarray.tolist, pd.DataFrame, lambda X: tuple(X.tolist())])
def test_tables_of_numbers_become_arrays(form):
    X = noise(3, 10)
    assert_array_equal(check(form(X)), X)


def test_sequences_of_arrays_become_lists_of_arrays():
    clips = [noise(5), noise(8).astype(np.float32), noise(1)]
    array = np.empty(3, object)
    array[:] = clips
    for X in (clips, tuple(clips), array, pd.Series(clips), [clip.tolist() for clip in clips]):
        checked = check(X)
        assert isinstance(checked, list)
        assert not holds_paths(checked)
        for a, b in zip(checked, clips, strict=True):
            assert_array_equal(a, b)


def test_arrays_of_one_length_in_a_list_are_not_copied_together():
    clips = [noise(5), noise(5)]
    assert check(clips)[1] is clips[1]


PATHS = ["a.wav", "b c.flac"]


@pytest.mark.parametrize(
    "X",
    [
        PATHS,
        tuple(PATHS),
        np.array(PATHS),
        np.array(PATHS, object),
        pd.Series(PATHS),
        pd.Series(PATHS, dtype=object),
        pd.Series(PATHS, dtype="string"),
    ],
    ids=lambda X: type(X).__name__,
)
def test_paths_become_a_list_of_str(X):
    checked = check(X)
    assert checked == PATHS
    assert all(type(path) is str for path in checked)
    assert holds_paths(checked)


def test_path_objects_stay_and_name_clips():
    checked = check([Path("a.wav"), "b.wav"])
    assert checked == [Path("a.wav"), "b.wav"]
    assert clip_name(CALLER, 0, checked) == "SomeImage, clip 0 (path 'a.wav')"
    assert clip_name(CALLER, 1, noise(2, 3)) == "SomeImage, clip 1"


def with_sample(value, *, clip=1):
    X = noise(3, 10)
    X[clip, 4] = value
    return X


BAD_VALUES = [
    ([], "SomeImage: X holds no clips, expected at least 1"),
    (np.empty((0, 10)), r"X holds no clips \(shape=\(0, 10\)\)"),
    (np.empty((3, 0)), r"clip 0: 0 samples. X has 0 feature\(s\) \(shape=\(3, 0\)\) while a min"),
    ([noise(4), noise(0)], "SomeImage, clip 1: 0 samples, expected at least 1"),
    (noise(44), r"X has shape \(44,\), expected \(n_clips, n_timepoints\); .* use X\[None, :\]"),
    ([0.1, 0.2, 0.3], r"X has shape \(3,\).*use X\[None, :\]"),
    ([np.float32(0.1), 0.2], r"X has shape \(2,\).*use X\[None, :\]"),
    (np.array(0.5), r"X has shape \(\), expected \(n_clips, n_timepoints\)"),
    (noise(2, 3, 4), r"X has shape \(2, 3, 4\), expected \(n_clips, n_timepoints\)"),
    ([noise(4), noise(2, 3)], r"clip 1: has shape \(2, 3\), expected \(n_timepoints,\)"),
    (np.ones((2, 3), complex), "Complex data not supported"),
    ([noise(3), np.ones(4, complex)], "SomeImage, clip 1: Complex data not supported"),
    (with_sample(np.nan), "SomeImage, clip 1: NaN or infinity"),
    (list(with_sample(-np.inf, clip=2)), "SomeImage, clip 2: NaN or infinity"),
    (with_sample(-1e30), r"SomeImage, clip 1: its peak is 1e\+30, expected about 1"),
    ([noise(3), np.full(4, 1.5e6)], "SomeImage, clip 1: its peak is"),
    (np.round(noise(2, 50) * 3000), "clip 0: whole numbers up to 2[0-9]+, .* divide by the full"),
    (np.array([[0, 1], [0, -32768]], np.int16), "clip 1: whole numbers up to 32768"),
]


@pytest.mark.parametrize(("X", "message"), BAD_VALUES)
def test_bad_values_name_the_clip(X, message):
    with pytest.raises(InputError, match=message) as caught:
        check(X)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, SkspecError)


BAD_KINDS = [
    (csr_array(np.eye(3)), "SomeImage: X is sparse"),
    ("a.wav", r"X is one path, 'a.wav'; for one clip use \[X\]"),
    (Path("a.wav"), r"X is one path"),
    (None, "X is a NoneType, expected an array"),
    ({"a": 1}, "X is a dict"),
    (["a.wav", noise(3)], "clip 1: a mix of kinds. Clip 0 is a str, this one a ndarray"),
    ([noise(3), noise(4), "a.wav"], "SomeImage, clip 2: a mix of kinds"),
    (pd.Series(["a.wav", None], dtype=object), "clip 1: a mix of kinds.*NoneType"),
    (np.array([["a.wav"], ["b.wav"]]), "is not a kind of number"),
    (pd.DataFrame({"path": ["a.wav"]}), "Paths are given as a 1-D array or a list|not a kind"),
    (np.array([[0.1, {}]], object), "samples must be numbers: .* argument must be a string or"),
    ([noise(3), {"b": 2}], r"clip 1"),
]


@pytest.mark.parametrize(("X", "message"), BAD_KINDS)
def test_other_kinds_are_refused(X, message):
    with pytest.raises((InputTypeError, InputError), match=message):
        check(X)


def test_high_peaks_are_warned_of_once_per_batch():
    with pytest.warns(AudioWarning, match=r"clip 1: its peak is .* \(2 clips are like that\)") as w:
        check([noise(100), noise(100) * 50.5, noise(80) * 1000.5])
    assert len(w) == 1


def test_standardised_clips_with_high_peaks_are_usual():
    clip = np.random.default_rng(0).standard_t(4, 1000)
    clip = (clip - clip.mean()) / clip.std()
    assert np.abs(clip).max() > 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(clip[None, :])
        check(np.arange(-4.0, 5.0)[None, :])
