"""The training data of herron's paper: a class's own clips, with and without supplements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skspec._seeding import resolve_seed
from skspec._validation import check_choice
from skspec.datasets import TrainOnly, mix
from skspec.exceptions import ParameterError
from skspec.recipes._herron import herron

OWN = "class"


def herron_data(
    class_data: Bunch,
    extras: Mapping[str, Bunch],
    *,
    without: str = "cremad",
    samples_per_set: int = 256,
    label_map: Mapping[str, str | None] | None = None,
    by: str = "paper",
    random_state: int | None = None,
) -> dict[str, tuple[Bunch, TrainOnly]]:
    """Give the five sets of training data of the herron paper, each with its split.

    More data of another kind can do harm. All five are tested on the same clips of one's own data,
    so that what the supplements do can be compared.

    Parameters
    ----------
    class_data : Bunch
        One's own data, as a loader gives it.
    extras : dict of str to Bunch
        The supplements by name; the paper's are RAVDESS, SAVEE, TESS and CREMA-D.
    without : str, default="cremad"
        Name of the supplement that two of the five go without, the one that did harm.
    samples_per_set : int > 0, default=256
        Clips of each supplement where not all are taken.
    label_map : dict, default=None
        New label for each old one in all sets, or None to leave its clips out. Labels of
        supplements that one's own data do not have are left out in any case.
    by : {"paper", "speakers"}, default="paper"
        How one's own data are split, as in ``herron.split``.
    random_state : int, default=None
        Seed of the split and of the draws.

    Returns
    -------
    data : dict of str to (Bunch, TrainOnly)
        Dataset and splitter: ``"class"``, ``"all"``, ``"256_each"``,
        ``"256_each_without_cremad"``, ``"all_without_cremad"``.

    Raises
    ------
    ParameterError
        No supplement has the name `without`, or one is named ``"class"``.

    See Also
    --------
    skspec.datasets.mix, skspec.datasets.TrainOnly : What it is made of.

    Notes
    -----
    Table I of the paper. Differs from it: all five hold out the same clips; of the paper's it is
    not known.

    Examples
    --------
    >>> from skspec.datasets import load_percussion
    >>> from skspec.recipes import herron_data
    >>> drums = load_percussion()
    >>> extras = {"more": drums, "cremad": drums}
    >>> for name, (data, cv) in herron_data(drums, extras, random_state=0).items():
    ...     ((train, test),) = cv.split(data.paths, data.y)
    ...     print(name, len(train), len(test))
    class 61 15
    all 213 15
    256_each 213 15
    256_each_without_cremad 137 15
    all_without_cremad 137 15

    Each is then scored by ``evaluate(herron(), data, cv)``.
    """
    check_choice("without", without, extras)
    if OWN in extras:
        raise ParameterError(
            f"Got a supplement named {OWN!r}, but that is one's own data: expected another name."
        )
    seed, few = resolve_seed(random_state), f"{samples_per_set}_each"
    labels = _only_own_labels(class_data, extras, label_map or {})
    others = {name: data for name, data in extras.items() if name != without}
    table = {
        OWN: ({}, None),
        "all": (extras, None),
        few: (extras, samples_per_set),
        f"{few}_without_{without}": (others, samples_per_set),
        f"all_without_{without}": (others, None),
    }
    made = {}
    for name, (supplements, size) in table.items():
        data = mix(
            {OWN: class_data, **supplements},
            samples_per_set={OWN: None, **dict.fromkeys(supplements, size)},
            label_map=labels,
            random_state=seed,
        )
        made[name] = (data, _own_split(data, seed, by))
    return made


def _only_own_labels(
    class_data: Bunch, extras: Mapping[str, Bunch], label_map: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Give the map that also leaves out labels that one's own data do not have."""
    own = {label_map.get(label, label) for label in class_data.y}
    foreign = {
        label
        for data in extras.values()
        for label in data.y
        if label_map.get(label, label) not in own
    }
    return {**label_map, **dict.fromkeys(foreign)}


def _own_split(data: Bunch, seed: int, by: str) -> TrainOnly:
    """Give the split of one's own clips; all others are for training."""
    extra: NDArray[np.bool_] = (data.metadata["dataset"] != OWN).to_numpy()
    groups = None if data.groups is None else data.groups[~extra]
    parts = herron.split(Bunch(y=data.y[~extra], groups=groups), seed, by=by)
    return TrainOnly([(parts["train"], parts["test"])], extra)
