"""`RandomGroupedSplit`: random choices of groups for the test part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator, GroupShuffleSplit

from skspec.evaluation._dataset import Split
from skspec.exceptions import InputError


class RandomGroupedSplit(BaseCrossValidator):
    """Split again and again by a random choice of groups, with every class on both sides.

    Folds of few groups can hardly be shuffled: they come out as nearly the same partition again
    and again. So groups are drawn, and a draw is kept where all classes stand in both parts, the
    test part has about its share of clips, and no draw before it chose the same groups.

    Parameters
    ----------
    n_splits : int > 0, default=20
        Splits wanted. More of them with the same seed begin with the same ones.
    test_size : float in (0, 1), default=0.3
        Share of the groups that are tested, and, within `tolerance`, of the clips.
    tolerance : float >= 0, default=0.1
        How far the share of clips may be off.
    max_draws : int > 0, default=5000
        Draws before it is given up.
    random_state : int, RandomState or None, default=0
        Seed of the draws.

    Raises
    ------
    InputError
        There are no groups, or too few different splits are found; raised by `split`.

    See Also
    --------
    sklearn.model_selection.StratifiedGroupKFold : Every clip tested once.

    Notes
    -----
    The draws are those of `sklearn.model_selection.GroupShuffleSplit`.

    Examples
    --------
    >>> from skspec import load_percussion
    >>> from skspec.evaluation import RandomGroupedSplit
    >>> sounds = load_percussion()
    >>> cv = RandomGroupedSplit(n_splits=3)
    >>> for train, test in cv.split(sounds.paths, sounds.y, sounds.groups):
    ...     assert not set(sounds.groups[train]) & set(sounds.groups[test])
    """

    # What scikit-learn's metadata routing reads: `split` wants groups.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        n_splits: int = 20,
        test_size: float = 0.3,
        *,
        tolerance: float = 0.1,
        max_draws: int = 5000,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.tolerance = tolerance
        self.max_draws = max_draws
        self.random_state = random_state

    def get_n_splits(
        self, X: Any = None, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> int:
        """Give the number of splits; the data do not matter."""
        return self.n_splits

    def split(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Iterator[Split]:
        """Give the rows of the training and the test part of each split.

        Parameters
        ----------
        X : ignored
            There as in scikit-learn.
        y, groups : array-like of shape (n_clips,)
            Label and group of each clip.

        Yields
        ------
        train, test : ndarray
            Row indices.
        """
        if groups is None:
            raise InputError("RandomGroupedSplit needs groups: who speaks in each clip.")
        labels, names = np.asarray(y), np.asarray(groups)
        seen: set[tuple[Any, ...]] = set()
        for train, test in self._draws(labels, names):
            chosen = tuple(np.unique(names[test]).tolist())
            if chosen not in seen and self._fits(labels[train], labels[test]):
                seen.add(chosen)
                yield train, test
            if len(seen) == self.n_splits:
                return
        raise InputError(self._complaint(labels, names, len(seen)))

    def _draws(self, labels: NDArray[Any], names: NDArray[Any]) -> Iterator[Split]:
        draws = GroupShuffleSplit(
            self.max_draws, test_size=self.test_size, random_state=self.random_state
        )
        return draws.split(labels, labels, names)

    def _fits(self, train: NDArray[Any], test: NDArray[Any]) -> bool:
        share = len(test) / (len(train) + len(test))
        same_classes = np.array_equal(np.unique(train), np.unique(test))
        return bool(same_classes and abs(share - self.test_size) <= self.tolerance)

    def _complaint(self, labels: NDArray[Any], names: NDArray[Any], n_found: int) -> str:
        return (
            f"Of {self.max_draws} random choices among {len(np.unique(names))} groups only "
            f"{n_found} different ones have all {len(np.unique(labels))} classes in both parts "
            f"and {self.test_size:.0%} ± {self.tolerance:.0%} of the clips in the test part, but "
            f"{self.n_splits} are wanted. Ask for fewer splits, or for fewer classes."
        )
