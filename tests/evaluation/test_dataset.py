"""What a dataset may be, and what `cv` stands for."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import Bunch

from skspec import evaluate
from skspec.evaluation._dataset import make_splits, unpack_dataset
from skspec.exceptions import GroupsWarning, InputError, InputTypeError, ParameterError

Y = np.tile(["cat", "dog"], 15)
GROUPS = np.repeat([f"speaker {i}" for i in range(10)], 3)
PATHS = np.array([f"{i}.wav" for i in range(30)])


TABLE = pd.DataFrame({"path": PATHS, "label": Y, "who": GROUPS}, index=np.arange(30)[::-1])


@pytest.mark.parametrize(
    "dataset",
    [
        (PATHS, Y, GROUPS),
        Bunch(paths=PATHS, y=Y, groups=GROUPS),
        (TABLE["path"], TABLE["label"], TABLE["who"]),
    ],
)
def test_forms_of_a_dataset(dataset):
    clips = unpack_dataset(dataset)
    assert_array_equal(clips.X, PATHS)
    part = clips.take(np.array([3, 1]))
    assert [list(column) for column in part] == [
        ["3.wav", "1.wav"],
        ["dog", "dog"],
        ["speaker 1", "speaker 0"],
    ]


@pytest.mark.parametrize(
    "dataset",
    [(PATHS, Y), (list(PATHS), list(Y), None), Bunch(paths=PATHS, y=Y), (PATHS, Y, [None] * 30)],
)
def test_groups_that_are_not_known(dataset):
    clips = unpack_dataset(dataset)
    assert clips.groups is None
    assert clips.take(np.array([0])).groups is None


def test_a_clip_without_a_group_is_a_group_of_its_own():
    groups = [None, "ann", None, *["ann"] * 27]
    with pytest.warns(GroupsWarning, match="2 clips have no group, the first of them is clip 0"):
        clips = unpack_dataset((PATHS, Y, groups))
    assert clips.groups[:4].tolist() == ["clip 0", "ann", "clip 2", "ann"]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (np.array([0.0, 1.0, np.nan]), ["0.0", "1.0", "clip 2"]),
        ([0, 1, None], ["0", "1", "clip 2"]),
        (pd.Series(["a", "b", None], dtype="string"), ["a", "b", "clip 2"]),
    ],
)
def test_groups_of_any_kind_may_be_unknown_for_some(groups, expected):
    with pytest.warns(GroupsWarning, match="1 clips have no group"):
        clips = unpack_dataset((PATHS[:3], Y[:3], groups))
    assert clips.groups.tolist() == expected
    assert sorted(np.unique(clips.groups)) == expected


@pytest.mark.parametrize(
    ("dataset", "error", "message"),
    [
        (PATHS, InputTypeError, r"is a ndarray, expected a Bunch .* or a tuple \(X, y\)"),
        ((PATHS,), InputTypeError, "is a tuple"),
        ((PATHS, Y[:29]), InputError, "There are 30 clips, but y has 29 entries"),
        ((PATHS, Y, GROUPS[:3]), InputError, "There are 30 clips, but groups has 3 entries"),
    ],
)
def test_what_is_no_dataset(dataset, error, message):
    with pytest.raises(error, match=message):
        unpack_dataset(dataset)


@pytest.mark.parametrize(("cv", "n"), [(None, 5), (3, 3)])
def test_folds_keep_groups_together(cv, n):
    splits = make_splits(cv, unpack_dataset((PATHS, Y, GROUPS)), 0)
    folds = StratifiedGroupKFold(n, shuffle=True, random_state=0).split(PATHS, Y, GROUPS)
    for split, expected in zip(splits, folds, strict=True):
        for rows, same in zip(split, expected, strict=True):
            assert_array_equal(rows, same)


def test_folds_without_groups_come_with_a_warning():
    with pytest.warns(GroupsWarning, match="has no groups: clips of one speaker"):
        splits = make_splits(None, unpack_dataset((PATHS, Y)), 3)
    folds = StratifiedKFold(5, shuffle=True, random_state=3).split(PATHS, Y)
    for (_, test), (_, expected) in zip(splits, folds, strict=True):
        assert_array_equal(test, expected)


def test_classes_that_are_tested_and_not_learned_come_with_one_warning():
    labels = np.array(["cat", "dog", "owl", "cat"])
    splits = [([0, 1], [2, 3]), ([0, 1, 2], [3]), ([2], [0, 1])]
    with pytest.warns(GroupsWarning) as caught:
        evaluate(DummyClassifier(), (np.eye(4), labels), splits)
    (warning,) = caught
    told = "['owl'] in split 0, ['cat', 'dog'] in split 2; they count as wrong"
    assert told in str(warning.message)
    assert warning.filename == __file__


def test_splitters_and_ready_splits(recwarn):
    clips = unpack_dataset((PATHS, Y, GROUPS))
    assert len(make_splits(LeaveOneGroupOut(), clips, 0)) == 10
    ((train, test),) = make_splits(iter([([0, 1], [2])]), unpack_dataset((PATHS, Y)), 0)
    assert (train.tolist(), test.tolist()) == ([0, 1], [2])
    assert len(recwarn) == 0


@pytest.mark.parametrize(
    ("cv", "error", "message"),
    [
        ("five", ParameterError, "Got cv='five', but expected None, the number of folds"),
        (0.5, ParameterError, "Got cv=0.5"),
        ([], InputError, "There are no splits; a generator of them can be used only once"),
        ([([0], [1]), ([], [2])], InputError, "Split 1 has a part without clips"),
    ],
)
def test_what_is_no_split(cv, error, message):
    with pytest.raises(error, match=message):
        make_splits(cv, unpack_dataset((PATHS, Y, GROUPS)), 0)
