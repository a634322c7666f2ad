"""CREMA-D: names, demographics, what else stands in its repository."""

import pytest

from skspec.datasets import load_cremad
from skspec.exceptions import InputError

DEMOGRAPHICS = (
    "ActorID,Age,Sex,Race,Ethnicity\n"
    "1001,51,Male,Caucasian,Not Hispanic\n"
    "1002,21,Female,African American,Not Hispanic\n"
)


def test_names_say_actor_sentence_emotion_and_intensity(tree):
    data = load_cremad(tree("1001_DFA_ANG_XX.wav", "1002_IEO_HAP_HI.wav", "1091_IEO_SAD_LO.wav"))
    assert data.y.tolist() == ["angry", "happy", "sad"]
    assert data.groups.tolist() == ["1001", "1002", "1091"]
    assert data.metadata["sentence"].tolist() == ["DFA", "IEO", "IEO"]
    assert data.metadata["intensity"].tolist() == ["unspecified", "high", "low"]
    assert data.metadata["code"].tolist() == ["ANG", "HAP", "SAD"]
    assert "gender" not in data.metadata


@pytest.mark.parametrize("below", ["", "AudioWAV"])
def test_demographics_are_joined_from_the_folder_or_the_one_above(tree, below):
    folder = tree("AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_HAP_HI.wav")
    (folder / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    data = load_cremad(folder / below)
    assert data.metadata["gender"].tolist() == ["male", "female"]
    assert data.metadata["age"].tolist() == [51, 21]
    assert data.metadata["race"].tolist() == ["Caucasian", "African American"]
    assert data.skipped.empty


def test_actors_without_demographics_are_kept(tree):
    folder = tree("1001_DFA_ANG_XX.wav", "1003_DFA_ANG_XX.wav")
    (folder / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    metadata = load_cremad(folder).metadata
    assert metadata["gender"].isna().tolist() == [False, True]


def test_demographics_without_a_column_are_an_error(tree):
    folder = tree("1001_DFA_ANG_XX.wav")
    (folder / "VideoDemographics.csv").write_text("ActorID,Age\n1001,51\n")
    with pytest.raises(InputError, match=r"no column \['Sex', 'Race', 'Ethnicity'\]; its columns"):
        load_cremad(folder)


def test_the_rest_of_the_repository_is_listed(tree, reasons):
    folder = tree(
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioWAV/1040_ITH_SAD_X.wav",  # published under this name
        "AudioMP3/1001_DFA_ANG_XX.mp3",
        "VideoFlash/1001_DFA_ANG_XX.flv",
        "AudioWAV/1001_DFA_JOY_XX.wav",
        "AudioWAV/1001_DFA_ANG_ZZ.wav",
        "AudioWAV/101_DFA_ANG_XX.wav",
        "README.md",
    )
    data = load_cremad(folder)
    assert data.groups.tolist() == ["1001", "1040"]
    assert reasons(data, folder) == {
        "AudioMP3/1001_DFA_ANG_XX.mp3": "its name ends in '.mp3', not in '.wav'",
        "VideoFlash/1001_DFA_ANG_XX.flv": "its name ends in '.flv', not in '.wav'",
        "AudioWAV/1001_DFA_JOY_XX.wav": "'JOY' is no emotion",
        "AudioWAV/1001_DFA_ANG_ZZ.wav": "'ZZ' is no intensity",
        "AudioWAV/101_DFA_ANG_XX.wav": "its name is not like '1001_DFA_ANG_XX.wav'",
        "README.md": "its name ends in '.md', not in '.wav'",
    }
