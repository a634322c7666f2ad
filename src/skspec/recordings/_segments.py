"""Tables of windows, smoothed and merged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skspec.exceptions import InputError, ParameterError

PREFIX = "p_"
_COLUMNS = ["start", "end", "label", "probability"]


def labelled(
    start: NDArray[Any],
    end: NDArray[Any],
    probability: NDArray[Any],
    labels: list[str],
    threshold: float | None = None,
) -> pd.DataFrame:
    """Give the table of windows: each has its most probable label, or none below a threshold."""
    known = ~np.isnan(probability).any(axis=1)
    best = np.where(known, probability.argmax(axis=1), 0)
    highest = np.where(known, probability[np.arange(len(best)), best], np.nan)
    sure = known if threshold is None else highest >= threshold
    names = [labels[i] if is_sure else None for i, is_sure in zip(best, sure, strict=True)]
    table = pd.DataFrame({"start": start, "end": end, "label": pd.Series(names, dtype=object)})
    table["probability"] = highest
    columns = {f"{PREFIX}{label}": probability[:, i] for i, label in enumerate(labels)}
    return table.assign(**columns)


def smooth_windows(
    frame: pd.DataFrame, n_windows: int, *, threshold: float | None = None
) -> pd.DataFrame:
    """Replace the probabilities of each window by their mean over it and its neighbours.

    A single window that disagrees with all around it is more often a mistake than an event.

    Parameters
    ----------
    frame : DataFrame
        Windows, as `predict_recording` gives them.
    n_windows : int, odd
        Over how many the mean is taken, the window in their middle; at the ends, over those of
        them that are there.
    threshold : float in [0, 1], default=None
        Windows whose highest mean is below it get no label.

    Returns
    -------
    DataFrame
        With the same windows, and new ``label``, ``probability`` and ``p_...``. Windows that could
        not be read keep their NaN, and no other takes part of it.

    Raises
    ------
    ParameterError
        `n_windows` is not an odd number of at least 1.
    InputError
        `frame` is not a table of windows, or its windows are merged.

    Examples
    --------
    >>> import pandas as pd
    >>> from skspec.recordings import smooth_windows
    >>> p = pd.Series([0.9, 0.3, 0.9])
    >>> frame = pd.DataFrame({"start": [0, 1, 2], "end": [1, 2, 3], "label": ["cat", "dog", "cat"],
    ...                       "probability": [0.9, 0.7, 0.9], "p_cat": p, "p_dog": 1 - p})
    >>> smooth_windows(frame, 3)["p_cat"].round(2).tolist()
    [0.6, 0.7, 0.6]
    """
    if not isinstance(n_windows, int | np.integer) or n_windows < 1 or n_windows % 2 == 0:
        raise ParameterError(f"Got n_windows={n_windows!r}, but expected an odd int of 1 or more.")
    columns = _probability_columns(frame)
    if not columns:
        raise InputError(
            f"The table has no column that begins with {PREFIX!r}; expected windows as "
            "predict_recording gives them."
        )
    means = _running_mean(frame[columns].to_numpy(float), n_windows // 2)
    labels = [column.removeprefix(PREFIX) for column in columns]
    smooth = labelled(
        frame["start"].to_numpy(), frame["end"].to_numpy(), means, labels, threshold
    ).set_index(frame.index)
    smooth.attrs = dict(frame.attrs)
    return smooth


def merge_windows(frame: pd.DataFrame) -> pd.DataFrame:
    """Join neighbours of the same label to one segment.

    Parameters
    ----------
    frame : DataFrame
        Windows in order of their start, as `predict_recording` and `smooth_windows` give them.

    Returns
    -------
    DataFrame
        One row for each segment. ``start`` of its first window and ``end`` of its last, ``label``,
        ``probability`` and ``p_...`` (means over the windows), ``probability_max``, ``n_windows``.
        Where windows overlap, so do segments.

    Raises
    ------
    InputError
        `frame` is not a table of windows, or its windows are merged already.

    Notes
    -----
    Neighbours are windows of which the second starts before or where the first ends (to a sample,
    where `attrs` has `sr`). Those without a label are joined as well, and apart from them those
    that could not be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from skspec.recordings import merge_windows
    >>> frame = pd.DataFrame({"start": [0, 1, 2], "end": [1, 2, 3], "label": ["cat", "cat", "dog"],
    ...                       "probability": [0.9, 0.7, 0.8]})
    >>> print(merge_windows(frame).to_string(index=False))
     start  end label  probability  probability_max  n_windows
         0    2   cat          0.8              0.9          2
         2    3   dog          0.8              0.8          1
    """
    columns = _probability_columns(frame)
    aggregates: dict[str, Any] = {
        "start": ("start", "first"),
        "end": ("end", "last"),
        "label": ("label", "first"),
        "probability": ("probability", "mean"),
        "probability_max": ("probability", "max"),
        "n_windows": ("start", "size"),
    }
    aggregates |= {column: (column, "mean") for column in columns}
    merged = frame.groupby(_segment_numbers(frame)).agg(**aggregates).reset_index(drop=True)
    merged.attrs = dict(frame.attrs)
    return merged


def _segment_numbers(frame: pd.DataFrame) -> NDArray[np.intp]:
    label, _ = pd.factorize(frame["label"])  # -1 where there is none
    is_read = np.asarray(frame["probability"].notna(), bool)
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    # Starts are rounded one by one: a sample is no gap.
    slack = 1.5 / frame.attrs.get("sr", np.inf)
    same = (label[1:] == label[:-1]) & (is_read[1:] == is_read[:-1])
    is_new = np.ones(len(frame), bool)
    is_new[1:] = ~(same & (start[1:] <= end[:-1] + slack))
    return np.cumsum(is_new)


def _probability_columns(frame: pd.DataFrame) -> list[str]:
    """Give the names of the columns of classes of a table of windows, and refuse other tables."""
    missing = [name for name in _COLUMNS if name not in frame]
    if missing:
        raise InputError(
            f"The table has no column {missing[0]!r}; expected windows as predict_recording gives "
            f"them, with {_COLUMNS}."
        )
    if "n_windows" in frame:
        raise InputError("The windows of the table are merged; expected them as they were before.")
    return [name for name in map(str, frame.columns) if name.startswith(PREFIX)]


def _running_mean(rows: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Give means over rows up to `half` away; NaN stays, and does not spread."""
    known = np.asarray(~np.isnan(rows).any(axis=1))
    filled = np.where(known[:, None], rows, 0)
    total, count = np.zeros_like(filled), np.zeros(len(rows))
    for shift in range(-min(half, len(rows)), min(half, len(rows)) + 1):
        here = slice(max(0, -shift), len(rows) - max(0, shift))
        there = slice(max(0, shift), len(rows) - max(0, -shift))
        total[here] += filled[there]
        count[here] += known[there]
    return np.where(known[:, None], total / np.maximum(count, 1)[:, None], np.nan)
