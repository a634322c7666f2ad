"""How groups reach the parts of an estimator that split by them."""

from __future__ import annotations

from typing import Any

import sklearn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from skspec._compat import BaseSearchCV


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
