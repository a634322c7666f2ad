"""TransferNetwork: frozen means frozen, weights and buffers, and the head is what it says."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torchvision

from skspec import Head, PretrainedCNNClassifier, Stage
from skspec.exceptions import ParameterError
from skspec.nn._input import ImageStatistics
from skspec.nn._network import HeadModule, HeadSpec, NetworkSpec, RegisteredBackbone
from skspec.nn._pooling import pool
from skspec.nn._random import Draws

STATISTICS = ImageStatistics(0.0, 1.0, -1.0, 1.0)


def spec(backbone="tiny", upto=None, size=(16, 16), n_classes=3, **head):
    head = HeadSpec(**{"pooling": "mean", "n_bands": 1, "hidden": (), "dropout": (0.0,), **head})
    backbone = RegisteredBackbone(backbone, upto)
    return NetworkSpec(backbone, head, n_classes, (1, 16, 16), size, "fit", STATISTICS)


def images(n=8, seed=0):
    return torch.randn(n, 1, 16, 16, generator=torch.Generator().manual_seed(seed))


class TestHead:
    # tiny ends with 32 channels; 16 x 16 pixels give it feature maps of 2 x 2.
    @pytest.mark.parametrize(
        ("head", "n_inputs"),
        [
            ({}, 32),
            ({"pooling": "max", "n_bands": 2}, 64),
            ({"pooling": "mean_std"}, 64),
            ({"pooling": "mean_std", "n_bands": 2}, 128),
            ({"pooling": "flatten"}, 128),
            ({"pooling": "last"}, 32),
        ],
    )
    @pytest.mark.parametrize("hidden", [(), (7,), (9, 5)])
    def test_parameter_counts(self, head, n_inputs, hidden):
        dropout = (0.0,) * (len(hidden) + 1)
        network = spec(**head, hidden=hidden, dropout=dropout).build()
        widths = [n_inputs, *hidden, 3]
        expected = sum((a + 1) * b for a, b in pairwise(widths))
        assert sum(p.numel() for p in network.head.parameters()) == expected
        assert network(images()).shape == (8, 3)

    @pytest.mark.parametrize("n_bands", [1, 2])
    def test_attention_has_parameters_of_its_own(self, n_bands):
        # 32 channels to 64 with bias, and a score of each: whatever the number of bands.
        network = spec(pooling="attention", n_bands=n_bands).build()
        own, head = (
            sum(p.numel() for p in module.parameters())
            for module in (network.head.attention, network.head)
        )
        assert own == (32 + 1) * 64 + 64
        assert head == own + (32 * n_bands + 1) * 3
        assert network(images()).shape == (8, 3)

    def test_attention_starts_as_the_mean_and_learns_with_the_head(self):
        network = spec(pooling="attention", n_bands=2).build().float()
        mean = spec(pooling="mean", n_bands=2).build().float()
        mean.head.layers.load_state_dict(network.head.layers.state_dict())
        torch.testing.assert_close(network(images()), mean(images()))
        network.learn_from(3)
        backbone, before = copy_of(network.backbone), copy_of(network.head)
        train(network)
        assert changed(backbone, network.backbone) == set()
        assert changed(before, network.head) == set(before)

    def test_forward_by_hand(self):
        network = spec(hidden=(5,), dropout=(0.0, 0.5), pooling="mean_std").build().eval()
        maps = network.backbone(network.adapter(images().double()).float())
        first, last = network.head.layers[1], network.head.layers[-1]
        hidden = torch.relu(pool(maps, "mean_std") @ first.weight.T + first.bias)
        expected = hidden @ last.weight.T + last.bias
        torch.testing.assert_close(network.float()(images()), expected, rtol=1e-4, atol=1e-6)

    def test_dropout_stands_where_it_is_asked_for(self):
        network = spec(hidden=(5,), dropout=(0.1, 0.4)).build()
        kinds = [type(layer).__name__ for layer in network.head.layers]
        assert kinds == ["SeededDropout", "Linear", "ReLU", "SeededDropout", "Linear"]
        assert [network.head.layers[i].p for i in (0, 3)] == [0.1, 0.4]
        assert all(network.head.layers[i].draws is network.draws for i in (0, 3))

    def test_head_and_backbone_have_their_own_seeds(self):
        def state(**seeds):
            return spec().build(**seeds).state_dict()

        one, head, backbone = state(), state(head_seed=1), state(seed=1)
        assert torch.equal(one["backbone.blocks.0.0.weight"], head["backbone.blocks.0.0.weight"])
        assert not torch.equal(one["head.layers.1.weight"], head["head.layers.1.weight"])
        assert torch.equal(one["head.layers.1.weight"], backbone["head.layers.1.weight"])
        key = "backbone.blocks.0.0.weight"
        assert not torch.equal(one[key], backbone[key])


VGG16, DENSENET121, ALEXNET = (512, 4, 3), (1024, 7, 7), (256, 6, 6)
PAPERS = {
    # paper: maps, head, outputs, widths of the dense layers, dropout before each of them
    "mo": (VGG16, Head(), 1, [512, 1], [0.2]),
    "threadgold, VGG16": (
        VGG16,
        Head(pooling="flatten", hidden=(256,), dropout=0.5),
        2,
        [512 * 4 * 3, 256, 2],
        [0.0, 0.5],
    ),
    "threadgold, Mandel": (
        (120, 4, 48),
        Head(pooling="flatten", hidden=(128, 64), dropout=(0.25, 0.25, 0.4)),
        2,
        [23040, 128, 64, 2],
        [0.25, 0.25, 0.4],
    ),
    "herron, DenseNet": (DENSENET121, Head(dropout=0), 8, [1024, 8], [0.0]),
    "herron, AlexNet": (
        ALEXNET,
        Head(pooling="flatten", hidden=(4096, 4096), dropout=(0.5, 0.5, 0.0)),
        8,
        [9216, 4096, 4096, 8],
        [0.5, 0.5, 0.0],
    ),
    "chakhtouna": (
        VGG16,
        Head(hidden=(512, 256), dropout=(0.0, 0.5, 0.0)),
        8,
        [512, 512, 256, 8],
        [0.0, 0.5, 0.0],
    ),
}


@pytest.mark.parametrize("paper", PAPERS)
def test_the_papers_heads(paper):
    maps_shape, head, n_outputs, widths, dropout = PAPERS[paper]
    with torch.device("meta"):  # shapes only: AlexNet's has 54 million weights
        module = HeadModule(maps_shape, head.spec(), n_outputs, Draws())
    expected = []
    for i, p in enumerate(dropout):
        expected += [("SeededDropout", p), ("Linear", (widths[i], widths[i + 1])), ("ReLU", None)]
    assert [layer_of(layer) for layer in module.layers] == expected[:-1]
    n_parameters = sum((a + 1) * b for a, b in pairwise(widths))
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def layer_of(layer):
    """Give a layer's kind, and its dropout probability or its widths."""
    if isinstance(layer, torch.nn.Linear):
        return "Linear", (layer.in_features, layer.out_features)
    return type(layer).__name__, getattr(layer, "p", None)


def test_the_papers_printed_parameter_counts():
    # threadgold prints 2949248 + 8256 + 130 for the dense layers behind 4 x 48 x 120 maps, and
    # herron's AlexNet is torchvision's with its last layer for 8 instead of 1000 classes.
    counts = {}
    for paper in ("threadgold, Mandel", "herron, AlexNet"):
        maps_shape, head, n_outputs, _, _ = PAPERS[paper]
        with torch.device("meta"):
            module = HeadModule(maps_shape, head.spec(), n_outputs, Draws())
        counts[paper] = sum(p.numel() for p in module.parameters())
    with torch.device("meta"):
        alexnet = torchvision.models.alexnet(num_classes=8).classifier
    assert counts["threadgold, Mandel"] == 2_949_248 + 8_256 + 130
    assert counts["herron, AlexNet"] == sum(p.numel() for p in alexnet.parameters())


def test_images_too_small_for_the_backbone_are_refused_with_what_it_takes():
    with pytest.raises(ParameterError, match=r"'alexnet' cannot take images of 16 x 16 pixels"):
        spec("alexnet").build()


def test_building_leaves_the_statistics_of_batchnorm_alone():
    state = spec("resnet18", upto="layer1.0").build().state_dict()
    means = [value for key, value in state.items() if key.endswith("running_mean")]
    assert means
    assert all((mean == 0).all() for mean in means)
    assert all(value == 0 for key, value in state.items() if key.endswith("num_batches_tracked"))


def copy_of(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def changed(before, module):
    after = module.state_dict()
    return {key for key in before if not torch.equal(before[key], after[key])}


def train(network, steps=2):
    """Train by a bare loop; switch to validation and back in between, as skorch does."""
    learning = [p for part in network.parameters_by_part() for p in part]
    optimizer = torch.optim.SGD(learning, lr=0.1, weight_decay=0.1, momentum=0.9)
    for step in range(steps):
        network.train()
        network(images(seed=step)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        network.eval()
        network(images(seed=9))


STATISTICS_KEYS = ("running_mean", "running_var", "num_batches_tracked")


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "efficientnet_b0",
                                  "efficientnet_lite0"])  # fmt: skip
class TestFrozen:
    def network(self, name):
        return spec(name, size=(32, 32)).build().float()

    @pytest.mark.parametrize("which", ["head", "last one", "last three"])
    def test_weights_and_buffers_stay(self, name, which):
        network = self.network(name)
        blocks = network.backbone.blocks
        first = len(blocks) - {"head": 0, "last one": 1, "last three": 3}[which]
        network.learn_from(first)
        frozen = [copy_of(block) for block in blocks[:first]]
        learning = [copy_of(block) for block in blocks[first:]]
        adapter, head = copy_of(network.adapter), copy_of(network.head)
        train(network)
        for before, block in zip(frozen, blocks[:first], strict=True):
            assert changed(before, block) == set()
        for before, block in zip(learning, blocks[first:], strict=True):
            assert changed(before, block) == set(before)
        assert changed(adapter, network.adapter) == set()
        assert changed(head, network.head) == set(head)

    def test_all_learns(self, name):
        network = self.network(name)
        network.learn_from(0)
        before = copy_of(network.backbone)
        train(network)
        assert changed(before, network.backbone) == set(before)

    def test_frozen_batchnorm_keeps_statistics_and_learns_its_scale(self, name):
        network = self.network(name)
        first = len(network.backbone.blocks) - 1
        network.learn_from(first, batchnorm="frozen")
        before = copy_of(network.backbone.blocks[first])
        train(network)
        now = changed(before, network.backbone.blocks[first])
        assert now == {key for key in before if not key.endswith(STATISTICS_KEYS)}
        assert any(key.endswith(STATISTICS_KEYS) for key in before)

    def test_freezing_can_be_undone(self, name):
        network = self.network(name)
        network.learn_from(len(network.backbone.blocks), batchnorm="frozen")
        network.learn_from(0)
        before = copy_of(network.backbone)
        train(network)
        assert changed(before, network.backbone) == set(before)

    def test_the_frozen_part_gives_in_training_what_it_gives_in_prediction(self, name):
        network = self.network(name)
        network.learn_from(len(network.backbone.blocks))
        with torch.no_grad():
            predicted = network.eval().backbone(network.adapter(images().double()).float())
            trained = network.train().backbone(network.adapter(images().double()).float())
        assert torch.equal(predicted, trained)


@pytest.mark.parametrize(
    ("train", "first"), [("head", 4), ("last:1", 3), ("layer1.0", 1), ("all", 0)]
)
def test_frozen_through_the_classifier(train, first):
    """Weights and buffers before and after a whole fit, with every kind of `Stage.train`."""
    X = images(12).numpy()
    y = np.tile([0, 1], 6)
    classifier = PretrainedCNNClassifier(
        "resnet18",
        weights=None,
        upto="layer2.0",
        input_size=(32, 32),
        head=Head(dropout=0.0),
        stages=[("train", Stage(train, epochs=2, lr=0.1, weight_decay=0.1))],
        validation=np.array([0, 1]),
        batch_size=5,
        device="cpu",
        random_state=0,
    ).fit(X, y)
    from skspec._seeding import seed_at

    seeds = {"seed": seed_at(0, "weights"), "head_seed": seed_at(0, "head")}
    before = classifier.network_spec_.build(**seeds)
    pairs = zip(before.backbone.blocks, classifier.network_.backbone.blocks, strict=True)
    for i, (old, new) in enumerate(pairs):
        old = copy_of(old)
        assert changed(old, new) == (set() if i < first else set(old)), f"block {i}"
    old = copy_of(before.head)
    assert changed(old, classifier.network_.head) == set(old)


def test_frozen_weights_take_no_gradient_and_no_optimizer():
    network = spec().build()
    network.learn_from(2)
    backbone, head = network.parameters_by_part()
    assert {id(p) for p in backbone} == {id(p) for p in network.backbone.blocks[2].parameters()}
    assert {id(p) for p in head} == {id(p) for p in network.head.parameters()}
    network.float()(images()).sum().backward()
    assert all(p.grad is None for p in network.backbone.blocks[:2].parameters())
