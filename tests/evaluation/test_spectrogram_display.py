"""SpectrogramDisplay: axes of any image transformer, any channel."""

import matplotlib as mpl
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import Pipeline

from skspec import (
    ChannelStack,
    ChromaImage,
    MelSpectrogramImage,
    MFCCImage,
    SpectrogramDisplay,
)
from skspec.exceptions import InputTypeError, ParameterError

mpl.use("Agg")
FRAMES = {"sr": 8000, "n_fft": 256, "hop_length": 64}


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    mpl.pyplot.close("all")


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(scale=0.1, size=(2, 2000))


def label_of(display):
    return display.ax_.get_ylabel(), display.figure_.axes[-1].get_ylabel()


def tick_texts(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def test_mel_bands_are_labelled_in_hz(X):
    mel = MelSpectrogramImage(**FRAMES, n_mels=16).fit(X)
    for index in (1, -1):
        display = SpectrogramDisplay.from_estimator(Pipeline([("mel", mel)]), X, index=index)
        assert_array_equal(np.ravel(display.mesh_.get_array()), mel.transform(X)[1].ravel())
    assert label_of(display) == ("frequency (Hz)", "dB")
    assert tick_texts(display)[-1] == f"{mel.get_frequencies()[-1]:.0f}"


@pytest.mark.parametrize(
    ("channel", "labels"),
    [
        (0, ("coefficient", "dB")),
        (2, ("coefficient", "dB / frame ** 2")),
        (3, ("note (0 is C)", "share")),
    ],
)
def test_rows_and_values_of_each_channel_are_labelled(X, channel, labels):
    stack = ChannelStack(
        [
            ("mfcc", MFCCImage(**FRAMES, n_mels=16, n_mfcc=12, deltas=2)),
            ("chroma", ChromaImage(**FRAMES)),
        ]
    ).fit(X)
    display = SpectrogramDisplay.from_estimator(stack, X, channel=channel)
    assert_array_equal(np.ravel(display.mesh_.get_array()), stack.transform(X)[0, channel].ravel())
    assert label_of(display) == labels
    assert tick_texts(display)[:2] == ["0", "2"]


def test_channel_that_is_not_there(X):
    mel = MelSpectrogramImage(**FRAMES, n_mels=16).fit(X)
    for channel in (1, -1):
        with pytest.raises(ParameterError, match=f"Got channel={channel}, but expected 0 to 0"):
            SpectrogramDisplay.from_estimator(mel, X, channel=channel)


def test_other_estimators_are_refused(X):
    with pytest.raises(InputTypeError, match="SpectrogramDisplay draws no images"):
        SpectrogramDisplay.from_estimator(SpectrogramDisplay(X, X, X), X)
