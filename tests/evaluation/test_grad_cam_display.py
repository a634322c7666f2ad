"""GradCAMDisplay: the map of grad_cam over the spectrogram of the same clip."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from skspec import (
    GradCAMDisplay,
    MelSpectrogramImage,
    PretrainedCNNClassifier,
    SpectrogramDisplay,
    grad_cam,
    make_voices,
)
from skspec.exceptions import InputTypeError

mpl.use("Agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    mpl.pyplot.close("all")


@pytest.fixture(scope="module")
def voices():
    X = make_voices(8, n_speakers=4, random_state=0)[0]
    return X, np.array(["a", "b"] * 4)


@pytest.fixture(scope="module")
def pipe(voices):
    cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", device="cpu", random_state=0)
    return make_pipeline(MelSpectrogramImage(sr=16_000, n_mels=24), cnn).fit(*voices)


def values(mesh):
    return np.ravel(mesh.get_array())


def test_the_map_lies_over_the_spectrogram_of_its_clip(pipe, voices):
    X, _ = voices
    ax = Figure().add_subplot()
    display = GradCAMDisplay.from_estimator(pipe, X, 3, block="block2", ax=ax)
    assert display.ax_ is ax
    expected = grad_cam(pipe, X[3:4], block="block2")[0]
    assert_array_equal(values(display.overlay_), expected.ravel())
    assert_array_equal(values(display.spectrogram.mesh_), pipe[0].transform(X)[3].ravel())
    assert display.overlay_.get_clim() == (0, 1)
    clear, full = display.overlay_.cmap([0.0, 1.0])[:, 3]
    assert clear == 0
    assert full > 0.5


def test_axes_are_those_of_the_spectrogram(pipe, voices):
    X, _ = voices
    display = GradCAMDisplay.from_estimator(pipe, X)
    plain = SpectrogramDisplay.from_estimator(pipe, X)
    for name in ("get_xlabel", "get_ylabel", "get_xlim", "get_ylim"):
        assert getattr(display.ax_, name)() == getattr(plain.ax_, name)()
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert ticks == [text.get_text() for text in plain.ax_.get_yticklabels()]
    assert_allclose(display.overlay_.get_coordinates(), plain.mesh_.get_coordinates())


def test_the_title_says_what_is_predicted_and_what_was_asked_for(pipe, voices):
    X, _ = voices
    probability = pipe.predict_proba(X[1:2])[0]
    best, other = np.argsort(probability)[::-1]
    first = f"predicted {'ab'[best]} ({probability[best]:.2f})"
    second = f"{first},\nwhat speaks for {'ab'[other]} ({probability[other]:.2f})"
    for target, title in ((None, first), ("ab"[best], first), ("ab"[other], second)):
        display = GradCAMDisplay.from_estimator(pipe, X, 1, target=target)
        assert display.ax_.get_title() == title


def test_a_classifier_alone_has_no_seconds_and_hz(pipe, voices):
    images = pipe[0].transform(voices[0])
    with pytest.raises(InputTypeError, match="PretrainedCNNClassifier draws no images"):
        GradCAMDisplay.from_estimator(pipe[-1], images)
