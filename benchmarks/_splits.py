"""Fewer clips of a part, about the same share of every group."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.intp]


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
