"""CNN14: our maps are the published network's, transposed."""

import pytest
import torch
from torch.nn import functional as F

from skspec.exceptions import ParameterError, WeightsUnavailableError
from skspec.nn import _cnn14
from skspec.nn._backbone import build_backbone, check_takes, outline
from skspec.nn._random import Draws, SeededDropout, seed_random_layers
from skspec.nn._registry import get_entry

WIDTHS = (64, 128, 256, 512, 1024, 2048)
THIN = (4, 6, 8, 10, 12, 14)


def published(generator, widths):
    """Give random tensors under the published names; kernels are (out, in, time, frequency)."""

    def norm(name, n):
        numbers = torch.rand(4, n, generator=generator) + 0.5
        keys = ("weight", "bias", "running_mean", "running_var")
        return {f"{name}.{key}": x for key, x in zip(keys, numbers, strict=True)}

    state = norm("bn0", 64)
    n_in = 1
    for i, n_out in enumerate(widths, start=1):
        for j, n in ((1, n_in), (2, n_out)):
            kernel = torch.randn(n_out, n, 3, 3, generator=generator) / (3 * n**0.5)
            state[f"conv_block{i}.conv{j}.weight"] = kernel
            state |= norm(f"conv_block{i}.bn{j}", n_out)
        n_in = n_out
    ignored = {
        "spectrogram_extractor.stft.conv_real.weight": torch.zeros(513, 1, 1024),
        "logmel_extractor.melW": torch.zeros(513, 64),
        "fc1.weight": torch.zeros(4, 4),
    }
    return state | ignored


def published_maps(state, x):
    """Compute the last maps of (n, 1, time, mel), as the paper's network does."""

    def norm(name, x):
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"])

    maps = []
    x = norm("bn0", x.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)
    for i in range(1, 7):
        for j in (1, 2):
            x = F.conv2d(x, state[f"conv_block{i}.conv{j}.weight"], padding=1)
            x = F.relu(norm(f"conv_block{i}.bn{j}", x))
        x = F.avg_pool2d(x, 2) if i < 6 else x
        maps.append(x)
    return maps


@pytest.mark.parametrize("widths", [THIN, pytest.param(WIDTHS, marks=pytest.mark.slow)])
@torch.no_grad()
def test_maps_are_the_published_ones_transposed(widths, tmp_path, monkeypatch):
    monkeypatch.setattr(_cnn14, "_WIDTHS", widths)
    state = published(torch.Generator().manual_seed(0), widths)
    torch.save({"iteration": 600_000, "model": state}, tmp_path / "weights.pth")
    backbone = build_backbone("cnn14", tmp_path / "weights.pth").eval()
    logmel = 20 * torch.randn(2, 1, 64, 45, generator=torch.Generator().manual_seed(1)) - 40
    expected = published_maps(state, logmel.transpose(2, 3))
    blocks = [f"conv_block{i}" for i in range(1, 7)]
    assert backbone.block_names == ["bn0", *blocks]
    for got, wanted in zip(backbone.feature_maps(logmel, blocks), expected, strict=True):
        wanted = wanted.transpose(2, 3)
        assert got.shape == wanted.shape
        assert (got - wanted).abs().max() <= 1e-4 * wanted.abs().max()
    assert got.shape == (2, widths[-1], 2, 1)
    # Kernels are not symmetric: without the transposition, nothing would be as published.
    assert not torch.equal(state["conv_block1.conv1.weight"], backbone.blocks[1].conv1.weight)


@torch.no_grad()
def test_blocks_leave_each_other_alone(monkeypatch):
    monkeypatch.setattr(_cnn14, "_WIDTHS", THIN)
    x = torch.rand(2, 1, 64, 40, generator=torch.Generator().manual_seed(0))
    maps, copies = [x], [x.clone()]
    for block in build_backbone("cnn14", None).eval().blocks:
        maps.append(block(maps[-1]))
        copies.append(maps[-1].clone())
    assert all(torch.equal(a, b) for a, b in zip(maps, copies, strict=True))


def test_parameters_are_those_of_the_paper():
    n_classifier = (2048 * 2048 + 2048) + (2048 * 527 + 527)
    n_parameters = sum(p.numel() for p in outline(get_entry("cnn14")).parameters())
    assert n_parameters + n_classifier == 80_753_615


def test_64_mel_bins_and_any_number_of_frames():
    preset = get_entry("cnn14").preset()
    assert preset.input_size == (64, None)
    assert len(preset.mean) == len(preset.std) == 1
    backbone = outline(get_entry("cnn14"))
    for n_frames in (32, 101, 1001):
        maps = check_takes(backbone, torch.empty(1, 1, 64, n_frames, device="meta"))
        assert maps.shape == (1, 2048, 2, n_frames // 32)
    message = (
        r"cannot take images of {} x {} pixels: .*smallest that it takes is 64 x 32; .*64 x any"
    )
    for size in ((64, 31), (128, 101)):
        with pytest.raises(ParameterError, match=message.format(*size)):
            check_takes(backbone, torch.empty(1, 1, *size, device="meta"))


def test_dropout_is_seeded_and_only_in_training():
    backbone = outline(get_entry("cnn14"))
    seed_random_layers(backbone, Draws())
    dropouts = [m for m in backbone.modules() if isinstance(m, SeededDropout)]
    assert [m.p for m in dropouts] == [0.2] * 6


def test_there_are_no_weights_to_download(monkeypatch):
    monkeypatch.setattr(_cnn14, "_WIDTHS", THIN)
    with pytest.raises(WeightsUnavailableError, match=r"backbone='cnn14'.*path of a local file"):
        build_backbone("cnn14", "imagenet")
