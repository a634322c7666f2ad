"""Splits: the shares asked for, every row once, no speaker on two sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from skspec.exceptions import InputError, ParameterError
from skspec.recipes._recipe import Recipe
from skspec.recipes._splits import random_parts, speaker_parts

SHARES = {"train": 0.8, "validation": 0.16, "test": 0.04}


def dataset(n_clips=1000, n_speakers=50, n_classes=2):
    """Give labels and speakers of clips; every speaker has clips of all classes."""
    rows = np.arange(n_clips)
    y = np.array([f"class {row % n_classes}" for row in rows])
    return Bunch(y=y, groups=np.array([f"speaker {row // n_classes % n_speakers}" for row in rows]))


def check_partition(parts, n_clips):
    together = np.concatenate(list(parts.values()))
    assert sorted(together) == list(range(n_clips))
    assert all((np.diff(rows) > 0).all() for rows in parts.values())


def test_random_parts_have_their_shares():
    parts = random_parts(dataset(), SHARES, 0)
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 800,
        "validation": 160,
        "test": 40,
    }
    check_partition(parts, 1000)


def test_stratified_parts_divide_every_class():
    data = dataset(n_classes=4)
    for rows in random_parts(data, SHARES, 0).values():
        _, counts = np.unique(data.y[rows], return_counts=True)
        assert len(counts) == 4
        assert np.ptp(counts) <= 1


@settings(max_examples=30)
@given(st.integers(1, 60), st.lists(st.floats(0.05, 1), min_size=1, max_size=4), st.integers(0, 9))
def test_any_shares_of_any_number_of_clips(n_clips, weights, seed):
    shares = {f"part {i}": weight / sum(weights) for i, weight in enumerate(weights)}
    parts = random_parts(dataset(n_clips), shares, seed)
    check_partition(parts, n_clips)
    for name, share in shares.items():
        assert abs(len(parts[name]) - share * n_clips) <= len(shares) - 1 + 1e-9


@pytest.mark.parametrize("split", [random_parts, speaker_parts])
def test_the_seed_decides(split):
    one, again, other = (split(dataset(), SHARES, seed)["train"] for seed in (0, 0, 1))
    assert one.tolist() == again.tolist()
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_no_speaker_is_on_two_sides(seed):
    data = dataset()
    parts = speaker_parts(data, SHARES, seed)
    check_partition(parts, 1000)
    speakers = [set(data.groups[rows]) for rows in parts.values()]
    assert [len(names) for names in speakers] == [40, 8, 2]
    assert sum(map(len, speakers)) == len(set.union(*speakers))


@pytest.mark.parametrize(("n_speakers", "sizes"), [(3, [1, 1, 1]), (6, [4, 1, 1]), (12, [9, 2, 1])])
def test_every_part_has_a_speaker(n_speakers, sizes):
    data = dataset(n_speakers=n_speakers)
    parts = speaker_parts(data, SHARES, 0)
    assert [len(set(data.groups[rows])) for rows in parts.values()] == sizes


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(5))
def test_classes_of_few_speakers_are_found_a_place_in_every_part(seed):
    # Of twenty speakers three have the class "rare": one order in twenty-three parts them.
    who = np.repeat(np.arange(20), 6)
    y = np.where((who < 3) & (np.arange(120) % 6 == 0), "rare", "common")
    data = Bunch(y=y, groups=who)
    for rows in speaker_parts(data, SHARES, seed).values():
        assert set(y[rows]) == {"rare", "common"}


def test_a_class_that_a_part_must_lack_is_named():
    data = Bunch(y=np.array(["a", "a", "b"]), groups=np.array([1, 2, 3]))
    shares = {"train": 0.5, "test": 0.5}
    recipe = Recipe(DummyClassifier, grid=dict, shares=shares, reported=pd.DataFrame())
    with pytest.warns(
        UserWarning, match=r"'(train|test)' has no '[ab]'. Another random_state"
    ) as warned:
        parts = recipe.split(data, 0, by="speakers")
    check_partition(parts, 3)
    assert [warning.filename for warning in warned] == [__file__]


def test_speakers_are_needed():
    for data in (Bunch(y=np.array(["a", "b"]), groups=None), Bunch(y=np.array(["a", "b"]))):
        with pytest.raises(
            InputError, match=r"groups=None.*Set dataset.groups, or take by='paper'"
        ):
            speaker_parts(data, SHARES, 0)


@pytest.mark.parametrize("missing", [None, np.nan])
def test_every_speaker_must_be_known(missing):
    groups = np.array(["ann", missing, "bob", missing], dtype=object)
    data = Bunch(y=np.array(["a", "b"] * 2), groups=groups)
    with pytest.raises(InputError, match="groups=None for 2 clips, the first of them is clip 1"):
        speaker_parts(data, SHARES, 0)


def test_there_must_be_a_speaker_for_each_part():
    data = dataset(n_speakers=2)
    with pytest.raises(InputError, match=r"2 speakers, but expected at least 3.*'validation'"):
        speaker_parts(data, SHARES, 0)


@pytest.mark.parametrize("shares", [{}, {"train": 0.5}, {"train": 1.2, "test": -0.2}])
@pytest.mark.parametrize("split", [random_parts, speaker_parts])
def test_shares_that_are_none(split, shares):
    with pytest.raises(ParameterError, match="expected numbers > 0 of sum 1"):
        split(dataset(), shares, 0)
