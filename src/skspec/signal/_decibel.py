"""Decibels."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

_SMALLEST = float(np.finfo(np.float32).tiny)


def to_decibel(
    values: NDArray[np.float32],
    *,
    power: float = 2.0,
    ref: float | Literal["max"] = "max",
    amin: float = 1e-10,
    top_db: float | None = 80.0,
) -> NDArray[np.float32]:
    """Turn amplitudes or powers into decibels, in place, each clip by itself.

    Parameters
    ----------
    values : ndarray (..., n_bins, n_frames) of float32
        Amplitudes to the power `power`, not negative. Overwritten.
    power : float > 0, default=2.0
        What `values` are: 1 for amplitude, 2 for power.
    ref : float > 0 or "max", default="max"
        The value that becomes 0 dB; `"max"` is the largest of the clip.
    amin : float > 0, default=1e-10
        Floor, as a power: smaller values, and a smaller `ref`, count as this.
    top_db : float >= 0 or None, default=80.0
        Nothing is left further below the largest value of the clip than this.

    Returns
    -------
    ndarray of float32
        `values` itself. Never above 0 dB with `ref="max"`, and finite, for silence too.

    Notes
    -----
    (20 / power) * log10(max(values, floor) / max(ref, floor)), floor = amin ** (power / 2): that
    is `librosa.power_to_db` for power 2, and `librosa.amplitude_to_db` for power 1.
    """
    floor = max(amin ** (power / 2), _SMALLEST)
    decibels = np.float32(20 / power / math.log(10))
    np.maximum(values, np.float32(floor), out=values)
    # numpy's log is vectorised for float32 everywhere, its log10 only on some processors.
    np.log(values, out=values)
    top = values.max(axis=(-2, -1), keepdims=True)
    level = top if ref == "max" else np.float32(math.log(max(ref, floor)))
    values -= level
    values *= decibels
    if top_db is not None:
        np.maximum(values, decibels * (top - level) - np.float32(top_db), out=values)
    return values
