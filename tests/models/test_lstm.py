"""LSTMClassifier: it hears in which order things happen, the same every time."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skspec import Head, LSTMClassifier, Stage
from skspec._seeding import seed_at
from skspec.exceptions import ParameterError


def sweeps(n=24, seed=0, n_channels=1, size=(6, 12)):
    """Give noisy pictures of tones that rise or fall: the same frames in another order."""
    rng = np.random.default_rng(seed)
    y = np.tile(["fall", "rise"], n // 2)
    bins, frames = size
    where = np.arange(frames) * bins // frames
    rise = 3.0 * (np.arange(bins)[:, None] == where)
    X = np.stack([rise if label == "rise" else rise[:, ::-1] for label in y])
    X = X[:, None] + 0.3 * rng.standard_normal((n, n_channels, *size))
    return X.astype(np.float32), y


X, Y = sweeps()
LEARN = [("full", Stage(epochs=25, lr=1e-2))]


def lstm(hidden=8, **settings):
    defaults = {
        "stages": [("full", Stage(epochs=2, lr=1e-3))],
        "device": "cpu",
        "batch_size": 8,
        "random_state": 0,
    }
    return LSTMClassifier(hidden, **{**defaults, **settings})


SHAPES = [
    {},
    {"head": Head(pooling="last")},
    {"n_layers": 2, "dropout": 0.3},
    {"bidirectional": True, "head": Head(pooling="mean_std")},
    {"conv": (4, 4), "head": Head(pooling="attention")},
]


class TestLearning:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_it_tells_rising_from_falling(self, shape):
        classifier = lstm(stages=LEARN, **shape).fit(X, Y)
        assert classifier.score(*sweeps(seed=1)) > 0.9
        losses = [row["train_loss"] for row in classifier.history_]
        assert losses[-1] < 0.2 < losses[0]

    def test_the_order_of_frames_is_what_it_hears(self):
        # Played backwards, every clip becomes one of the other class.
        classifier = lstm(stages=LEARN).fit(X, Y)
        images, y = sweeps(seed=1)
        assert classifier.score(images[..., ::-1].copy(), y) < 0.1

    def test_shuffled_labels_cannot_be_told_apart(self):
        y = np.random.default_rng(0).permutation(Y)
        assert lstm(stages=LEARN).fit(X, y).score(*sweeps(seed=1)) < 0.85

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("n_channels", [1, 2])
    def test_any_size_and_channels(self, shape, n_channels):
        for size in ((1, 9), (5, 1), (1, 1), (9, 30)):
            images, y = sweeps(4, n_channels=n_channels, size=size)
            classifier = lstm(**shape).fit(images, y)
            assert classifier.image_shape_in_ == (n_channels, *size)
            assert classifier.predict_proba(images).shape == (4, 2)


class TestSame:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_same_seed_same_net(self, shape):
        classifier = lstm(**shape).fit(X, Y)
        proba = classifier.predict_proba(X)
        torch.manual_seed(99)  # of no effect: dropout between the layers is drawn from our seed
        assert_array_equal(clone(classifier).fit(X, Y).predict_proba(X), proba)
        assert (
            clone(classifier).set_params(random_state=1).fit(X, Y).predict_proba(X) != proba
        ).any()

    def test_fitting_leaves_torchs_random_state_alone(self):
        before = torch.random.get_rng_state()
        lstm(n_layers=2, dropout=0.5).fit(X, Y)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_dropout_between_the_layers_matters(self):
        one, other = (lstm(n_layers=2, dropout=p).fit(X, Y) for p in (0.0, 0.5))
        assert (one.predict_proba(X) != other.predict_proba(X)).any()

    @pytest.mark.parametrize("shape", SHAPES)
    def test_pickle(self, shape):
        classifier = lstm(**shape).fit(X, Y)
        again = pickle.loads(pickle.dumps(classifier))
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))

    def test_batches_do_not_change_predictions_much(self):
        classifier = lstm().fit(X, Y)
        one_by_one = np.concatenate([classifier.predict_proba(image[None]) for image in X])
        assert_allclose(one_by_one, classifier.predict_proba(X), atol=1e-6)

    @pytest.mark.parametrize("precision", ["float64", "bfloat16"])
    def test_precision(self, precision):
        proba = lstm(precision=precision, conv=(4,)).fit(X, Y).predict_proba(X)
        assert proba.dtype == (np.float64 if precision == "float64" else np.float32)
        expected = lstm(conv=(4,)).fit(X, Y).predict_proba(X)
        assert_allclose(proba, expected, atol=1e-5 if precision == "float64" else 0.02)


class TestShape:
    def test_parameter_count(self):
        def n_parameters(**settings):
            return sum(p.numel() for p in lstm(8, **settings).fit(X, Y).network_.parameters())

        assert n_parameters() == 4 * 8 * (6 + 8 + 2) + 9 * 2
        both = 2 * 4 * 8 * (6 + 8 + 2) + 2 * 4 * 8 * (16 + 8 + 2)
        assert n_parameters(bidirectional=True, n_layers=2) == both + 17 * 2
        # A convolution of 5 filters halves the 6 bins.
        assert n_parameters(conv=[5]) == 10 * 5 + 4 * 8 * (15 + 8 + 2) + 9 * 2

    def test_last_means_the_end_of_both_directions(self):
        classifier = lstm(bidirectional=True, head=Head(pooling="last")).fit(X, Y)
        maps = classifier.network_.backbone(classifier.network_.adapter(torch.from_numpy(X)))
        assert maps.shape == (24, 16, 1, 1)
        classifier = lstm(bidirectional=True).fit(X, Y)
        maps = classifier.network_.backbone(classifier.network_.adapter(torch.from_numpy(X)))
        assert maps.shape == (24, 16, 1, 12)

    def test_default_head_and_stages(self):
        params = LSTMClassifier().get_params()
        assert (params["head"], params["head__pooling"]) == (None, "mean")
        assert (params["full__epochs"], params["full__lr"]) == (20, 1e-3)
        changed = LSTMClassifier().set_params(head__hidden=(8,))
        assert changed.head.get_params() == Head(hidden=(8,)).get_params()

    def test_frozen_blocks_stay(self):
        stages = [("train", Stage("lstm2", epochs=1, lr=0.01))]
        classifier = lstm(conv=(4,), n_layers=2, stages=stages).fit(X, Y)
        seeds = {"seed": seed_at(0, "weights"), "head_seed": seed_at(0, "head")}
        before = classifier.network_spec_.build(**seeds).backbone
        blocks = zip(before.blocks, classifier.network_.backbone.blocks, strict=True)
        same = [
            all(torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))
            for old, new in blocks
        ]
        assert classifier.network_.backbone.block_names == ["conv1", "lstm1", "lstm2"]
        assert same == [True, True, False]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 0}, "'hidden'"),
        ({"n_layers": 0}, "'n_layers'"),
        ({"bidirectional": "yes"}, "'bidirectional'"),
        ({"conv": 8}, "'conv'"),
        ({"conv": (8, 0)}, r"conv=\(8, 0\), but expected integers > 0"),
        ({"conv": ["a"]}, r"conv=\['a'\], but expected integers > 0"),
        ({"dropout": 1.0}, "'dropout'"),
        ({"input_scaling": "imagenet"}, "'input_scaling'"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ParameterError, match=message):
        lstm(**settings).fit(X, Y)
