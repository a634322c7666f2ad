"""The registry: names, blocks, networks of your own; unknown names get an answer."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from skspec import DeepFeatures, PretrainedCNNClassifier, Stage, register_backbone
from skspec.exceptions import BackboneNotFoundError, ParameterError, WeightsUnavailableError
from skspec.nn import _registry
from skspec.nn._backbone import build_backbone, outline
from skspec.nn._registry import add_family, block_index, entries, get_entry


@pytest.fixture
def registry(monkeypatch):
    """Give a registry whose changes are undone."""
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))


def test_block_names_are_unique_and_no_words_of_stage():
    for entry in entries():
        with torch.device("meta"):
            names = [block for block, _ in entry.blocks(entry.build())]
        assert len(set(names)) == len(names)
        assert not {"head", "all"} & set(names)
        assert not any(block.startswith("last:") for block in names)


def test_tiny():
    assert outline(get_entry("tiny")).block_names == ["block1", "block2", "block3"]


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("resnet17", "resnet18"),
        ("VGG-19", "vgg19"),
        ("densenet_121", "densenet121"),
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
    assert "timm/NAME" in str(e.value)


def test_a_name_like_no_other_lists_all():
    with pytest.raises(BackboneNotFoundError, match="'tiny'"):
        get_entry("qqqq")


def test_a_family_makes_its_entries_by_name(registry, monkeypatch):
    monkeypatch.setattr(_registry, "_FAMILIES", dict(_registry._FAMILIES))
    tiny = get_entry("tiny")
    made = []
    add_family("mine", lambda name: made.append(name) or tiny)
    assert get_entry("mine/some/net") is tiny
    assert made == ["some/net"]
    assert [entry.name for entry in entries()] == list(_registry._ENTRIES)  # not listed
    with pytest.raises(BackboneNotFoundError, match="backbone='other/net'"):
        get_entry("other/net")


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
