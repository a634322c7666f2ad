"""What the drum and speech benchmarks compare."""

import numpy as np
import pytest
import timm


@pytest.fixture
def drums(benchmark_module):
    return benchmark_module("drums")


def test_blocks_are_the_ends_of_the_stages(drums):
    stages = timm.create_model("tf_efficientnet_lite0", pretrained=False).blocks
    ends = [f"block{i}{'abcd'[len(stage) - 1]}" for i, stage in enumerate(stages, 1)]
    assert (*ends, "top") == drums.BLOCKS
    assert sum(len(stage) for stage in stages[:4]) == 8
    assert ends[3] == drums.MIDDLE


def test_frozen_vectors_are_scaled_by_constants(drums):
    deep = drums.deep_features()
    statistics = deep.network_spec_.statistics
    assert (statistics.minimum, statistics.maximum) == (-drums.TOP_DB, 0.0)
    widths = [len(drums._columns_of(deep, block)) for block in drums.BLOCKS]
    assert sum(widths) == deep.n_features_out_
    assert widths[3] == 80 * 2 * 4  # channels, mean and deviation, bands


def test_networks_train_as_they_are_called(drums):
    found = drums.networks()
    assert found["from scratch"].weights is None
    cut = found["cut early"].get_params()
    assert (cut["upto"], cut["head__n_bands"], cut["full__batchnorm"]) == ("block4c", 4, "frozen")
    assert cut["full__head_lr_factor"] == 10
    assert all(
        net.get_params().get("class_weight", "balanced") == "balanced" for net in found.values()
    )
    short = drums.networks(epochs=1)["two-stage fine-tuning"].get_params()
    assert (short["warmup__epochs"], short["finetune__epochs"]) == (1, 1)


def test_speech_images_are_128_by_128(benchmark_module):
    speech = benchmark_module("speech_gender")
    clips = np.random.default_rng(0).normal(size=(2, 40_000))
    assert speech.mel().fit_transform(clips).shape == (2, 1, 128, 128)
    systems = speech.make_systems()
    assert "mel statistics + SVM" in systems
