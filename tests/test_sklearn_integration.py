"""From sound files and ragged lists to a searched, calibrated, stacked classifier."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skspec import (
    Augmenter,
    DeepFeatures,
    Head,
    MelSpectrogramImage,
    PretrainedCNNClassifier,
    Stage,
    load_percussion,
    make_voices,
)
from skspec.exceptions import AudioReadError, GroupsWarning

SMALL = {"n_fft": 512, "hop_length": 256, "n_mels": 16}


def pipeline(sr=8000, duration_s=0.3, epochs=2, **settings):
    stages = [("warmup", Stage("head", epochs=1, lr=0.01))]
    stages += [("finetune", Stage("all", epochs=epochs, lr=0.01))]
    cnn = PretrainedCNNClassifier(
        "tiny",
        **{
            "weights": None,
            "stages": stages,
            "input_size": (16, 16),
            "device": "cpu",
            "random_state": 0,
            **settings,
        },
    )
    mel = MelSpectrogramImage(sr=sr, duration_s=duration_s, **SMALL)
    return Pipeline([("mel", mel), ("aug", Augmenter(time_mask=3, random_state=0)), ("cnn", cnn)])


@pytest.fixture(scope="module")
def percussion():
    data = load_percussion()
    return data.paths, data.y, data.groups


@pytest.fixture(scope="module")
def voices():
    """Give clips of different lengths, as a list of arrays."""
    X, y, groups = make_voices(24, n_speakers=12, sr=8000, duration_s=0.4, random_state=0)
    lengths = np.random.default_rng(0).integers(2000, 3200, len(X))
    return [clip[:n] for clip, n in zip(X, lengths, strict=True)], y, groups


@pytest.fixture(scope="module", params=["paths", "ragged"])
def sounds(request):
    """Give 24 clips, as paths or as a ragged list."""
    if request.param == "ragged":
        return request.getfixturevalue("voices")
    X, y, groups = request.getfixturevalue("percussion")
    rows = np.concatenate([np.flatnonzero(y == label)[:12] for label in ("kick", "skin")])
    return list(X[rows]), y[rows], groups[rows]


class TestEvaluation:
    def test_cross_validate_on_real_sound(self, percussion):
        X, y, groups = percussion
        cv = StratifiedGroupKFold(3)
        scores = cross_validate(
            pipeline(16_000, epochs=12),
            X,
            y,
            groups=groups,
            cv=cv,
            scoring="balanced_accuracy",
            error_score="raise",
        )
        chance = cross_validate(DummyClassifier(), X, y, groups=groups, cv=cv,
                                scoring="balanced_accuracy")  # fmt: skip
        assert scores["test_score"].mean() > chance["test_score"].mean() + 0.1

    def test_voices_of_unknown_speakers_are_told_apart(self):
        X, y, groups = make_voices(120, n_speakers=12, sr=8000, duration_s=0.3, random_state=0)
        cv, pipe = StratifiedGroupKFold(3), pipeline(epochs=20)
        scores = cross_validate(pipe, X, y, groups=groups, cv=cv, error_score="raise")
        assert scores["test_score"].mean() > 0.65  # of 120 clips: p < 0.001

    def test_paths_arrays_and_ragged_lists_are_one(self, tmp_path):
        import soundfile

        X, y, _ = make_voices(12, n_speakers=4, sr=8000, duration_s=0.3, random_state=0)
        paths = [tmp_path / f"{i}.wav" for i in range(12)]
        for path, clip in zip(paths, X, strict=True):
            soundfile.write(path, clip, 8000, subtype="FLOAT")
        fits = [pipeline().fit(clips, y).predict_proba(clips) for clips in (X, list(X), paths)]
        fits.append(pipeline().fit(X, y).predict_proba(np.array([str(path) for path in paths])))
        for other in fits[1:]:
            assert_array_equal(other, fits[0])

    def test_a_missing_file_is_named(self, percussion, tmp_path):
        X, y, _ = percussion
        with pytest.raises(AudioReadError, match=r"clip 3.*nowhere\.wav"):
            pipeline(16_000).fit([*X[:3], str(tmp_path / "nowhere.wav"), *X[4:]], y)


class TestSearch:
    GRID = {  # noqa: RUF012
        "mel__n_mels": [8, 16],
        "aug__time_mask": [0, 6],
        "cnn__finetune__lr": [0.001, 0.02],
        "cnn__head__hidden": [(), (4,)],
    }

    def search(self, grid, n_jobs=None, cv=None):
        return GridSearchCV(
            pipeline(), grid, cv=cv or StratifiedGroupKFold(2), n_jobs=n_jobs, error_score="raise"
        )

    def test_all_four_parameters(self, sounds):
        X, y, groups = sounds
        search = self.search(self.GRID).fit(X, y, groups=groups)
        assert len(search.cv_results_["params"]) == 16
        assert set(search.best_params_) == set(self.GRID)
        best = search.best_estimator_
        assert best["mel"].transform(X[:1]).shape[2] == search.best_params_["mel__n_mels"]
        rates = {row["lr"] for row in best["cnn"].history_ if row["stage"] == "finetune"}
        assert rates == {search.best_params_["cnn__finetune__lr"]}
        assert len(best["cnn"].network_.head.layers) == (
            5 if search.best_params_["cnn__head__hidden"] else 2
        )

    def test_each_parameter_matters(self, voices):
        X, y, _ = voices
        plain = pipeline().fit(X, y).predict_proba(X)
        for name, (_, value) in self.GRID.items():
            changed = pipeline().set_params(**{name: 4 if name == "mel__n_mels" else value})
            assert (changed.fit(X, y).predict_proba(X) != plain).any(), name

    def test_scores_are_those_of_fits_by_hand(self, voices):
        X, y, groups = voices
        grid = {"cnn__finetune__lr": [0.001, 0.02]}
        search = self.search(grid, cv=StratifiedGroupKFold(3)).fit(X, y, groups=groups)
        for i, params in enumerate(search.cv_results_["params"]):
            for k, (train, test) in enumerate(StratifiedGroupKFold(3).split(X, y, groups)):
                pipe = pipeline().set_params(**params).fit([X[j] for j in train], y[train])
                score = pipe.score([X[j] for j in test], y[test])
                assert search.cv_results_[f"split{k}_test_score"][i] == score

    @pytest.mark.slow
    def test_two_processes(self, sounds):
        X, y, groups = sounds
        grid = {"cnn__finetune__lr": [0.001, 0.02]}
        alone, both = (self.search(grid, n).fit(X, y, groups=groups) for n in (1, 2))
        for key, value in alone.cv_results_.items():
            if "score" in key and "time" not in key:
                assert_array_equal(both.cv_results_[key], value)
        assert_array_equal(both.predict_proba(X), alone.predict_proba(X))

    def test_two_threads(self, sounds):
        X, y, groups = sounds
        grid = {"cnn__finetune__lr": [0.001, 0.02], "aug__time_mask": [0, 6]}
        alone = self.search(grid).fit(X, y, groups=groups)
        with joblib.parallel_backend("threading"):
            both = self.search(grid, 2).fit(X, y, groups=groups)
        assert_array_equal(
            both.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
        )
        assert_array_equal(both.predict_proba(X), alone.predict_proba(X))

    def test_memory_changes_nothing(self, voices, tmp_path):
        X, y, groups = voices
        grid = {"aug__time_mask": [0, 6], "cnn__finetune__lr": [0.001, 0.02]}
        plain = self.search(grid).fit(X, y, groups=groups)
        cached = self.search(grid)
        cached.estimator.set_params(memory=str(tmp_path))
        cached.fit(X, y, groups=groups)
        assert_array_equal(
            cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
        )
        assert_array_equal(cached.predict_proba(X), plain.predict_proba(X))

    def test_a_stage_that_is_not_there(self, voices):
        X, y, groups = voices
        pipe = pipeline(stages="frozen")
        search = GridSearchCV(pipe, {"cnn__finetune__lr": [0.1]}, cv=StratifiedGroupKFold(2))
        with pytest.raises(ValueError, match=r"stages='frozen' the stages are \['frozen'\]"):
            search.fit(X, y, groups=groups)

    @pytest.mark.slow
    def test_halving_over_epochs(self, voices):
        from sklearn.experimental import enable_halving_search_cv  # noqa: F401
        from sklearn.model_selection import HalvingGridSearchCV

        X, y, groups = voices
        search = HalvingGridSearchCV(
            pipeline(),
            {"cnn__finetune__lr": [0.001, 0.02]},
            resource="cnn__finetune__epochs",
            max_resources=4,
            min_resources=2,
            factor=2,
            cv=StratifiedGroupKFold(2),
        ).fit(X, y, groups=groups)
        assert search.n_resources_ == [2, 4]
        assert len(search.best_estimator_["cnn"].history_) == 5


class TestGroups:
    """`groups` reach the split that chooses the best epoch."""

    @pytest.fixture
    def seen(self, monkeypatch):
        """Collect the groups that each inner split gets."""
        from skspec.models import _base

        seen, split_rows = [], _base.split_rows
        monkeypatch.setattr(
            _base, "split_rows", lambda v, t, groups, s: (seen.append(groups),
                                                          split_rows(v, t, groups, s))[1]
        )  # fmt: skip
        return seen

    def test_as_a_fit_parameter(self, voices, seen):
        X, y, groups = voices
        with warnings.catch_warnings():
            warnings.simplefilter("error", GroupsWarning)
            pipeline(validation=0.3).fit(X, y, cnn__groups=groups)
        assert_array_equal(seen[0], groups)

    def test_without_them_it_warns(self, voices):
        X, y, _ = voices
        with pytest.warns(GroupsWarning):
            pipeline(validation=0.3).fit(X, y)

    def test_as_a_fit_parameter_in_a_search(self, voices, seen):
        X, y, groups = voices
        search = GridSearchCV(
            pipeline(validation=0.5),
            {"aug__time_mask": [0]},
            cv=StratifiedGroupKFold(2),
            error_score="raise",
        )
        search.fit(X, y, groups=groups, cnn__groups=groups)
        assert_array_equal(seen[-1], groups)  # of the refit
        assert [len(part) for part in seen[:-1]] == [12, 12]
        assert not set(seen[0]) & set(seen[1])

    def test_by_metadata_routing(self, voices, seen):
        X, y, groups = voices
        with sklearn.config_context(enable_metadata_routing=True):
            pipe = pipeline(validation=0.5)
            pipe["cnn"].set_fit_request(groups=True)
            cross_validate(
                pipe,
                X,
                y,
                params={"groups": groups},
                cv=StratifiedGroupKFold(2),
                error_score="raise",
            )
            assert [len(part) for part in seen] == [12, 12]
            GridSearchCV(pipe, {"aug__time_mask": [0]}, cv=StratifiedGroupKFold(2)).fit(
                X, y, groups=groups
            )
        assert_array_equal(seen[-1], groups)


class TestMetaEstimators:
    """Calibration, voting and stacking stand around whole pipelines."""

    def test_calibration(self, sounds):
        X, y, _ = sounds
        calibrated = CalibratedClassifierCV(pipeline(), cv=StratifiedKFold(2)).fit(X, y)
        proba = calibrated.predict_proba(X)
        assert proba.shape == (24, 2)
        assert (proba != calibrated.calibrated_classifiers_[0].estimator.predict_proba(X)).any()

    def test_calibration_behind_the_augmenter_still_augments(self, voices):
        X, y, _ = voices
        mel, _, cnn = (step for _, step in pipeline().steps)

        def fit(**policy):
            calibrated = CalibratedClassifierCV(cnn, cv=StratifiedKFold(2))
            pipe = make_pipeline(mel, Augmenter(**policy, random_state=0), calibrated)
            return pipe.fit(X, y).predict_proba(X)

        assert (fit(time_flip=1.0) != fit()).any()

    def test_voting(self, sounds):
        X, y, _ = sounds
        other = pipeline().set_params(cnn__random_state=1)
        voting = VotingClassifier([("a", pipeline()), ("b", other)], voting="soft").fit(X, y)
        encoded = np.unique(y, return_inverse=True)[1]
        each = [pipe.fit(X, encoded).predict_proba(X) for pipe in (pipeline(), other)]
        np.testing.assert_allclose(voting.predict_proba(X), np.mean(each, axis=0), rtol=1e-6)

    def test_stacking(self, sounds):
        X, y, _ = sounds
        features = DeepFeatures("tiny", weights=None, random_state=0, input_size=(16, 16))
        mel = pipeline()["mel"].set_params(sr=8000)
        svm = make_pipeline(mel, features, StandardScaler(), LogisticRegression())
        stack = StackingClassifier(
            [("cnn", pipeline()), ("svm", svm)], LogisticRegression(), cv=StratifiedKFold(2)
        ).fit(X, y)
        assert stack.transform(X).shape == (24, 2)
        assert set(stack.predict(X)) <= set(y)


class TestOneObject:
    def test_clone(self, voices):
        X, y, _ = voices
        pipe = pipeline(head=Head(hidden=(4,))).fit(X, y)
        again = clone(pipe)
        assert not hasattr(again["cnn"], "network_")
        assert_array_equal(again.fit(X, y).predict_proba(X), pipe.predict_proba(X))

    def test_pickle(self, sounds):
        X, y, _ = sounds
        pipe = pipeline().fit(X, y)
        again = pickle.loads(pickle.dumps(pipe))
        assert_array_equal(again.predict_proba(X), pipe.predict_proba(X))
        unfitted = pickle.loads(pickle.dumps(pipeline()))
        assert_array_equal(unfitted.fit(X, y).predict_proba(X), pipe.predict_proba(X))

    def test_html(self, voices):
        X, y, _ = voices
        html = pipeline().fit(X, y)._repr_html_()
        for name in ("MelSpectrogramImage", "Augmenter", "PretrainedCNNClassifier"):
            assert name in html

    def test_set_output_leaves_images_alone(self, voices):
        X, y, _ = voices
        pipe = pipeline().set_output(transform="pandas").fit(X, y)
        assert_array_equal(pipe.predict_proba(X), pipeline().fit(X, y).predict_proba(X))
        assert isinstance(pipe[:2].transform(X), np.ndarray)

    def test_set_output_makes_tables_of_features(self, voices):
        X, y, _ = voices
        features = DeepFeatures(
            "tiny", weights=None, blocks="block2", n_bands=2, input_size=(16, 16), random_state=0
        )
        pipe = make_pipeline(pipeline()["mel"], features, StandardScaler(), LogisticRegression())
        pipe.set_output(transform="pandas").fit(X, y)
        table = pipe[:-1].transform(X)
        assert isinstance(table, pd.DataFrame)
        assert list(table.columns[:3]) == [
            "block2_mean_0_band0",
            "block2_mean_0_band1",
            "block2_mean_1_band0",
        ]
        assert pipe[-1].feature_names_in_.tolist() == list(table.columns)
