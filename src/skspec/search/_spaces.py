"""Ready search spaces: what is worth tuning, and in which range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import loguniform, uniform

from skspec.exceptions import ParameterError
from skspec.models import CosineSchedule, CyclicSchedule, OneCycleSchedule, StepSchedule

#: Parameter name -> a list of choices, or a frozen distribution of `scipy.stats`.
Space = dict[str, Any]


def head_space(step: str = "cnn") -> Space:
    """Give a search space of a classifier's head: pooling, bands, hidden layers, dropout.

    Parameters
    ----------
    step : str, default="cnn"
        Name of the classifier's step in a Pipeline; ``""`` for a classifier by itself.

    Returns
    -------
    space : dict
        Parameter name -> list of choices or distribution, for `RandomizedSearchCV` as it is, for
        `GridSearchCV` through `to_grid`, for `optimize` as it is.

    See Also
    --------
    schedule_space : Learning rate, its schedule, weight decay.
    front_end_space : The picture of sound.

    Notes
    -----
    A frozen backbone computes each image once for all of these heads: give the classifier a
    `cache`, and a search costs little more than one pass and the heads' own training.

    Examples
    --------
    >>> from skspec.search import head_space, to_grid
    >>> sorted(head_space())
    ['cnn__head__dropout', 'cnn__head__hidden', 'cnn__head__n_bands', 'cnn__head__pooling']
    >>> to_grid(head_space(), n=2)["cnn__head__dropout"]
    [0.0, 0.6]
    """
    return _named(
        step,
        head__pooling=["mean", "mean_std"],
        head__n_bands=[1, 4],
        head__hidden=[(), (256,), (512, 256)],
        head__dropout=uniform(0.0, 0.6),
    )


def schedule_space(step: str = "cnn", stage: str = "finetune") -> Space:
    """Give a search space of a stage: learning rate, its schedule, the head's rate, decay.

    Parameters
    ----------
    step : str, default="cnn"
        Name of the classifier's step in a Pipeline; ``""`` for a classifier by itself.
    stage : str, default="finetune"
        Name of the stage; ``stages="two_stage"`` has ``"warmup"`` and ``"finetune"``.

    Returns
    -------
    space : dict
        As of `head_space`.

    Examples
    --------
    >>> from skspec.search import schedule_space, to_grid
    >>> [float(f"{lr:.0e}") for lr in to_grid(schedule_space(), n=3)["cnn__finetune__lr"]]
    [1e-05, 0.0001, 0.001]
    """
    # Four epochs between steps: ready stages have ten, in which the default would never step.
    schedules = [None, CosineSchedule(), StepSchedule(4), CyclicSchedule(), OneCycleSchedule()]
    return _named(
        step,
        **{
            f"{stage}__lr": loguniform(1e-5, 1e-3),
            f"{stage}__schedule": schedules,
            f"{stage}__head_lr_factor": [1.0, 10.0],
            f"{stage}__weight_decay": loguniform(1e-5, 1e-2),
        },
    )


def front_end_space(step: str = "mel", sr: float = 22_050) -> Space:
    """Give a search space of `MelSpectrogramImage`: bands, window, depth.

    Parameters
    ----------
    step : str, default="mel"
        Name of its step in a Pipeline; ``""`` for the transformer by itself.
    sr : float > 0, default=22050
        Sampling rate in Hz; windows are about 32, 64 and 128 ms long, half the shortest apart.

    Returns
    -------
    space : dict
        As of `head_space`.

    Examples
    --------
    >>> from skspec.search import front_end_space
    >>> front_end_space(sr=16_000)["mel__n_fft"]
    [512, 1024, 2048]
    """
    windows = [2 ** round(np.log2(length_s * sr)) for length_s in (0.032, 0.064, 0.128)]
    return _named(
        step,
        n_mels=[64, 128],
        n_fft=windows,
        hop_length=[windows[0] // 2],
        top_db=[40.0, 60.0, 80.0],
    )


def to_grid(space: Mapping[str, Any], n: int = 3) -> dict[str, list[Any]]:
    """Turn the distributions of a space into lists, for `GridSearchCV`.

    Parameters
    ----------
    space : dict
        Parameter name -> list of choices, or frozen distribution of `scipy.stats`.
    n : int > 1, default=3
        Values of each distribution: its quantiles 0, 1 / (n - 1), ..., 1, so those of a
        `loguniform` lie evenly on a logarithmic scale.

    Returns
    -------
    grid : dict
        Parameter name -> list of values.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from skspec.search import to_grid
    >>> to_grid({"dropout": uniform(0, 0.5), "hidden": [(), (256,)]})
    {'dropout': [0.0, 0.25, 0.5], 'hidden': [(), (256,)]}
    """
    if n < 2:
        raise ParameterError(f"Got n={n!r}, but expected an int > 1.")
    quantiles = np.linspace(0, 1, n)
    return {
        name: values if isinstance(values, list) else [float(v) for v in values.ppf(quantiles)]
        for name, values in space.items()
    }


def _named(step: str, **space: Any) -> Space:
    return {f"{step}__{name}" if step else name: values for name, values in space.items()}
