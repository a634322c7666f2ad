"""chakhtouna: its tables' settings, what learns in C1 and C2, images, splits, figures."""

import librosa
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import Bunch

from skspec.exceptions import ParameterError
from skspec.recipes import chakhtouna

NAMES = {
    "vgg16": "VGG-16",
    "vgg19": "VGG-19",
    "efficientnet_b0": "EfficientNet B0",
    "efficientnetv2_b0": "EfficientNetV2 B0",
}


# What learns.


def conv(n_in, n_out, kernel=1, *, bias):
    return n_in * n_out * kernel**2 + n_out * bias


def mbconv_weights(n_in, n_wide, n_out, kernel, n_squeezed):
    """Give the weights of a block: BatchNorm has two for each channel, squeezing has biases."""
    expand = conv(n_in, n_wide, bias=False) + 2 * n_wide
    depthwise = n_wide * kernel**2 + 2 * n_wide
    squeeze = conv(n_wide, n_squeezed, bias=True) + conv(n_squeezed, n_wide, bias=True)
    return expand + depthwise + squeeze + conv(n_wide, n_out, bias=False) + 2 * n_out


def dense_weights(n_in, n_classes):
    return (n_in + 1) * 512 + (512 + 1) * 256 + (256 + 1) * n_classes


def vgg_weights(n_convs):
    """Give the weights of blocks 4 and 5, of as many 3 x 3 convolutions each."""
    inner = conv(512, 512, 3, bias=True)
    return conv(256, 512, 3, bias=True) + (2 * n_convs - 1) * inner


TUNED = {
    "vgg16": (512, vgg_weights(3)),
    "vgg19": (512, vgg_weights(4)),
    "efficientnet_b0": (
        1280,
        mbconv_weights(192, 1152, 192, 5, 48)  # block 6d
        + mbconv_weights(192, 1152, 320, 3, 48)  # block 7a
        + conv(320, 1280, bias=False)
        + 2 * 1280,
    ),
    "efficientnetv2_b0": (
        1280,
        2 * mbconv_weights(192, 1152, 192, 3, 48)  # blocks 6g and 6h
        + conv(192, 1280, bias=False)
        + 2 * 1280,
    ),
}


def check_what_learns(backbone, tuning, percussion, shrunk, first_clips, trained):
    X, y = first_clips(percussion, 1)
    pipe = shrunk(chakhtouna(backbone, tuning, random_state=0))
    (epoch,) = trained(pipe, X, y)
    n_features, n_tuned = TUNED[backbone]
    expected = dense_weights(n_features, 4) + (n_tuned if tuning == "C2" else 0)
    assert epoch.n_learning == expected
    assert (epoch.n_outputs, epoch.optimizer, epoch.lrs) == (4, "Adam", [1e-4])
    assert pipe.predict_proba(X).shape == (4, 4)


@pytest.mark.parametrize("tuning", [pytest.param("C1", marks=pytest.mark.slow), "C2"])
def test_what_learns_of_a_small_network(tuning, percussion, shrunk, first_clips, trained):
    check_what_learns("efficientnet_b0", tuning, percussion, shrunk, first_clips, trained)


@pytest.mark.slow
@pytest.mark.parametrize("tuning", ["C1", "C2"])
@pytest.mark.parametrize("backbone", ["vgg16", "vgg19", "efficientnetv2_b0"])
def test_what_learns_of_the_others(backbone, tuning, percussion, shrunk, first_clips, trained):
    check_what_learns(backbone, tuning, percussion, shrunk, first_clips, trained)


@pytest.mark.slow
def test_from_scratch_all_learns_from_random_weights(percussion, shrunk, first_clips, trained):
    assert chakhtouna("resnet18", "scratch")["cnn"].weights is None
    X, y = first_clips(percussion, 1)
    (epoch,) = trained(shrunk(chakhtouna("resnet18", "scratch")), X, y)
    assert epoch.n_learning == 11_176_512 + dense_weights(512, 4)  # ResNet-18 without its top


# Settings.


def test_dense_layers_of_table_1(percussion, shrunk, first_clips):
    X, y = first_clips(percussion, 1)
    layers = shrunk(chakhtouna("efficientnet_b0")).fit(X, y)["cnn"].network_.head.layers
    assert [type(layer).__name__.removeprefix("Seeded") for layer in layers] == [
        "Dropout",
        *("Linear", "ReLU", "Dropout"),
        *("Linear", "ReLU", "Dropout"),
        "Linear",
    ]
    assert [layer.p for layer in layers[::3]] == [0.0, 0.5, 0.0]
    assert [layer.out_features for layer in [layers[1], layers[4], layers[7]]] == [512, 256, 4]


def test_all_tunings_have_the_same_head():
    heads = [chakhtouna("vgg16", tuning)["cnn"].head for tuning in ("C1", "C2", "scratch")]
    assert [repr(head) for head in heads] == [repr(heads[0])] * 3


def test_what_can_be_changed():
    params = chakhtouna(
        "vgg19",
        "C2",
        sr=8000,
        duration_s=2.0,
        n_fft=512,
        n_mels=40,
        epochs=3,
        batch_size=5,
        lr=1e-3,
        input_size=(96, 64),
        device="cpu",
        random_state=1,
        verbose=1,
    ).get_params()
    assert (params["length__sr"], params["mel__sr"], params["length__duration_s"]) == (
        8000,
        8000,
        2,
    )
    assert (params["mel__n_fft"], params["mel__hop_length"], params["mel__n_mels"]) == (
        512,
        256,
        40,
    )
    stage = {name: params[f"cnn__tune__{name}"] for name in ("train", "epochs", "lr", "optimizer")}
    assert stage == {"train": "block4", "epochs": 3, "lr": 1e-3, "optimizer": "adam"}
    assert (params["cnn__batch_size"], params["cnn__input_size"]) == (5, (96, 64))
    assert (params["cnn__device"], params["cnn__random_state"], params["cnn__verbose"]) == (
        "cpu",
        1,
        1,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("vgg16", "C3"), r"Got tuning='C3', but expected one of \['C1', 'C2', 'scratch'\]"),
        (("resnet50", "C2"), r"Got backbone='resnet50' with tuning='C2'.*'efficientnetv2_b0'"),
    ],
)
def test_settings_that_there_are_not(settings, message):
    with pytest.raises(ParameterError, match=message):
        chakhtouna(*settings)


# Images.


def test_images_are_librosas_of_clips_repeated_to_the_longest(voices):
    long, short = voices.paths[0], voices.paths[1][:5000]
    images = chakhtouna()[:2].fit_transform([long, short])
    for clip, image in zip([long, np.tile(short, 2)[:8000]], images, strict=True):
        # librosa's frames of 1024 samples, every 512
        power = librosa.feature.melspectrogram(
            y=clip, sr=16_000, n_fft=1024, hop_length=512, window="hamming", n_mels=128
        )
        assert image.shape == (1, 128, 16)
        assert_allclose(image[0], librosa.power_to_db(power, ref=np.max), atol=0.02)


# The paper's systems.


def test_the_grid_has_the_names_of_the_reported_figures():
    grid = chakhtouna.grid(sr=8000, weights=None)
    assert list(grid) == [f"{n}-{c}" for n in NAMES.values() for c in ("C1", "C2")] + [
        "ResNet from scratch"
    ]
    assert set(chakhtouna.reported.system) == set(grid)
    for backbone, name in NAMES.items():
        pipe = grid[f"{name}-C2"]
        assert repr(pipe) == repr(chakhtouna(backbone, "C2", sr=8000, weights=None))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(chakhtouna.grid()))
def test_every_system_of_the_grid_runs(name, percussion, shrunk, first_clips):
    X, y = first_clips(percussion, 1)
    pipe = shrunk(chakhtouna.grid(random_state=0)[name])
    assert set(pipe.fit(X, y).predict(X)) <= set(y)


# Splits and figures.


def test_split_of_seventy_and_thirty():
    y = np.repeat(list("abcdefgh"), 100)
    parts = chakhtouna.split(Bunch(y=y, groups=None), 0)
    assert [len(parts["train"]), len(parts["test"])] == [560, 240]
    assert not set(parts["train"]) & set(parts["test"])
    assert_array_equal(np.unique(y[parts["test"]], return_counts=True)[1], 30)


def test_split_by_speakers(percussion):
    parts = chakhtouna.split(percussion, 0, by="speakers")
    train, test = (set(percussion.groups[parts[name]]) for name in ("train", "test"))
    assert (len(train), len(test)) == (14, 6)
    assert not train & test


def test_reported_figures():
    table = chakhtouna.reported.set_index(["system", "part", "metric", "place"]).value.sort_index()
    best = table["VGG-19-C2", "test"].drop(index="Table 3", level="place").to_dict()
    assert best.pop(("accuracy", "Abstract")) == 0.7983
    assert best == {
        ("precision", "Table 2"): 0.79,
        ("recall", "Table 2"): 0.8,
        ("f1", "Table 2"): 0.79,
        ("accuracy", "Table 2"): 0.8,
    }
    assert table["EfficientNetV2 B0-C1", "test", "precision", "Table 2"] == 0.7
    assert table["VGG-16-C1", "test", "f1", "Table 2"] == 0.54
    assert table["EfficientNet B0-C2", "test", "recall", "Table 2"] == 0.66
    assert table["VGG-19-C2", "test without neutral", "accuracy", "Table 4"] == 0.797
    assert table["ResNet from scratch", "test without neutral", "accuracy", "Table 4"] == 0.738
    assert table["VGG-19-C2", "test", "guilt taken for sadness", "Table 3"] == 0.09


def test_reported_confusions_are_shares():
    table = chakhtouna.reported
    table = table[table.place == "Table 3"]
    true = table.metric.str.split(" taken for ").str
    sums = table.value.groupby(true[0]).sum()
    assert len(sums) == 8
    assert_allclose(sums, 1, atol=0.035)  # eight roundings
    right = table[true[0] == true[1]].set_index("metric").value
    recalls = {"anger": 0.79, "disgust": 0.85, "fear": 0.78, "guilt": 0.73}  # section 4.3
    recalls |= {"happiness": 0.79, "neutral": 0.80, "sadness": 0.83, "surprise": 0.81}
    assert {name.split()[0]: value for name, value in right.items()} == recalls
