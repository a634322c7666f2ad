"""`evaluate_under_noise`: what is left of a classifier when noise is added to its clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import column_or_1d

from skspec._seeding import generator_at, resolve_seed
from skspec._validation import check_waveforms, holds_paths
from skspec.audio import iter_clips
from skspec.evaluation._cross_validation import predict
from skspec.evaluation._gather import score_table
from skspec.exceptions import InputError, ParameterError

Clip = NDArray[np.floating[Any]]
_CALLER = "evaluate_under_noise"


def evaluate_under_noise(
    estimator: BaseEstimator,
    X: Any,
    y: ArrayLike,
    snr_db: Iterable[float | None] = (None, 20.0, 10.0, 0.0),
    *,
    noise: Any = "white",
    sr: float | None = None,
    random_state: Any = 0,
    verbose: int = 0,
) -> pd.DataFrame:
    """Score a fitted classifier on clips with more and more noise in them.

    A classifier that was trained in a quiet room may hear the room and not the voice: what it
    scores in noise shows how it would do elsewhere.

    Parameters
    ----------
    estimator : fitted classifier
        Of waveforms or of paths.
    X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
        Clips that it was not trained on. Files are decoded, all at once in memory.
    y : array-like of shape (n_clips,)
        Labels.
    snr_db : iterable of float or None, default=(None, 20.0, 10.0, 0.0)
        Ratios of a clip's power to that of its noise, in dB; None adds none.
    noise : {"white", "pink"}, 1-D array, or sequence of paths or 1-D arrays, default="white"
        What is added: drawn noise, or recorded noise at the rate `sr`, of which each clip gets a
        stretch from a place drawn at random, repeated where it is too short.
    sr : float > 0, default=None
        Rate in Hz at which files are decoded: that of the estimator. Only needed for paths.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the noise. Clip `i` has the same noise at every ratio, only louder.
    verbose : int, default=0
        1 shows a progress bar over the files.

    Returns
    -------
    DataFrame
        ``snr_db`` (NaN for none), ``metric``, ``label``, ``value``: the metrics of `evaluate`.

    Raises
    ------
    ParameterError
        `noise` is not known, or `sr` is not given for paths.
    InputError
        Recorded noise is silent, or the stretch of it that a clip gets.

    Notes
    -----
    With the clip ``x`` and the noise ``v``, both of n samples, what is classified is

    ``x + v * sqrt(mean(x**2) / (mean(v**2) * 10**(snr_db / 10)))``

    so that the ratio holds over the whole clip, its pauses included. A silent clip stays silent.
    Nothing is clipped or scaled afterwards. Pink noise has a power that falls as 1 / frequency.

    To do this for every split of a cross-validation, keep its estimators::

        result = evaluate(system, dataset, keep_estimators=True)
        for fitted, (_, test) in zip(result.estimators["name"], result.splits):
            evaluate_under_noise(fitted, dataset.paths[test], dataset.y[test], sr=16_000)

    Examples
    --------
    >>> from skspec import baselines, make_voices
    >>> from skspec.evaluation import evaluate_under_noise
    >>> X, y, _ = make_voices(24, n_speakers=8, random_state=0)
    >>> fitted = baselines(16_000)["mel statistics + SVM"].fit(X[:16], y[:16])
    >>> table = evaluate_under_noise(fitted, X[16:], y[16:], snr_db=(None, -20))
    >>> table[table.metric == "accuracy"]["snr_db"].tolist()
    [nan, -20.0]
    """
    clips = _decoded(X, sr, "X", verbose)
    labels = column_or_1d(y)
    classes = np.union1d(labels, estimator.classes_)
    draw, seed = _noise_source(noise, sr), resolve_seed(random_state)
    noises = [
        draw(len(clip), generator_at(seed, "noise", i)).astype(clip.dtype)
        for i, clip in enumerate(clips)
    ]
    tables = []
    for ratio in snr_db:
        heard = [add_noise(clip, v, ratio) for clip, v in zip(clips, noises, strict=True)]
        batch = np.stack(heard) if isinstance(clips, np.ndarray) else heard
        place = np.nan if ratio is None else float(ratio)
        run = predict(estimator, batch, classes)
        tables.append(score_table(run, labels, classes, snr_db=place))
    return pd.concat(tables, ignore_index=True)


def add_noise(clip: Clip, noise: Clip, snr_db: float | None) -> Clip:
    """Give a clip with noise of equal length, scaled to a ratio of mean powers in dB."""
    if snr_db is None:
        return clip
    power = np.mean(np.square(noise, dtype=np.float64))
    if power == 0:
        raise InputError(
            "The stretch of noise drawn for a clip is silent, so it has no ratio to the clip. Cut "
            "silence out of the recordings of noise."
        )
    wanted = np.mean(np.square(clip, dtype=np.float64)) / 10 ** (snr_db / 10)
    return clip + noise * np.sqrt(wanted / power).astype(clip.dtype)


def _decoded(X: Any, sr: float | None, name: str, verbose: int = 0) -> Clip | list[Clip]:
    clips = check_waveforms(X, caller=f"{_CALLER}, {name}")
    if not holds_paths(clips):
        return cast("Clip | list[Clip]", clips)
    if sr is None:
        raise ParameterError(
            f"Got sr=None, but {name} holds paths: expected the rate of the estimator in Hz."
        )
    return list(iter_clips(clips, sr, label=_CALLER, verbose=verbose))


def _noise_source(noise: Any, sr: float | None) -> Callable[[int, Generator], Clip]:
    """Give what draws a stretch of noise of some length."""
    if isinstance(noise, str):
        kinds = {"white": _white, "pink": _pink}
        if noise not in kinds:
            raise ParameterError(
                f"Got noise={noise!r}, but expected one of {sorted(kinds)}, a 1-D array or a list "
                "of arrays or paths; for one file use [path]."
            )
        return kinds[noise]
    alone = isinstance(noise, np.ndarray) and noise.ndim == 1 and noise.dtype.kind in "fiu"
    recordings = _decoded([noise] if alone else noise, sr, "noise")

    def stretch(n: int, draw: Generator) -> Clip:
        recording = recordings[draw.integers(len(recordings))]
        start = draw.integers(max(1, len(recording) - n + 1))
        return np.resize(recording[start:], n)

    return stretch


def _white(n: int, draw: Generator) -> Clip:
    return draw.standard_normal(n)


def _pink(n: int, draw: Generator) -> Clip:
    """Shape white noise so that its power falls as 1 / frequency; no power at 0 Hz."""
    spectrum = np.fft.rfft(draw.standard_normal(2 * n))  # twice as long: no end meets its start
    steps = np.arange(len(spectrum))
    spectrum[1:] /= np.sqrt(steps[1:])
    spectrum[0] = 0
    return np.fft.irfft(spectrum)[:n]
