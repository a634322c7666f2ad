"""Groups and copies on both sides of a split."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest

from skspec.evaluation import find_leaks
from skspec.evaluation._leaks import warn_of_leaks
from skspec.exceptions import LeakageWarning

SPLITS = [([0, 1, 2], [3, 4, 5]), ([3, 4, 5], [0, 1, 2])]


@pytest.fixture
def paths(tmp_path):
    """Give six files: 1 and 4 have the same bytes, 0 and 3 only the same size."""
    contents = [b"aaaa", b"same", b"bb", b"cccc", b"same", b"ddddddd"]
    for i, content in enumerate(contents):
        (tmp_path / f"{i}.wav").write_bytes(content)
    return [str(tmp_path / f"{i}.wav") for i in range(6)]


def rows_of(leaks):
    return [tuple(row) for row in leaks.itertuples(index=False)]


def test_copies_of_files(paths):
    expected = [(0, "copy", None, (1,), (4,)), (1, "copy", None, (4,), (1,))]
    assert rows_of(find_leaks(paths, SPLITS)) == expected
    assert rows_of(find_leaks(np.array(paths), SPLITS)) == expected
    assert find_leaks(paths, [([0, 2], [3, 5]), ([1, 4], [0])]).empty
    assert find_leaks(paths, SPLITS, copies=False).empty


def test_only_files_of_equal_size_are_read(paths, monkeypatch):
    read = []
    monkeypatch.setattr("skspec.evaluation._leaks.file_sha256", lambda path: read.append(path.name))
    find_leaks(paths, SPLITS)
    assert read == ["0.wav", "1.wav", "3.wav", "4.wav"]


def test_files_that_are_not_there_are_left_out(paths):
    assert find_leaks(["gone.wav", *paths[1:]], SPLITS)["split"].tolist() == [0, 1]
    assert find_leaks(["gone.wav", "gone.wav"], [([0], [1])]).empty


@pytest.mark.parametrize("ragged", [False, True])
def test_copies_of_waveforms(ragged):
    X = list(np.random.default_rng(0).normal(size=(6, 50)))
    X[5] = X[2].copy()
    X[4] = X[1] + 1e-9
    X = [*X[:4], X[4][:-1], X[5]] if ragged else np.stack(X)
    assert rows_of(find_leaks(X, SPLITS[:1])) == [(0, "copy", None, (2,), (5,))]


def test_groups_against_a_double_loop():
    draw = np.random.default_rng(0)
    groups = draw.choice(list("abcdefgh"), 40)
    splits = [(rows[:25], rows[25:]) for rows in (draw.permutation(40) for _ in range(4))]
    expected = {
        (i, name, frozenset(train[groups[train] == name]), frozenset(test[groups[test] == name]))
        for i, (train, test) in enumerate(splits)
        for name in set(groups[train]) & set(groups[test])
    }
    leaks = find_leaks(None, splits, groups)
    found = {(i, g, frozenset(a), frozenset(b)) for i, _, g, a, b in rows_of(leaks)}
    assert found == expected
    assert len(leaks) == len(expected) > 8
    assert set(leaks["kind"]) == {"group"}


def test_warnings_name_files_group_and_split(paths):
    groups = np.array(["ann", "bob", "cid", "dan", "eve", "cid"])
    parts = [tuple(map(np.array, split)) for split in SPLITS]
    with pytest.warns(LeakageWarning) as caught:
        leaks = warn_of_leaks(paths, parts[::-1], groups, copies=True)
    assert len(leaks) == 4
    copies, kept = sorted(str(warning.message) for warning in caught)[::-1]
    assert "2 recordings on both sides" in copies
    assert "split 0" in copies
    assert f"{paths[4]!r} is in the training part and {paths[1]!r} in the test part" in copies
    assert "group 'cid': split 0" in kept
    assert f"{paths[5]!r} is in the training part and {paths[2]!r} in the test part" in kept


def test_arrays_are_named_by_row_and_good_splits_are_silent():
    X, parts = np.ones((2, 5)), [(np.array([0]), np.array([1]))]
    with pytest.warns(LeakageWarning, match="clip 0 is in the training part and clip 1 in the"):
        warn_of_leaks(X, parts, None, copies=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn_of_leaks(np.eye(2), parts, np.array([0, 1]), copies=True).empty


def test_a_leak_among_the_rows_of_a_table():
    table = pd.DataFrame(np.eye(4), columns=list("abcd"))
    parts = [(np.array([0, 1]), np.array([2, 3]))]
    with pytest.warns(LeakageWarning, match="clip 1 is in the training part and clip 2 in the"):
        warn_of_leaks(table, parts, np.array([0, 1, 1, 2]), copies=True)


def test_a_copy_beside_its_original(paths, tmp_path):
    shutil.copy(paths[5], tmp_path / "copy.wav")
    leaks = find_leaks([*paths, tmp_path / "copy.wav"], [([0, 5], [6, 3])])
    assert rows_of(leaks) == [(0, "copy", None, (5,), (6,))]
