"""What any network has to beat."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skspec.features import time_statistics
from skspec.images import MelSpectrogramImage
from skspec.models import LSTMClassifier, SmallCNNClassifier


def baselines(
    sr: float = 22_050,
    duration_s: float = 1.0,
    *,
    image: BaseEstimator | None = None,
    random_state: Any = None,
) -> dict[str, BaseEstimator]:
    """Give simple classifiers of waveforms or paths to compare a network with.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz.
    duration_s : float > 0, default=1.0
        Length that clips are padded or cropped to, in seconds.
    image : transformer, default=None
        What draws the images that all but the first two see; None is
        ``MelSpectrogramImage(sr, duration_s=duration_s)``. Each gets a clone of it.
    random_state : int, RandomState or None, default=None
        Seed of the random guesses, and of the networks' weights and training.

    Returns
    -------
    dict of str to estimator
        ``"random"`` guesses uniformly, ``"majority"`` always gives the most frequent class,
        ``"mel statistics + SVM"`` sees mean and deviation over time of each Mel band in dB. The
        networks start from random weights: ``"small CNN"`` is one layer of convolutions on images
        of 32 x 32, ``"LSTM"`` reads images of 64 x 64 frame after frame. The last three have
        their classes weighted to be equal.

    Notes
    -----
    The networks' sizes suit a few hundred clips: seconds of training on a laptop. To change one,
    set its parameters: ``baselines()["LSTM"].set_params(lstmclassifier__hidden=128)``.

    Examples
    --------
    >>> from skspec import baselines, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> systems = baselines(16_000, random_state=0)
    >>> list(systems)
    ['random', 'majority', 'mel statistics + SVM', 'small CNN', 'LSTM']
    >>> systems["small CNN"].fit(X, y).predict(X).shape
    (12,)
    """
    if image is None:
        image = MelSpectrogramImage(sr=sr, duration_s=duration_s)
    training = {"class_weight": "balanced", "batch_size": 8, "random_state": random_state}
    cnn = SmallCNNClassifier("simple", input_size=(32, 32), **training)
    lstm = LSTMClassifier(input_size=(64, 64), **training)
    statistics = FunctionTransformer(time_statistics)
    svm = SVC(class_weight="balanced")
    return {
        "random": DummyClassifier(strategy="uniform", random_state=random_state),
        "majority": DummyClassifier(strategy="most_frequent"),
        "mel statistics + SVM": make_pipeline(clone(image), statistics, StandardScaler(), svm),
        "small CNN": make_pipeline(clone(image), cnn),
        "LSTM": make_pipeline(clone(image), lstm),
    }
