"""Where memory runs out, batches go in parts, and the training stays the same."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from skspec import Augmenter, Head, ImageBatch, PretrainedCNNClassifier, Stage, register_backbone
from skspec._seeding import generator_at
from skspec.exceptions import SkspecError
from skspec.nn import _registry
from skspec.nn._memory import DeviceMemoryError, PartSize

RNG = np.random.default_rng(0)
X = RNG.standard_normal((22, 1, 8, 8)).astype(np.float64)
Y = np.arange(22) % 3
WEIGHT = np.linspace(0.2, 2.0, 22)


class Hungry(nn.Module):
    """Raises on more images than `limit`, and on the calls in `failing`, counted from 1."""

    limit = 10**6
    failing = ()
    sizes: list[int] = []  # noqa: RUF012
    calls = -1

    def forward(self, x):
        Hungry.calls += 1
        if Hungry.calls == 0:  # the empty image that shows the network its own shapes
            return x
        if len(x) > Hungry.limit or Hungry.calls in Hungry.failing:
            raise torch.OutOfMemoryError("Tried to allocate 20.00 MiB.")
        Hungry.sizes.append(len(x))
        return x


@pytest.fixture(autouse=True)
def hungry(monkeypatch):
    """Register the backbone "hungry", whose last block does not take any batch."""
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))
    for name, norm in (("hungry", nn.Identity), ("hungry_norm", lambda: nn.BatchNorm2d(4))):
        register_backbone(
            name,
            lambda norm=norm: nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), norm(), Hungry()),
            lambda m: [("conv", nn.Sequential(m[0], m[1])), ("last", m[2])],
        )
    monkeypatch.setattr(Hungry, "limit", 10**6)
    monkeypatch.setattr(Hungry, "failing", ())
    monkeypatch.setattr(Hungry, "sizes", [])
    monkeypatch.setattr(Hungry, "calls", -1)


def fit(backbone="hungry", epochs=2, X=X, limit=10**6, failing=(), **settings):
    Hungry.limit, Hungry.failing, Hungry.sizes, Hungry.calls = limit, failing, [], -1
    defaults = {
        "weights": None,
        "input_size": (8, 8),
        "batch_size": 10,
        "precision": "float64",
        "head": Head(dropout=0.0),
        "stages": [("train", Stage(epochs=epochs, lr=0.1, optimizer="sgd"))],
        "device": "cpu",
        "random_state": 0,
    }
    classifier = PretrainedCNNClassifier(backbone, **{**defaults, **settings})
    return classifier.fit(X, Y, sample_weight=WEIGHT)


def state(classifier):
    return {k: v.numpy().copy() for k, v in classifier.network_.state_dict().items()}


def assert_same_training(one, other):
    assert state(one).keys() == state(other).keys()
    for key, weights in state(one).items():
        assert_allclose(weights, state(other)[key], rtol=1e-9, atol=1e-12, err_msg=key)
    losses = [[row["train_loss"] for row in c.history_] for c in (one, other)]
    assert_allclose(*losses, rtol=1e-9)


class TestTraining:
    @pytest.mark.parametrize("limit", [9, 4, 1])
    def test_the_weights_are_those_of_an_undisturbed_run(self, limit):
        plain = fit()
        with pytest.warns(UserWarning, match="ran out of memory") as caught:
            parted = fit(limit=limit)
        assert_same_training(plain, parted)
        assert max(Hungry.sizes) <= limit
        assert len([w for w in caught if "ran out of memory" in str(w.message)]) == 1

    @pytest.mark.parametrize("optimizer", ["adamw", "adagrad"])
    def test_with_other_optimizers_clipping_and_losses(self, optimizer):
        stage = Stage(epochs=3, lr=0.01, optimizer=optimizer, weight_decay=0.1, clip_norm=0.1)
        settings = {"stages": [("train", stage)], "loss": "focal"}
        plain = fit(**settings)
        with pytest.warns(UserWarning, match="in parts of at most 5 "):
            assert_same_training(plain, fit(limit=5, **settings))

    @pytest.mark.parametrize("failing", [(1,), (1, 2), (1, 3), (2, 4), (6,)])
    def test_a_failure_in_the_middle_leaves_no_trace(self, failing):
        # (1, 3): the whole batch fails, its first half goes well, its second half fails.
        plain = fit()
        with pytest.warns(UserWarning, match="ran out of memory"):
            assert_same_training(plain, fit(failing=failing))

    def test_the_smaller_size_is_kept(self):
        with pytest.warns(UserWarning, match="at most 3 from here on"):
            fit(epochs=3, limit=3)
        # Batches of 10, 10 and 2: 10, 5 and 3 are tried once in all.
        assert Hungry.calls - len(Hungry.sizes) == 2
        assert Hungry.sizes == [2, 3, 2, 3, 2, 3, 2, 3, 2] * 3

    def test_a_validation_batch_and_later_stages(self):
        stages = [("a", Stage("head", epochs=1, lr=0.1)), ("b", Stage(epochs=1, lr=0.1))]
        settings = {"validation": np.arange(9), "stages": stages}
        plain = fit(**settings)
        with pytest.warns(UserWarning, match="ran out of memory"):
            parted = fit(limit=4, **settings)
        assert_same_training(plain, parted)
        assert_allclose(parted.history_[-1]["valid_loss"], plain.history_[-1]["valid_loss"])

    def test_validation_alone(self):
        settings = {"validation": np.arange(9), "batch_size": 13}
        plain = fit(**settings)
        with pytest.warns(UserWarning, match="ran out of memory"):
            assert_same_training(plain, fit(failing=(2,), **settings))  # the first validation batch

    def test_augmentation_is_drawn_once_for_a_batch(self):
        drawn = []

        def noise(images, indices, epoch):
            drawn.append((epoch, *indices))
            rng = np.random.default_rng([epoch, *indices])
            return images + rng.standard_normal(images.shape)

        batch = ImageBatch(X, [noise])
        plain, calls = fit(X=batch), list(drawn)
        drawn.clear()
        with pytest.warns(UserWarning, match="ran out of memory"):
            assert_same_training(plain, fit(X=batch, limit=4))
        assert drawn == calls

    def test_mixed_images(self):
        mixed = Augmenter(mixup=0.4, random_state=0).fit_transform(X)
        plain = fit(X=mixed)
        with pytest.warns(UserWarning, match="ran out of memory"):
            assert_same_training(plain, fit(X=mixed, limit=4))

    def test_dropout_of_a_repeated_batch_is_that_of_the_batch(self):
        # The one dropout layer draws for parts in the order of the images.
        settings = {"head": Head(dropout=0.5)}
        plain = fit(**settings)
        with pytest.warns(UserWarning, match="ran out of memory"):
            assert_same_training(plain, fit(limit=4, **settings))

    def test_batchnorm_counts_what_went_well_and_nothing_else(self):
        stages = [("train", Stage(epochs=1, lr=1e-30, optimizer="sgd"))]
        settings = {"backbone": "hungry_norm", "batch_size": 22, "stages": stages}
        with pytest.warns(UserWarning, match="statistics are those of the smaller batch"):
            parted = fit(limit=11, **settings)
        mean = "backbone.blocks.0.1.running_mean"
        assert state(parted)["backbone.blocks.0.1.num_batches_tracked"] == 2
        # By hand: the moving average of torch (momentum 0.1) over the two halves.
        network = parted.network_spec_.build().double()
        network.load_state_dict(parted.network_.state_dict())
        order = _order()
        with torch.no_grad():
            maps = network.backbone.blocks[0][0](network.adapter(torch.from_numpy(X[order])))
        halves = [half.mean(dim=(0, 2, 3)).numpy() for half in (maps[:11], maps[11:])]
        assert_allclose(state(parted)[mean], 0.9 * 0.1 * halves[0] + 0.1 * halves[1], rtol=1e-9)

    def test_one_image_is_too_much(self):
        message = r"memory on a single image: Tried to allocate.*input_size.*device='cpu'"
        with pytest.raises(DeviceMemoryError, match=message) as caught:
            fit(limit=0)
        assert isinstance(caught.value, SkspecError)
        assert isinstance(caught.value, torch.OutOfMemoryError)
        assert isinstance(caught.value, RuntimeError)

    def test_no_warning_where_memory_is_enough(self, recwarn):
        fit()
        assert not [w for w in recwarn if "memory" in str(w.message)]
        assert Hungry.sizes == [10, 10, 2] * 2


def _order():
    order = np.arange(22)
    generator_at(0, "order", 0).shuffle(order)
    return order


class TestPrediction:
    def test_in_parts(self):
        classifier = fit()
        whole = classifier.predict_proba(X)
        Hungry.limit, Hungry.sizes = 3, []
        assert_allclose(classifier.predict_proba(X), whole, rtol=1e-12)
        assert max(Hungry.sizes) <= 3
        assert_array_equal(classifier.predict(X), classifier.classes_[whole.argmax(axis=1)])

    def test_one_image_is_too_much(self):
        classifier = fit()
        Hungry.limit = 0
        with pytest.raises(DeviceMemoryError, match="single image"):
            classifier.predict(X)


@pytest.mark.parametrize(
    ("largest", "n", "sizes"),
    [
        (None, 7, [7]),
        (7, 7, [7]),
        (6, 7, [3, 4]),
        (3, 7, [2, 2, 3]),
        (1, 3, [1, 1, 1]),
        (9, 4, [4]),
    ],
)
def test_parts_are_even(largest, n, sizes):
    parts = PartSize(largest).parts(n)
    assert [len(range(n)[part]) for part in parts] == sizes
    assert np.concatenate([np.arange(n)[part] for part in parts]).tolist() == list(range(n))
