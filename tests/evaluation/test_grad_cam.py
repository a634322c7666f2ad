"""grad_cam: maps lie where the class is, however target and images are given."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skspec import (
    DeepEnsembleClassifier,
    ImageScaler,
    LSTMClassifier,
    MelSpectrogramImage,
    OnDemandImages,
    PretrainedCNNClassifier,
    SmallCNNClassifier,
    grad_cam,
    make_voices,
)
from skspec.exceptions import InputTypeError, ParameterError

LOW, HIGH = np.s_[4:12, 2:12], np.s_[20:28, 18:28]  # bins, frames
CHANCE = 80 / 32**2


def marked(n, seed):
    """Give noise in which a patch says the class: low and early, or high and late."""
    images = np.random.default_rng(seed).normal(scale=0.3, size=(n, 1, 32, 32))
    y = np.array(["low", "high"] * (n // 2))
    for image, label in zip(images, y, strict=True):
        image[0][LOW if label == "low" else HIGH] += 2
    return images.astype(np.float32), y


def share(maps, labels):
    """Give the share of each map that lies in the patch of its label."""
    inside = [
        m[LOW if label == "low" else HIGH].sum() for m, label in zip(maps, labels, strict=True)
    ]
    return np.array(inside) / np.maximum(maps.sum(axis=(1, 2)), 1e-9)


@pytest.fixture(scope="module")
def small():
    images, y = marked(48, seed=0)
    cnn = SmallCNNClassifier(
        "mandel_small", loss="binary_cross_entropy", batch_size=8, device="cpu", random_state=0
    )
    return cnn.set_params(full__epochs=8).fit(images, y)


@pytest.fixture(scope="module")
def voices():
    X = make_voices(12, n_speakers=4, random_state=0)[0]
    return X, np.array(["a", "b", "c"] * 4)


@pytest.fixture(scope="module")
def pipe(voices):
    cnn = PretrainedCNNClassifier(
        "tiny", weights=None, stages="full", device="cpu", random_state=0, batch_size=5
    )
    mel = MelSpectrogramImage(sr=16_000, n_mels=24)
    return make_pipeline(mel, ImageScaler(), cnn).fit(*voices)


@pytest.mark.parametrize(("block", "times_chance"), [("conv1", 5), ("conv2", 3)])
def test_the_map_lies_where_the_class_is(small, block, times_chance):
    images, y = marked(16, seed=1)
    assert_array_equal(small.predict(images), y)
    maps = grad_cam(small, images, block=block)
    assert share(maps, y).min() > times_chance * CHANCE
    # Asked for the class that is not there, the same network does not point at the patch.
    other = np.where(y == "low", "high", "low")
    assert share(grad_cam(small, images, target=other, block=block), y).max() < CHANCE


def test_each_clip_has_a_map_of_its_own_bins_and_frames(pipe, voices):
    X, _ = voices
    maps = grad_cam(pipe, X)
    assert maps.shape == (12, *pipe[-1].image_shape_in_[1:])
    assert maps.dtype == np.float32
    assert_array_equal(maps.min(axis=(1, 2)) >= 0, True)
    assert set(maps.max(axis=(1, 2)).tolist()) <= {0.0, 1.0}
    assert_array_equal(maps, grad_cam(pipe, X))
    assert_allclose(grad_cam(pipe, X[7:8])[0], maps[7], atol=1e-5)


def test_the_steps_before_make_the_images(pipe, voices):
    X, _ = voices
    images = pipe[:-1].transform(X)
    maps = grad_cam(pipe, X)
    assert_array_equal(grad_cam(pipe[-1], images), maps)
    assert_array_equal(grad_cam(make_pipeline(pipe[-1]), images), maps)


def test_none_takes_what_is_predicted_and_the_last_block(pipe, voices):
    X, _ = voices
    predicted = pipe.predict(X)
    assert_array_equal(grad_cam(pipe, X, target=predicted, block="block3"), grad_cam(pipe, X))


def test_one_label_is_for_all_clips(pipe, voices):
    X, _ = voices
    maps = grad_cam(pipe, X, target="b", block="block2")
    assert_array_equal(maps, grad_cam(pipe, X, target=["b"] * 12, block="block2"))
    assert not np.array_equal(maps, grad_cam(pipe, X, target="c", block="block2"))


def test_it_leaves_predictions_as_they_were(pipe, voices):
    X, _ = voices
    before = pipe.predict_proba(X)
    grad_cam(pipe, X)
    assert_array_equal(pipe.predict_proba(X), before)


def test_images_on_demand(voices):
    X, y = voices
    mel = MelSpectrogramImage(sr=16_000, n_mels=24)
    settings = {"weights": None, "stages": "frozen", "device": "cpu", "random_state": 0}
    first = make_pipeline(OnDemandImages(mel), PretrainedCNNClassifier("tiny", **settings))
    second = make_pipeline(mel, PretrainedCNNClassifier("tiny", **settings))
    assert_array_equal(grad_cam(first.fit(X, y), X), grad_cam(second.fit(X, y), X))


def test_recurrent_blocks_tell_frames_apart_and_no_bins(voices):
    X, y = voices
    images = MelSpectrogramImage(sr=16_000, n_mels=24).fit_transform(X)
    lstm = LSTMClassifier(hidden=4, conv=(4,), device="cpu", random_state=0)
    maps = grad_cam(lstm.set_params(full__epochs=1).fit(images, y), images)
    assert maps.shape == (len(X), *images.shape[2:])
    assert_allclose(maps, np.broadcast_to(maps[:, :1], maps.shape), rtol=1e-5)
    assert maps.std(axis=2).max() > 0


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("d", r"Got target='d', but expected one of the classes \['a', 'b', 'c'\], an array of"),
        (1, "Got target=1, but expected one of the classes"),
        (["a", "b"], r"Got target=an array of shape \(2,\), .* shape \(12,\)"),
        (["a", "z"] * 6, "Got target='z', but expected"),
    ],
)
def test_targets_that_are_no_classes(pipe, voices, target, message):
    with pytest.raises(ParameterError, match=message):
        grad_cam(pipe, voices[0], target=target)


def test_other_estimators_are_refused(voices):
    X, _ = voices
    with pytest.raises(InputTypeError, match="LogisticRegression has no network"):
        grad_cam(make_pipeline(LogisticRegression()), X)
    with pytest.raises(InputTypeError, match=r"take one of those, such as estimators_"):
        grad_cam(DeepEnsembleClassifier(PretrainedCNNClassifier("tiny")), X)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        grad_cam(SmallCNNClassifier(), np.zeros((2, 1, 8, 8)))
