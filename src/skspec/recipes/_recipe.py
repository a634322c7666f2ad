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

from skspec.exceptions import ParameterError

Systems = dict[str, BaseEstimator]


class Recipe:
    """A paper's method; called, it gives the estimator that `pipeline` builds.

    Parameters
    ----------
    pipeline : callable
        Gives the estimator of one of the paper's settings. Its docstring, name and signature
        become the recipe's.
    grid : callable
        Gives all systems that the paper compares, name -> estimator. Keyword arguments go to each.
    splits : dict of str to callable
        ``"paper"`` for the paper's own split, ``"speakers"`` for one that keeps every speaker on
        one side. Each takes a dataset and a `random_state` and gives named parts as row indices,
        ``{"train": ..., "validation": ..., "test": ...}``, those that the paper has.
    reported : DataFrame
        What the paper reports, a row for each figure: ``system``, ``part``, ``metric``, ``value``
        (shares, not per cent), ``place`` (table, figure or section of the paper).
    """

    def __init__(
        self,
        pipeline: Callable[..., BaseEstimator],
        *,
        grid: Callable[..., Systems],
        splits: Mapping[str, Callable[[Bunch, Any], dict[str, NDArray[np.intp]]]],
        reported: pd.DataFrame,
    ) -> None:
        functools.update_wrapper(self, pipeline)
        self._pipeline = pipeline
        self._grid = grid
        self._splits = dict(splits)
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
        if by not in self._splits:
            raise ParameterError(f"Got by={by!r}, but expected one of {sorted(self._splits)}.")
        return self._splits[by](dataset, random_state)

    @property
    def reported(self) -> pd.DataFrame:
        """What the paper reports, a row for each figure."""
        return self._reported.copy()
