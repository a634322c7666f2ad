"""Splits of a dataset into named parts, by clips or by speakers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

from skspec._seeding import generator_at, resolve_seed
from skspec.exceptions import InputError, ParameterError

Parts = dict[str, NDArray[np.intp]]

#: Orders of the speakers that are drawn in search of one that leaves no part without a class.
N_DRAWS = 1000


def random_parts(
    dataset: Bunch, shares: Mapping[str, float], random_state: int | None = None
) -> Parts:
    """Give row indices of each part, clips drawn at random whoever speaks.

    Parameters
    ----------
    dataset : Bunch
        With `y`.
    shares : dict of str to float
        Share of each part; together 1. Parts have that many clips, rounded, and every class is
        divided by the shares as far as its clips go.
    random_state : int, default=None
        Seed of the shuffling.

    Returns
    -------
    parts : dict of str to ndarray
        Ascending row indices; every row is in one part.
    """
    _check_shares(shares)
    order = _generator(random_state).permutation(len(dataset.y))
    order = order[np.argsort(np.asarray(dataset.y)[order], kind="stable")]
    return _gather(shares, order, _dealt(shares, len(order)))


def speaker_parts(
    dataset: Bunch, shares: Mapping[str, float], random_state: int | None = None
) -> Parts:
    """Give row indices of each part, all clips of a speaker in the same one.

    Parameters
    ----------
    dataset : Bunch
        With `y` and `groups`.
    shares : dict of str to float
        Share of the speakers (not of the clips) that each part gets, rounded, at least one.
    random_state : int, default=None
        Seed of the shuffling.

    Returns
    -------
    parts : dict of str to ndarray
        Ascending row indices; every row is in one part. Of many random orders of the speakers it
        is the first that leaves the fewest parts without a class.

    Raises
    ------
    InputError
        The dataset does not know the speaker of every clip, or they are fewer than the parts.

    Warns
    -----
    UserWarning
        Some part has no clip of some class.
    """
    _check_shares(shares)
    speakers, speaker = _speakers(dataset, shares)
    classes, label = np.unique(np.asarray(dataset.y), return_inverse=True)
    counts = np.zeros((len(speakers), len(classes)), dtype=np.intp)
    np.add.at(counts, (speaker, label), 1)
    part_of, lacking = _best_order(counts, _sizes(shares, len(speakers)), random_state)
    _warn_of_lacking(lacking, list(shares), classes)
    return _gather(shares, np.arange(len(speaker)), part_of[speaker])


def _check_shares(shares: Mapping[str, float]) -> None:
    values = list(shares.values())
    if not values or min(values) <= 0 or not math.isclose(sum(values), 1, abs_tol=1e-9):
        raise ParameterError(f"Got shares={dict(shares)!r}, but expected numbers > 0 of sum 1.")


def _generator(random_state: int | None) -> np.random.Generator:
    return generator_at(resolve_seed(random_state), "split")


def _dealt(shares: Mapping[str, float], n_rows: int) -> NDArray[np.intp]:
    """Give the part of each row: always the one that lacks most of its share so far."""
    wanted = np.array(list(shares.values()))
    counts = np.zeros(len(wanted))
    parts = np.empty(n_rows, dtype=np.intp)
    for row in range(n_rows):
        parts[row] = np.argmax(wanted * (row + 1) - counts)
        counts[parts[row]] += 1
    return parts


def _sizes(shares: Mapping[str, float], n_speakers: int) -> NDArray[np.intp]:
    """Give the number of speakers of each part, one at least."""
    sizes = np.bincount(_dealt(shares, n_speakers), minlength=len(shares))
    while not sizes.all():
        sizes[sizes.argmin()] += 1
        sizes[sizes.argmax()] -= 1
    return sizes


def _speakers(
    dataset: Bunch, shares: Mapping[str, float]
) -> tuple[NDArray[np.str_], NDArray[np.intp]]:
    """Give the names of the speakers, and the number of each clip's."""
    _check_known(dataset.get("groups"))
    speakers, speaker = np.unique(np.asarray(dataset.groups), return_inverse=True)
    if len(speakers) < len(shares):
        raise InputError(
            f"Got clips of {len(speakers)} speakers, but expected at least {len(shares)}: one for "
            f"each of {list(shares)}. Take by='paper'."
        )
    return speakers, speaker


def _check_known(groups: ArrayLike | None) -> None:
    """Refuse groups that are None, or None for some clips."""
    where = ""
    if groups is not None:
        unknown = np.flatnonzero(pd.isna(np.asarray(groups)))
        if len(unknown) == 0:
            return
        where = f" for {len(unknown)} clips, the first of them is clip {unknown[0]}"
    raise InputError(
        f"Got a dataset with groups=None{where}, but a split by speakers needs to know the speaker "
        "of each clip. Set dataset.groups, or take by='paper'."
    )


def _best_order(
    counts: NDArray[np.intp], sizes: NDArray[np.intp], random_state: int | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Give the part of each speaker, and which parts lack which classes."""
    rng, slots = _generator(random_state), np.repeat(np.arange(len(sizes)), sizes)

    def draw() -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        part_of = rng.permutation(slots)
        in_parts = [counts[part_of == part].sum(axis=0) for part in range(len(sizes))]
        return part_of, np.array(in_parts) == 0

    return min((draw() for _ in range(N_DRAWS)), key=lambda drawn: drawn[1].sum())


def _warn_of_lacking(
    lacking: NDArray[np.bool_], names: list[str], classes: NDArray[np.str_]
) -> None:
    missing = [f"{names[p]!r} has no {str(classes[k])!r}" for p, k in np.argwhere(lacking)]
    if missing:
        warnings.warn(
            f"The speakers could not be divided so that every part has every class: "
            f"{', '.join(missing)}. Another random_state may do better.",
            UserWarning,
            stacklevel=4,
        )


def _gather(shares: Mapping[str, float], rows: NDArray[np.intp], parts: NDArray[np.intp]) -> Parts:
    return {name: np.sort(rows[parts == number]) for number, name in enumerate(shares)}
