"""Speaker and level of dialogues, from their names."""

import numpy as np
import pytest

NAMES = """city/cs/vit-m-hlava city/cs/vit-v-proc city/cs/vit-hs-klid city/cs/help1
    share/border/cs/a-v-b-m fdto/cs/agenti-m"""


@pytest.fixture
def dialogues(benchmark_module):
    return benchmark_module("_dialogues")


def test_load_dialogues(dialogues, tmp_path):
    root = tmp_path / "talk_1.0_all"
    for name in NAMES.split():
        path = root / dialogues.SOUNDS / f"{name}.ogg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = dialogues.load_dialogues(root)
    stems = [path.rsplit("/", 1)[1] for path in found.paths]
    assert stems == ["vit-m-hlava.ogg", "vit-v-proc.ogg", "agenti-m.ogg", "a-v-b-m.ogg"]
    np.testing.assert_array_equal(found.y, ["woman", "man", "woman", "man"])
    np.testing.assert_array_equal(found.groups, ["city", "city", "fdto", "share/border"])
    assert found.report == {
        "package": "talk_1.0_all",
        "clips": {"man": 2, "woman": 2},
        "levels": 3,
        "left_out_other_speakers": 2,
    }


def test_an_empty_folder(dialogues, tmp_path):
    with pytest.raises(SystemExit, match="No dialogue NAME-m"):
        dialogues.load_dialogues(tmp_path)
