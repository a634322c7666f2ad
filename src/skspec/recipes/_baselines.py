"""What any network has to beat."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skspec.features import time_statistics
from skspec.images import MelSpectrogramImage


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
        What draws the images whose statistics are taken; None is
        ``MelSpectrogramImage(sr, duration_s=duration_s)``.
    random_state : int, RandomState or None, default=None
        Seed of the random guesses.

    Returns
    -------
    dict of str to estimator
        ``"random"`` guesses uniformly, ``"majority"`` always gives the most frequent class,
        ``"mel statistics + SVM"`` sees mean and deviation over time of each Mel band in dB, with
        classes weighted to be equal.

    Examples
    --------
    >>> from skspec import baselines, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> {name: est.fit(X, y).predict(X).shape for name, est in baselines(16_000).items()}
    {'random': (12,), 'majority': (12,), 'mel statistics + SVM': (12,)}
    """
    mel_svm = make_pipeline(
        MelSpectrogramImage(sr=sr, duration_s=duration_s) if image is None else image,
        FunctionTransformer(time_statistics),
        StandardScaler(),
        SVC(class_weight="balanced"),
    )
    return {
        "random": DummyClassifier(strategy="uniform", random_state=random_state),
        "majority": DummyClassifier(strategy="most_frequent"),
        "mel statistics + SVM": mel_svm,
    }
