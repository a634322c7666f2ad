"""TESS: folders, flat, the misnamed file."""

import numpy as np

from skspec.datasets import load_tess

WORDS = ("back", "bar", "base")
CODES = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprised",
    "sad": "sad",
}


def test_all_words_of_both_speakers_in_all_emotions(tree):
    names = [(s, word, code) for s in ("OAF", "YAF") for word in WORDS for code in CODES]
    flat = load_tess(tree(*("_".join(name) + ".wav" for name in names), folder="flat"))
    in_folders = load_tess(
        tree(*(f"{s}_{c}/{s}_{word}_{c}.wav" for s, word, c in names), folder="folders")
    )
    for data in (flat, in_folders):
        assert len(data.paths) == 2 * 3 * 7
        assert np.unique(data.groups).tolist() == ["OAF", "YAF"]
        assert set(data.metadata["word"]) == set(WORDS)
        assert data.y.tolist() == [CODES[code] for code in data.metadata["code"]]
        ages = data.metadata.groupby("speaker")["age"].unique()
        assert {speaker: age.tolist() for speaker, age in ages.items()} == {
            "OAF": [64],
            "YAF": [26],
        }


def test_the_misnamed_file_is_by_the_older_speaker(tree):
    data = load_tess(tree("OAF_neutral/OA_bite_neutral.wav"))
    assert data.groups.tolist() == ["OAF"]
    assert data.metadata["word"].tolist() == ["bite"]


def test_names_of_folders_do_not_matter(tree):
    data = load_tess(tree("OAF_Pleasant_surprise/OAF_dog_ps.wav", "YAF_whatever/YAF_dog_SAD.wav"))
    assert data.y.tolist() == ["surprised", "sad"]


def test_odd_names_are_listed(tree, reasons):
    folder = tree("OAF_back_angry.wav", "OAF_back_bored.wav", "MAF_back_sad.wav", "OAF_back.wav")
    assert reasons(load_tess(folder), folder) == {
        "MAF_back_sad.wav": "its name is not like 'OAF_back_angry.wav'",
        "OAF_back.wav": "its name is not like 'OAF_back_angry.wav'",
        "OAF_back_bored.wav": "'bored' is no emotion",
    }
