"""Mean and deviation over time of every row of an image: the simplest features of sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def time_statistics(images: ArrayLike) -> NDArray[Any]:
    """Give mean and standard deviation over time of each channel and frequency bin.

    On Mel spectrograms in dB, with an `SVC` behind it, this is the baseline that a network has
    to beat.

    Parameters
    ----------
    images : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
        Images.

    Returns
    -------
    ndarray of shape (n_clips, 2 * n_channels * n_bins)
        All means, then all deviations.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer, StandardScaler
    >>> from sklearn.svm import SVC
    >>> from skspec import MelSpectrogramImage, make_voices, time_statistics
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> statistics = FunctionTransformer(time_statistics)
    >>> mel = MelSpectrogramImage(sr=16_000)
    >>> pipe = make_pipeline(mel, statistics, StandardScaler(), SVC()).fit(X, y)
    """
    values = np.asarray(images)
    mean, deviation = values.mean(axis=-1), values.std(axis=-1)
    return np.concatenate([mean, deviation], axis=1).reshape(len(values), -1)
