"""The file is whole or not there, the card is in it, other versions are warned of."""

import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import skspec
from skspec import ModelCard
from skspec.exceptions import ModelFileError, ModelFileWarning, ParameterError, SkspecError
from skspec.persistence._contents import LIMITS

X = np.random.default_rng(0).normal(size=(20, 3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skspec"


class TestWriting:
    def test_a_full_disk_is_loud_and_leaves_the_old_file(self, path, monkeypatch):
        skspec.save(StandardScaler(), path)
        before = path.read_bytes()

        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            skspec.save(StandardScaler().fit(X), path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            skspec.save(StandardScaler(), tmp_path / "no" / "model.skspec")

    @pytest.mark.parametrize("thing", [{"a": 1}, StandardScaler, None])
    def test_only_estimators(self, thing, path):
        with pytest.raises(ParameterError, match="Got estimator="):
            skspec.save(thing, path)

    def test_the_same_estimator_is_the_same_bytes_but_for_the_date(self, path):
        found = []
        for _ in range(2):
            skspec.save(StandardScaler().fit(X), path)
            with zipfile.ZipFile(path) as archive:
                found.append([archive.read(n) for n in ("model.json", "arrays.safetensors")])
        assert found[0] == found[1]

    def test_what_is_too_long_for_json_says_so(self, path, monkeypatch):
        monkeypatch.setitem(LIMITS, "model.json", 1000)
        weighted = LogisticRegression(class_weight=dict.fromkeys(range(100), 1.0))
        with pytest.raises(ModelFileError, match=r"model\.json would have .* numpy arrays"):
            skspec.save(weighted, path)

    def test_an_oversized_network_says_so_when_it_is_saved(self, path, monkeypatch):
        monkeypatch.setattr("skspec.persistence._limit.WEIGHTS", 1000)
        deep = skspec.DeepFeatures("tiny", weights=None).fit(np.ones((2, 1, 16, 16)))
        deep.network_.backbone = deep.network_.backbone.blocks[0]
        with pytest.raises(ModelFileError, match="far more memory than its weights"):
            skspec.save(deep, path)


class TestCard:
    def test_all_of_it_comes_back(self, path):
        card = ModelCard(
            "Tells drums apart.",
            data={"clips": np.int64(76), "authors": ("a", "b")},
            metrics=pd.DataFrame({"metric": ["f1", "auc"], "value": [0.5, np.nan]}),
            intended_use="Tests.",
            licence="CC0-1.0",
            notes="No notes.",
        )
        skspec.save(LogisticRegression().fit(X, np.arange(20) % 2), path, card=card)
        back = skspec.read_card(path)
        assert back.description == "Tells drums apart."
        assert back.data == {"clips": 76, "authors": ["a", "b"]}
        assert back.metrics == [{"metric": "f1", "value": 0.5}, {"metric": "auc", "value": None}]
        assert back.labels == [0, 1]
        assert back.licence == "CC0-1.0"
        assert back.estimator == "LogisticRegression()"
        assert back.versions["skspec"] == skspec.__version__
        assert {"python", "numpy", "torch", "scikit-learn"} <= set(back.versions)
        assert back.date.endswith("+00:00")

    def test_a_dict_will_do_and_none_as_well(self, path):
        skspec.save(StandardScaler(), path, card={"labels": ["a"], "metrics": {"f1": 0.5}})
        assert skspec.read_card(path).labels == ["a"]
        skspec.save(StandardScaler(), path)
        assert skspec.read_card(path).labels is None

    def test_what_the_card_of_a_class_of_ones_own_has_more_is_left_out(self, path):
        card = type("OwnCard", (ModelCard,), {})("Tests.")
        card.author = "me"
        skspec.save(StandardScaler(), path, card=card)
        assert skspec.read_card(path).description == "Tests."

    def test_anyone_can_read_it(self, path):
        skspec.save(StandardScaler(), path, card={"description": "ü"})
        with zipfile.ZipFile(path) as archive:
            assert json.loads(archive.read("card.json"))["description"] == "ü"

    @pytest.mark.parametrize(
        ("card", "words"),
        [({"author": "me"}, "Got card="), (3, "Got card="), ({"data": {1}}, "Got a set at data"),
         ({"metrics": [{"f": open}]}, r"at metrics\[0\]\['f'\]")],
    )  # fmt: skip
    def test_what_a_card_cannot_hold(self, card, words, path):
        with pytest.raises(ParameterError, match=words):
            skspec.save(StandardScaler(), path, card=card)
        assert not path.exists()


class TestVersions:
    @pytest.mark.parametrize("saved", ["1.2.3", "0.9"])
    def test_another_minor_version_is_warned_of(self, saved, path, monkeypatch):
        versions = {**skspec.persistence._card.versions(), "scikit-learn": saved}
        monkeypatch.setattr("skspec.persistence._card.versions", lambda: versions)
        skspec.save(StandardScaler().fit(X), path)
        with pytest.warns(ModelFileWarning, match=f"StandardScaler was saved with .* {saved}"):
            skspec.load(path)

    @pytest.mark.filterwarnings("error")
    def test_the_same_version_or_no_scikit_learn_is_not(self, path, monkeypatch):
        skspec.save(StandardScaler().fit(X), path)
        skspec.load(path)
        monkeypatch.setattr("skspec.persistence._card.versions", dict)
        skspec.save(skspec.ZCAWhitener(), path)
        skspec.load(path)


def test_the_error_survives_a_process_boundary(path):
    error = ModelFileError(path, "it is a test")
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error) == f"path {str(path)!r}: it is a test."
    assert isinstance(back, SkspecError)
    assert isinstance(back, ValueError)
