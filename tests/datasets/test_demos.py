"""DEMoS: names by the legend of the set, neutral and prototypical clips."""

import pytest

from skspec.datasets import load_demos

#: The set's legend of emotions.
LEGEND = {
    "col": "guilty",
    "dis": "disgust",
    "gio": "happy",
    "pau": "fearful",
    "rab": "angry",
    "sor": "surprised",
    "tri": "sad",
    "neu": "neutral",
}


def test_every_code_of_the_legend(tree):
    data = load_demos(tree(*(f"PR_f_01_{code}01.wav" for code in LEGEND)))
    assert dict(zip(data.metadata["code"], data.y.tolist(), strict=True)) == LEGEND


def test_a_name_part_by_part(tree):
    data = load_demos(tree("DEMOS/NP_m_17_pau03b.wav"))
    assert data.metadata.iloc[0].to_dict() == {
        "file": "DEMOS/NP_m_17_pau03b.wav",
        "emotion": "fearful",
        "speaker": "m_17",
        "gender": "male",
        "code": "pau",
        "selection": "NP",
        "clip": "03b",
    }


@pytest.mark.parametrize(
    ("parameters", "n_clips"),
    [
        ({}, 5),
        ({"neutral": False}, 3),
        ({"prototypical": True}, 3),
        ({"prototypical": False}, 4),
        ({"prototypical": True, "neutral": False}, 1),
    ],
)
def test_neutral_and_prototypical_clips_are_chosen_apart(tree, parameters, n_clips):
    folder = tree(
        "DEMOS/PR_f_01_col01.wav",
        "DEMOS/NP_f_01_col02.wav",
        "DEMOS/NP_m_02_gio01.wav",
        "NEU/f_01_neu01.wav",
        "NEU/NEU_m_02_neu01.wav",
    )
    data = load_demos(folder, **parameters)
    assert len(data.paths) == n_clips
    assert len(data.skipped) == 5 - n_clips
    assert data.skipped["reason"].str.contains("was asked for").all()


def test_speakers_of_one_number_and_two_genders_differ(tree):
    assert load_demos(tree("PR_f_01_col01.wav", "PR_m_01_col01.wav")).groups.tolist() == [
        "f_01",
        "m_01",
    ]


def test_odd_names_are_listed(tree, reasons):
    folder = tree("PR_f_01_col01.wav", "PR_x_01_col01.wav", "PR_f_01_zzz01.wav", "PR_f_col01.wav")
    assert reasons(load_demos(folder), folder) == {
        "PR_x_01_col01.wav": "its name is not like 'PR_f_01_col01.wav'",
        "PR_f_01_zzz01.wav": "'zzz' is no emotion",
        "PR_f_col01.wav": "its name is not like 'PR_f_01_col01.wav'",
    }
