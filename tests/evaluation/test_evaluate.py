"""Systems on the same splits of a dataset."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import cohen_kappa_score, recall_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skspec import PretrainedCNNClassifier, Stage, evaluate
from skspec.evaluation._metrics import BUILT_IN
from skspec.exceptions import GroupsWarning, InputError, LeakageWarning, ParameterError

Y = np.tile(["cat", "cat", "dog"], 20)
GROUPS = np.repeat([f"speaker {i}" for i in range(10)], 6)
X = np.random.default_rng(0).normal(size=(60, 3)) + (Y == "dog")[:, None]
SPLITS = list(StratifiedGroupKFold(4).split(X, Y, GROUPS))
SYSTEMS = {"majority": DummyClassifier(), "bayes": GaussianNB(), "svm": LinearSVC()}


class Fragile(GaussianNB):
    """Fail where the first clip is not in training."""

    def fit(self, X, y):
        if 0 not in np.flatnonzero((X[:, None] == globals()["X"][0]).all(axis=2)):
            raise ValueError("no first clip")
        return super().fit(X, y)


@pytest.fixture(scope="module")
def result():
    return evaluate(SYSTEMS, (X, Y, GROUPS), SPLITS, keep_estimators=True)


def test_scores_are_those_of_scikit_learn(result):
    names = {
        "accuracy": "accuracy",
        "balanced_accuracy": "balanced_accuracy",
        "macro_f1": "f1_macro",
        "log_loss": "neg_log_loss",
    }
    for system in ("majority", "bayes"):
        expected = cross_validate(SYSTEMS[system], X, Y, cv=SPLITS, scoring=list(names.values()))
        for metric, scoring in names.items():
            assert_allclose(
                result.split_scores(system, metric), np.abs(expected[f"test_{scoring}"])
            )


def test_one_row_for_each_system_split_metric_and_label(result):
    table = result.scores
    assert list(table.columns) == ["system", "split", "metric", "label", "value"]
    keys = table[["system", "split", "metric", "label"]]
    assert not keys.duplicated().any()
    by_class = table[table["metric"].isin(["precision", "recall", "f1"])]
    assert set(by_class["label"]) == {"cat", "dog"}
    whole = table[~table["metric"].isin(["precision", "recall", "f1"])]
    assert all(label is None for label in whole["label"])
    counts = whole.groupby("system").size().to_dict()
    # accuracy, balanced accuracy, F1 and three costs; two more need probabilities
    assert counts == {"majority": 4 * 8, "bayes": 4 * 8, "svm": 4 * 6}


def test_predictions_can_be_scored_again(result):
    assert list(result.predictions.columns) == [
        *("system", "split", "index", "group", "true", "predicted", "p_cat", "p_dog")
    ]
    for (system, split), rows in result.predictions.groupby(["system", "split"]):
        train, test = SPLITS[split]
        fitted = SYSTEMS[system].__class__().fit(X[train], Y[train])
        assert_array_equal(rows["index"], test)
        assert_array_equal(rows["true"], Y[test])
        assert_array_equal(rows["group"], GROUPS[test])
        assert_array_equal(rows["predicted"], fitted.predict(X[test]))
        if system == "svm":
            assert rows[["p_cat", "p_dog"]].isna().all(axis=None)
        else:
            assert_allclose(rows[["p_cat", "p_dog"]], fitted.predict_proba(X[test]))
        recall = recall_score(Y[test], fitted.predict(X[test]), labels=["dog"], average=None)
        assert result.split_scores(system, "recall", "dog")[split] == pytest.approx(recall[0])


def test_what_else_the_result_knows(result):
    assert result.systems == ["majority", "bayes", "svm"]
    assert result.classes.tolist() == ["cat", "dog"]
    assert_array_equal(result.groups, GROUPS)
    shares = [len(test) / len(train) for train, test in SPLITS]
    assert result.test_share == pytest.approx(sum(shares) / 4)
    assert result.errors.empty
    assert result.leaks.empty
    assert list(result.estimators) == result.systems
    for fitted in result.estimators["bayes"]:
        check_is_fitted(fitted)
    assert not hasattr(SYSTEMS["bayes"], "classes_")
    assert evaluate(DummyClassifier(), (X, Y, GROUPS), SPLITS).estimators == {}


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_workers_give_the_same(result, backend):
    with joblib.parallel_config(backend):
        again = evaluate(SYSTEMS, (X, Y, GROUPS), SPLITS, n_jobs=2)
    assert again.predictions.equals(result.predictions)


def test_paths_of_a_bunch_splits_that_can_be_read_once_and_a_lone_estimator():
    class ByName(DummyClassifier):
        def predict(self, X):
            return np.array([path.removesuffix(".wav") for path in X])

    clips = Bunch(paths=[f"{label}.wav" for label in Y], y=list(Y), groups=None)
    result = evaluate(ByName(), clips, iter(SPLITS))
    assert result.systems == ["ByName"]
    assert_array_equal(result.split_scores("ByName", "accuracy"), np.ones(4))
    assert result.predictions["group"].isna().all()


def test_default_folds_keep_groups_and_are_seeded():
    first, again, other = (
        evaluate(DummyClassifier(), (X, Y, GROUPS), random_state=seed) for seed in (0, 0, 1)
    )
    assert len(first.splits) == 5
    assert first.leaks.empty
    assert first.predictions.equals(again.predictions)
    assert not first.predictions.equals(other.predictions)
    with pytest.warns(GroupsWarning, match="has no groups"):
        evaluate(DummyClassifier(), (X, Y))


def test_further_metrics():
    result = evaluate(GaussianNB(), (X, Y, GROUPS), metrics={"kappa": cohen_kappa_score})
    for split, rows in result.predictions.groupby("split"):
        kappa = cohen_kappa_score(rows["true"], rows["predicted"])
        assert result.split_scores("GaussianNB", "kappa")[split] == pytest.approx(kappa)


def test_metrics_of_ones_own_take_no_built_in_name(result):
    assert set(BUILT_IN) == set(result.scores["metric"])
    for name in ("accuracy", "recall", "seconds_fit"):
        with pytest.raises(ParameterError, match=rf"metrics named \['{name}'\].*rename them"):
            evaluate(GaussianNB(), (X, Y, GROUPS), metrics={name: cohen_kappa_score})


def test_a_failure_does_not_cost_the_others():
    systems = {"fragile": Fragile(), "bayes": GaussianNB()}
    with pytest.warns(FitFailedWarning, match="'fragile' failed on split 0.*ValueError: no first"):
        result = evaluate(systems, (X, Y, GROUPS), SPLITS, keep_estimators=True)
    (failed,) = (i for i, (train, _) in enumerate(SPLITS) if 0 not in train)
    assert result.errors.to_dict("records") == [
        {"system": "fragile", "split": failed, "message": "ValueError: no first clip"}
    ]
    assert failed not in result.split_scores("fragile").index
    assert result.summary()["n_splits"].to_dict() == {"fragile": 3, "bayes": 4}
    assert result.estimators["fragile"][failed] is None
    assert_array_equal(
        result.split_scores("fragile"), result.split_scores("bayes").drop(index=failed)
    )


def test_a_failure_may_be_raised_and_all_failures_are():
    with pytest.raises(ValueError, match="no first clip"):
        evaluate(Fragile(), (X, Y, GROUPS), SPLITS, error_score="raise")
    with (
        pytest.warns(FitFailedWarning),
        pytest.raises(InputError, match=r"Every fit failed\. The first: ValueError: no first clip"),
    ):
        evaluate(Fragile(), (X[1:], Y[1:], GROUPS[1:]))


def test_leaks_are_warned_of():
    twice = np.concatenate([X, X[:1]])
    dataset = (twice, [*Y, "cat"], [*GROUPS, "somebody else"])
    cv = [(np.arange(60), np.array([60]))]
    with pytest.warns(LeakageWarning, match="clip 0 is in the training part and clip 60"):
        assert len(evaluate(DummyClassifier(), dataset, cv).leaks) == 1
    assert evaluate(DummyClassifier(), dataset, cv, check_copies=False).leaks.empty
    with pytest.warns(LeakageWarning, match="10 groups on both sides"):
        evaluate(DummyClassifier(), (X, Y, GROUPS), [(np.arange(0, 60, 2), np.arange(1, 60, 2))])


def test_groups_reach_the_validation_split_of_a_network():
    images = X[:, None, None, :].astype(np.float32)
    stages = [("all", Stage(epochs=1))]
    network = PretrainedCNNClassifier("tiny", weights=None, stages=stages, validation=0.25)
    # Without groups the network would warn; a validation split by group does not.
    result = evaluate(network, (images, Y, GROUPS), cv=2)
    assert result.summary()["n_splits"].tolist() == [2]
    with pytest.warns(GroupsWarning, match="The validation split has no groups"):
        evaluate(network, (images, Y), GroupKFold(2).split(X, Y, GROUPS))


@pytest.mark.parametrize(
    ("estimators", "options", "message"),
    [
        ({}, {}, "Got estimators={}, but expected at least one"),
        (GaussianNB(), {"error_score": 0}, "Got error_score=0, but expected one of"),
    ],
)
def test_parameters_that_are_not_allowed(estimators, options, message):
    with pytest.raises(ParameterError, match=message):
        evaluate(estimators, (X, Y, GROUPS), **options)


@pytest.mark.parametrize("verbose", [0, 1])
def test_progress(capsys, verbose):
    evaluate({"majority": DummyClassifier()}, (X, Y, GROUPS), verbose=verbose)
    assert ("majority" in capsys.readouterr().err) == bool(verbose)
