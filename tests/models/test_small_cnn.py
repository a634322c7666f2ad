"""SmallCNNClassifier: threadgold's nets, in the same API as the pretrained ones."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skspec import Augmenter, Head, SmallCNNClassifier, Stage
from skspec._seeding import seed_at
from skspec.exceptions import InputError, ParameterError

ARCHITECTURES = ["simple", "mandel", "mandel_small"]


def stripes(n=24, size=(8, 10), seed=0, n_channels=1):
    """Give noisy images with horizontal ("flat") or vertical ("tall") stripes."""
    rng = np.random.default_rng(seed)
    y = np.tile(["flat", "tall"], n // 2)
    rows, columns = np.indices(size)
    X = np.stack([np.sin(1.5 * (rows if label == "flat" else columns)) for label in y])
    X = X[:, None] + 0.3 * rng.standard_normal((n, n_channels, *size))
    return X.astype(np.float32), y


X, Y = stripes()


def cnn(architecture="simple", **settings):
    defaults = {
        "stages": [("full", Stage(epochs=2, lr=1e-3))],
        "device": "cpu",
        "batch_size": 8,
        "random_state": 0,
    }
    return SmallCNNClassifier(architecture, **{**defaults, **settings})


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
class TestEveryArchitecture:
    def test_it_tells_stripes_apart(self, architecture):
        stages = [("full", Stage(epochs=15, lr=2e-3))]
        classifier = cnn(architecture, stages=stages).fit(X, Y)
        assert classifier.score(*stripes(seed=1)) > 0.9
        losses = [row["train_loss"] for row in classifier.history_]
        assert losses[-1] < 0.2 < losses[0]

    def test_any_size_and_channels(self, architecture):
        for n_channels, size in ((2, (7, 30)), (3, (20, 6)), (1, (1, 9))):
            images, y = stripes(6, size, n_channels=n_channels)
            classifier = cnn(architecture).fit(images, y)
            assert classifier.image_shape_in_ == (n_channels, *size)
            assert classifier.predict_proba(images).shape == (6, 2)

    def test_same_seed_same_net_other_seed_another(self, architecture):
        classifier = cnn(architecture).fit(X, Y)
        proba = classifier.predict_proba(X)
        assert_array_equal(clone(classifier).fit(X, Y).predict_proba(X), proba)
        assert_array_equal(classifier.fit(X, Y).predict_proba(X), proba)
        other = cnn(architecture, random_state=1).fit(X, Y)
        assert (other.predict_proba(X) != proba).any()

    def test_pickle(self, architecture):
        classifier = cnn(architecture).fit(X, Y)
        again = pickle.loads(pickle.dumps(classifier))
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))

    def test_initial_weights_are_torchs(self, architecture):
        # Uniform within 1 / sqrt(fan in), as the documentation says.
        spec = cnn(architecture).fit(X, Y).network_spec_
        net = spec.build(seed=seed_at(0, "weights"), head_seed=seed_at(0, "head"))
        for layer in net.modules():
            if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
                bound = layer.weight[0].numel() ** -0.5
                assert 0.8 * bound < layer.weight.abs().max() <= bound
                assert layer.bias.abs().max() <= bound


class TestPapersNets:
    IMAGES = np.random.default_rng(0).standard_normal((4, 1, 12, 100))

    def fitted(self, architecture, **settings):
        stages = [("full", Stage(epochs=1))]
        return cnn(architecture, stages=stages, **settings).fit(self.IMAGES, [0, 1, 0, 1])

    def test_mandel_has_the_papers_2_987_146_parameters(self):
        assert count(self.fitted("mandel").network_) == 2_987_146

    def test_simple(self):
        # 32 filters of 2 x 2 leave 11 x 99 pixels.
        assert count(self.fitted("simple").network_) == 32 * 5 + (32 * 11 * 99 + 1) * 2

    def test_mandel_small(self):
        convolutions = 32 * 5 + 48 * (4 * 32 + 1)
        dense = (48 * 5 * 49 + 1) * 128 + 129 * 64 + 65 * 2
        assert count(self.fitted("mandel_small").network_) == convolutions + dense

    def test_dropout_of_mandel(self):
        for architecture in ("mandel", "mandel_small"):
            layers = self.fitted(architecture).network_.head.layers
            assert [layer.p for layer in layers if hasattr(layer, "p")] == [0.25, 0.25, 0.4]

    def test_one_output_of_a_binary_loss(self):
        net = self.fitted("mandel", loss="binary_cross_entropy").network_
        assert count(net) == 2_987_146 - 65


class TestHead:
    def test_get_params_shows_the_architectures_own(self):
        assert cnn("simple").get_params()["head__dropout"] == 0.0
        params = cnn("mandel").get_params()
        assert params["head"] is None
        assert params["head__pooling"] == "flatten"
        assert params["head__hidden"] == (128, 64)
        assert cnn("mandel", head=Head()).get_params()["head__pooling"] == "mean"

    def test_setting_one_thing_keeps_the_rest(self):
        classifier = cnn("mandel").set_params(head__dropout=0.5, full__lr=0.1)
        assert classifier.head.get_params() == {
            "pooling": "flatten", "n_bands": 1, "hidden": (128, 64), "dropout": 0.5,
        }  # fmt: skip
        assert dict(classifier.stages)["full"].lr == 0.1
        assert cnn("mandel").head is None

    def test_another_head(self):
        head = Head(pooling="attention", n_bands=2, hidden=(5,), dropout=0)
        net = cnn(head=head).fit(X, Y).network_
        assert net.head.layers[1].in_features == 2 * 32
        assert net.head.attention is not None

    def test_an_invalid_architecture_breaks_neither_repr_nor_get_params(self):
        classifier = cnn("nonsense")
        assert "nonsense" in repr(classifier)
        with pytest.raises(ParameterError, match=r"'architecture' .*'mandel_small'.*'nonsense'"):
            classifier.fit(X, Y)


class TestSharedWithTheOthers:
    def test_defaults(self):
        params = SmallCNNClassifier().get_params()
        assert (params["stages"], params["full__epochs"], params["full__lr"]) == ("full", 20, 1e-3)

    def test_frozen_convolutions_stay(self):
        stages = [("warmup", Stage("head", epochs=1)), ("last", Stage("last:1", epochs=1))]
        classifier = cnn("mandel_small", stages=stages).fit(X, Y)
        seeds = {"seed": seed_at(0, "weights"), "head_seed": seed_at(0, "head")}
        before = classifier.network_spec_.build(**seeds).backbone
        after = classifier.network_.backbone
        same = [torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters())]  # noqa: B905
        assert same == [True, True, False, False]
        assert [row["stage"] for row in classifier.history_] == ["warmup", "last"]

    def test_validation_keeps_the_best_epoch(self):
        stages = [("full", Stage(epochs=6, lr=0.05, optimizer="sgd"))]
        classifier = cnn(stages=stages, validation=np.arange(6)).fit(X, Y)
        losses = [row["valid_loss"] for row in classifier.history_]
        assert classifier.best_epoch_ == int(np.argmin(losses))

    def test_augmentation_reaches_it(self):
        plain = cnn().fit(X, Y)
        augmented = Pipeline([("aug", Augmenter(time_flip=0.5, random_state=0)), ("cnn", cnn())])
        assert (augmented.fit(X, Y).predict_proba(X) != plain.predict_proba(X)).any()

    def test_every_block_can_be_looked_into(self):
        net = cnn("mandel").fit(X, Y).network_
        names = ["conv1", "conv2", "conv3"]
        maps = net.backbone.feature_maps(net.adapter(torch.from_numpy(X)), names)
        assert [m.shape[1:] for m in maps] == [(32, 7, 9), (48, 6, 8), (120, 2, 3)]

    def test_images_are_resized_where_that_is_asked_for(self):
        classifier = cnn("mandel", input_size=[16, 12]).fit(X, Y)
        assert classifier.network_.head.layers[1].in_features == 120 * 6 * 4
        assert cnn("mandel").fit(X, Y).network_.head.layers[1].in_features == 120 * 2 * 3

    def test_fit_scaling_ignores_the_images_units(self):
        decibels = 40 * X.astype(np.float64) - 60
        one, other = (cnn(precision="float64").fit(Z, Y) for Z in (X.astype(float), decibels))
        assert_allclose(one.predict_proba(X), other.predict_proba(decibels), atol=1e-6)

    def test_bfloat16_on_the_cpu(self):
        proba = cnn("mandel", precision="bfloat16").fit(X, Y).predict_proba(X)
        assert proba.dtype == np.float32
        assert_allclose(proba, cnn("mandel").fit(X, Y).predict_proba(X), atol=0.05)


class TestErrors:
    @pytest.mark.parametrize(
        ("architecture", "size"), [("mandel", (12, 4)), ("mandel_small", (3, 9))]
    )
    def test_images_too_small(self, architecture, size):
        images, y = stripes(4, size)
        message = rf"{size[0]} x {size[1]} pixels are too small: architecture='{architecture}'"
        with pytest.raises(InputError, match=message):
            cnn(architecture).fit(images, y)
        cnn(architecture, input_size=(12, 12)).fit(images, y)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"input_scaling": "imagenet"}, r"'input_scaling' .*'imagenet'"),
            ({"input_size": (8,)}, r"input_size=\(8,\), but expected \(height, width\)"),
            ({"head": "mean"}, "'head'"),
            ({"batch_size": 0}, "'batch_size'"),
            ({"loss": "mse"}, "'loss'"),
            ({"on_divergence": "ignore"}, "'on_divergence'"),
        ],
    )
    def test_parameters(self, settings, message):
        with pytest.raises(ParameterError, match=message):
            cnn(**settings).fit(X, Y)
