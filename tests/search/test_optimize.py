"""Studies keep groups apart, prune, are shared, and go on after a kill."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest
import sklearn
from optuna.trial import TrialState
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline

from skspec import PretrainedCNNClassifier, Stage
from skspec.exceptions import FitDivergedError, ParameterError
from skspec.search import optimize, tuned

SPACE = {"C": loguniform(1e-3, 1e3), "fit_intercept": [True, False]}


def vectors(n=60, n_groups=12):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.standard_normal((n, 5)) + y[:, None]
    return X, y, np.arange(n) // 2 % n_groups


def images(n=16):
    rng = np.random.default_rng(0)
    X = rng.random((n, 1, 8, 8), dtype=np.float32)
    return X, np.arange(n) % 2, np.arange(n) // 2


def tiny(**params):
    return PretrainedCNNClassifier(
        "tiny",
        weights=None,
        stages=[("train", Stage("all", epochs=3, lr=1e-3))],
        random_state=0,
        **params,
    )


class Spy(ClassifierMixin, BaseEstimator):
    """Notes which groups it is trained on."""

    seen: list = []  # noqa: RUF012  clones share it

    def __init__(self, a=0):
        self.a = a

    def fit(self, X, y, groups=None):
        self.seen.append(groups)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_values_are_means_of_grouped_cross_validation():
    X, y, groups = vectors()
    cv = StratifiedGroupKFold(4)
    study = optimize(LogisticRegression(), SPACE, (X, y, groups), cv=cv, n_trials=4, random_state=0)
    for trial in study.trials:
        candidate = LogisticRegression(
            C=trial.params["C"], fit_intercept=trial.params["fit_intercept"] == "True"
        )
        scores = cross_val_score(candidate, X, y, groups=groups, cv=cv, scoring="balanced_accuracy")
        assert trial.value == pytest.approx(scores.mean())


def test_same_seed_same_study():
    runs = [
        optimize(LogisticRegression(), SPACE, vectors(), n_trials=5, random_state=3)
        for _ in range(2)
    ]
    assert [t.params for t in runs[0].trials] == [t.params for t in runs[1].trials]
    assert [t.value for t in runs[0].trials] == [t.value for t in runs[1].trials]


def test_without_a_seed_calls_have_the_same_folds():
    values = []
    for _ in range(2):
        study = optimize(LogisticRegression(), {"C": [1.0]}, vectors(), cv=3, n_trials=1)
        values.append(study.best_value)
    other = optimize(
        LogisticRegression(), {"C": [1.0]}, vectors(), cv=3, n_trials=1, random_state=5
    )
    assert values[0] == values[1] != other.best_value


def test_tuned_has_the_best_params():
    study = optimize(LogisticRegression(), SPACE, vectors(), n_trials=4, random_state=0)
    best = tuned(LogisticRegression(), SPACE, study)
    assert study.best_params["C"] == best.C
    assert repr(best.fit_intercept) == study.best_params["fit_intercept"]
    assert not hasattr(best, "coef_")


def test_groups_reach_fit_and_no_group_stands_on_both_sides():
    X, y, groups = vectors()
    Spy.seen.clear()
    optimize(Spy(), {"a": [1, 2]}, (X, y, groups), cv=3, n_trials=1, random_state=0)
    assert len(Spy.seen) == 3
    for seen in Spy.seen:
        held_out = set(groups.tolist()) - set(np.unique(seen).tolist())
        assert held_out
        assert len(seen) == np.isin(groups, list(held_out), invert=True).sum()


def test_calibration_inside_keeps_groups_together():
    X, y, groups = vectors()
    with sklearn.config_context(enable_metadata_routing=True):
        calibrated = CalibratedClassifierCV(
            LogisticRegression(),
            cv=StratifiedGroupKFold(2).set_split_request(groups=True)
            if hasattr(StratifiedGroupKFold(2), "set_split_request")
            else StratifiedGroupKFold(2),
        )
        study = optimize(
            calibrated,
            {"estimator__C": [0.1, 1.0]},
            (X, y, groups),
            cv=3,
            n_trials=2,
            random_state=0,
        )
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


def test_every_epoch_of_the_first_split_is_reported():
    study = optimize(
        tiny(),
        {"train__lr": [1e-3, 1e-4]},
        images(),
        cv=2,
        n_trials=2,
        monitor="train_loss",
        random_state=0,
    )
    for trial in study.trials:
        assert sorted(trial.intermediate_values) == [1, 2, 3]
        assert all(value < 0 for value in trial.intermediate_values.values())  # a loss, maximised


def test_a_hopeless_trial_is_pruned_and_costs_one_epoch():
    pruner = optuna.pruners.ThresholdPruner(lower=-1e-9)  # no loss is that good
    study = optimize(
        tiny(),
        {"train__lr": [1e-3]},
        images(),
        cv=2,
        n_trials=2,
        monitor="train_loss",
        pruner=pruner,
        random_state=0,
    )
    assert [trial.state for trial in study.trials] == [TrialState.PRUNED] * 2
    assert [sorted(trial.intermediate_values) for trial in study.trials] == [[1], [1]]


def test_pruning_by_validation_tells_the_accuracy():
    study = optimize(
        tiny(validation=0.25),
        {"train__lr": [1e-3]},
        images(),
        cv=2,
        n_trials=1,
        monitor="valid_accuracy",
        random_state=0,
    )
    assert all(0 <= value <= 1 for value in study.trials[0].intermediate_values.values())


def test_a_diverged_trial_fails_alone():
    class Diverging(Spy):
        def fit(self, X, y, groups=None):
            if self.a == "bad":
                raise FitDivergedError("the loss became nan")
            return super().fit(X, y, groups)

    sampler = optuna.samplers.GridSampler({"a": ["'bad'", "'good'"]}, seed=0)
    study = optimize(
        Diverging(), {"a": ["bad", "good"]}, vectors(), cv=2, n_trials=2, sampler=sampler
    )
    assert sorted(trial.state.name for trial in study.trials) == ["COMPLETE", "FAIL"]


@pytest.mark.parametrize(
    ("estimator", "space", "more", "message"),
    [
        (LogisticRegression(), {"D": [1]}, {}, "Got 'D' in the space, but the estimator has no"),
        (LogisticRegression(), SPACE, {"monitor": "train_loss"}, "no classifier that is trained"),
        (tiny(), {"train__lr": [1e-3]}, {"monitor": "valid_loss"}, "history has .*train_loss"),
    ],
)
def test_errors(estimator, space, more, message):
    with pytest.raises(ParameterError, match=message):
        optimize(estimator, space, images() if more else vectors(), cv=2, n_trials=1, **more)


def test_a_step_that_is_passed_through_has_no_parameters():
    pipe = Pipeline([("scale", "passthrough"), ("linear", LogisticRegression())])
    with pytest.raises(ParameterError, match="Got 'scale__with_mean' in the space, but the est"):
        optimize(pipe, {"scale__with_mean": [True]}, vectors(), cv=2, n_trials=1)


def test_a_study_in_a_file_goes_on_and_counts_all_trials(tmp_path):
    how = {"storage": tmp_path / "study.journal", "random_state": 0, "cv": 2}
    optimize(LogisticRegression(), SPACE, vectors(), n_trials=2, **how)
    study = optimize(LogisticRegression(), SPACE, vectors(), n_trials=5, **how)
    assert len(study.trials) == 5
    again = optimize(LogisticRegression(), SPACE, vectors(), n_trials=5, **how)
    assert len(again.trials) == 5


SCRIPT = """
import sys, time
import numpy as np
from sklearn.linear_model import LogisticRegression
from skspec.search import optimize
class Slow(LogisticRegression):
    def fit(self, X, y):
        time.sleep(0.2)
        return super().fit(X, y)
rng = np.random.default_rng(0)
y = np.arange(40) % 2
data = rng.standard_normal((40, 3)) + y[:, None], y, np.arange(40) // 4
optimize(Slow(), {"C": [0.1, 1.0, 10.0]}, data, cv=2, n_trials=int(sys.argv[2]),
         storage=sys.argv[1], random_state=0)
"""


def start(storage, n_trials):
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(storage), str(n_trials)])


def count_ended(storage):
    backend = optuna.storages.journal.JournalFileBackend(str(storage))
    study = optuna.load_study(study_name="skspec", storage=optuna.storages.JournalStorage(backend))
    return sum(trial.state == TrialState.COMPLETE for trial in study.trials)


@pytest.mark.slow
def test_a_killed_search_goes_on_where_it_was(tmp_path):
    storage = tmp_path / "study.journal"
    process = start(storage, 200)
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and not (storage.exists() and count_ended_or_0(storage) >= 2):
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = count_ended(storage)
    assert kept >= 2
    assert start(storage, kept + 2).wait(timeout=600) == 0
    assert count_ended(storage) == kept + 2


def count_ended_or_0(storage):
    try:
        return count_ended(storage)
    except KeyError:  # the study is not there yet
        return 0


@pytest.mark.slow
def test_two_processes_share_a_study(tmp_path):
    storage = tmp_path / "study.journal"
    both = [start(storage, 8) for _ in range(2)]
    assert [process.wait(timeout=600) for process in both] == [0, 0]
    assert 8 <= count_ended(storage) <= 9  # one may have been under way when the eighth ended
