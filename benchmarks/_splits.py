"""Splits that keep groups together: random ones, and fewer clips of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupShuffleSplit

Rows = NDArray[np.intp]


def random_grouped_splits(
    y: ArrayLike,
    groups: ArrayLike,
    n_splits: int = 20,
    test_share: float = 0.3,
    *,
    tolerance: float = 0.1,
    seed: int = 0,
    tries: int = 5000,
) -> list[tuple[Rows, Rows]]:
    """Give different random choices of groups for the test part, as (train, test) rows.

    Folds of few groups can hardly be shuffled: they come out as nearly the same partition again
    and again. So groups are drawn (`GroupShuffleSplit`), and a draw is kept where all classes
    stand in both parts, the test part has about its share of clips, and the draw is new.

    Parameters
    ----------
    y, groups : array-like of shape (n_clips,)
        Label and group of each clip.
    n_splits : int, default=20
        Splits wanted. More of them with the same seed begin with the same ones.
    test_share : float, default=0.3
        Share of the groups that are tested, and, within `tolerance`, of the clips.
    tolerance : float, default=0.1
        How far the share of clips may be off.
    seed : int, default=0
        Seed of the draws.
    tries : int, default=5000
        Draws before it is given up.
    """
    labels, names = np.asarray(y), np.asarray(groups)
    draws = GroupShuffleSplit(tries, test_size=test_share, random_state=seed)
    splits: dict[tuple[str, ...], tuple[Rows, Rows]] = {}
    for train, test in draws.split(labels, labels, names):
        fits = abs(len(test) / len(labels) - test_share) <= tolerance
        if fits and _same_classes(labels[train], labels[test]):
            splits.setdefault(tuple(np.unique(names[test]).tolist()), (train, test))
        if len(splits) == n_splits:
            return list(splits.values())
    raise SystemExit(
        f"Of {tries} random choices among {len(np.unique(names))} groups only {len(splits)} "
        f"different ones have all {len(np.unique(labels))} classes in both parts and "
        f"{test_share:.0%} ± {tolerance:.0%} of the clips in the test part, but {n_splits} are "
        "wanted. Ask for fewer splits, or for fewer classes."
    )


def thinned(rows: Rows, groups: ArrayLike, n_clips: int | None, seed: int = 0) -> Rows:
    """Give at most `n_clips` of the rows, about the same share of every group, in their order."""
    if n_clips is None or len(rows) <= n_clips:
        return rows
    shuffled = np.random.default_rng(seed).permutation(rows)
    names = np.asarray(groups)[shuffled]
    place = np.empty(len(rows))
    for name in np.unique(names):
        inside = np.flatnonzero(names == name)
        place[inside] = (np.arange(len(inside)) + 0.5) / len(inside)
    return np.sort(shuffled[np.argsort(place, kind="stable")[:n_clips]])


def _same_classes(train: NDArray, test: NDArray) -> bool:
    return np.array_equal(np.unique(train), np.unique(test))
