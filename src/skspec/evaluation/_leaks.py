"""Clips of one speaker, or copies of one recording, on both sides of a split."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skspec._storage import file_sha256, sha256
from skspec.evaluation._dataset import Split
from skspec.exceptions import LeakageWarning

COLUMNS = ["split", "kind", "group", "train", "test"]
_BY_ROW = np.ndarray | list | tuple  # others, such as a DataFrame, are not indexed by row


def find_leaks(
    X: Any,
    splits: Iterable[tuple[ArrayLike, ArrayLike]],
    groups: ArrayLike | None = None,
    *,
    copies: bool = True,
) -> pd.DataFrame:
    """Find groups and identical recordings that stand on both sides of a split.

    A score is too good where a network can know a speaker, or the very clip, from training.

    Parameters
    ----------
    X : sequence of paths, ndarray of shape (n_clips, ...), or sequence of arrays
        Files are the same where their bytes are: those of equal size are read. Arrays are the
        same where all numbers are. Of anything else, only the groups are looked at.
    splits : iterable of (train, test)
        Row indices.
    groups : array-like of shape (n_clips,), default=None
        Speaker or recording of each clip.
    copies : bool, default=True
        Whether to look for identical recordings.

    Returns
    -------
    DataFrame
        A row for each leak: ``split``, ``kind`` (``"group"`` or ``"copy"``), ``group`` (None for
        copies), ``train`` and ``test`` (tuples of the rows that are concerned). Without rows
        where all is well. Files that cannot be read are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.evaluation import find_leaks
    >>> X = np.array([[0.1, 0.2], [0.3, 0.4], [0.1, 0.2]])
    >>> find_leaks(X, [([0, 1], [2])], groups=["ann", "bob", "bob"])
       split   kind group train  test
    0      0  group   bob  (1,)  (2,)
    1      0   copy  None  (0,)  (2,)
    """
    parts = [(np.asarray(train), np.asarray(test)) for train, test in splits]
    found: list[tuple[Any, ...]] = []
    contents = _contents(X) if copies else None
    for i, split in enumerate(parts):
        if groups is not None:
            found += [(i, "group", key, *rows) for key, rows in _shared(np.asarray(groups), split)]
        if contents is not None:
            found += [(i, "copy", None, *rows) for key, rows in _shared(contents, split) if key]
    return pd.DataFrame(found, columns=COLUMNS, dtype=object).astype({"split": int})


def warn_of_leaks(
    X: Any, splits: Sequence[Split], groups: NDArray[Any] | None, *, copies: bool
) -> pd.DataFrame:
    """Give what `find_leaks` does, with a warning for each kind of leak."""
    leaks = find_leaks(X, splits, groups, copies=copies)
    for kind, rows in leaks.groupby("kind"):
        first = rows.iloc[0]
        where = f"split {first['split']}, {_name(X, first['train'])} is in the training part and "
        where += f"{_name(X, first['test'])} in the test part"
        what = f"group {first['group']!r}" if kind == "group" else "the same recording"
        warnings.warn(
            f"{len(rows)} {'groups' if kind == 'group' else 'recordings'} on both sides of a "
            f"split, so scores are too good. The first is {what}: {where}. The attribute `leaks` "
            "of the result has all; RandomGroupedSplit and StratifiedGroupKFold keep groups whole.",
            LeakageWarning,
            stacklevel=3,
        )
    return leaks


def _shared(keys: NDArray[Any], split: Split) -> Iterator[tuple[Any, tuple[Any, Any]]]:
    """Give every key that both parts have, with its rows in each of them."""
    train, test = (pd.Series(rows).groupby(keys[rows], sort=False).agg(tuple) for rows in split)
    for key in test.index[test.index.isin(train.index)]:
        yield key, (train[key], test[key])


def _contents(X: Any) -> NDArray[Any] | None:
    """Give a digest of each clip, '' where no other is like it; None where they have none."""
    if not isinstance(X, _BY_ROW) or not len(X):
        return None
    if isinstance(X[0], str | os.PathLike):
        return _file_contents([Path(path) for path in X])
    return np.array([_array_content(np.asarray(clip)) for clip in X])


def _array_content(clip: NDArray[Any]) -> str:
    head = f"{clip.dtype.str}{clip.shape}".encode()
    return sha256(head + np.ascontiguousarray(clip).tobytes())


def _file_contents(paths: Sequence[Path]) -> NDArray[Any]:
    sizes = np.array([path.stat().st_size if path.is_file() else -1 for path in paths])
    values, counts = np.unique(sizes[sizes >= 0], return_counts=True)
    alike = np.isin(sizes, values[counts > 1])
    return np.array(
        [file_sha256(path) if same else "" for path, same in zip(paths, alike, strict=True)]
    )


def _name(X: Any, rows: Sequence[int]) -> str:
    clip = X[rows[0]] if isinstance(X, _BY_ROW) else None
    return repr(str(os.fspath(clip))) if isinstance(clip, str | os.PathLike) else f"clip {rows[0]}"
