"""A point of a search space, as an Optuna trial suggests it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import optuna

from skspec.exceptions import ParameterError


def suggest(trial: optuna.trial.BaseTrial, space: Mapping[str, Any]) -> dict[str, Any]:
    """Let a trial choose a value for each parameter of a space.

    Choices go to Optuna by their text, since its storages keep no tuples and no objects.

    Parameters
    ----------
    trial : optuna trial
        Also an `optuna.trial.FixedTrial` or a finished one.
    space : dict
        Parameter name -> list of choices, or frozen `uniform` or `loguniform` of `scipy.stats`.

    Returns
    -------
    params : dict
        For `set_params`.
    """
    return {name: _suggest_one(trial, name, values) for name, values in space.items()}


def _suggest_one(trial: optuna.trial.BaseTrial, name: str, values: Any) -> Any:
    if isinstance(values, list):
        by_text = {repr(value): value for value in values}
        if len(by_text) < len(values):
            raise ParameterError(f"Got {name}={values!r}, but two of these choices look the same.")
        return by_text[trial.suggest_categorical(name, list(by_text))]
    kind = getattr(getattr(values, "dist", None), "name", type(values).__name__)
    if kind not in ("uniform", "loguniform", "reciprocal"):
        raise ParameterError(
            f"Got {name} of kind {kind!r}, but expected a list of choices, or uniform or "
            "loguniform of scipy.stats."
        )
    low, high = (float(end) for end in values.support())
    if not math.isfinite(high - low):
        raise ParameterError(f"Got {name} between {low} and {high}, but expected finite ends.")
    return trial.suggest_float(name, low, high, log=kind != "uniform")
