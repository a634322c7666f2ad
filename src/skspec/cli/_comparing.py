"""Grouped splits to compare systems on, and what the comparison says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import Bunch

from skspec.cli._output import Output
from skspec.evaluation import Evaluation, RandomGroupedSplit
from skspec.evaluation._dataset import Split
from skspec.exceptions import InputError

SIMPLE, MAJORITY = "mel statistics + SVM", "majority"
METRICS = ("accuracy", "balanced_accuracy", "macro_f1")


def make_splits(data: Bunch, folds: int, seed: int, output: Output) -> list[Split]:
    """Give so many folds, or splits of fewer folds where a label has too few groups or clips."""
    owners = pd.Series(_owners(data)).groupby(data.y).nunique()
    rarest, fewest = str(owners.idxmin()), int(owners.min())
    what = "clip" if data.groups is None else "group"
    if data.groups is None:
        output.note(
            "Groups are not known: clips of one speaker or recording may stand on both sides of a "
            "fold, and scores are then too good. Give --group or --group-pattern."
        )
    if min(folds, fewest) < 2:
        raise InputError(
            f"The label {rarest!r} has {fewest} {what}, and {folds} folds are asked for, but an "
            "evaluation needs 2 of both. Add recordings, or train with --no-evaluation."
        )
    if fewest >= folds:
        return _folds(data, folds, seed)
    splits = _random_choices(data, 2 * folds, seed) or _folds(data, fewest, seed)
    output.note(
        f"{rarest!r} has {fewest} {what}s, too few for {folds} folds: {len(splits)} splits, with "
        f"about {np.mean([len(test) for _, test in splits]) / len(data.y):.0%} of the clips tested."
    )
    return splits


def _owners(data: Bunch) -> NDArray[Any]:
    """Give what is not divided: groups where they are known, else clips."""
    return np.arange(len(data.y)) if data.groups is None else np.asarray(data.groups)


def _folds(data: Bunch, folds: int, seed: int) -> list[Split]:
    splitter = StratifiedKFold if data.groups is None else StratifiedGroupKFold
    shuffled = splitter(folds, shuffle=True, random_state=seed)
    return list(shuffled.split(data.paths, data.y, data.groups))


def _random_choices(data: Bunch, n_splits: int, seed: int) -> list[Split]:
    """Give splits by random groups, which differ more than shuffled folds of few; or none."""
    if data.groups is None:
        return []
    try:
        choices = RandomGroupedSplit(n_splits, random_state=seed)
        return list(choices.split(data.paths, data.y, data.groups))
    except InputError:  # there are too few choices
        return []


def summary_table(result: Evaluation) -> pd.DataFrame:
    """Give mean and interval of every system and metric, a row for each."""
    tables = [result.summary(metric).assign(metric=metric).reset_index() for metric in METRICS]
    columns = ["system", "metric", "mean", "low", "high", "n_splits"]
    return pd.concat(tables, ignore_index=True)[columns]


def verdict(result: Evaluation, name: str) -> str:
    """Say in a sentence whether a recipe is worth more than the simplest that could do."""
    rival = MAJORITY if name == SIMPLE else SIMPLE
    means = result.summary()["mean"]
    gain = result.differences(rival).loc[name]
    scores = f"balanced accuracy {means[name]:.2f} against {means[rival]:.2f}"
    if math.isnan(gain["half_width"]):
        return f"{name} and {rival}: {scores}, from too few splits to tell them apart."
    if gain["low"] > 0:
        judged = f"{name} is better than {rival}"
    elif gain["high"] < 0:
        advice = f": use that one (--recipe {rival!r})" if rival == SIMPLE else ""
        judged = f"{name} is worse than {rival}{advice}"
    else:
        judged = f"{name} and {rival} cannot be told apart on these clips"
    interval = f"the difference is {gain['mean']:+.2f} ± {gain['half_width']:.2f}"
    return f"{judged}: {scores}; {interval} (95 % interval, {int(gain['n_splits'])} splits)."
