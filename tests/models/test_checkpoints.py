"""One folder of checkpoints serves every classifier, a whole search, and an ensemble."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

from skspec import (
    DeepEnsembleClassifier,
    LSTMClassifier,
    MelSpectrogramImage,
    OnDemandImages,
    PretrainedCNNClassifier,
    SmallCNNClassifier,
    Stage,
    make_voices,
)

X = np.random.default_rng(0).standard_normal((12, 1, 8, 10)).astype(np.float32)
Y = np.tile(["a", "b"], 6)
STAGES = [("s", Stage(epochs=2, lr=0.01))]


class Count(Callback):
    """Counts batches, and ends everything at one of them."""

    n, last = 0, None

    def on_batch_begin(self, net, training=False, **_):
        Count.n += training
        if Count.n == Count.last:
            raise InterruptedError


@pytest.fixture(autouse=True)
def _count_from_zero(monkeypatch):
    monkeypatch.setattr("skspec._storage.os.fsync", lambda _: None)
    Count.n, Count.last = 0, None


def killed(estimator, images, y, last):
    """Fit until a batch begins; then the counting starts anew."""
    Count.n, Count.last = 0, last
    with pytest.raises(InterruptedError):
        estimator.fit(images, y)
    Count.n, Count.last = 0, None


def settings(folder, **more):
    return {
        "stages": STAGES,
        "batch_size": 4,
        "device": "cpu",
        "checkpoint": folder,
        "checkpoint_every_s": 0.0,
        "callbacks": [Count()],
        "random_state": 0,
        **more,
    }


def tiny(folder, **more):
    return PretrainedCNNClassifier(
        "tiny", weights=None, input_size=(8, 10), **settings(folder, **more)
    )


def assert_same_weights(one, other):
    others = other.network_.state_dict()
    for name, value in one.network_.state_dict().items():
        assert torch.equal(value, others[name]), name


@pytest.mark.parametrize("kind", [SmallCNNClassifier, LSTMClassifier])
def test_small_nets(tmp_path, kind):
    classifier = kind(**settings(tmp_path))
    assert clone(classifier).checkpoint == tmp_path
    killed(classifier, X, Y, 5)
    classifier.fit(X, Y)
    assert Count.n == 2
    undisturbed = kind(**settings(None)).fit(X, Y)
    assert_same_weights(classifier, undisturbed)
    assert classifier.history_ == undisturbed.history_


def test_images_made_on_demand(tmp_path):
    waves, y, _ = make_voices(12, n_speakers=4, random_state=0)
    mel = MelSpectrogramImage(sr=16_000, n_mels=8, duration_s=0.2, hop_length=320)
    found = {}
    for gain in (3.0, 4.0):
        demand = OnDemandImages(mel, gain_db=gain, random_state=0)
        killed(tiny(tmp_path), demand.fit_transform(waves), y, 5)
        found[gain] = tiny(tmp_path).fit(demand.fit_transform(waves), y)
        assert Count.n == 2  # from its own checkpoint, not from the other's
        assert_same_weights(found[gain], tiny(None).fit(demand.fit_transform(waves), y))
    assert found[3.0].history_ != found[4.0].history_


def test_a_search_that_was_killed_computes_what_is_missing(tmp_path):
    grid, n_fits, n_batches = {"s__lr": [0.01, 0.02]}, 2 * 2 + 1, 2 * 2

    def search(folder):
        return GridSearchCV(tiny(folder), grid, cv=2, error_score="raise")

    killed(search(tmp_path), X, Y, 2 * n_batches + 3)
    found = search(tmp_path).fit(X, Y)
    # Two fits had ended and a third had two batches behind it; the refit is of three batches each.
    assert Count.n == n_fits * n_batches - (2 * n_batches + 2) + 2
    Count.n = 0
    expected = search(None).fit(X, Y)
    assert_same_weights(found.best_estimator_, expected.best_estimator_)
    assert_array_equal(
        found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


def test_the_members_of_an_ensemble(tmp_path):
    def ensemble(folder):
        return DeepEnsembleClassifier(tiny(folder), n_estimators=2, random_state=0)

    killed(ensemble(tmp_path), X, Y, 9)  # of 2 times 6: in the middle of the second
    found = ensemble(tmp_path).fit(X, Y)
    assert Count.n == 4
    assert len(list(tmp_path.iterdir())) == 2
    assert_array_equal(found.predict_proba(X), ensemble(None).fit(X, Y).predict_proba(X))
