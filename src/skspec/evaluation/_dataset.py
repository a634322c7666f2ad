"""Clips, labels and groups in any of their forms, and how they are split."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import column_or_1d

from skspec._compat import safe_indexing
from skspec.exceptions import GroupsWarning, InputError, InputTypeError, ParameterError

Rows = NDArray[np.intp]
Split = tuple[Rows, Rows]


class Clips(NamedTuple):
    """What is learned from: clips in any form, their labels, and their groups where known."""

    X: Any
    y: NDArray[Any]
    groups: NDArray[Any] | None

    def take(self, rows: Rows) -> Clips:
        """Give some of them."""
        groups = None if self.groups is None else self.groups[rows]
        return Clips(safe_indexing(self.X, rows), self.y[rows], groups)


def unpack_dataset(dataset: Any) -> Clips:
    """Give the clips of a Bunch with `paths`, `y` and `groups`, or of (X, y) or (X, y, groups)."""
    if isinstance(dataset, tuple) and len(dataset) in (2, 3):
        X, y, groups = (*dataset, None)[:3]
    elif hasattr(dataset, "paths") and hasattr(dataset, "y"):
        X, y, groups = dataset.paths, dataset.y, getattr(dataset, "groups", None)
    else:
        raise InputTypeError(
            f"The dataset is a {type(dataset).__name__}, expected a Bunch with paths, y and "
            "groups, or a tuple (X, y) or (X, y, groups)."
        )
    X = X.to_numpy() if isinstance(X, pd.Series) else X  # its rows go by labels, not places
    labels = column_or_1d(y)
    names = None if groups is None else _known_groups(groups)
    for what, column in {"y": labels, "groups": names}.items():
        if column is not None and len(column) != len(X):
            raise InputError(f"There are {len(X)} clips, but {what} has {len(column)} entries.")
    return Clips(X, labels, names)


def _known_groups(groups: ArrayLike) -> NDArray[Any] | None:
    """Give the groups, every clip without one as a group of its own; None where all are without."""
    names = np.array(column_or_1d(groups))
    unknown = np.flatnonzero(pd.isna(names))
    if len(unknown) == len(names):
        return None
    if len(unknown):
        warnings.warn(
            f"{len(unknown)} clips have no group, the first of them is clip {unknown[0]}; each is "
            "taken for a group of its own.",
            GroupsWarning,
            stacklevel=4,
        )
        names = names.astype(str).astype(object)  # all text, so that they sort
        names[unknown] = [f"clip {row}" for row in unknown]
    return names


def make_splits(cv: Any, clips: Clips, random_state: Any) -> list[Split]:
    """Give the (train, test) rows that `cv` stands for, see `evaluate`."""
    if cv is None or isinstance(cv, Integral):
        cv = _folds(5 if cv is None else int(cv), clips.groups, random_state)
    if hasattr(cv, "split") and not isinstance(cv, str):
        cv = cv.split(np.zeros(len(clips.y)), clips.y, clips.groups)
    if not isinstance(cv, Iterable) or isinstance(cv, str):
        raise ParameterError(
            f"Got cv={cv!r}, but expected None, the number of folds, a splitter or (train, test) "
            "row indices of each split."
        )
    splits = [(np.asarray(train), np.asarray(test)) for train, test in cv]
    if not splits:
        raise InputError("There are no splits; a generator of them can be used only once.")
    for i, parts in enumerate(splits):
        if any(len(rows) == 0 for rows in parts):
            raise InputError(f"Split {i} has a part without clips.")
    _warn_of_unlearned(splits, clips.y)
    return splits


def _warn_of_unlearned(splits: list[Split], y: NDArray[Any]) -> None:
    """Warn of classes that are tested and not trained on."""
    lacking = {i: np.setdiff1d(y[test], y[train]) for i, (train, test) in enumerate(splits)}
    found = [f"{classes.tolist()} in split {i}" for i, classes in lacking.items() if len(classes)]
    if found:
        warnings.warn(
            f"Some classes are tested without a clip to learn from: {', '.join(found)}; they count "
            "as wrong. Ask for fewer splits, or see RandomGroupedSplit.",
            GroupsWarning,
            stacklevel=4,
        )


def _folds(n_splits: int, groups: NDArray[Any] | None, random_state: Any) -> Any:
    if groups is not None:
        return StratifiedGroupKFold(n_splits, shuffle=True, random_state=random_state)
    warnings.warn(
        "The dataset has no groups: clips of one speaker or recording may stand on both sides of "
        "a split, and scores are then too good. Give groups, or your own splits as cv=.",
        GroupsWarning,
        stacklevel=4,
    )
    return StratifiedKFold(n_splits, shuffle=True, random_state=random_state)
