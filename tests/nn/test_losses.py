"""Losses against torch's own functions, the papers' formulas, and finite gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from skspec.nn._losses import BinaryCrossEntropyLoss, CrossEntropyLoss, FocalLoss, HingeLoss

RNG = np.random.default_rng(0)
OUTPUTS = torch.from_numpy(3 * RNG.standard_normal((9, 4)))
TARGETS = torch.from_numpy(RNG.integers(0, 4, 9))
ALL = [
    CrossEntropyLoss(),
    CrossEntropyLoss(0.1),
    FocalLoss(),
    HingeLoss(),
    BinaryCrossEntropyLoss(),
]


def softmax(x):
    x = np.exp(x - x.max(axis=1, keepdims=True))
    return x / x.sum(axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class TestPerClip:
    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_cross_entropy(self, smoothing):
        q = np.full((9, 4), smoothing / 4)
        q[np.arange(9), TARGETS] += 1 - smoothing
        expected = -(q * np.log(softmax(OUTPUTS.numpy()))).sum(axis=1)
        losses = CrossEntropyLoss(smoothing).per_clip(OUTPUTS, TARGETS)
        assert_allclose(losses, expected)
        torchs = nn.CrossEntropyLoss(label_smoothing=smoothing)(OUTPUTS, TARGETS)
        assert_allclose(losses.mean(), torchs)

    @pytest.mark.parametrize("margin", [1.0, 0.3])
    def test_hinge(self, margin):
        x = OUTPUTS.numpy()
        over = np.maximum(0, margin - x[np.arange(9), TARGETS][:, None] + x)
        over[np.arange(9), TARGETS] = 0
        losses = HingeLoss(margin).per_clip(OUTPUTS, TARGETS)
        assert_allclose(losses, over.sum(axis=1) / 4)
        assert_allclose(losses.mean(), nn.MultiMarginLoss(margin=margin)(OUTPUTS, TARGETS))

    @pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
    def test_focal(self, gamma):
        p = softmax(OUTPUTS.numpy())[np.arange(9), TARGETS]
        losses = FocalLoss(gamma).per_clip(OUTPUTS, TARGETS)
        assert_allclose(losses, -((1 - p) ** gamma) * np.log(p))

    def test_focal_of_the_papers_example(self):
        # Section 3.2: at gamma = 2 a clip with p = 0.9 has a loss 100 times lower than without.
        outputs = torch.log(torch.tensor([[0.9, 0.1]], dtype=torch.float64))
        target = torch.tensor([0])
        ratio = CrossEntropyLoss().per_clip(outputs, target) / FocalLoss().per_clip(outputs, target)
        assert_allclose(ratio, 100)

    def test_one_sigmoid(self):
        outputs, targets = OUTPUTS[:, :1], TARGETS % 2
        losses = BinaryCrossEntropyLoss().per_clip(outputs, targets)
        p = sigmoid(outputs[:, 0].numpy())
        assert_allclose(losses, -np.log(np.where(targets == 1, p, 1 - p)))
        torchs = nn.BCEWithLogitsLoss()(outputs[:, 0], targets.double())
        assert_allclose(losses.mean(), torchs)

    def test_several_sigmoids(self):
        losses = BinaryCrossEntropyLoss().per_clip(OUTPUTS, TARGETS)
        p, truth = sigmoid(OUTPUTS.numpy()), np.eye(4)[TARGETS]
        expected = -(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean(axis=1)
        assert_allclose(losses, expected)

    @pytest.mark.parametrize("loss", ALL, ids=repr)
    @pytest.mark.parametrize("size", [1e-3, 30.0, 1e4])
    def test_gradients_stay_finite_where_one_class_is_sure(self, loss, size):
        for target in (0, 1):
            n_outputs = loss.n_outputs(2)
            outputs = torch.zeros(1, n_outputs)
            outputs[0, 0] = size
            outputs.requires_grad_(True)
            loss.per_clip(outputs, torch.tensor([target])).sum().backward()
            assert torch.isfinite(outputs.grad).all()

    @pytest.mark.parametrize("gamma", [0.3, 0.5])
    def test_a_gamma_below_one(self, gamma):
        # The derivative of (1 - p) ** gamma is infinite at p = 1.
        outputs = torch.tensor([[200.0, 0.0]], requires_grad=True)
        FocalLoss(gamma).per_clip(outputs, torch.tensor([0])).sum().backward()
        assert torch.isfinite(outputs.grad).all()


class TestProbabilities:
    def test_softmax(self):
        for loss in (CrossEntropyLoss(), FocalLoss(), HingeLoss()):
            assert_allclose(loss.probabilities(OUTPUTS), softmax(OUTPUTS.numpy()))

    def test_one_sigmoid(self):
        p = sigmoid(OUTPUTS[:, 0].numpy())
        expected = np.stack([1 - p, p], axis=1)
        assert_allclose(BinaryCrossEntropyLoss().probabilities(OUTPUTS[:, :1]), expected)

    def test_several_sigmoids(self):
        p = sigmoid(OUTPUTS.numpy())
        expected = p / p.sum(axis=1, keepdims=True)
        assert_allclose(BinaryCrossEntropyLoss().probabilities(OUTPUTS), expected)

    def test_several_sigmoids_that_are_all_zero(self):
        probability = BinaryCrossEntropyLoss().probabilities(torch.tensor([[-200.0, -210.0, -200]]))
        assert_allclose(probability, [[0.5, 0.0, 0.5]], atol=1e-4)

    @pytest.mark.parametrize("loss", ALL, ids=repr)
    @settings(max_examples=15)
    @given(st.integers(2, 6), st.floats(0.01, 1000), st.integers(0, 99))
    def test_rows_sum_to_one(self, loss, n_classes, size, seed):
        generator = torch.Generator().manual_seed(seed)
        outputs = size * torch.randn(5, loss.n_outputs(n_classes), generator=generator)
        probability = loss.probabilities(outputs)
        assert probability.shape == (5, n_classes)
        assert_allclose(probability.sum(dim=1), 1, rtol=1e-5)
        assert (probability >= 0).all()


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_number_of_outputs(loss):
    binary = isinstance(loss, BinaryCrossEntropyLoss)
    assert [loss.n_outputs(n) for n in (2, 3, 8)] == [1 if binary else 2, 3, 8]
