"""Splits in which some clips are never tested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator, check_cv

from skspec.exceptions import InputError, ParameterError


class TrainOnly(BaseCrossValidator):
    """Split some rows, and add the others to every training part.

    For supplementary data: another data set may help to learn, but says nothing about how well the
    own clips are told apart, so no score may be taken on it.

    Parameters
    ----------
    cv : int or splitter, default=5
        How the rows outside of `mask` are split. An int is `StratifiedKFold` or, without labels,
        `KFold`.
    mask : array-like of bool, shape (n_samples,)
        True where a row is for training only.

    Raises
    ------
    InputError
        In `split`: the number of rows is not that of `mask`, as in a search within another
        cross-validation, which has fewer rows; or `mask` leaves none to test.
    ParameterError
        In `split`: `mask` is not a 1-D array of bool.

    See Also
    --------
    mix : Gives such a dataset, and the column to take `mask` from.

    Notes
    -----
    With `groups`, supplements of a group that stands in the test part are not in the training
    part of that split: they are by the same speaker. The splitter `cv` sees labels and groups of
    the rows that it splits, and row numbers in the place of their data.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GroupKFold
    >>> from skspec.datasets import TrainOnly
    >>> extra = np.array([False, False, False, False, True, True])
    >>> cv = TrainOnly(GroupKFold(2), extra)
    >>> groups = np.array(["ann", "ann", "bob", "bob", "bob", "eve"])
    >>> for train, test in cv.split(np.zeros(6), groups=groups):
    ...     print(groups[train].tolist(), groups[test].tolist())
    ['ann', 'ann', 'eve'] ['bob', 'bob']
    ['bob', 'bob', 'bob', 'eve'] ['ann', 'ann']
    """

    # Without it, routing of metadata would not bring groups here.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(self, cv: Any = 5, mask: ArrayLike | None = None) -> None:
        self.cv = cv
        self.mask = mask

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Give the row indices of the training and the test part of each split.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            The clips; only their number matters.
        y : array-like of shape (n_samples,), default=None
            Labels.
        groups : array-like of shape (n_samples,), default=None
            Groups. Supplements of a group under test are left out of training; whether other rows
            of a group are divided is up to `cv`, such as `StratifiedGroupKFold`, which does not.

        Yields
        ------
        train, test : ndarray of int
            Row indices.
        """
        mask = self._check_mask(X)
        own, extra = np.flatnonzero(~mask), np.flatnonzero(mask)
        y, names = _rows(y, own), None if groups is None else np.asarray(groups)
        for train, test in check_cv(self.cv, y, classifier=True).split(own, y, _rows(names, own)):
            added = extra
            if names is not None:
                added = extra[~np.isin(names[extra], names[own[test]])]
            yield np.concatenate([own[train], added]), own[test]

    def get_n_splits(
        self, X: Any = None, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> int:
        """Give the number of splits.

        Parameters
        ----------
        X, y, groups
            As for `split`; for splitters whose number of splits depends on them.

        Returns
        -------
        n_splits : int
            That of `cv`.
        """
        own = None if X is None else np.flatnonzero(~self._check_mask(X))
        y, groups = _rows(y, own), _rows(groups, own)
        return check_cv(self.cv, y, classifier=True).get_n_splits(own, y, groups)

    def _check_mask(self, X: Any) -> NDArray[np.bool_]:
        mask = np.asarray(self.mask)
        if mask.dtype != bool or mask.ndim != 1:
            raise ParameterError(f"Got mask={self.mask!r}, but expected a 1-D array of bool.")
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        if len(mask) != n_samples:
            raise InputError(
                f"mask is for {len(mask)} rows, but X has {n_samples}. Within another "
                "cross-validation, give a mask of the rows that it leaves."
            )
        if mask.all():
            raise InputError("mask is True for all rows, so that there is none to test on.")
        return mask


def _rows(values: ArrayLike | None, rows: NDArray[np.intp] | None) -> NDArray[Any] | None:
    """Give some rows of what may not be there."""
    return None if values is None or rows is None else np.asarray(values)[rows]
