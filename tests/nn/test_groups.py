"""Parameter groups: every learning parameter once, at its rate and with its decay."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from skspec import Head, ImageBatch, PretrainedCNNClassifier, Stage
from skspec.nn._groups import parameter_groups
from skspec.nn._input import image_statistics
from skspec.nn._network import HeadSpec, NetworkSpec, RegisteredBackbone

STATISTICS = image_statistics(ImageBatch(np.ones((2, 1, 8, 8), np.float32)), np.arange(2))


def groups(stage, backbone="tiny", upto=None):
    spec = NetworkSpec(
        RegisteredBackbone(backbone, upto),
        HeadSpec("mean", 1, (8,), (0.0, 0.0)),
        2,
        (1, 8, 8),
        (16, 16),
        None,
        STATISTICS,
    )
    network = spec.build()
    plan = stage.plan("s", network.backbone.block_names, backbone)
    network.learn_from(plan.first_block)
    return network, parameter_groups(network, plan)


def names(network, group):
    by_id = {id(p): name for name, p in network.named_parameters()}
    return [by_id[id(p)] for p in group["params"]]


STAGES = [
    Stage(),
    Stage("head"),
    Stage("last:1", weight_decay=0.1),
    Stage(layer_decay=0.5),
    Stage("block2", layer_decay=0.5, weight_decay=0.1, decay_on="all"),
    Stage(layer_decay=0.5, weight_decay=0.1, head_lr_factor=3),
    Stage("head", layer_decay=0.5, weight_decay=0.1),
]


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_every_learning_parameter_once_and_no_frozen_one(stage):
    network, made = groups(stage)
    found = [name for group in made for name in names(network, group)]
    learning = [name for name, p in network.named_parameters() if p.requires_grad]
    assert sorted(found) == sorted(learning)
    frozen = {name for name, p in network.named_parameters() if not p.requires_grad}
    assert not frozen & set(found)
    assert all(group["params"] for group in made)


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_the_same_every_time(stage):
    one, other = ([(names(n, g), g["lr"]) for g in made] for n, made in (groups(stage),) * 2)
    assert one == other


def test_layer_decay():
    network, made = groups(Stage(lr=0.8, layer_decay=0.5, head_lr_factor=3))
    blocks = [sorted({name.split(".")[2] for name in names(network, g)}) for g in made[:-1]]
    assert network.backbone.block_names == ["block1", "block2", "block3"]
    assert blocks == [["0"], ["1"], ["2"]]
    assert_allclose([g["lr"] for g in made], [0.8 * 0.5**2, 0.8 * 0.5, 0.8, 0.8 * 3])
    assert all(name.startswith("head.") for name in names(network, made[-1]))


def test_layer_decay_of_a_partly_frozen_network_counts_from_the_head():
    _, made = groups(Stage("last:2", lr=0.8, layer_decay=0.5))
    assert_allclose([g["lr"] for g in made], [0.4, 0.8, 0.8])


def test_without_layer_decay_blocks_share_a_group():
    assert [g["lr"] for g in groups(Stage(lr=0.8, head_lr_factor=2))[1]] == [0.8, 1.6]
    assert [g["lr"] for g in groups(Stage("head", lr=0.8))[1]] == [0.8]


def test_decay_leaves_out_biases_and_norms():
    stage = Stage(weight_decay=0.1)
    network, made = groups(stage, "resnet18", "layer1.0")
    plan = stage.plan("s", network.backbone.block_names, "resnet18")
    optimizer = plan.optimizer(made, lr=plan.lr, **plan.optimizer_params)
    decay = {
        name: group["weight_decay"]
        for group in optimizer.param_groups
        for name in names(network, group)
    }
    parameters = dict(network.named_parameters())
    assert decay.keys() == parameters.keys()
    assert all(decay[name] == (0.1 if p.ndim >= 2 else 0.0) for name, p in parameters.items())
    norms = [
        f"{name}.weight"
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    ]
    assert norms
    assert all(decay[name] == 0.0 for name in norms)


def test_decay_given_as_a_parameter_of_the_optimizer():
    _, made = groups(Stage(optimizer_params={"weight_decay": 0.1}))
    assert [group.get("weight_decay") for group in made] == [None, 0.0, None, 0.0]


def test_decay_on_all():
    _, made = groups(Stage(weight_decay=0.1, decay_on="all"))
    assert all("weight_decay" not in group for group in made)


def test_a_layer_that_two_blocks_share_is_in_one_group():
    network, _ = groups(Stage())
    network.backbone.blocks[2] = network.backbone.blocks[1]
    plan = Stage(layer_decay=0.5).plan("s", network.backbone.block_names, "tiny")
    made = parameter_groups(network, plan)
    torch.optim.SGD(made, lr=0.1)  # refuses a parameter that is in two groups
    assert len(made) == 3


def test_early_blocks_move_less():
    X = np.random.default_rng(0).standard_normal((8, 1, 16, 16)).astype(np.float32)

    def moved(**settings):
        # Rprop's first step is the learning rate itself, wherever there is a gradient.
        stages = [("s", Stage(epochs=1, lr=0.01, optimizer="rprop", **settings))]
        classifier = PretrainedCNNClassifier(
            "tiny", weights=None, stages=stages, head=Head(dropout=0), input_size=(16, 16),
            batch_size=8, device="cpu", random_state=0, precision="float64",
        ).fit(X, np.arange(8) % 2)  # fmt: skip
        stages[0][1].set_params(lr=1e-30, optimizer="sgd")
        before = classifier.__class__(**classifier.get_params(deep=False)).fit(X, np.arange(8) % 2)
        pairs = zip(
            classifier.network_.backbone.blocks, before.network_.backbone.blocks, strict=True
        )
        return [
            max(
                float((p - q).detach().abs().max())
                for p, q in zip(a.parameters(), b.parameters(), strict=True)
            )
            for a, b in pairs
        ]

    assert_allclose(moved(), [0.01, 0.01, 0.01], rtol=1e-6)
    assert_allclose(moved(layer_decay=0.5), [0.0025, 0.005, 0.01], rtol=1e-6)
