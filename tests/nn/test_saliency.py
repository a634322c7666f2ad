"""Grad-CAM of a network: against hooks and autograd, against CAM, and the network is left alone."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from PIL import Image
from scipy import ndimage
from torch import nn

from skspec import Head, PretrainedCNNClassifier, SmallCNNClassifier, backbones, register_backbone
from skspec.exceptions import BackboneNotFoundError, ParameterError
from skspec.nn import _registry
from skspec.nn._saliency import grad_cam_maps

RNG = np.random.default_rng(0)
X = RNG.random((8, 1, 32, 32), dtype=np.float32)
Y2, Y3 = np.arange(8) % 2, np.arange(8) % 3
NAMES = [info.name for info in backbones()]


def fitted(y=Y3, cls=PretrainedCNNClassifier, name="tiny", **settings):
    own = {"weights": None} if cls is PretrainedCNNClassifier else {}
    settings = {"random_state": 0, "device": "cpu", **own, **settings}
    return cls(name, **settings).fit(X, y)


def by_hooks(network, x, target, block):
    """Give unscaled maps from one pass through the whole network, with torch's own tools."""
    kept = []

    def keep(module, inputs, output):
        output.retain_grad()
        kept.append(output)

    index = network.backbone.block_names.index(block)
    network.requires_grad_(True)
    handle = network.backbone.blocks[index].register_forward_hook(keep)
    outputs = network(x)
    handle.remove()
    for i in range(len(x)):
        score = outputs[i, target[i]] if outputs.shape[1] > 1 else outputs[i, 0]
        (score if outputs.shape[1] > 1 or target[i] == 1 else -score).backward(retain_graph=True)
    (output,) = kept
    maps, gradients = output.detach().numpy(), output.grad.numpy()
    network.zero_grad(set_to_none=True)
    return [
        np.maximum(np.einsum("k,khw->hw", gradient.mean(axis=(1, 2)), image), 0)
        for image, gradient in zip(maps, gradients, strict=True)
    ]


def enlarged(small, size):
    """Give a map enlarged to the image by scipy, a maximum of 1."""
    zoom = [new / old for new, old in zip(size, small.shape, strict=True)]
    large = ndimage.zoom(small.astype(np.float64), zoom, order=1, mode="nearest", grid_mode=True)
    return large / large.max() if large.max() > 0 else large


@pytest.mark.parametrize("block", ["block1", "block2", "block3"])
@pytest.mark.parametrize(
    ("y", "settings"),
    [
        (Y3, {"stages": "frozen", "precision": "float64"}),
        (Y2, {"stages": "full", "loss": "binary_cross_entropy"}),
        (Y3, {"stages": "full", "head": Head(pooling="attention", hidden=(8,), dropout=0.5)}),
    ],
    ids=["frozen", "one output", "attention"],
)
def test_it_is_what_hooks_give(y, settings, block):
    network = fitted(y, **settings).network_
    x = torch.from_numpy(X).to(next(network.parameters()).dtype)
    maps = grad_cam_maps(network, x, torch.from_numpy(y), block)
    expected = [enlarged(one, (32, 32)) for one in by_hooks(network, x, y, block)]
    assert_allclose(maps, expected, atol=1e-4)
    assert max(one.max() for one in expected) == 1


def test_small_nets_whose_maps_are_nearly_as_large_as_the_image():
    network = fitted(Y2, SmallCNNClassifier, "mandel_small").network_
    x = torch.from_numpy(X)
    maps = grad_cam_maps(network, x, torch.from_numpy(Y2), "conv1")
    expected = [enlarged(one, (32, 32)) for one in by_hooks(network, x, Y2, "conv1")]
    assert_allclose(maps, expected, atol=1e-4)


def test_of_the_last_block_under_a_linear_head_it_is_cam():
    # Zhou et al. 2016: the outputs' weights times the last maps, which Grad-CAM generalises.
    network = fitted(head=Head(dropout=0.0)).network_
    x, target = torch.from_numpy(X), torch.full((len(X),), 2)
    with torch.no_grad():
        maps = network.backbone(network.adapter(x))
        small = torch.einsum("k,nkhw->nhw", network.head.layers[-1].weight[2], maps).relu()
    expected = [enlarged(one.numpy(), (32, 32)) for one in small]
    assert_allclose(grad_cam_maps(network, x, target, "block3"), expected, atol=1e-4)


def test_images_smaller_than_the_maps():
    network = fitted(input_size=(128, 160)).network_
    maps = grad_cam_maps(network, torch.from_numpy(X), torch.from_numpy(Y3), "block1")
    assert maps.shape == (8, 32, 32)
    for small, found in zip(
        by_hooks(network, torch.from_numpy(X), Y3, "block1"), maps, strict=True
    ):
        image = Image.fromarray(small.astype(np.float32))  # pillow averages where it shrinks
        shrunk = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR))
        assert_allclose(found, shrunk / shrunk.max(), atol=1e-4)


def test_no_place_that_speaks_for_it():
    network = fitted(head=Head(dropout=0.0)).network_
    with torch.no_grad():
        network.head.layers[-1].weight.fill_(-1.0)  # maps are positive behind their ReLU
    maps = grad_cam_maps(network, torch.from_numpy(X), torch.from_numpy(Y3), "block3")
    assert torch.equal(maps, torch.zeros(8, 32, 32))


def test_the_network_is_left_as_it_was():
    network = fitted(stages="two_stage", head=Head(dropout=0.5)).network_
    network.zero_grad(set_to_none=True)  # the last step of training left its own
    flags = [p.requires_grad for p in network.parameters()]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    x, target = torch.from_numpy(X), torch.from_numpy(Y3)
    with torch.no_grad():  # the caller's mode does not matter
        first = grad_cam_maps(network, x, target, "block2")
    assert torch.equal(grad_cam_maps(network, x, target, "block2"), first)
    assert not first.requires_grad
    assert not any(module.training for module in network.modules())
    assert all(p.grad is None for p in network.parameters())
    assert [p.requires_grad for p in network.parameters()] == flags
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_blocks_of_another_name():
    network = fitted(upto="block2").network_
    message = r"Got block 'block3', but the blocks of 'tiny' are \['block1', 'block2'\]"
    with pytest.raises(BackboneNotFoundError, match=message):
        grad_cam_maps(network, torch.from_numpy(X), torch.from_numpy(Y3), "block3")


def test_a_block_without_maps(monkeypatch):
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))

    def build():
        layers = nn.Conv2d(3, 4, 3, stride=8), nn.Flatten(2), nn.Unflatten(2, (4, 4))
        return nn.Sequential(*layers)

    blocks = ["conv", "tokens", "maps"]
    register_backbone(
        "with_tokens", build, lambda net: list(zip(blocks, net, strict=True)), input_size=(32, 32)
    )
    network = fitted(name="with_tokens").network_
    x, target = torch.from_numpy(X), torch.from_numpy(Y3)
    assert grad_cam_maps(network, x, target, "maps").shape == (8, 32, 32)
    message = r"Got block='tokens', whose features have the shape \(8, 4, 16\), but expected maps"
    with pytest.raises(ParameterError, match=message):
        grad_cam_maps(network, x, target, "tokens")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_block_of_every_backbone(name):
    stages, size = "frozen", (64, 64)
    made = PretrainedCNNClassifier(
        name, weights=None, stages=stages, input_size=size, device="cpu", random_state=0
    )
    network = made.set_params(frozen__epochs=1).fit(X[:4], Y2[:4]).network_
    x, target = torch.from_numpy(X[:1]), torch.from_numpy(Y2[:1])
    names = network.backbone.block_names
    for block in names:
        maps = grad_cam_maps(network, x, target, block)
        assert maps.shape == (1, 32, 32)
        assert maps.min() >= 0
        assert set(maps.amax(dim=(1, 2)).tolist()) <= {0.0, 1.0}
    for block in (names[0], names[len(names) // 2], names[-1]):
        found = grad_cam_maps(network, x, target, block)
        expected = [one / max(one.max(), 1e-30) for one in by_hooks(network, x, Y2, block)]
        for ours, theirs in zip(found, expected, strict=True):
            if max(theirs.shape) <= 32:
                assert_allclose(ours, enlarged(theirs, (32, 32)), atol=2e-3)
