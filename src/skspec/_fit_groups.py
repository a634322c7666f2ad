"""How groups and weights reach the parts of an estimator, and whether its fit was interrupted."""

from __future__ import annotations

from typing import Any

import sklearn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from skspec._compat import BaseSearchCV


def takes_weights(estimator: BaseEstimator) -> bool:
    """Tell whether `fit` takes `sample_weight`, and what is inside the estimator as well."""
    inner = getattr(estimator, "estimator", None)
    return has_fit_parameter(estimator, "sample_weight") and (inner is None or takes_weights(inner))


def fit_or_stop(estimator: BaseEstimator, X: Any, y: Any, groups: ArrayLike | None) -> None:
    """Fit, with groups for what takes them; raise `KeyboardInterrupt` where Ctrl-C ended it.

    A network survives Ctrl-C with the weights it has, and its `fit` returns, which is good for
    who called it, but not for what fits many in a row or saves what it has fitted.
    """
    estimator.fit(X, y, **groups_for_fit(estimator, groups))
    if was_interrupted(estimator):
        raise KeyboardInterrupt


def was_interrupted(estimator: Any) -> bool:
    """Tell whether Ctrl-C ended the fit of a network in a fitted estimator."""
    if getattr(estimator, "interrupted_", False):
        return True
    steps = [step for _, step in getattr(estimator, "steps", [])]
    inner = [getattr(estimator, name, None) for name in ("estimator_", "best_estimator_")]
    parts = [*steps, *getattr(estimator, "estimators_", []), *inner]
    return any(was_interrupted(part) for part in parts if isinstance(part, BaseEstimator))


def not_taken(estimator: BaseEstimator, name: str) -> str:
    """Say that `fit` does not take an argument, and what to do where that is for routing to say."""
    routed = name == "groups" and sklearn.get_config()["enable_metadata_routing"]
    ask = f" (with metadata routing: `estimator.set_fit_request({name}=True)`)" if routed else ""
    return f"Got {name}, but fit of {type(estimator).__name__} does not take it{ask}."


def groups_for_fit(estimator: BaseEstimator, groups: ArrayLike | None) -> dict[str, Any]:
    """Give the arguments by which groups reach each part of an estimator whose `fit` takes them.

    A search gives them to its splitter, and to what it searches as well.
    """
    if groups is None:
        return {}
    if sklearn.get_config()["enable_metadata_routing"]:
        wanted = get_routing_for_object(estimator).consumes("fit", ["groups"])
        return {"groups": groups} if wanted else {}
    if isinstance(estimator, Pipeline):
        steps = [(name, step) for name, step in estimator.steps if hasattr(step, "fit")]
        return {
            f"{name}__{key}": value
            for name, step in steps
            for key, value in groups_for_fit(step, groups).items()
        }
    takes_groups = has_fit_parameter(estimator, "groups")
    inner = getattr(estimator, "estimator", None)
    if isinstance(estimator, BaseSearchCV) or (takes_groups and hasattr(estimator, "cv")):
        return {"groups": groups, **groups_for_fit(inner, groups)}
    # A classifier around another one refuses groups that it cannot pass on.
    passes_on = inner is None or bool(groups_for_fit(inner, groups))
    return {"groups": groups} if takes_groups and passes_on else {}
