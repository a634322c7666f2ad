"""BVC: names, the table of speakers, folders by gender."""

import pandas as pd
import pytest

from skspec.datasets import load_bvc
from skspec.exceptions import InputError

NAMES = (
    "multiple_sentences/multiple_sentences/S_01_4001_VE1.wav",
    "multiple_sentences/multiple_sentences/S_01_4001_VE2.wav",
    "one_sentence/one_sentence/S_01_4003_VE.wav",
    "S_02_voice/S_02/multiple_sentences/S_02_4003_VE1.wav",
)
PEOPLE = pd.DataFrame(
    {
        "New_ID": [4001, 4003],
        "Sex": ["'Male'", "'Female'"],
        "Age": [19, 18],
        "Ethnicity": ["'Igbo'", "'Ikwerre'"],
    }
)


def check(data):
    assert data.y.tolist() == ["female", "male", "male", "female"]
    assert data.groups.tolist() == ["4003", "4001", "4001", "4003"]
    assert data.metadata["age"].tolist() == [18, 19, 19, 18]
    assert data.metadata["ethnicity"].tolist() == ["Ikwerre", "Igbo", "Igbo", "Ikwerre"]
    assert data.metadata["session"].tolist() == ["S_02", "S_01", "S_01", "S_01"]
    assert data.metadata["folder"].tolist() == ["multiple_sentences"] * 3 + ["one_sentence"]
    assert data.metadata["clip"].tolist() == ["1", "1", "2", ""]
    assert data.skipped.empty


def test_names_and_a_table_tell_everything(tree):
    check(load_bvc(tree(*NAMES), table=PEOPLE))


@pytest.mark.parametrize("separator", [",", ";"])
def test_the_table_beside_the_clips_is_found(tree, separator):
    folder = tree(*NAMES)
    PEOPLE.to_csv(folder / "BVC_Voice_Bio_Public.csv", sep=separator, index=False)
    check(load_bvc(folder))


def test_the_table_as_published(tree):
    pytest.importorskip("openpyxl")
    folder = tree(*NAMES)
    notes = PEOPLE.assign(**{"Unnamed: 4": [None, None], "Unnamed: 5": [336, "% Male subjects"]})
    ending = pd.DataFrame({"New_ID": [None], "Unnamed: 5": ["% Actual subjects = 526"]})
    table = pd.concat([notes, ending])
    table.to_excel(folder / "BVC_Voice_Bio_Public.xlsx", sheet_name="voice_bio_data", index=False)
    check(load_bvc(folder))


def test_without_a_table_folders_tell_the_gender(tree, reasons):
    folder = tree(
        "Male/one_sentence/S_01_4001_VE.wav", "female/S_01_4003_VE1.wav", "S_01_4005_VE.wav"
    )
    data = load_bvc(folder)
    assert data.y.tolist() == ["male", "female"]
    assert data.groups.tolist() == ["4001", "4003"]
    assert reasons(data, folder) == {
        "S_01_4005_VE.wav": "no folder above it tells whether speaker '4005' is female or male"
    }


def test_speakers_that_the_table_lacks_are_listed(tree, reasons):
    folder = tree(*NAMES, "one_sentence/S_01_4999_VE.wav")
    found = reasons(load_bvc(folder, table=PEOPLE), folder)
    assert found == {
        "one_sentence/S_01_4999_VE.wav": (
            "no row of the table tells whether speaker '4999' is female or male"
        )
    }


def test_a_table_without_a_column_is_an_error(tree):
    with pytest.raises(InputError, match=r"The table has no column \['Sex'\]; its columns are"):
        load_bvc(tree(*NAMES), table=PEOPLE.drop(columns="Sex"))
