"""Files made to do harm: each is refused for what it is, none runs code or fills the memory."""

import pickle
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from _hostile_files import HOSTILE, Canary, count_refused, doubling, forge, machine, scaler

import skspec
from skspec.exceptions import ModelFileError

SLOW = {"fifty wide layers", "a million tiny layers"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.skspec"


def test_there_are_enough():
    assert len(HOSTILE) >= 85


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in HOSTILE]
)
def test_a_hostile_file_is_refused(name, path):
    write, words = HOSTILE[name]
    write(path)
    with pytest.raises(ModelFileError, match=words) as caught:
        skspec.load(path)
    assert path.name in str(caught.value)
    assert not (path.parent / "ran").exists()


@pytest.mark.filterwarnings("ignore:SVC was saved with scikit-learn unknown")
def test_the_machine_itself_would_be_taken(path):
    forge(path, *machine())
    assert skspec.load(path).n_features_in_ == 2


@pytest.mark.filterwarnings("ignore:Pipeline was saved with scikit-learn unknown")
def test_fewer_doublings_would_be_taken(path):
    forge(path, doubling(8))
    loaded = skspec.load(path)
    assert loaded.steps[-1][1][0] is loaded.steps[-1][1][1] is loaded.steps[-2][1]


def test_the_canary_would_run(tmp_path):
    pickle.loads(pickle.dumps(Canary(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_a_hostile_card_is_refused(path):
    forge(path, scaler(), card={"__class__": "x"})
    with pytest.raises(ModelFileError, match="its card has other entries"):
        skspec.read_card(path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_hostile_file_takes_memory(tmp_path):
    counts = count_refused(tmp_path)
    assert counts["kinds"] == len(HOSTILE)
    assert (counts["not_refused"], counts["ran"]) == ({}, 0)
    assert counts["growth_mb"] < 512
