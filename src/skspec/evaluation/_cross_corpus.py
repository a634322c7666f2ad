"""`cross_corpus`: train on one data set, test on another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from skspec._fit_groups import fit_or_stop
from skspec._progress import progress_bar
from skspec._validation import check_choice
from skspec.evaluation._cross_validation import predict
from skspec.evaluation._dataset import Clips, unpack_dataset
from skspec.evaluation._evaluate import evaluate
from skspec.evaluation._gather import score_table
from skspec.exceptions import InputError


@dataclass(frozen=True)
class CrossCorpus:
    """What `cross_corpus` gives.

    Parameters
    ----------
    scores : DataFrame
        A row for each (``train``, ``test``, ``split``, ``metric``, ``label``) with its ``value``.
        Where both corpora are the same, there are the splits of a cross-validation; else all of
        one is trained on and all of the other tested, split 0.
    labels : ndarray of shape (n_classes,)
        Labels that all corpora have, and that were learned.
    left_out : DataFrame
        ``corpus``, ``label``, ``n_clips`` of the labels that not all have.
    """

    scores: pd.DataFrame
    labels: NDArray[Any]
    left_out: pd.DataFrame

    def matrix(self, metric: str = "balanced_accuracy") -> pd.DataFrame:
        """Give the mean of a metric: a row for each training, a column for each test corpus."""
        whole = self.scores[self.scores["label"].isna()]
        check_choice("metric", metric, whole["metric"].unique().tolist())
        rows = whole[whole["metric"] == metric]
        names = rows["train"].unique()
        table = rows.pivot_table(index="train", columns="test", values="value", aggfunc="mean")
        return table.loc[names, names]


def cross_corpus(
    estimator: BaseEstimator,
    corpora: Mapping[str, Any],
    cv: Any = None,
    *,
    n_jobs: int | None = None,
    random_state: Any = 0,
    verbose: int = 0,
) -> CrossCorpus:
    """Train on each corpus and test on each other.

    A corpus has its own room, microphone and actors, and a classifier learns them with the rest:
    what it scores on another corpus is what it has learned of the labels.

    Parameters
    ----------
    estimator : classifier
        Cloned for each fit.
    corpora : dict of str to dataset
        Two or more, each as `evaluate` takes it.
    cv : as for `evaluate`, default=None
        How a corpus is split where it is trained and tested on: by groups where they are known.
    n_jobs : int or None, default=None
        Folds fitted at the same time.
    random_state : int, RandomState or None, default=0
        Seed of the shuffled folds.
    verbose : int, default=0
        1 shows a progress bar over training corpora.

    Returns
    -------
    CrossCorpus
        All scores, their matrix, and which labels were left out.

    Raises
    ------
    InputError
        There are fewer than two corpora, or fewer than two labels that all of them have.

    Notes
    -----
    Only clips whose label all corpora have take part, on the diagonal as well, so that chance is
    the same everywhere. The diagonal learns from fewer clips than the rest of its row. Names of
    speakers are taken for other people in other corpora.

    Examples
    --------
    >>> from skspec import baselines, make_voices
    >>> from skspec.evaluation import cross_corpus
    >>> corpora = {
    ...     "quiet": make_voices(24, n_speakers=8, random_state=0),
    ...     "noisy": make_voices(24, n_speakers=8, snr_db=0.0, random_state=1),
    ... }
    >>> result = cross_corpus(baselines(16_000)["mel statistics + SVM"], corpora, cv=4)
    >>> result.matrix("accuracy").shape
    (2, 2)
    """
    if len(corpora) < 2:
        raise InputError(f"Got {len(corpora)} corpora, but expected two or more.")
    whole = {name: unpack_dataset(dataset) for name, dataset in corpora.items()}
    labels = _common_labels(whole)
    clips = {name: c.take(np.flatnonzero(np.isin(c.y, labels))) for name, c in whole.items()}
    settings = {"cv": cv, "n_jobs": n_jobs, "random_state": random_state}
    tables = []
    with progress_bar(len(clips), "cross-corpus", verbose=verbose, unit="corpus") as bar:
        for name in clips:
            tables += [_within(estimator, clips[name], name, settings)]
            tables += _to_others(estimator, clips, name, labels)
            bar.update()
    return CrossCorpus(pd.concat(tables, ignore_index=True), labels, _left_out(whole, labels))


def _common_labels(corpora: Mapping[str, Clips]) -> NDArray[Any]:
    labels = reduce(np.intersect1d, (clips.y for clips in corpora.values()))
    if len(labels) < 2:
        found = "; ".join(f"{name}: {np.unique(c.y).tolist()}" for name, c in corpora.items())
        raise InputError(
            f"The corpora have {len(labels)} labels in common, but expected two or more. {found}."
        )
    return labels


def _left_out(corpora: Mapping[str, Clips], labels: NDArray[Any]) -> pd.DataFrame:
    counts = [
        (name, label, int(np.sum(clips.y == label)))
        for name, clips in corpora.items()
        for label in np.setdiff1d(clips.y, labels)
    ]
    return pd.DataFrame(counts, columns=["corpus", "label", "n_clips"])


def _within(
    estimator: BaseEstimator, clips: Clips, name: str, settings: dict[str, Any]
) -> pd.DataFrame:
    """Give the scores of a cross-validation of one corpus."""
    scores = evaluate(estimator, tuple(clips), error_score="raise", **settings).scores
    places = pd.DataFrame({"train": name, "test": name}, index=scores.index)
    return pd.concat([places, scores.drop(columns="system")], axis=1)


def _to_others(
    estimator: BaseEstimator, clips: Mapping[str, Clips], name: str, labels: NDArray[Any]
) -> list[pd.DataFrame]:
    """Fit one corpus once, and give its scores on each other."""
    train = clips[name]
    fitted = clone(estimator)
    fit_or_stop(fitted, train.X, train.y, train.groups)
    return [
        score_table(
            predict(fitted, test.X, labels), test.y, labels, train=name, test=other, split=0
        )
        for other, test in clips.items()
        if other != name
    ]
