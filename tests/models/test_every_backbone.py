"""Every backbone learns what a stage says, and the papers' plans build with what should learn."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from skspec import Head, PretrainedCNNClassifier, Stage, backbones
from skspec.nn._backbone import build_backbone
from skspec.nn._input import ImageStatistics
from skspec.nn._network import NetworkSpec, RegisteredBackbone

NAMES = [info.name for info in backbones()]
SIZES = {"cnn14": (64, 64)}

RNG = np.random.default_rng(0)
X = RNG.random((4, 1, 32, 32), dtype=np.float32)
Y = np.array([0, 1, 0, 1])


def tensors(modules):
    return [t.clone() for module in modules for t in module.state_dict().values()]


@pytest.mark.slow
@pytest.mark.parametrize("train", ["head", "last:1", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_one_step_changes_what_learns_and_nothing_else(name, train):
    size = SIZES.get(name, (64, 64))
    settings = {"weights": None, "input_size": size, "device": "cpu", "random_state": 0}
    stage = Stage(train, epochs=1, optimizer="sgd", lr=0.1)
    made = PretrainedCNNClassifier(name, stages=[("one", stage)], **settings).fit(X, Y)
    untrained = made._build(made.network_spec_, 0).backbone.blocks
    blocks = made.network_.backbone.blocks
    first = {"head": len(blocks), "last:1": len(blocks) - 1, "all": 0}[train]
    for before, after in zip(tensors(untrained[:first]), tensors(blocks[:first]), strict=True):
        assert torch.equal(before, after)
    learnt = zip(tensors(untrained[first:]), tensors(blocks[first:]), strict=True)
    assert train == "head" or any(not torch.equal(a, b) for a, b in learnt)
    assert_allclose(made.predict_proba(X).sum(axis=1), 1.0, rtol=1e-5)


def network(backbone, size, head, n_outputs, channels=3):
    statistics = ImageStatistics(0.0, 1.0, -1.0, 1.0)
    spec = NetworkSpec(
        RegisteredBackbone(backbone), head.spec(), n_outputs, (channels, *size), size, "unit",
        statistics,
    )  # fmt: skip
    return spec.build()


def learning(made, train, backbone):
    plan = Stage(train).plan("one", made.backbone.block_names, backbone)
    made.learn_from(plan.first_block)
    return [sum(p.numel() for p in part) for part in made.parameters_by_part()]


def dense(*widths):
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(widths))


def convolutions(*channels):
    return sum(9 * a * b + b for a, b in pairwise(channels))


@pytest.mark.slow
class TestPapers:
    def test_threadgold_with_15_and_10_frozen_layers(self):
        head = Head(pooling="flatten", hidden=(256,), dropout=(0.0, 0.5))
        made = network("vgg16", (128, 100), head, 2)
        top = dense(512 * 4 * 3, 256, 2)
        block5, block4 = convolutions(512, 512, 512, 512), convolutions(256, 512, 512, 512)
        assert learning(made, "block5", "vgg16") == [block5, top]
        assert learning(made, "block4", "vgg16") == [block4 + block5, top]
        assert learning(made, "all", "vgg16") == [14_714_688, top]

    @pytest.mark.parametrize(
        ("backbone", "n_features", "parameters"),
        [
            ("mobilenet_v2", 1280, 2_223_872),
            ("resnet50", 2048, 23_508_032),
            ("vgg16", 512, 14_714_688),
        ],
    )
    def test_mo_learns_one_sigmoid_first_and_everything_then(
        self, backbone, n_features, parameters
    ):
        made = network(backbone, (64, 64), Head(dropout=0.2), 1)
        assert learning(made, "head", backbone) == [0, n_features + 1]
        assert learning(made, "all", backbone) == [parameters, n_features + 1]

    def test_herron_learns_everything_with_8_outputs(self):
        made = network("densenet121", (64, 64), Head(dropout=0.0), 8)
        assert learning(made, "all", "densenet121") == [6_953_856, dense(1024, 8)]

    def test_chakhtouna_c1_and_c2(self):
        head = Head(hidden=(512, 256), dropout=(0.0, 0.5, 0.0))
        made = network("vgg16", (64, 64), head, 8)
        top = dense(512, 512, 256, 8)
        assert learning(made, "head", "vgg16") == [0, top]
        blocks = convolutions(256, 512, 512, 512) + convolutions(512, 512, 512, 512)
        assert learning(made, "block4", "vgg16") == [blocks, top]
        made = network("efficientnet_b0", (64, 64), head, 8)
        late = build_backbone("efficientnet_b0", None)
        names = late.block_names
        late = late.blocks[names.index("block6d") :]
        count = sum(p.numel() for p in late.parameters())
        assert learning(made, "block6d", "efficientnet_b0") == [count, dense(1280, 512, 256, 8)]
