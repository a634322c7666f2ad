"""Dots in a row that do not hide each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WIDTH = 0.06  # how much of an axis one dot covers
REACH = 0.25  # furthest from the middle of its row, where rows are 1 apart


def strip_offsets(values: NDArray[Any]) -> NDArray[np.float64]:
    """Give how far above its row each dot stands: 0, or apart from those of nearly its value."""
    places = pd.Series(np.round(np.asarray(values, dtype=np.float64) / WIDTH))
    nth = places.groupby(places).cumcount().to_numpy()
    steps = (nth + 1) // 2 * np.where(nth % 2, 1.0, -1.0)
    return steps * min(0.1, REACH / max(1.0, np.abs(steps).max(initial=0.0)))
