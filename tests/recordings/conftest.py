"""A recording of tones, and a classifier of pitch that hears each window by itself."""

import importlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator, ClassifierMixin

SR = 8000


class PitchClassifier(ClassifierMixin, BaseEstimator):
    """Give the share of sign changes, as a probability; row by row, so bitwise in any batch."""

    def __init__(self, pitch=1000, sr=SR, classes=("high", "low")):
        self.pitch = pitch
        self.sr = sr
        self.classes = classes

    def fit(self, X=None, y=None):
        self.classes_ = np.array(self.classes)
        return self

    def predict_proba(self, X):
        changes = np.array([np.mean(row[1:] * row[:-1] < 0) for row in X])
        high = 1 / (1 + np.exp(20 * (2 * self.pitch / self.sr - changes)))
        return np.stack([high, 1 - high], axis=1)


def tones(n, seed=0, sr=SR):
    """Give tones that change their pitch every 0.7 s, with noise, as 16-bit samples have them."""
    rng = np.random.default_rng(seed)
    pitch = np.repeat(rng.uniform(300, 2500, n // int(0.7 * sr) + 1), int(0.7 * sr))[:n]
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / sr) + 0.02 * rng.standard_normal(n)
    return (np.round(wave * 2**15) / 2**15).astype(np.float32)


@pytest.fixture
def classifier():
    return PitchClassifier().fit()


@pytest.fixture
def wave():
    return tones(4 * SR + 240)


@pytest.fixture
def path(tmp_path, wave):
    soundfile.write(tmp_path / "tones.wav", wave, SR)
    return tmp_path / "tones.wav"


@pytest.fixture(scope="session")
def helpers():
    """Give what tests of this folder share; it is no package."""

    class Helpers:
        sr, classifier, tones = SR, PitchClassifier, staticmethod(tones)

    return Helpers


@pytest.fixture
def benchmark_recordings(monkeypatch):
    """Import the benchmark of long recordings from its folder, which is no package."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("_recordings")


@pytest.fixture
def interrupt():
    """Give a context in which a classifier is interrupted after so many batches."""

    @contextmanager
    def interrupted(classifier, after):
        predict, calls = classifier.predict_proba, []

        def predict_proba(X):
            calls.append(len(X))
            if len(calls) > after:
                raise KeyboardInterrupt
            return predict(X)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(classifier), "predict_proba", lambda _, X: predict_proba(X))
            yield calls

    return interrupted
