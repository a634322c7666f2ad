"""Several datasets as one."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import cast

import numpy as np
import pandas as pd
from numpy.random import Generator, RandomState
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skspec._seeding import generator_at
from skspec.datasets._layout import Skipped, make_dataset
from skspec.datasets._voices import check_seed
from skspec.exceptions import InputError, ParameterError

Sizes = int | None | Mapping[str, int | None]
Labels = Mapping[str, str | None]


def mix(
    datasets: Mapping[str, Bunch],
    *,
    samples_per_set: Sizes = 256,
    label_map: Labels | Mapping[str, Labels] | None = None,
    random_state: int | RandomState | Generator | None = None,
) -> Bunch:
    """Give one dataset with clips drawn from several.

    For supplements to a set that is too small: a few hundred clips of each other one, labels
    brought into one vocabulary, and speakers that stay different even where two sets number them
    alike. `TrainOnly` keeps the supplements out of every test.

    Parameters
    ----------
    datasets : dict of str to Bunch
        Name -> dataset, as the loaders give it.
    samples_per_set : int > 0, None or dict, default=256
        Clips to draw from each set, with the same share of each label as in the set; None, or
        more than there are, takes all. A dict has a number or None for each name; a set that it
        does not name is taken whole.
    label_map : dict, default=None
        New label for each old one, or None to leave its clips out; labels that are not in it stay.
        Either one for all sets, or one for each name, name -> dict.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the draws. With the same int, what is drawn from a set does not depend on the
        others.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files, one set after the other, each in its own order.
        y : ndarray of str, shape (n_clips,)
            The labels, after `label_map`.
        groups : ndarray of str, shape (n_clips,), or None
            Name of the set, a slash, and the group in it. All clips of a set without groups are
            one group, because any two of them may be by one speaker. None where no set has groups.
        metadata : DataFrame
            Columns of all sets, after ``dataset`` (the name) and ``original_label``.
        skipped : DataFrame
            ``path`` and ``reason`` of what the sets had skipped, what was left out by `label_map`,
            and what was not drawn.
        sr : int or None
            That of the sets, where it is the same in all.
        description : str
            Those of the sets.

    Raises
    ------
    InputError
        There is no dataset, or no clip is left.
    ParameterError
        If `samples_per_set`, `label_map` or `random_state` is not what is said above.

    See Also
    --------
    TrainOnly : Splits that keep supplements in training.

    Examples
    --------
    >>> from skspec.datasets import load_percussion, mix
    >>> drums = load_percussion()
    >>> both = mix(
    ...     {"own": drums, "extra": drums},
    ...     samples_per_set={"own": None, "extra": 20},
    ...     label_map={"extra": {"skin": "tom", "kick": None}},
    ...     random_state=0,
    ... )
    >>> both.metadata["dataset"].value_counts().to_dict()
    {'own': 76, 'extra': 20}
    >>> sorted(set(both.y[76:].tolist())), str(both.groups[0])
    (['cymbal', 'snare', 'tom'], 'own/minorr')
    """
    if not datasets:
        raise InputError("Got no datasets to mix.")
    sizes, maps = _sizes(samples_per_set, datasets), _maps(label_map, datasets)
    seed = check_seed(random_state)
    known = any(data.groups is not None for data in datasets.values())
    clips, metadata, skipped = [], [], []
    for name, data in datasets.items():
        rng = generator_at(seed, "subset", zlib.crc32(name.encode()))
        every = _clips(name, data, maps[name])
        rows, unused = _draw(every, sizes[name], rng)
        clips.append(every.iloc[rows])
        metadata.append(_metadata(name, data, rows))
        skipped += list(data.skipped[["path", "reason"]].itertuples(index=False, name=None))
        skipped += unused
    mixed = pd.concat(clips)
    if mixed.empty:
        raise InputError(f"No clip of {list(datasets)} is left. Not used: {skipped[:5]}.")
    rates = {data.sr for data in datasets.values()}
    return make_dataset(
        mixed["path"],
        mixed["label"],
        mixed["group"] if known else None,
        pd.concat([part for part in metadata if len(part)]),
        skipped,
        sr=rates.pop() if len(rates) == 1 else None,
        description="\n".join(data.description for data in datasets.values()),
    )


def _sizes(samples_per_set: Sizes, names: Iterable[str]) -> dict[str, int | None]:
    """Give the number of clips of each set, None for all."""
    if not isinstance(samples_per_set, Mapping):
        samples_per_set = dict.fromkeys(names, samples_per_set)
    _check_names("samples_per_set", samples_per_set, names)
    for size in samples_per_set.values():
        if size is not None and not (isinstance(size, Integral) and int(size) > 0):
            raise ParameterError(
                f"Got samples_per_set={size!r}, but expected an integer > 0, None, or a dict of "
                "them."
            )
    return {name: samples_per_set.get(name) for name in names}


def _maps(
    label_map: Labels | Mapping[str, Labels] | None, names: Iterable[str]
) -> dict[str, Labels]:
    """Give the map of labels of each set."""
    own = {k: v for k, v in (label_map or {}).items() if isinstance(v, Mapping)}
    if not own:
        return dict.fromkeys(names, cast(Labels, label_map or {}))
    if len(own) < len(label_map or {}):
        raise ParameterError(
            f"Got label_map={label_map!r}, but expected label -> label, or name -> dict, not both."
        )
    _check_names("label_map", own, names)
    return {name: own.get(name, {}) for name in names}


def _check_names(parameter: str, given: Iterable[str], names: Iterable[str]) -> None:
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ParameterError(f"Got {parameter} for {unknown}, but the datasets are {list(names)}.")


def _clips(name: str, data: Bunch, labels: Labels) -> pd.DataFrame:
    """Give path, label and group of all clips of a set; None is the label of what is left out."""
    groups = [name] * len(data.y)
    if data.groups is not None:
        groups = [f"{name}/{group}" for group in data.groups]
    label = pd.Series([labels.get(str(old), str(old)) for old in data.y], dtype=object)
    return pd.DataFrame({"path": data.paths, "old": data.y, "label": label, "group": groups})


def _draw(
    clips: pd.DataFrame, size: int | None, rng: Generator
) -> tuple[NDArray[np.intp], Skipped]:
    """Give the rows that are drawn from a set, and why the others are not."""
    usable = np.flatnonzero(clips["label"].notna())
    drawn = usable[_stratified(clips["label"].iloc[usable].to_numpy(str), size, rng)]
    reasons = np.where(
        clips["label"].notna(),
        f"not among the {len(drawn)} that were drawn",
        "label_map leaves out " + clips["old"].map(repr),
    )
    others = np.setdiff1d(np.arange(len(clips)), drawn)
    return drawn, [(str(clips["path"].iloc[row]), str(reasons[row])) for row in others]


def _stratified(y: NDArray[np.str_], size: int | None, rng: Generator) -> NDArray[np.intp]:
    """Give ascending positions, so many of each label as its share, by largest remainders."""
    if size is None or size >= len(y):
        return np.arange(len(y))
    _, code, counts = np.unique(y, return_inverse=True, return_counts=True)
    quotas = counts * size / len(y)
    sizes = np.floor(quotas).astype(int)
    sizes[np.argsort(sizes - quotas, kind="stable")[: size - sizes.sum()]] += 1
    drawn = [rng.permutation(np.flatnonzero(code == k))[:n] for k, n in enumerate(sizes)]
    return np.sort(np.concatenate(drawn))


def _metadata(name: str, data: Bunch, rows: NDArray[np.intp]) -> pd.DataFrame:
    own = data.metadata.iloc[rows].reset_index(drop=True)
    ahead = pd.DataFrame({"dataset": name, "original_label": data.y[rows]}, index=own.index)
    return pd.concat([ahead, own.drop(columns=ahead.columns, errors="ignore")], axis=1)
