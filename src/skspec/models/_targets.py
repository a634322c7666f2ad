"""Labels, weights and the validation split of a classifier's `fit`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skspec._compat import check_sample_weight
from skspec._seeding import seed_at
from skspec.exceptions import GroupsWarning, InputError, LeakageWarning, ParameterError


@dataclass(frozen=True)
class Targets:
    """Classes, each clip's class index, and its weight: sample weight times class weight."""

    classes: NDArray[Any]
    encoded: NDArray[np.int64]
    weights: NDArray[np.float64]


def check_labels(y: Any, n_clips: int, caller: str) -> NDArray[Any]:
    """Check that there is one class label for each clip."""
    if y is None:
        raise InputError(f"{caller} requires y to be passed, but the target y is None.")
    labels = column_or_1d(y, warn=True)
    check_classification_targets(labels)
    if len(labels) != n_clips:
        raise InputError(
            f"X has {n_clips} clips and y has {len(labels)} labels; expected one for each clip."
        )
    return labels


def check_targets(
    estimator: BaseEstimator, y: Any, sample_weight: ArrayLike | None, n_clips: int
) -> Targets:
    """Check labels and weights of `n_clips` clips for an estimator with `class_weight`."""
    caller = type(estimator).__name__
    labels = check_labels(y, n_clips, caller)
    classes, encoded = np.unique(labels, return_inverse=True)
    weights = check_sample_weight(
        sample_weight, np.empty((n_clips, 1)), dtype=np.float64, ensure_non_negative=True
    )
    per_class = compute_class_weight(
        estimator.class_weight, classes=classes, y=labels, sample_weight=weights
    )
    _check_classes(classes, encoded[weights > 0], caller)
    return Targets(classes, encoded.astype(np.int64), weights * per_class[encoded])


def _check_classes(classes: NDArray[Any], present: NDArray[np.int64], caller: str) -> None:
    if len(np.unique(present)) < 2:
        raise InputError(
            f"{caller} needs clips of at least two classes with a positive weight, but y has only "
            f"one class: {classes.tolist()[present[0]]!r}."
        )


def check_groups(groups: ArrayLike, n_clips: int) -> NDArray[Any]:
    """Check that there is one group for each clip."""
    column = column_or_1d(groups)
    if len(column) != n_clips:
        raise InputError(
            f"X has {n_clips} clips and groups has {len(column)} entries; expected one for each."
        )
    return column


def split_rows(
    validation: Any, targets: Targets, groups: NDArray[Any] | None, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp] | None]:
    """Give the training rows and, where `validation` asks for it, the validation rows.

    Rows of weight 0 take part in neither, so that a weight of 0 equals a clip left out.
    """
    rows = np.flatnonzero(targets.weights > 0)
    if validation is None:
        return rows, None
    if _is_fraction(validation) or hasattr(validation, "split"):
        given = None if groups is None else groups[rows]
        train, valid = _split(validation, targets.encoded[rows], given, seed)
        train, valid = rows[train], rows[valid]
    else:
        valid = _given_rows(validation, len(targets.encoded))
        train, valid = np.setdiff1d(rows, valid), np.intersect1d(rows, valid)
    _check_parts(targets, train, valid)
    if groups is not None:
        _warn_of_shared(groups[train], groups[valid])
    return train, valid


def _split(
    validation: Any, y: NDArray[Any], groups: NDArray[Any] | None, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if groups is None:
        warnings.warn(
            "The validation split has no groups: clips of one speaker or recording may stand on "
            "both sides, and the best epoch is then chosen by what was memorised. Give fit "
            "groups=, or PIPELINE_STEP__groups= in a Pipeline (with metadata routing: groups=, "
            "after set_fit_request(groups=True)).",
            GroupsWarning,
            stacklevel=4,
        )
    splitter = validation
    if _is_fraction(validation):
        splitter = _fraction_splitter(validation, y, groups, seed_at(seed, "split") % 2**32)
    splits = splitter.split(np.zeros(len(y)), y, groups)
    if not _is_fraction(validation):
        return next(iter(splits))
    splits = list(splits)
    return next((split for split in splits if _is_usable(split, y)), splits[0])


def _is_usable(split: tuple[NDArray[np.intp], NDArray[np.intp]], y: NDArray[Any]) -> bool:
    """Tell whether there are clips to validate on, and every class is left to learn from."""
    train, valid = split
    return len(valid) > 0 and len(np.setdiff1d(y, y[train])) == 0


def _is_fraction(validation: Any) -> bool:
    return isinstance(validation, Real) and not isinstance(validation, Integral)


def _fraction_splitter(
    fraction: float, y: NDArray[Any], groups: NDArray[Any] | None, seed: int
) -> Any:
    if groups is None:
        return StratifiedShuffleSplit(1, test_size=fraction, random_state=seed)
    n_groups, largest_class = len(np.unique(groups)), np.bincount(y).max()
    n_folds = min(max(2, round(1 / fraction)), n_groups, largest_class)
    if n_folds < 2:
        raise InputError(
            f"validation={fraction!r} needs at least two groups, and two clips of one class, but "
            f"there are only {n_groups} and {largest_class}. Set validation=None."
        )
    return StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)


def _given_rows(validation: Any, n_clips: int) -> NDArray[np.intp]:
    try:
        rows = np.asarray(validation)
    except ValueError:  # parts of different lengths, such as [(train, test)]
        rows = np.empty((0, 0))
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or not len(rows):
        raise ParameterError(
            f"Got validation={validation!r}, but expected None, a fraction in (0, 1), a splitter "
            "or a 1-D array of row indices."
        )
    if rows.min() < 0 or rows.max() >= n_clips:
        raise ParameterError(
            f"Got validation rows from {rows.min()} to {rows.max()}, but expected 0 to "
            f"{n_clips - 1}: X has {n_clips} clips."
        )
    return rows


def _warn_of_shared(train: NDArray[Any], valid: NDArray[Any]) -> None:
    shared = sorted(set(train.tolist()) & set(valid.tolist()), key=str)
    if shared:
        warnings.warn(
            f"{len(shared)} groups stand on both sides of the validation split, such as "
            f"{shared[0]!r}: the best epoch is chosen by what was memorised. Take a fraction, or a "
            "splitter that knows groups, such as StratifiedGroupKFold.",
            LeakageWarning,
            stacklevel=4,
        )


def _check_parts(targets: Targets, train: NDArray[np.intp], valid: NDArray[np.intp]) -> None:
    missing = np.setdiff1d(targets.encoded, targets.encoded[train])
    if len(missing):
        names = targets.classes[missing].tolist()
        raise InputError(f"The training part of the validation split has no clip of {names}.")
    if not len(valid):
        raise InputError("The validation part of the validation split has no clip.")
