"""What diverges ends as it was told to; history has the rates."""

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from skspec import Head, PretrainedCNNClassifier, Stage
from skspec.exceptions import FitDivergedError

X = np.random.default_rng(0).standard_normal((12, 1, 8, 8)).astype(np.float32)
Y = np.arange(12) % 2


class Break(Callback):
    """Makes a weight infinite behind a batch of an epoch."""

    def __init__(self, epoch, batch, value=float("inf")):
        self.epoch = epoch
        self.batch = batch
        self.value = value

    def on_batch_end(self, net, training=False, **_):
        epoch, batch = len(net.run.history), len(net.history[-1]["batches"]) - 1
        if training and (epoch, batch) == (self.epoch, self.batch):
            with torch.no_grad():
                net.module_.head.layers[-1].bias[0] = self.value


def cnn(epochs=4, on_divergence="restore", **settings):
    defaults = {
        "weights": None,
        "stages": [("train", Stage(epochs=epochs, lr=0.02))],
        "head": Head(dropout=0.0),
        "input_size": (8, 8),
        "batch_size": 4,
        "device": "cpu",
        "random_state": 0,
    }
    return PretrainedCNNClassifier("tiny", on_divergence=on_divergence, **{**defaults, **settings})


class TestRestore:
    @pytest.mark.parametrize("batch", [0, 2])  # 2 is the last: no loss of this epoch shows it
    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_the_last_epoch_that_ended_in_order(self, batch, value):
        classifier = cnn(callbacks=[Break(2, batch, value)])
        message = r"became .*epoch 2, batch.*training ends here, .* those of epoch 1\."
        with pytest.warns(ConvergenceWarning, match=message):
            classifier.fit(X, Y)
        assert classifier.diverged_ is True
        assert classifier.interrupted_ is False
        assert [row["epoch"] for row in classifier.history_] == [0, 1]
        assert not classifier.network_.training
        assert_array_equal(classifier.predict_proba(X), cnn(2).fit(X, Y).predict_proba(X))

    def test_in_the_first_epoch(self):
        classifier = cnn(callbacks=[Break(0, 0)])
        with pytest.warns(ConvergenceWarning, match="weights kept are the untrained ones"):
            classifier.fit(X, Y)
        assert classifier.history_ == []
        untrained = cnn(stages=[("train", Stage(epochs=1, lr=1e-38, optimizer="sgd"))]).fit(X, Y)
        assert_array_equal(classifier.predict_proba(X), untrained.predict_proba(X))

    def test_it_ends_all_stages(self):
        stages = [("a", Stage("head", epochs=2, lr=0.1)), ("b", Stage(epochs=2)), ("c", Stage())]
        classifier = cnn(stages=stages, callbacks=[Break(2, 1)])
        with pytest.warns(ConvergenceWarning, match=r"in stage 'b', epoch 2, .* of epoch 1\."):
            classifier.fit(X, Y)
        assert [row["stage"] for row in classifier.history_] == ["a", "a"]
        first = cnn(stages=stages[:1]).fit(X, Y)
        assert_array_equal(classifier.predict_proba(X), first.predict_proba(X))

    @pytest.mark.parametrize("batch", [0, 1])
    def test_with_validation_the_best_epoch_is_kept(self, batch):
        settings = {"validation": np.arange(4)}
        plain = cnn(3, **settings).fit(X, Y)
        with pytest.warns(ConvergenceWarning, match=rf"those of epoch {plain.best_epoch_}\."):
            classifier = cnn(callbacks=[Break(3, batch)], **settings).fit(X, Y)
        assert classifier.best_epoch_ == plain.best_epoch_
        assert_array_equal(classifier.predict_proba(X), plain.predict_proba(X))

    def test_with_validation_before_any_epoch(self):
        classifier = cnn(callbacks=[Break(0, 1)], validation=np.arange(4))
        with pytest.warns(ConvergenceWarning, match="untrained"):
            classifier.fit(X, Y)
        assert classifier.best_epoch_ is None
        assert np.isfinite(classifier.predict_proba(X)).all()

    def test_a_rate_that_is_far_too_high(self):
        stages = [("train", Stage(epochs=5, lr=1e38, optimizer="sgd"))]
        classifier = cnn(stages=stages, input_scaling=None)
        with pytest.warns(ConvergenceWarning, match="Lower the stage's lr"):
            classifier.fit(1e4 * X, Y)
        assert classifier.diverged_
        assert classifier.predict(X).shape == (12,)

    def test_where_nothing_diverges_nothing_changes(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            restoring, raising = (cnn(on_divergence=w).fit(X, Y) for w in ("restore", "raise"))
        assert_array_equal(restoring.predict_proba(X), raising.predict_proba(X))
        assert restoring.history_ == raising.history_
        assert restoring.diverged_ is raising.diverged_ is False


def test_by_default_it_is_an_error():
    classifier = cnn(on_divergence="raise", callbacks=[Break(1, 0)])
    with pytest.raises(FitDivergedError, match=r"stage 'train', epoch 1, batch 1\. Lower the"):
        classifier.fit(X, Y)
    assert not hasattr(classifier, "diverged_")


@pytest.mark.parametrize(
    ("train", "factor", "layer_decay", "expected"),
    [
        ("all", 3.0, 1.0, (0.1, 0.3)),
        ("all", 3.0, 0.5, (0.1, 0.3)),  # of the last block
        ("head", 3.0, 1.0, (0.3, 0.3)),
        ("head", 3.0, 0.5, (0.3, 0.3)),
    ],
)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_rates_in_history(train, factor, layer_decay, expected, weight_decay):
    stage = Stage(
        train,
        epochs=1,
        lr=0.1,
        head_lr_factor=factor,
        layer_decay=layer_decay,
        weight_decay=weight_decay,
        optimizer="sgd",
    )
    row = cnn(stages=[("s", stage)]).fit(X, Y).history_[0]
    np.testing.assert_allclose((row["lr"], row["head_lr"]), expected)
