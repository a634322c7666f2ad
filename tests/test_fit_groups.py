"""Ctrl-C ends what fits many estimators, though a network survives it."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from skspec import DeepEnsembleClassifier, PretrainedCNNClassifier, SegmentedClassifier, evaluate
from skspec._fit_groups import fit_or_stop, was_interrupted
from skspec.search import optimize

Y = np.tile(["cat", "dog"], 8)
X = np.random.default_rng(0).normal(size=(16, 1, 8, 8)).astype(np.float32)
GROUPS = np.arange(16) // 4


pytestmark = pytest.mark.filterwarnings("ignore:The training was interrupted")


class PressesCtrlC(Callback):
    """In the second epoch, once in its life and those of its copies."""

    pressed = 0

    def on_epoch_begin(self, net, **_):
        if len(net.history) == 2 and not PressesCtrlC.pressed:
            PressesCtrlC.pressed += 1
            raise KeyboardInterrupt


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(PressesCtrlC, "pressed", 0)
    return PretrainedCNNClassifier(
        "tiny",
        weights=None,
        stages="full",
        input_size=(8, 8),
        callbacks=[PressesCtrlC()],
        random_state=0,
    ).set_params(full__epochs=3)


@pytest.mark.parametrize(
    "around",
    [
        lambda network: network,
        make_pipeline,
        lambda network: DeepEnsembleClassifier(network, n_estimators=2, random_state=0),
    ],
)
def test_it_is_found_inside(network, around):
    with pytest.raises(KeyboardInterrupt):
        fit_or_stop(around(network), X, Y, None)
    calm = around(network)  # nobody presses again
    fit_or_stop(calm, X, Y, None)
    assert not was_interrupted(calm)
    assert not was_interrupted(LogisticRegression())


def test_a_search_warns_of_a_candidate_and_its_winner_is_asked(network):
    search = GridSearchCV(network, {"full__lr": [1e-3]}, cv=[(range(8), range(8, 16))])
    with pytest.warns(ConvergenceWarning, match="interrupted after 1 epochs"):
        search.fit(X, Y)
    assert not was_interrupted(search)
    search.best_estimator_.interrupted_ = True
    assert was_interrupted(search)


def test_a_segmented_classifier_asks_its_own(network):
    waveforms = X.reshape(16, 64)
    images = make_pipeline(_ToImages(), network)
    segmented = SegmentedClassifier(images, sr=64, segment_s=1.0).fit(waveforms, Y)
    assert was_interrupted(segmented)


class _ToImages(LogisticRegression):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.reshape(X, (-1, 1, 8, 8)).astype(np.float32)


def test_no_later_fold_or_trial_begins(network):
    with pytest.raises(KeyboardInterrupt):
        evaluate(network, (X, Y, GROUPS), cv=2, error_score="warn")
    PressesCtrlC.pressed = 0
    with pytest.raises(KeyboardInterrupt):
        optimize(network, {"full__lr": [1e-3, 1e-2]}, (X, Y, GROUPS), cv=2, n_trials=2)


def test_an_ensemble_keeps_the_members_there_are(network):
    ensemble = DeepEnsembleClassifier(network, n_estimators=3, random_state=0).fit(X, Y)
    assert len(ensemble.estimators_) == 1
    assert ensemble.predict_proba(X).shape == (16, 2)
