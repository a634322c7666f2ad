"""A paper as a callable that gives its Pipeline, and knows its systems, split and numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from skspec._validation import check_choice
from skspec.recipes._splits import random_parts, speaker_parts

Systems = dict[str, BaseEstimator]
#: Of a recipe's `reported`.
COLUMNS = ["system", "part", "metric", "value", "place"]
SPLITS = {"paper": random_parts, "speakers": speaker_parts}


class Recipe:
    """A paper's method; called, it gives the estimator that `pipeline` builds.

    Parameters
    ----------
    pipeline : callable
        Gives the estimator of one of the paper's settings. Its docstring, name and signature
        become the recipe's.
    grid : callable
        Gives all systems that the paper compares, name -> estimator. Keyword arguments go to each.
    shares : dict of str to float
        Share of the clips in each part of the paper's split: ``"train"``, ``"validation"``,
        ``"test"``, those that the paper has.
    reported : DataFrame
        What the paper reports, a row for each figure: ``system``, ``part``, ``metric``, ``value``
        (shares, not per cent), ``place`` (table, figure or section of the paper).
    """

    def __init__(
        self,
        pipeline: Callable[..., BaseEstimator],
        *,
        grid: Callable[..., Systems],
        shares: Mapping[str, float],
        reported: pd.DataFrame,
    ) -> None:
        functools.update_wrapper(self, pipeline)
        self._pipeline = pipeline
        self._grid = grid
        self._shares = dict(shares)
        self._reported = reported

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Give the estimator of one of the paper's settings."""
        return self._pipeline(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<recipe {self._pipeline.__name__}>"

    def grid(self, **params: Any) -> Systems:
        """Give all systems that the paper compares, name -> estimator."""
        return self._grid(**params)

    def split(
        self, dataset: Bunch, random_state: int | None = None, *, by: str = "paper"
    ) -> dict[str, NDArray[np.intp]]:
        """Split a dataset as the paper does, or by speakers.

        Parameters
        ----------
        dataset : Bunch
            As a loader gives it: `paths`, `y`, `groups`.
        random_state : int, default=None
            Seed of the shuffling.
        by : {"paper", "speakers"}, default="paper"
            The paper's own split, which may put one speaker on both sides, or one that does not.

        Returns
        -------
        parts : dict of str to ndarray
            Row indices of ``"train"``, ``"validation"`` and ``"test"``; those that there are.
        """
        check_choice("by", by, SPLITS)
        return SPLITS[by](dataset, self._shares, random_state)

    @property
    def reported(self) -> pd.DataFrame:
        """What the paper reports, a row for each figure."""
        return self._reported.copy()
