"""SAVEE: both layouts, counts as published."""

import numpy as np

from skspec.datasets import load_savee

SPEAKERS = ("DC", "JE", "JK", "KL")
CODES = {"a": 15, "d": 15, "f": 15, "h": 15, "n": 30, "sa": 15, "su": 15}


def names(pattern):
    return [
        pattern.format(speaker=speaker, code=code, number=number)
        for speaker in SPEAKERS
        for code, count in CODES.items()
        for number in range(1, count + 1)
    ]


def test_counts_are_those_that_were_published_in_both_layouts(tree):
    folders = load_savee(
        tree(*names("AudioData/{speaker}/{code}{number:02d}.wav"), folder="published")
    )
    flat = load_savee(tree(*names("{speaker}_{code}{number:02d}.wav"), folder="flat"))
    for data in (folders, flat):
        assert len(data.paths) == 480
        assert np.unique(data.groups, return_counts=True)[1].tolist() == [120] * 4
        labels, counts = np.unique(data.y, return_counts=True)
        assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {
            "angry": 60,
            "disgust": 60,
            "fearful": 60,
            "happy": 60,
            "neutral": 120,
            "sad": 60,
            "surprised": 60,
        }
        assert set(data.metadata["gender"]) == {"male"}
    rows = ["emotion", "speaker", "code", "sentence"]
    assert set(folders.metadata[rows].itertuples(index=False)) == set(
        flat.metadata[rows].itertuples(index=False)
    )


def test_one_and_two_letters_are_told_apart(tree):
    data = load_savee(tree("DC_sa01.wav", "DC_a01.wav", "DC_su01.wav"))
    assert dict(zip(data.metadata["code"], data.y.tolist(), strict=True)) == {
        "a": "angry",
        "sa": "sad",
        "su": "surprised",
    }


def test_speakers_that_nothing_names_are_listed(tree, reasons):
    folder = tree("DC/a01.wav", "a02.wav", "XX/a03.wav", "XX_a04.wav", "DC/b01.wav", "DC/a1.wav")
    data = load_savee(folder)
    nobody = "neither its name nor its folder is one of the speakers DC, JE, JK, KL"
    unlike = "its name is not like 'DC_a01.wav'"
    assert reasons(data, folder) == {
        "a02.wav": nobody,
        "XX/a03.wav": nobody,
        "XX_a04.wav": nobody,
        "DC/b01.wav": unlike,
        "DC/a1.wav": unlike,
    }
    assert data.groups.tolist() == ["DC"]
