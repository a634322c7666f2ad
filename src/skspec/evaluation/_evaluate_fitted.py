"""A fitted estimator on clips that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skspec.evaluation._cross_validation import predict
from skspec.evaluation._dataset import unpack_dataset
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._gather import ERROR_COLUMNS, prediction_table, score_table
from skspec.evaluation._leaks import COLUMNS as LEAK_COLUMNS
from skspec.exceptions import InputError


def evaluate_fitted(estimator: BaseEstimator, dataset: Any, *, name: str = "model") -> Evaluation:
    """Score an estimator that was fitted on other clips.

    Parameters
    ----------
    estimator : fitted classifier
        For example one that `load` gave.
    dataset : Bunch, or tuple (X, y) or (X, y, groups)
        As `evaluate` takes it. That the estimator has seen none of it cannot be checked.
    name : str, default="model"
        What it is called in the tables.

    Returns
    -------
    evaluation : Evaluation
        As of one split with all clips tested; its intervals are NaN. Labels that the estimator
        does not know count as wrong.

    Raises
    ------
    InputError
        The estimator is no fitted classifier.

    Examples
    --------
    >>> from skspec import baselines, make_voices
    >>> from skspec.evaluation import evaluate_fitted
    >>> X, y, speakers = make_voices(24, n_speakers=8, random_state=0)
    >>> fitted = baselines(16_000)["majority"].fit(X[:8], y[:8])
    >>> result = evaluate_fitted(fitted, (X[8:], y[8:], speakers[8:]))
    >>> float(result.split_scores("model", "balanced_accuracy").iloc[0])
    0.5
    """
    if not hasattr(estimator, "classes_"):
        raise InputError(f"The model is a {type(estimator).__name__}, not a fitted classifier.")
    clips = unpack_dataset(dataset)
    classes, rows = np.union1d(clips.y, estimator.classes_), np.arange(len(clips.y))
    run = predict(estimator, clips.X, classes)
    place: dict[str, Any] = {"system": name, "split": 0}
    return Evaluation(
        systems=[name],
        scores=score_table(run, clips.y, classes, **place),
        predictions=prediction_table(run, clips, rows, classes, **place),
        splits=[(rows[:0], rows)],
        classes=classes,
        groups=clips.groups,
        test_share=np.nan,
        errors=pd.DataFrame(columns=ERROR_COLUMNS),
        leaks=pd.DataFrame(columns=LEAK_COLUMNS),
    )
