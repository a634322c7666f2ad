"""mo: the settings of the paper's tables, its pictures, what learns, its split, its figures."""

import librosa
import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import get_window
from sklearn.utils import Bunch
from torch.nn import functional
from torchvision import models
from torchvision.transforms.v2 import functional as functional_v2

from skspec.exceptions import ParameterError
from skspec.recipes import mo

# Table III: batch size, learning rate, input size.
TABLE_3 = {
    "mobilenet_v2": (4, 1e-5, 224),
    "vgg16": (4, 1e-5, 224),
    "vgg19": (4, 1e-5, 224),
    "resnet50": (8, 1e-6, 224),
    "alexnet": (4, 1e-4, 227),
}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
FEATURES = {"mobilenet_v2": 1280, "vgg16": 512, "vgg19": 512, "resnet50": 2048, "alexnet": 256}


@pytest.mark.parametrize("image", ["mel", "spectrogram"])
@pytest.mark.parametrize("backbone", TABLE_3)
def test_settings_of_each_network(backbone, image):
    cnn = mo(backbone, image)["cnn"]
    batch_size, lr, side = TABLE_3[backbone]
    assert (cnn.backbone, cnn.weights, cnn.upto) == (backbone, "imagenet", None)
    assert (cnn.batch_size, cnn.input_size) == (batch_size, (side, side))
    assert cnn.loss == "binary_cross_entropy"
    assert (cnn.head.pooling, cnn.head.hidden, cnn.head.dropout) == ("mean", (), 0.2)
    (_, freeze), (_, unfreeze) = cnn.stages
    assert (freeze.train, freeze.optimizer, freeze.lr) == ("head", "adam", lr)
    assert (unfreeze.train, unfreeze.optimizer) == ("all", "rmsprop")
    assert unfreeze.lr == pytest.approx(lr / 10)
    assert unfreeze.batchnorm == "frozen"


def test_rates_of_table_1():
    params = mo("vgg19").get_params()
    assert params["cnn__freeze__lr"] == 1e-5
    assert params["cnn__unfreeze__lr"] == pytest.approx(1e-6)


@pytest.mark.parametrize(("epochs", "halves"), [(2, [1, 1]), (20, [10, 10]), (7, [3, 4])])
def test_half_of_the_epochs_is_for_the_classifier(epochs, halves):
    assert [stage.epochs for _, stage in mo(epochs=epochs)["cnn"].stages] == halves


def test_what_can_be_changed():
    pipe = mo(
        "resnet50",
        sr=8000,
        duration_s=1.5,
        cmap="jet",
        batch_size=3,
        lr=1e-2,
        input_size=(64, 96),
        weights=None,
        device="cpu",
        random_state=7,
        verbose=1,
    )
    params = pipe.get_params()
    assert (params["image__sr"], params["image__duration_s"]) == (8000, 1.5)
    assert params["colours__cmap"] == "jet"
    assert (params["cnn__batch_size"], params["cnn__freeze__lr"]) == (3, 1e-2)
    assert (params["cnn__input_size"], params["cnn__weights"]) == ((64, 96), None)
    assert params["cnn__random_state"] == params["aug__random_state"] == 7
    assert (params["cnn__device"], params["cnn__verbose"]) == ("cpu", 1)


def test_other_backbones_have_their_own_input_size():
    cnn = mo("resnet18")["cnn"]
    assert (cnn.batch_size, cnn.stages[0][1].lr, cnn.input_size) == (4, 1e-5, None)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"image": "mfcc"}, r"Got image='mfcc', but expected one of \['mel', 'spectrogram'\]"),
        ({"epochs": 1}, "Got epochs=1, but expected at least 2"),
    ],
)
def test_settings_that_there_are_not(setting, message):
    with pytest.raises(ParameterError, match=message):
        mo(**setting)


# Pictures.


def picture(image, X):
    pipe = mo(image=image, sr=16_000, duration_s=0.5)[:2]
    return pipe.fit_transform(X)


def test_spectrograms_are_what_matplotlib_plots(voices):
    x = voices.paths[0].astype(np.float64)
    window = get_window("hamming", 256)
    *_, plot = (
        Figure()
        .subplots()
        .specgram(x, NFFT=256, Fs=16_000, window=window, noverlap=128, mode="magnitude", scale="dB")
    )
    expected = plot.to_rgba(plot.get_array())[::-1, :, :3]  # the first row is the top of the plot
    found = picture("spectrogram", x[None])[0]
    assert found.shape == (3, 129, 61)
    assert_allclose(found, np.moveaxis(expected, -1, 0), atol=0.02)


def test_mel_spectrograms_are_librosas(voices):
    x = voices.paths[0]
    power = librosa.feature.melspectrogram(y=x, sr=16_000)
    levels = librosa.power_to_db(power, ref=np.max)
    expected = matplotlib.colormaps["magma"](Normalize()(levels))[..., :3]
    found = picture("mel", x[None])[0]
    assert found.shape == (3, 128, 16)
    assert_allclose(found, np.moveaxis(expected, -1, 0), atol=0.02)


def test_short_clips_are_repeated(voices):
    short = voices.paths[0][:5000]
    assert_array_equal(picture("mel", [short]), picture("mel", np.resize(short, 8000)[None]))


def test_augmentation_mirrors_and_rotates():
    images = np.random.default_rng(0).random((1, 3, 4, 5), dtype=np.float32)
    aug = mo(random_state=0)["aug"].fit(images)
    asked = {"as it is": images, "mirrored": images[..., ::-1], "rotated": images[..., ::-1, ::-1]}
    asked["both"] = images[..., ::-1, :]
    variants = aug.variants(images)
    assert len(variants) == 4
    found = [[(variant == one).all() for variant in variants] for one in asked.values()]
    assert_array_equal(np.sum(found, axis=1), 1)
    drawn = [aug.draw(images, epoch) for epoch in range(400)]
    counts = [sum((one == draw).all() for draw in drawn) for one in asked.values()]
    assert min(counts) > 70  # 100 expected, deviation 8.7


# Training.


def independent_count(backbone):
    """Give the parameters of torchvision's convolutions, without their classifier."""
    module = models.get_model(backbone, weights=None)
    classifiers = ("classifier.", "fc.")
    named = module.named_parameters()
    return sum(p.numel() for name, p in named if not name.startswith(classifiers))


def check_training(backbone, voices, shrunk, first_clips, trained):
    X, y = first_clips(voices, 2)
    pipe = shrunk(mo(backbone, sr=16_000, duration_s=0.5, random_state=0))
    freeze, unfreeze = trained(pipe, X, y)
    head = FEATURES[backbone] + 1
    assert (freeze.n_learning, freeze.n_outputs, freeze.optimizer) == (head, 1, "Adam")
    assert unfreeze.n_learning == head + independent_count(backbone)
    assert unfreeze.optimizer == "RMSprop"
    lr = TABLE_3[backbone][1]
    assert (freeze.lrs, unfreeze.lrs) == ([lr], [lr / 10])
    probability = pipe.predict_proba(X)
    assert probability.shape == (4, 2)
    assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    assert set(pipe.predict(X)) <= set(y)


def test_one_sigmoid_learns_and_then_all(voices, shrunk, first_clips, trained):
    check_training("mobilenet_v2", voices, shrunk, first_clips, trained)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["vgg16", "vgg19", "resnet50", "alexnet"])
def test_so_it_is_with_every_network(backbone, voices, shrunk, first_clips, trained):
    check_training(backbone, voices, shrunk, first_clips, trained)


def test_dropout_is_a_fifth_of_the_pooled_maps(voices, shrunk, first_clips):
    X, y = first_clips(voices, 2)
    pipe = shrunk(mo("mobilenet_v2", sr=16_000, duration_s=0.5, random_state=0))
    layers = pipe.fit(X, y)["cnn"].network_.head.layers
    assert [type(layer).__name__ for layer in layers] == ["SeededDropout", "Linear"]
    assert layers[0].p == 0.2


def test_pictures_reach_the_network_in_colour_and_at_its_size(voices, shrunk, first_clips):
    X, y = first_clips(voices, 1)
    pipe = shrunk(mo("alexnet", sr=16_000, duration_s=0.5), input_size=(227, 227)).fit(X, y)
    pictures = torch.from_numpy(pipe[:2].transform(X))
    seen = pipe["cnn"].network_.adapter(pictures)
    unit = (pictures - pictures.min()) / (pictures.max() - pictures.min())
    large = functional.interpolate(unit, (227, 227), mode="bilinear")
    assert_allclose(seen, functional_v2.normalize(large, **IMAGENET), atol=1e-4)


# The paper's systems.


def test_the_grid_has_five_networks_on_two_images():
    grid = mo.grid(sr=8000)
    assert set(grid) == {f"{b}, {i}" for b in TABLE_3 for i in ("mel", "spectrogram")}
    for name, pipe in grid.items():
        backbone, image = name.split(", ")
        assert repr(pipe) == repr(mo(backbone, image, sr=8000))
    assert len({id(step) for pipe in grid.values() for _, step in pipe.steps}) == 40


@pytest.mark.slow
@pytest.mark.parametrize("name", list(mo.grid()))
def test_every_system_of_the_grid_runs(name, percussion, shrunk, first_clips):
    X, y = first_clips(Bunch(paths=percussion.paths, y=np.where(percussion.y == "kick", "a", "b")))
    pipe = shrunk(mo.grid(sr=16_000, duration_s=0.5, random_state=0)[name])
    assert pipe.fit(X, y).predict(X).shape == (4,)


# Split and figures.


def test_the_test_part_is_a_fifth_of_the_validation_part():
    y = np.repeat(["male", "female"], [2149, 1815])  # the paper's counts
    parts = mo.split(Bunch(y=y, groups=None), 0)
    assert list(parts) == ["train", "validation", "test"]
    n_train, n_validation, n_test = map(len, parts.values())
    assert n_train == pytest.approx(0.8 * 3964, abs=1)
    assert n_test == pytest.approx(0.2 * (n_validation + n_test), abs=1)
    assert len(np.unique(np.concatenate(list(parts.values())))) == 3964


def test_split_by_speakers(voices):
    with pytest.warns(UserWarning, match="'test' has no"):  # it is one speaker
        parts = mo.split(voices, 0, by="speakers")
    speakers = [set(voices.groups[rows]) for rows in parts.values()]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 12


def test_reported_figures():
    table = mo.reported.set_index(["system", "part"]).value
    assert table["vgg19, mel", "train"] == 0.9353
    assert table["vgg19, mel", "validation"] == 0.8775
    assert table["vgg19, mel", "test"] == 0.8654
    assert set(mo.reported.columns) == {"system", "part", "metric", "value", "place"}
