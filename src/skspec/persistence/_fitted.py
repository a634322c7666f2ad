"""From an estimator to its parameters and its fitted state, and back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import SVC, NuSVC

from skspec.nn._state import NetworkState
from skspec.persistence._limit import building

State = dict[str, Any]
_VERSION = "_sklearn_version"
_REQUESTS = "_metadata_request"
#: Those with which libsvm looks at nothing but what `_check_support_vectors` has checked.
_KERNELS = ("linear", "poly", "rbf", "sigmoid")


def take_apart(thing: Any) -> tuple[State, State]:
    """Give the constructor's parameters, and what `fit` set besides."""
    params = {name: getattr(thing, name) for name in _parameter_names(type(thing))}
    _refuse_memory(type(thing), params)
    constants = vars(type(thing)(**params))
    state = {k: v for k, v in dict(thing.__getstate__() or {}).items() if k not in params}
    state.pop(_VERSION, None)
    for name in set(state) & set(constants):  # set by the constructor, and so again in `load`
        if not _same(state.pop(name), constants[name]):
            raise ValueError(f"its attribute {name!r} is set by its constructor and then changed")
    _check_names(type(thing), state)
    return params, _to_saved(thing, state)


def put_together(kind: type, params: State, state: State) -> Any:
    """Build what `take_apart` saw, of values that may be anything."""
    unknown = sorted(set(params) - set(_parameter_names(kind)))
    if unknown:
        raise ValueError(f"{kind.__name__} has no parameter {unknown[0]!r}")
    _refuse_memory(kind, params)
    _check_names(kind, state)
    made = kind(**params)
    return _with_state(made, state) if state else made


def _parameter_names(kind: type) -> list[str]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, p in inspect.signature(kind).parameters.items() if p.kind not in kinds]


def _refuse_memory(kind: type, params: State) -> None:
    if issubclass(kind, Pipeline | FeatureUnion) and params.get("memory") is not None:
        raise ValueError(
            "its memory is a folder of pickles, which whoever wrote the file could choose: "
            "set_params(memory=None)"
        )


def _check_names(kind: type, state: State) -> None:
    """Let through what scikit-learn calls fitted attributes, and nothing that a class defines."""
    for name in state:
        fitted = name.isidentifier() and not name.startswith("__") and "_" in (name[0], name[-1])
        if not fitted or hasattr(kind, name):
            raise ValueError(
                f"{kind.__name__} cannot have a fitted attribute {name!r}: expected a name that "
                "ends or starts with one underscore and is none of the class"
            )


def _same(value: Any, other: Any) -> bool:
    simple = isinstance(value, int | float | str | None)
    return value is other or (simple and type(value) is type(other) and value == other)


def _to_saved(thing: Any, state: State) -> State:
    _check_support_vectors(thing, state)
    if isinstance(thing, NetworkState) and "network_" in state:
        with building(state["network_"]):  # what `load` would refuse
            state["network_spec_"].build()
    if _REQUESTS in state:
        parts = vars(state[_REQUESTS]).items()
        state[_REQUESTS] = {k: dict(v.requests) for k, v in parts if hasattr(v, "requests")}
    if isinstance(thing, KNeighborsClassifier) and "_fit_X" in state:
        if thing.outputs_2d_:
            raise ValueError("it was fitted to several columns of labels")
        state.pop("_tree", None)  # the same is built from the same data
    return state


def _with_state(made: Any, state: State) -> Any:
    requests = state.pop(_REQUESTS, {})
    if isinstance(made, KNeighborsClassifier) and state:
        _fit_again(made, state)
    elif isinstance(made, NetworkState):
        with building(state.get("network_", {})):
            made.__setstate__({**vars(made), **state})
    else:
        _check_support_vectors(made, state)
        version = {_VERSION: sklearn.__version__} if _is_scikit_learns(type(made)) else {}
        state = {**vars(made), **state, **version}
        getattr(made, "__setstate__", vars(made).update)(state)
    if requests:
        _give_requests(made, requests)
    return made


def _is_scikit_learns(kind: type) -> bool:
    return kind.__module__.startswith("sklearn.")


def _give_requests(made: Any, requests: dict[str, dict[str, Any]]) -> None:
    """Have the same metadata asked for, as `set_fit_request` and the others do."""
    made._metadata_request = made._get_metadata_request()
    for method, wanted in requests.items():
        for param, alias in wanted.items():
            vars(made._metadata_request)[method].add_request(param=param, alias=alias)


def _fit_again(made: KNeighborsClassifier, state: State) -> None:
    """Fit to the stored clips: their tree is compiled code's, and no array of a file may be."""
    made.fit(state["_fit_X"], state["_y"])
    classes = state["classes_"]
    if not np.array_equal(made.classes_, np.arange(len(classes))):
        raise ValueError("its labels are not the numbers of its classes")
    made.classes_ = classes
    if "feature_names_in_" in state:
        made.feature_names_in_ = state["feature_names_in_"]


def _check_support_vectors(made: Any, state: State) -> None:
    """Check the arrays that libsvm reads without looking at their sizes."""
    if not isinstance(made, SVC | NuSVC) or not state.keys() - {_REQUESTS}:
        return
    if state["_sparse"] is not False or made.kernel not in _KERNELS:
        raise ValueError(
            f"its kernel {made.kernel!r} is none of {_KERNELS}, or it was fitted to sparse data: "
            "fit it to dense data with one of these"
        )
    n, n_vectors = len(state["classes_"]), len(state["support_vectors_"])
    n_pairs = n * (n - 1) // 2
    n_calibrated = n_pairs if len(state["_probA"]) else 0
    expected = {
        "support_": ("<i4", (n_vectors,)),
        "support_vectors_": ("<f8", (n_vectors, state["n_features_in_"])),
        "_n_support": ("<i4", (n,)),
        "_dual_coef_": ("<f8", (n - 1, n_vectors)),
        "_intercept_": ("<f8", (n_pairs,)),
        "_probA": ("<f8", (n_calibrated,)),
        "_probB": ("<f8", (n_calibrated,)),
    }
    for name, form in expected.items():
        if (state[name].dtype.str, state[name].shape) != form:
            raise ValueError(f"its {name} has not the dtype and shape {form}")
    counts = state["_n_support"]
    if counts.min() < 0 or counts.sum() != n_vectors:
        raise ValueError(f"its _n_support is not how its {n_vectors} vectors are shared out")
