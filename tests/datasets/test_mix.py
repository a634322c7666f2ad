"""Several datasets as one: draws, labels, groups."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils import Bunch

from skspec.datasets import load_percussion, mix
from skspec.datasets._mix import _stratified
from skspec.exceptions import InputError, ParameterError


def dataset(name, counts, *, groups=True, sr=16_000):
    """Give a dataset with so many clips of each label, two speakers in turn."""
    y = np.repeat(list(counts), list(counts.values()))
    paths = np.array([f"{name}/{number}.wav" for number in range(len(y))])
    speakers = np.array([f"{number % 2:02d}" for number in range(len(y))])
    return Bunch(
        paths=paths,
        y=y,
        groups=speakers if groups else None,
        metadata=pd.DataFrame({"speaker": speakers, name: range(len(y))}),
        skipped=pd.DataFrame([(f"{name}/x", "hidden")], columns=["path", "reason"]),
        sr=sr,
        description=f"about {name}",
    )


@pytest.fixture
def sets():
    return {
        "one": dataset("one", {"happy": 30, "sad": 10}),
        "two": dataset("two", {"happy": 3, "sad": 3}),
    }


def test_so_many_of_each_set_with_the_shares_of_its_labels(sets):
    data = mix(sets, samples_per_set=8, random_state=0)
    assert data.metadata["dataset"].value_counts().to_dict() == {"one": 8, "two": 6}
    ones = data.metadata["dataset"] == "one"
    assert sorted(data.y[ones].tolist()) == ["happy"] * 6 + ["sad"] * 2
    assert len(set(data.paths)) == 14
    assert data.sr == 16_000
    assert "about one" in data.description
    assert "about two" in data.description


def test_rows_stay_together(sets):
    data = mix(sets, samples_per_set=8, random_state=0)
    for path, label, group, (_, row) in zip(
        data.paths, data.y, data.groups, data.metadata.iterrows(), strict=True
    ):
        name, number = path.removesuffix(".wav").split("/")
        source = sets[name]
        assert row["dataset"] == name
        assert row[name] == int(number)
        assert label == row["original_label"] == source.y[int(number)]
        assert group == f"{name}/{source.groups[int(number)]}"


def test_speakers_of_two_sets_differ_though_they_have_one_name(sets):
    assert set(mix(sets).groups) == {"one/00", "one/01", "two/00", "two/01"}


def test_every_clip_is_used_or_listed(sets):
    data = mix(sets, samples_per_set=8, label_map={"sad": None}, random_state=0)
    everything = [*sets["one"].paths, *sets["two"].paths, "one/x", "two/x"]
    assert sorted([*data.paths, *data.skipped["path"]]) == sorted(everything)
    assert data.skipped["reason"].value_counts().to_dict() == {
        "not among the 8 that were drawn": 22,
        "label_map leaves out 'sad'": 13,
        "hidden": 2,
    }


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        (None, {"one": 40, "two": 6}),
        (1, {"one": 1, "two": 1}),
        ({"one": 5}, {"one": 5, "two": 6}),
        ({"one": None, "two": 2}, {"one": 40, "two": 2}),
    ],
)
def test_sizes(sets, sizes, expected):
    data = mix(sets, samples_per_set=sizes, random_state=0)
    assert data.metadata["dataset"].value_counts().to_dict() == expected


def test_the_default_is_256(sets):
    sets["many"] = dataset("many", {"happy": 200, "sad": 200})
    counts = mix(sets).metadata["dataset"].value_counts()
    assert counts.to_dict() == {"many": 256, "one": 40, "two": 6}


def test_labels_are_mapped_for_all_or_by_set(sets):
    both = mix(sets, label_map={"happy": "joy"})
    assert set(both.y) == {"joy", "sad"}
    assert set(both.metadata["original_label"]) == {"happy", "sad"}
    one = mix(sets, label_map={"one": {"happy": "joy", "sad": None}})
    ones = one.metadata["dataset"] == "one"
    assert set(one.y[ones]) == {"joy"}
    assert set(one.y[~ones]) == {"happy", "sad"}


def test_labels_that_become_one_are_drawn_as_one(sets):
    """The shares are those after the map: nothing is drawn for what is left out."""
    data = mix(sets, samples_per_set={"one": 9}, label_map={"one": {"sad": None}}, random_state=0)
    assert (data.metadata["dataset"] == "one").sum() == 9


def test_the_draw_is_that_of_the_seed_whatever_stands_beside(sets):
    def drawn(datasets, seed):
        data = mix(datasets, samples_per_set=8, random_state=seed)
        return data.paths[data.metadata["dataset"] == "one"].tolist()

    alone, behind = {"one": sets["one"]}, {"two": sets["two"], "one": sets["one"]}
    assert drawn(sets, 0) == drawn(alone, 0) == drawn(behind, 0)
    assert drawn(sets, 1) != drawn(sets, 0)
    assert drawn(sets, np.random.default_rng(0)) == drawn(sets, np.random.default_rng(0))


def test_a_set_without_groups_is_one_group(sets):
    sets["three"] = dataset("three", {"happy": 4}, groups=False)
    data = mix(sets)
    assert set(data.groups[data.metadata["dataset"] == "three"]) == {"three"}
    assert mix({"three": sets["three"]}).groups is None


def test_different_rates_are_none(sets):
    sets["two"].sr = 8000
    assert mix(sets).sr is None


def test_a_mix_can_be_mixed(sets):
    again = mix({"all": mix(sets), "drums": load_percussion()})
    assert set(again.metadata["dataset"]) == {"all", "drums"}
    assert list(again.metadata).count("dataset") == 1
    assert "all/one/00" in again.groups


@settings(max_examples=30)
@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    size=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_stratified_shares_are_off_by_less_than_one_clip(counts, size, seed):
    y = np.repeat([f"label {k}" for k in range(len(counts))], counts)
    rows = _stratified(y, size, np.random.default_rng(seed))
    assert len(rows) == min(size, len(y))
    assert np.all(np.diff(rows) > 0)
    shares = np.array(counts) * len(rows) / len(y)
    drawn = [np.sum(y[rows] == f"label {k}") for k in range(len(counts))]
    assert np.all(np.abs(drawn - shares) < 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"random_state": -1}, "Got random_state=-1, but expected an integer >= 0"),
        ({"samples_per_set": 0}, "Got samples_per_set=0, but expected an integer > 0"),
        ({"samples_per_set": {"one": 2.5}}, r"Got samples_per_set=2\.5, but expected"),
        ({"samples_per_set": {"won": 2}}, r"samples_per_set for \['won'\], .* \['one', 'two'\]"),
        ({"label_map": {"won": {}}}, r"label_map for \['won'\], but the datasets are"),
        ({"label_map": {"one": {}, "sad": None}}, "label -> label, or name -> dict, not both"),
    ],
)
def test_parameters_that_cannot_be(sets, parameters, message):
    with pytest.raises(ParameterError, match=message):
        mix(sets, **parameters)


def test_nothing_left_is_an_error(sets):
    with pytest.raises(
        InputError, match=r"No clip of \['one', 'two'\] is left\. Not used: .*'happy'"
    ):
        mix(sets, label_map={"happy": None, "sad": None})
    with pytest.raises(InputError, match="Got no datasets to mix"):
        mix({})
