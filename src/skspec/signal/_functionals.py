"""Functionals: one number for what a row of values does over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

# Of the largest value. A deviation below this is rounding of float32 values that are all alike.
_ALIKE = 1e-6


def functionals(rows: NDArray[Any], names: Sequence[str]) -> Rows:
    """Give statistics over time of each row.

    Parameters
    ----------
    rows : ndarray (n_rows, n_frames)
        Finite values.
    names : sequence of str
        Keys of `FUNCTIONALS`.

    Returns
    -------
    ndarray (n_rows, len(names)) of float64
        0 where there is no frame.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import functionals
    >>> functionals(np.array([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]]), ["mean", "median", "range"])
    array([[3., 2., 5.],
           [3., 3., 0.]])
    """
    values = rows.astype(np.float64)
    if values.shape[1] == 0:
        return np.zeros((len(values), len(names)))
    return np.stack([FUNCTIONALS[name](values) for name in names], axis=1)


def _quantile(share: float) -> Callable[[Rows], Any]:
    return lambda rows: np.quantile(rows, share, axis=1)


def _standard_moment(rows: Rows, order: int) -> Rows:
    """Give the mean power of the values less their mean, over their deviation; 0 if alike."""
    deviations = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.mean(deviations**2, axis=1, keepdims=True))
    differs = spread > _ALIKE * abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(deviations, spread, out=np.zeros_like(rows), where=differs)
    return np.mean(scaled**order, axis=1)


FUNCTIONALS: dict[str, Callable[[Rows], Any]] = {
    "mean": lambda rows: rows.mean(axis=1),
    "std": lambda rows: rows.std(axis=1),
    "min": lambda rows: rows.min(axis=1),
    "max": lambda rows: rows.max(axis=1),
    "range": lambda rows: np.ptp(rows, axis=1),
    "median": lambda rows: np.median(rows, axis=1),
    "q10": _quantile(0.1),
    "q25": _quantile(0.25),
    "q75": _quantile(0.75),
    "q90": _quantile(0.9),
    "skewness": lambda rows: _standard_moment(rows, 3),
    "kurtosis": lambda rows: _standard_moment(rows, 4),
}
