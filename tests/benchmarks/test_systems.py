"""Scores kept split by split, and the table of them."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import PretrainedCNNClassifier, Stage, time_statistics

Y = np.repeat([0, 1], 10)
SPLITS = [(np.r_[0:7, 10:17], np.r_[7:10, 17:20]), (np.r_[3:10, 13:20], np.r_[0:3, 10:13])]


class Rule(ClassifierMixin, BaseEstimator):
    """Say 1 above a threshold; count its fits, and fail at one of them."""

    fits = 0
    fails_at = None

    def __init__(self, threshold=10):
        self.threshold = threshold

    def fit(self, X, y):
        type(self).fits += 1
        if type(self).fits == self.fails_at:
            raise KeyboardInterrupt
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return (np.asarray(X)[:, 0] >= self.threshold).astype(int)


@pytest.fixture
def systems(benchmark_module, monkeypatch, tmp_path):
    module = benchmark_module("_systems")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(benchmark_module("_result"), "RESULTS", tmp_path)
    monkeypatch.setattr(Rule, "fits", 0)
    monkeypatch.setattr(Rule, "fails_at", None)
    return module


@pytest.fixture
def run(systems, tmp_path):
    X = np.arange(20.0)[:, None]

    def run(thresholds=(10, 12), **options):
        names = (systems.BASELINE, "other")
        both = {n: systems.System(Rule(t), X) for n, t in zip(names, thresholds, strict=True)}
        systems.run_systems("trial", both, Y, SPLITS, figures={"data": "d"}, **options)
        return json.loads((tmp_path / "trial.json").read_text())

    return run


def test_scores_and_intervals(run, systems):
    written = run()
    other = written["systems"]["other"]
    # 12 is above two of the three ones in the second test part: a recall of 1/3, and of 1.
    assert [other["splits"][i]["balanced_accuracy"] for i in "01"] == [1.0, pytest.approx(2 / 3)]
    gains = np.array([0.0, 2 / 3 - 1])
    half = stats.t.ppf(0.975, 1) * np.sqrt((1 / 2 + 6 / 14) * gains.var(ddof=1))
    expected = {"mean": round(gains.mean(), 4), "half_width_95": round(half, 4)}
    assert other[f"minus {systems.BASELINE}"] == pytest.approx(expected, abs=1e-4)
    assert written["systems"][systems.BASELINE]["balanced_accuracy"]["mean"] == 1.0
    assert written["data"] == "d"
    assert "torch_threads" in written["machine"]
    table = systems.systems_table(written["systems"]).splitlines()
    assert len(table) == 4
    assert f"-0.167 ± {half:.3f}" in table[3]


def test_what_is_there_is_not_run_again(run):
    run()
    assert Rule.fits == 4
    run()
    assert Rule.fits == 4
    written = run(thresholds=(10, 11))  # other settings: run again
    assert Rule.fits == 6
    assert written["systems"]["other"]["settings"]["threshold"] == "11"
    run(thresholds=(10, 11), fresh=True, wanted=["other"])
    assert Rule.fits == 8


def test_a_run_cut_short_loses_nothing(run, systems, tmp_path):
    Rule.fails_at = 4
    with pytest.raises(KeyboardInterrupt):
        run()
    stored = json.loads((tmp_path / "trial.json").read_text())["systems"]
    assert [len(stored[name]["splits"]) for name in (systems.BASELINE, "other")] == [2, 1]
    assert stored["other"]["balanced_accuracy"]["half_width_95"] is None  # of one split
    assert stored["other"][f"minus {systems.BASELINE}"]["mean"] == 0.0
    run()
    assert Rule.fits == 5  # the one that failed, once more
    assert [path.name for path in tmp_path.iterdir()] == ["trial.json"]


def test_systems_not_asked_for_stay_but_stale_ones_are_not_tabulated(run, systems):
    run()
    written = run(thresholds=(11, 12), wanted=["other"])  # the baseline's settings are new
    assert Rule.fits == 4
    assert written["systems"][systems.BASELINE]["n_splits"] == 0
    assert written["systems"]["other"][f"minus {systems.BASELINE}"] is None
    assert systems.BASELINE not in systems.systems_table(written["systems"]).split("\n", 1)[1]


def test_an_unknown_system(run):
    with pytest.raises(SystemExit, match=r"no system 'othr'. There are: .*other"):
        run(wanted=["othr"])


def test_settings_are_complete_and_the_same_everywhere(systems):
    stages = [("only", Stage(lr=0.5))]
    network = PretrainedCNNClassifier("tiny", stages=stages)
    pipe = make_pipeline(FunctionTransformer(time_statistics), network)
    settings = systems.settings_of(pipe)
    assert settings["functiontransformer__func"] == "time_statistics"
    assert settings["pretrainedcnnclassifier__only__lr"] == "0.5"
    assert settings["pretrainedcnnclassifier__head__n_bands"] == "1"
    assert not any(" at 0x" in text for text in settings.values())
    before = systems.digest(settings)
    network.set_params(only__lr=0.25)
    assert systems.digest(systems.settings_of(pipe)) != before


def test_settings_without_effect_are_left_out(systems):
    pipe = make_pipeline(FunctionTransformer(time_statistics), PretrainedCNNClassifier("tiny"))
    before = systems.settings_of(pipe)
    pipe.set_params(pretrainedcnnclassifier__checkpoint="folder")
    assert systems.settings_of(pipe) == before
