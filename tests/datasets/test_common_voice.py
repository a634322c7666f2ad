"""Common Voice: both kinds of release, votes, labels."""

import csv
import re

import pandas as pd
import pytest

from skspec.datasets import load_common_voice
from skspec.exceptions import GroupsWarning, InputError, ParameterError

COLUMNS = ["client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accents"]
TRAIN = [
    ("ann", "c1.mp3", 'He said "go', 2, 0, "twenties", "female_feminine", "England English"),
    ("bob", "c2.mp3", "Yes", 9, 1, "thirties", "male_masculine", ""),
    ("bob", "c3.mp3", "No", 3, 0, "thirties", "male_masculine", ""),
    ("eve", "c4.mp3", "Why", 5, 0, "", "", "India"),
]
TEST = [
    ("cat", "c5.mp3", "So", 7, 0, "teens", "female", "England English"),
    ("dan", "c6.mp3", "It's", 3, 0, "sixties", "male", ""),
    ("fay", "c7.mp3", "Oh", 8, 0, "fifties", "non-binary", ""),
]


def write_newer(folder, **parts):
    for part, rows in parts.items():
        pd.DataFrame(rows, columns=COLUMNS).to_csv(
            folder / f"{part}.tsv", sep="\t", index=False, quoting=csv.QUOTE_NONE
        )


@pytest.fixture
def newer(tree):
    folder = tree(*(f"clips/{row[1]}" for row in TRAIN + TEST))
    write_newer(folder, train=TRAIN[:3], dev=TRAIN[3:], test=TEST)
    return folder


@pytest.fixture
def older(tree):
    """The release of 2017, whose parts number their clips alike."""
    columns = ["filename", "text", "up_votes", "down_votes", "age", "gender", "accent", "duration"]
    parts = {"train": ("male", 1), "dev": ("female", 4), "test": ("male", 2)}
    folder = tree(*(f"cv-valid-{part}/sample-000000.mp3" for part in parts))
    for part, (gender, votes) in parts.items():
        row = (f"cv-valid-{part}/sample-000000.mp3", "so, it is", votes, 0, "", gender, "us", "")
        table = pd.DataFrame([row], columns=columns)
        table.to_csv(folder / f"cv-valid-{part}.csv", index=False)
    return folder


def clips(data):
    return [path[-6:] for path in data.paths]


def test_genders_of_all_releases_are_female_and_male(newer, reasons):
    data = load_common_voice(newer)
    assert clips(data) == ["c1.mp3", "c2.mp3", "c3.mp3", "c5.mp3", "c6.mp3"]
    assert data.y.tolist() == ["female", "male", "male", "female", "male"]
    assert data.groups.tolist() == ["ann", "bob", "bob", "cat", "dan"]
    assert data.metadata["part"].tolist() == ["train", "train", "train", "test", "test"]
    assert data.metadata["sentence"][0] == 'He said "go'
    assert reasons(data, newer) == {
        "clips/c4.mp3": "its row has no gender",
        "clips/c7.mp3": "its gender is not one of ['female', 'male']",
    }


def test_the_most_voted_are_taken_equally_many_of_each_label(newer, reasons):
    data = load_common_voice(newer, n_files=2)
    assert clips(data) == ["c2.mp3", "c5.mp3"]
    assert reasons(data, newer)["clips/c1.mp3"] == (
        "not among the 1 with the most up-votes of its label"
    )
    assert clips(load_common_voice(newer, n_files=3)) == clips(data)
    # Of equal votes the first in the tables; and no more than the rarest label has.
    assert clips(load_common_voice(newer, n_files=4)) == ["c1.mp3", "c2.mp3", "c3.mp3", "c5.mp3"]
    assert clips(load_common_voice(newer, n_files=2000)) == clips(
        load_common_voice(newer, n_files=4)
    )


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("age", ["twenties", "thirties", "thirties", "teens", "sixties", "fifties"]),
        ("accent", ["England English", "India", "England English"]),
    ],
)
def test_other_labels(newer, label, expected):
    assert load_common_voice(newer, label=label).y.tolist() == expected


def test_labels_may_be_chosen(newer):
    data = load_common_voice(newer, labels=["male", "non-binary"])
    assert data.y.tolist() == ["male", "male", "male", "non-binary"]
    data = load_common_voice(newer, label="age", labels=["teens", "fifties"], n_files=2)
    assert data.y.tolist() == ["teens", "fifties"]


def test_parts_are_joined_and_a_clip_of_two_parts_is_taken_once(newer):
    write_newer(newer, validated=TRAIN + TEST)
    assert len(load_common_voice(newer, parts=["test"]).paths) == 2
    data = load_common_voice(newer, parts=["train", "validated"])
    assert len(data.paths) == 5
    assert data.skipped["reason"].tolist().count("in an earlier row as well") >= 3


def test_missing_and_unnamed_files_are_listed(newer, reasons):
    (newer / "clips" / "c1.mp3").unlink()
    (newer / "clips" / "c9.mp3").touch()
    found = reasons(load_common_voice(newer), newer)
    assert found["clips/c1.mp3"] == "no such file"
    assert found["clips/c9.mp3"] == "in no row of the tables"
    assert not any(name.endswith(".tsv") for name in found)
    write_newer(newer, other=TRAIN)
    found = reasons(load_common_voice(newer), newer)
    assert found["other.tsv"] == "in no row of the tables"


def test_the_first_release_has_no_speakers_and_warns(older):
    with pytest.warns(GroupsWarning, match="does not tell who speaks, so groups is None"):
        data = load_common_voice(older)
    assert data.groups is None
    assert data.y.tolist() == ["male", "female", "male"]
    assert data.metadata["part"].tolist() == ["train", "dev", "test"]
    assert len(set(data.paths)) == 3
    with pytest.warns(GroupsWarning):
        assert load_common_voice(older, n_files=2).metadata["up_votes"].tolist() == [4, 2]


def test_the_first_release_with_doubled_folders(older):
    for part in ("train", "dev", "test"):
        inner = older / f"cv-valid-{part}" / f"cv-valid-{part}"
        inner.mkdir()
        (older / f"cv-valid-{part}" / "sample-000000.mp3").rename(inner / "sample-000000.mp3")
    with pytest.warns(GroupsWarning):
        data = load_common_voice(older)
    assert len(data.paths) == 3
    assert data.skipped.empty


def test_a_missing_table_is_an_error_that_shows_those_there(newer):
    with pytest.raises(
        InputError, match=r"no 'other\.tsv' or 'cv-valid-other\.csv' .* \['dev\.tsv', 'test\.tsv'"
    ):
        load_common_voice(newer, parts=["other"])


def test_a_missing_column_is_an_error(newer):
    table = pd.DataFrame({"client_id": ["a"], "path": ["c1.mp3"], "gender": ["male"]})
    table.to_csv(newer / "train.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r"train\.tsv' has no column \['up_votes'\]"):
        load_common_voice(newer)


def test_no_clip_of_a_label_is_an_error(newer):
    with pytest.raises(InputError, match=r"expected clips whose gender is one of \['other'\]"):
        load_common_voice(newer, labels=["other"])
    with pytest.raises(InputError, match=r"expected as many as 2 labels, .* there are {'male': 3}"):
        load_common_voice(newer, labels=["other", "male"], n_files=2)
    with pytest.raises(InputError, match="Got n_files=1, but expected as many as 2 labels"):
        load_common_voice(newer, n_files=1)


def test_names_of_the_first_release_with_hashes_have_no_ending(newer):
    rows = [(client, name.removesuffix(".mp3"), *rest) for client, name, *rest in TRAIN]
    write_newer(newer, train=rows)
    assert clips(load_common_voice(newer, parts=["train"])) == ["c1.mp3", "c2.mp3", "c3.mp3"]


@pytest.mark.parametrize("parameters", [{"parts": "train"}, {"parts": []}, {"labels": "male"}])
def test_parts_and_labels_are_lists(newer, parameters):
    ((name, value),) = parameters.items()
    with pytest.raises(ParameterError, match=re.escape(f"Got {name}={value!r}, but expected a li")):
        load_common_voice(newer, **parameters)


@pytest.mark.parametrize("n_files", [0, -1, 2.0, "all"])
def test_n_files_is_a_positive_integer(newer, n_files):
    with pytest.raises(ParameterError, match=f"Got n_files={n_files!r}, but expected an integer"):
        load_common_voice(newer, n_files=n_files)
