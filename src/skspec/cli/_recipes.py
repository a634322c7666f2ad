"""A recipe by its name, with what the user sets of it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from skspec import recipes
from skspec.exceptions import ParameterError


def build_recipe(
    name: str,
    sr: float,
    duration_s: float,
    settings: Mapping[str, Any],
    *,
    seed: int,
    verbose: int,
) -> BaseEstimator:
    """Give the estimator of a recipe.

    What its function takes goes there, and all else in `settings` to the steps that it gives.
    """
    chosen = {"sr": sr, "duration_s": duration_s, "random_state": seed, "verbose": verbose}
    make: Any = getattr(recipes, name, None)
    if make is None:
        estimator = recipes.baselines(sr, duration_s, random_state=seed)[name]
        return _set(estimator, settings)
    known = inspect.signature(make).parameters
    own = {key: value for key, value in {**chosen, **settings}.items() if key in known}
    nested = {key: value for key, value in settings.items() if key not in known}
    return _set(make(**own), nested, [*known])


def takes(name: str, parameter: str) -> bool:
    """Tell whether a recipe has a parameter; the baselines have `sr` and `duration_s`."""
    make: Any = getattr(recipes, name, recipes.baselines)
    return parameter in inspect.signature(make).parameters


def _set(
    estimator: BaseEstimator, settings: Mapping[str, Any], own: list[str] | None = None
) -> BaseEstimator:
    known = [*(own or []), *estimator.get_params()]
    for key in settings:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=5, cutoff=0.4)
            hint = f" The nearest are {near}." if near else ""
            raise ParameterError(
                f"Got --set {key}=..., but the recipe has no such parameter.{hint}"
            )
    return estimator.set_params(**settings)
