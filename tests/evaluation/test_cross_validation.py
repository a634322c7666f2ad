"""One estimator on one split: how groups reach it, and what comes out."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skspec import DeepEnsembleClassifier, PretrainedCNNClassifier, SegmentedClassifier
from skspec._fit_groups import groups_for_fit
from skspec.evaluation._cross_validation import predict, run_split
from skspec.evaluation._dataset import Clips

GROUPS = np.repeat(np.arange(6), 4)
Y = np.tile(["cat", "dog"], 12)
X = np.random.default_rng(0).normal(size=(24, 3)) + (Y == "dog")[:, None]
CLIPS = Clips(X, Y, GROUPS)
SPLIT = (np.arange(16), np.arange(16, 24))


class Grouped(ClassifierMixin, BaseEstimator):
    """Remember the groups it is fitted with."""

    def __init__(self, threshold=0.5):
        self.threshold = threshold

    def fit(self, X, y, groups=None):
        self.classes_, self.groups_ = np.unique(y), groups
        return self

    def predict(self, X):
        return self.classes_[(np.asarray(X)[:, 0] > self.threshold).astype(int)]


def test_groups_reach_what_takes_them():
    assert groups_for_fit(LogisticRegression(), GROUPS) == {}
    assert groups_for_fit(Grouped(), None) == {}
    assert_array_equal(groups_for_fit(Grouped(), GROUPS)["groups"], GROUPS)


def test_groups_reach_the_step_of_a_pipeline_in_a_pipeline():
    pipe = make_pipeline(
        "passthrough", StandardScaler(), make_pipeline(StandardScaler(), Grouped())
    )
    assert list(groups_for_fit(pipe, GROUPS)) == ["pipeline__grouped__groups"]
    run = run_split(pipe, CLIPS, SPLIT, keep=True, catch=False)
    assert_array_equal(run.estimator[-1][-1].groups_, GROUPS[:16])


def test_groups_reach_the_splitter_of_a_search_and_what_it_searches():
    pipe = make_pipeline(StandardScaler(), Grouped())
    search = GridSearchCV(pipe, {"grouped__threshold": [0.0, 0.5]}, cv=GroupKFold(4))
    run = run_split(search, CLIPS, SPLIT, keep=True, catch=False)
    assert run.estimator.n_splits_ == 4
    assert_array_equal(run.estimator.best_estimator_[-1].groups_, GROUPS[:16])


def test_classifiers_around_others_get_groups_only_where_they_can_pass_them_on():
    network = PretrainedCNNClassifier("tiny", weights=None)
    assert list(groups_for_fit(DeepEnsembleClassifier(network), GROUPS)) == ["groups"]
    around_pipe = DeepEnsembleClassifier(make_pipeline(StandardScaler(), network))
    assert list(groups_for_fit(around_pipe, GROUPS)) == ["groups"]
    assert groups_for_fit(SegmentedClassifier(LogisticRegression()), GROUPS) == {}


def test_groups_under_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(StandardScaler(), Grouped().set_fit_request(groups=True))
        assert list(groups_for_fit(pipe, GROUPS)) == ["groups"]
        run = run_split(pipe, CLIPS, SPLIT, keep=True, catch=False)
        assert groups_for_fit(make_pipeline(StandardScaler(), LinearSVC()), GROUPS) == {}
    assert_array_equal(run.estimator[-1].groups_, GROUPS[:16])


def test_a_run_is_what_one_would_write_by_hand():
    bayes = GaussianNB()
    run = run_split(bayes, CLIPS, SPLIT, keep=False, catch=True)
    alone = GaussianNB().fit(X[:16], Y[:16])
    assert_array_equal(run.predicted, alone.predict(X[16:]))
    assert_allclose(run.probability, alone.predict_proba(X[16:]))
    assert list(run.costs) == ["seconds_fit", "seconds_predict", "peak_memory_mb"]
    assert min(run.costs["seconds_fit"], run.costs["seconds_predict"]) > 0
    assert run.estimator is None
    assert not hasattr(bayes, "classes_")


def test_without_probabilities():
    assert run_split(LinearSVC(), CLIPS, SPLIT, keep=False, catch=False).probability is None


def test_a_class_that_was_not_in_training_has_probability_0():
    fitted = GaussianNB().fit(X, Y)
    run = predict(fitted, X, np.array(["ape", "cat", "cow", "dog"]))
    assert_array_equal(run.probability[:, [0, 2]], 0)
    assert_allclose(run.probability[:, [1, 3]], fitted.predict_proba(X))


class Broken(Grouped):
    def predict(self, X):
        raise OSError("the disk is full")


def test_errors_are_caught_or_not():
    run = run_split(clone(Broken()), CLIPS, SPLIT, keep=True, catch=True)
    assert run.error == "OSError: the disk is full"
    with pytest.raises(OSError, match="the disk is full"):
        run_split(Broken(), CLIPS, SPLIT, keep=True, catch=False)
