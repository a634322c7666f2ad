"""Losses as parameters: each trains, weighs clips, and gives probabilities that hold."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import accuracy_score

from skspec import (
    Augmenter,
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Head,
    ImageBatch,
    MultiClassHinge,
    PretrainedCNNClassifier,
    Stage,
)
from skspec.exceptions import ParameterError
from skspec.models._losses import LOSSES, named_loss

RNG = np.random.default_rng(0)
Y = np.arange(24) % 3
X = RNG.standard_normal((24, 1, 12, 12)).astype(np.float32)
for _clip, _label in enumerate(Y):
    X[_clip, 0, 4 * _label : 4 * _label + 4] += 2  # a louder third of the bins
TWO = (Y == 1).astype(int)
OBJECTS = [CrossEntropy(label_smoothing=0.1), BinaryCrossEntropy(), MultiClassHinge(), Focal()]


def cnn(loss, **settings):
    defaults = {
        "weights": None,
        "stages": [("train", Stage("all", epochs=2, lr=0.01))],
        "head": Head(dropout=0.0, n_bands=3),
        "input_size": (12, 12),
        "device": "cpu",
        "batch_size": 24,
        "precision": "float64",
        "random_state": 0,
    }
    return PretrainedCNNClassifier("tiny", loss=loss, **{**defaults, **settings})


@pytest.mark.parametrize("loss", sorted(LOSSES))
class TestEveryLoss:
    @pytest.mark.parametrize("y", [Y, TWO], ids=["three", "two"])
    def test_it_learns(self, loss, y):
        stages = [("train", Stage("all", epochs=16, lr=0.02))]
        classifier = cnn(loss, stages=stages, batch_size=12).fit(X, y)
        assert classifier.score(X, y) > 0.85
        assert classifier.history_[-1]["train_loss"] < classifier.history_[0]["train_loss"]
        assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)

    @pytest.mark.parametrize("y", [Y, TWO], ids=["three", "two"])
    def test_a_weight_of_two_is_a_clip_twice(self, loss, y):
        weight = np.where(np.arange(24) % 5 == 0, 2.0, 1.0)
        twice = np.repeat(np.arange(24), weight.astype(int))
        weighted = cnn(loss, batch_size=100).fit(X, y, sample_weight=weight)
        repeated = cnn(loss, batch_size=100).fit(X[twice], y[twice])
        assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-8)
        losses = [c.history_[-1]["train_loss"] for c in (weighted, repeated)]
        assert_allclose(*losses, rtol=1e-8)

    @pytest.mark.parametrize("y", [Y, TWO], ids=["three", "two"])
    def test_accuracy_in_history_is_that_of_predict(self, loss, y):
        valid = np.arange(10)
        stages = [("train", Stage("all", epochs=3, lr=0.02))]
        classifier = cnn(loss, stages=stages, validation=valid, batch_size=4).fit(X, y)
        row = classifier.history_[classifier.best_epoch_]
        expected = accuracy_score(y[valid], classifier.predict(X[valid]))
        assert_allclose(row["valid_accuracy"], expected)

    def test_a_word_is_its_object(self, loss):
        by_word, by_object = cnn(loss).fit(X, Y), cnn(LOSSES[loss]()).fit(X, Y)
        assert_array_equal(by_word.predict_proba(X), by_object.predict_proba(X))
        assert type(by_word.loss_) is LOSSES[loss]

    def test_mixed_images(self, loss):
        mixed = Augmenter(mixup=0.4, random_state=0).fit_transform(X)
        if loss == "hinge":
            with pytest.raises(
                ParameterError, match=r"loss='hinge'.*mixup.*'binary_cross_entropy'"
            ):
                cnn(loss).fit(mixed, Y)
        else:
            history = cnn(loss).fit(mixed, Y).history_
            assert history[0]["train_loss"] != cnn(loss).fit(X, Y).history_[0]["train_loss"]

    def test_images_that_are_not_mixed(self, loss):
        drawn = Augmenter(time_mask=2, random_state=0).fit_transform(X)
        assert np.isfinite(cnn(loss).fit(drawn, Y).predict_proba(X)).all()


def test_binary_cross_entropy_has_one_output_for_two_classes():
    assert cnn("binary_cross_entropy").fit(X, TWO).network_spec_.n_outputs == 1
    assert cnn("binary_cross_entropy").fit(X, Y).network_spec_.n_outputs == 3
    assert cnn("cross_entropy").fit(X, TWO).network_spec_.n_outputs == 2


def test_one_sigmoid_is_the_probability_of_the_second_class():
    classifier = cnn("binary_cross_entropy").fit(X, TWO)
    outputs = classifier._outputs(ImageBatch(X)).numpy()[:, 0]
    assert_allclose(classifier.predict_proba(X)[:, 1], 1 / (1 + np.exp(-outputs)))


def test_the_first_loss_is_that_of_the_untrained_network():
    stages = [("train", Stage("head", epochs=1, lr=1e-12))]
    for loss in ("binary_cross_entropy", "focal"):
        classifier = cnn(loss, stages=stages).fit(X, TWO)
        p = classifier.predict_proba(X)[np.arange(24), TWO]
        factor = (1 - p) ** 2 if loss == "focal" else 1.0
        assert_allclose(
            classifier.history_[0]["train_loss"], -(factor * np.log(p)).mean(), rtol=1e-6
        )


def test_mixing_shares_both_losses():
    """With lr near 0 the loss is that of the untrained network on the images as mixed."""
    mixed = Augmenter(mixup=0.4, random_state=0).fit_transform(X)
    stages = [("train", Stage("head", epochs=1, lr=1e-12))]
    classifier = cnn("binary_cross_entropy", stages=stages).fit(mixed, TWO)
    images, partners, shares = mixed.draw(np.arange(24), np.arange(24), 0)
    p = classifier.predict_proba(images)
    own, other = (-np.log(p[np.arange(24), t]) for t in (TWO, TWO[partners]))
    expected = (shares * own + (1 - shares) * other).mean()
    assert_allclose(classifier.history_[0]["train_loss"], expected, rtol=1e-6)


@pytest.mark.parametrize("loss", OBJECTS, ids=repr)
def test_clone_and_repr(loss):
    assert clone(loss).get_params() == loss.get_params()
    assert repr(loss).startswith(type(loss).__name__)
    assert named_loss(loss) is loss


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (CrossEntropy(label_smoothing=1.0), "'label_smoothing' parameter of CrossEntropy"),
        (MultiClassHinge(margin=0.0), "'margin' parameter of MultiClassHinge"),
        (Focal(gamma=-0.1), "'gamma' parameter of Focal"),
    ],
)
def test_bad_values(loss, message):
    with pytest.raises(ParameterError, match=message):
        loss.spec()


def test_unknown_word():
    with pytest.raises(ParameterError, match=r"Got loss='hing'.*'focal', 'hinge'.*Focal\(\)"):
        named_loss("hing")
