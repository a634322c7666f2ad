"""An ensemble is the mean of its members, whatever trains them and however many at a time."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.torch import save_file
from scipy.stats import entropy
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from skspec import (
    DeepEnsembleClassifier,
    FrozenCache,
    ImageScaler,
    PretrainedCNNClassifier,
    Stage,
)
from skspec.exceptions import ParameterError
from skspec.nn._registry import get_entry

RNG = np.random.default_rng(0)
Y = np.array(["high", "low"])[np.arange(16) % 2]
X = RNG.standard_normal((16, 1, 12, 12)).astype(np.float32)
X[Y == "high", :, :4] += 1.0
GROUPS = np.arange(16) // 4


def network(**changed):
    settings = {
        "weights": None,
        "stages": [("full", Stage("all", epochs=3, lr=1e-2))],
        "batch_size": 8,
        "input_size": (12, 12),
        "device": "cpu",
    }
    return PretrainedCNNClassifier("tiny", **{**settings, **changed})


@pytest.fixture(scope="module")
def fitted():
    return DeepEnsembleClassifier(network(), n_estimators=3, random_state=0).fit(X, Y)


def test_the_probability_is_the_mean_of_the_members(fitted):
    members = [member.predict_proba(X) for member in fitted.estimators_]
    assert_allclose(fitted.predict_proba(X), np.mean(members, axis=0), rtol=1e-6)
    assert_array_equal(fitted.predict_members(X), members)
    assert_array_equal(fitted.predict(X), fitted.classes_[np.mean(members, axis=0).argmax(axis=1)])


def test_members_differ_in_order_and_initial_weights(fitted):
    first, second, third = fitted.predict_members(X)
    assert not np.allclose(first, second)
    assert not np.allclose(second, third)
    assert len({member.random_state for member in fitted.estimators_}) == 3


def test_disagreement_is_the_mutual_information(fitted):
    members = fitted.predict_members(X).astype(np.float64)
    expected = entropy(members.mean(axis=0), axis=1) - entropy(members, axis=2).mean(axis=0)
    assert_allclose(fitted.disagreement(X), expected, atol=1e-6)
    assert fitted.disagreement(X).max() > 0


def test_a_single_member_agrees_with_itself():
    alone = DeepEnsembleClassifier(network(), n_estimators=1, random_state=0).fit(X, Y)
    assert_array_equal(alone.disagreement(X), 0)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_the_number_of_jobs_changes_no_bit(fitted, n_jobs):
    parallel = clone(fitted).set_params(n_jobs=n_jobs).fit(X, Y)
    assert_array_equal(parallel.predict_proba(X), fitted.predict_proba(X))


def test_the_given_estimator_stays_as_it_was():
    given = network(random_state=5)
    DeepEnsembleClassifier(given, n_estimators=2, random_state=0).fit(X, Y)
    assert given.random_state == 5
    assert not hasattr(given, "network_")


def test_pipelines_are_seeded_inside():
    pipe = make_pipeline(ImageScaler(), network())
    fitted = DeepEnsembleClassifier(pipe, n_estimators=2, random_state=0).fit(X, Y)
    seeds = {member[-1].random_state for member in fitted.estimators_}
    assert len(seeds) == 2
    assert None not in seeds


def test_any_classifier_with_a_seed_will_do():
    table = X.reshape(16, -1)
    small = MLPClassifier((4,), max_iter=20)
    fitted = DeepEnsembleClassifier(small, n_estimators=2, random_state=0)
    with np.errstate(all="ignore"), pytest.warns(match="Maximum iterations"):
        fitted.fit(table, Y)
    assert fitted.n_features_in_ == 144


def test_groups_and_weights_reach_the_members():
    cnn = network(validation=GroupKFold(2))
    weights = np.r_[np.ones(12), np.zeros(4)]
    fitted = DeepEnsembleClassifier(cnn, n_estimators=2, random_state=0)
    fitted.fit(X, Y, sample_weight=weights, groups=GROUPS)  # without groups GroupKFold would fail
    shorter = DeepEnsembleClassifier(cnn, n_estimators=2, random_state=0)
    shorter.fit(X[:12], Y[:12], groups=GROUPS[:12])
    assert_allclose(fitted.predict_proba(X), shorter.predict_proba(X), rtol=1e-5)


def test_members_can_be_searched():
    ensemble = DeepEnsembleClassifier(network(), n_estimators=2, random_state=0)
    ensemble.set_params(estimator__full__epochs=1, estimator__head__hidden=(4,))
    assert len(cross_val_score(ensemble, X, Y, groups=GROUPS, cv=GroupKFold(2))) == 2


def test_a_member_that_fails_leaves_nothing_half_fitted():
    class Second(LogisticRegression):
        n_fitted = 0

        def fit(self, X, y):
            Second.n_fitted += 1
            if Second.n_fitted == 2:
                raise RuntimeError("the second one")
            return super().fit(X, y)

    ensemble = DeepEnsembleClassifier(Second(random_state=0), n_estimators=3)
    with pytest.raises(RuntimeError, match="the second one"):
        ensemble.fit(X.reshape(16, -1), Y)
    with pytest.raises(NotFittedError):
        ensemble.predict(X.reshape(16, -1))


def test_where_routing_decides_the_error_says_how_to_ask_for_groups():
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(ParameterError, match=r"Got groups, .*set_fit_request\(groups=True\)"):
            DeepEnsembleClassifier(network()).fit(X, Y, groups=GROUPS)
        with pytest.raises(ParameterError, match=r"not take it\.$"):
            DeepEnsembleClassifier(make_pipeline(network())).fit(X, Y, sample_weight=np.ones(16))


def test_an_estimator_without_a_seed_is_refused():
    with pytest.raises(ParameterError, match=r"KNeighborsClassifier\(\).*no random_state"):
        DeepEnsembleClassifier(KNeighborsClassifier()).fit(X.reshape(16, -1), Y)


def test_weights_that_the_members_do_not_take_are_refused():
    pipe = make_pipeline(LogisticRegression(random_state=0))
    with pytest.raises(ParameterError, match="Got sample_weight, but fit of Pipeline"):
        DeepEnsembleClassifier(pipe).fit(X.reshape(16, -1), Y, sample_weight=np.ones(16))


def test_no_members_is_refused():
    with pytest.raises(ParameterError, match="n_estimators"):
        DeepEnsembleClassifier(network(), n_estimators=0).fit(X, Y)


def test_what_all_members_have_frozen_is_computed_once(tmp_path, monkeypatch):
    made = []

    class Recorded(FrozenCache):
        def __init__(self):
            super().__init__()
            made.append(self)

    monkeypatch.setattr("skspec.models._deep_ensemble.FrozenCache", Recorded)
    weights = tmp_path / "tiny.safetensors"
    save_file(get_entry("tiny").build().state_dict(), weights)
    cnn = network(weights=weights, stages="frozen")
    ensemble = DeepEnsembleClassifier(cnn, n_estimators=3, random_state=0).fit(X, Y)
    assert [cache.n_computed for cache in made] == [len(X)]
    assert {member.cache for member in ensemble.estimators_} == {"fit"}
    assert not np.allclose(*ensemble.predict_members(X)[:2])
