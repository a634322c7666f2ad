"""torchvision's networks: the blocks are the original, cut up, and every weight has its place."""

import itertools
import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from skspec.exceptions import ParameterError
from skspec.nn import _torchvision
from skspec.nn._backbone import build_backbone, check_takes, outline
from skspec.nn._registry import entries, get_entry


def resnet_features(net, x):
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    return net.layer4(net.layer3(net.layer2(net.layer1(x))))


def densenet_features(net, x):
    return F.relu(net.features(x))


def features(net, x):
    return net.features(x)


#: Number of blocks; parameters of the whole network, as its weights' documentation counts them,
#: less those of its classifier; how it computes its last maps.
NETWORKS = {
    "alexnet": (5, 2_469_696, features),
    "squeezenet1_0": (9, 1_248_424 - 513_000, features),
    "squeezenet1_1": (9, 1_235_496 - 513_000, features),
    "vgg16": (5, 14_714_688, features),
    "vgg19": (5, 143_667_240 - 123_642_856, features),
    "resnet18": (9, 11_689_512 - 513_000, resnet_features),
    "resnet50": (17, 23_508_032, resnet_features),
    "resnet101": (34, 44_549_160 - 2_049_000, resnet_features),
    "densenet121": (1 + 58 + 3 + 1, 6_953_856, densenet_features),
    "densenet161": (1 + 78 + 3 + 1, 28_681_000 - 2_209_000, densenet_features),
    "densenet201": (1 + 98 + 3 + 1, 20_013_928 - 1_921_000, densenet_features),
    "mobilenet_v2": (19, 2_223_872, features),
    "efficientnet_b0": (18, 4_007_548, features),
}
HEAVY = {"squeezenet1_1", "vgg19", "resnet50", "resnet101", "densenet161", "densenet201"}
X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))

some = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in HEAVY else []) for n in NETWORKS]
)


def module_and_original(name):
    """Give our module and torchvision's own, on the same tensors; its classifier has none."""
    module = get_entry(name).build().eval()
    with torch.device("meta"):
        original = models.get_model(name, weights=None).eval()
    missing, unexpected = original.load_state_dict(module.state_dict(), strict=False, assign=True)
    assert not unexpected
    assert {key.split(".")[0] for key in missing} <= {"classifier"}
    return module, original


def test_these_are_all():
    names = {e.name for e in entries() if e.weights_from.startswith("torchvision")}
    assert names == set(NETWORKS)


@some
@torch.no_grad()
def test_blocks_are_the_original_and_leave_each_other_alone(name):
    n_blocks, n_parameters, compute = NETWORKS[name]
    module, original = module_and_original(name)
    blocks = get_entry(name).blocks(module)
    before, copies, maps = X.clone(), [], [X]
    for _, block in blocks:
        maps.append(block(maps[-1]))
        copies.append(maps[-1].clone())
    assert torch.equal(maps[-1], compute(original, before.clone()))
    assert all(torch.equal(a, b) for a, b in zip(maps, [before, *copies], strict=True))
    assert all(x.ndim == 4 for x in maps)
    assert len(dict(blocks)) == len(blocks) == n_blocks
    assert sum(p.numel() for _, block in blocks for p in block.parameters()) == n_parameters


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0"])
def test_in_training_they_are_the_original_as_well(name):
    original = models.get_model(name, weights=None).train()
    module = get_entry(name).build().train()
    module.load_state_dict(original.state_dict())
    torch.manual_seed(1)  # for stochastic depth
    expected = NETWORKS[name][2](original, X)
    torch.manual_seed(1)
    x = X
    for _, block in get_entry(name).blocks(module):
        x = block(x)
    assert torch.equal(x, expected)


def names_of(name):
    with torch.device("meta"):
        module = models.get_model(name, weights=None)
    return [block for block, _ in get_entry(name).blocks(module)]


def test_names_of_blocks():
    # EfficientNet B0: stages of 1, 2, 2, 3, 3, 4, 1 residual blocks, named as Keras does.
    stages = enumerate([1, 2, 2, 3, 3, 4, 1], start=1)
    residual = [f"block{stage}{'abcd'[i]}" for stage, depth in stages for i in range(depth)]
    assert names_of("efficientnet_b0") == ["stem", *residual, "top"]
    assert names_of("mobilenet_v2") == ["stem", *(f"block{i}" for i in range(1, 18)), "top"]
    assert names_of("alexnet") == [f"conv{i}" for i in range(1, 6)]
    assert names_of("vgg16") == names_of("vgg19") == [f"block{i}" for i in range(1, 6)]
    for name in ("squeezenet1_0", "squeezenet1_1"):
        assert names_of(name) == ["stem", *(f"fire{i}" for i in range(2, 10))]


@pytest.mark.parametrize(
    ("name", "depths"),
    [("resnet18", [2] * 4), ("resnet50", [3, 4, 6, 3]), ("resnet101", [3, 4, 23, 3])],
)
def test_names_of_residual_blocks(name, depths):
    layers = [f"layer{i}.{j}" for i, n in enumerate(depths, start=1) for j in range(n)]
    assert names_of(name) == ["stem", *layers]


@pytest.mark.parametrize(
    ("name", "depths"),
    [
        ("densenet121", (6, 12, 24, 16)),
        ("densenet161", (6, 12, 36, 24)),
        ("densenet201", (6, 12, 48, 32)),
    ],
)
def test_names_of_dense_layers(name, depths):
    blocks = [
        [f"denseblock{i}.denselayer{j}" for j in range(1, n + 1)] + [f"transition{i}"]
        for i, n in enumerate(depths, start=1)
    ]
    assert names_of(name) == ["stem", *list(itertools.chain(*blocks))[:-1], "top"]


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_each_block_of_vgg_halves_the_image(name):
    with torch.device("meta"):
        module = models.get_model(name, weights=None)
        x = torch.empty(1, 3, 64, 64)
    for i, (_, block) in enumerate(get_entry(name).blocks(module), start=1):
        x = block(x)
        assert x.shape[2:] == (64 >> i, 64 >> i)


@pytest.mark.parametrize("name", NETWORKS)
def test_normalisation_is_that_of_imagenet(name):
    preset = get_entry(name).preset()
    assert preset.input_size == (224, 224)
    assert preset.mean == pytest.approx((0.485, 0.456, 0.406))
    assert preset.std == pytest.approx((0.229, 0.224, 0.225))


class TestWithoutTheClassifier:
    """VGG and AlexNet are built without their dense layers, with the same initial weights."""

    def test_nothing_else_is_built(self):
        module = get_entry("alexnet").build()
        assert sum(p.numel() for p in module.parameters()) == 2_469_696

    def test_vggs_weights(self):
        for layer in get_entry("vgg16").build().features:
            if isinstance(layer, nn.Conv2d):
                deviation = math.sqrt(2 / (layer.out_channels * 9))
                assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
                assert layer.weight.abs().max() > 3 * deviation  # normal, not uniform
                assert not layer.bias.any()

    def test_alexnets_weights(self):
        for layer in get_entry("alexnet").build().features:
            if isinstance(layer, nn.Conv2d):
                bound = layer.weight[0].numel() ** -0.5
                assert bound * 0.98 < layer.weight.max().item() <= bound
                assert 0 < layer.bias.abs().max().item() <= bound

    def test_they_depend_on_the_seed_alone(self):
        a, same, other = (
            torch.cat([p.flatten() for p in build_backbone("alexnet", None, seed=s).parameters()])
            for s in (1, 1, 2)
        )
        assert torch.equal(a, same)
        assert not torch.equal(a, other)


def test_densenets_published_files_have_older_names():
    with torch.device("meta"):
        keys = models.densenet121().state_dict()
    old = {re.sub(r"(denselayer\d+\.(norm|conv))", r"\1.", key): key for key in keys}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    assert len(old.keys() & keys.keys()) < len(keys) / 10
    convert = get_entry("densenet121").convert
    assert convert(old) == {key: key for key in keys}
    assert convert({key: key for key in keys}) == {key: key for key in keys}


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "squeezenet1_0", "squeezenet1_1", "vgg16"])
def test_the_smallest_size_is_torchvisions(name):
    """Check the documented minimum of each network's weights, and one pixel less."""
    smallest = models.get_model_weights(name).IMAGENET1K_V1.meta["min_size"][0]
    backbone = outline(get_entry(name))
    check_takes(backbone, torch.empty(1, 3, smallest, smallest, device="meta"))
    if smallest > 1:
        with pytest.raises(ParameterError, match=rf"'{name}' cannot take images of"):
            check_takes(backbone, torch.empty(1, 3, smallest - 1, smallest - 1, device="meta"))


def test_downloads_are_checked_and_run_no_code(monkeypatch):
    from torchvision.models import _api

    calls = []

    def load(url, **settings):
        calls.append((url, settings))
        return get_entry("mobilenet_v2").build().state_dict()

    monkeypatch.setattr(_api, "load_state_dict_from_url", load)
    build_backbone("mobilenet_v2", "imagenet")
    ((url, settings),) = calls
    assert "mobilenet_v2" in url
    assert settings["check_hash"] is True
    assert settings["weights_only"] is True


def test_weights_are_those_the_preset_was_read_from():
    entry = get_entry("resnet50")
    assert entry.preset.args == entry.fetch_weights.args
    assert _torchvision._preset(*entry.preset.args).input_size == (224, 224)
