"""From values to what stands in a model file: JSON, and arrays by name."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skspec.persistence._arrays import to_numbers
from skspec.persistence._errors import UnusableError
from skspec.persistence._fitted import take_apart
from skspec.persistence._kinds import KINDS, is_plain, kind_of
from skspec.persistence._registry import name_of

#: Levels of JSON; estimators inside estimators take about five each.
DEPTH = 100


class Encoder:
    """Encodes values; `arrays` gathers what is not JSON.

    A value with a tag is a dict with that one key. An object that occurs again is a reference to
    its number, in the order in which objects are finished, so no object can hold itself.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self._finished: dict[int, int] = {}
        self._kept: list[Any] = []  # or another object could get the id of one that is gone
        self._depth = 0

    def encode(self, value: Any, where: str) -> Any:
        """Give the JSON of a value; `where` says in messages and in `arrays` what it is."""
        if self._depth >= DEPTH:  # an empty dict takes one more to read
            raise UnusableError(f"{where[:80]}... holds itself, or too much inside each other")
        self._depth += 1
        try:
            return self._encode(value, where)
        finally:
            self._depth -= 1

    def _encode(self, value: Any, where: str) -> Any:
        if is_plain(value):
            return value
        if type(value) is list:
            return [self.encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
        if type(value) in (np.ndarray, np.memmap):
            return self._array(value, where)
        tag = kind_of(value)
        if tag in ("dict", "bunch"):
            return {tag: self._pairs(value, where)}
        if tag is not None:
            return {tag: self.encode(KINDS[tag].parts(value), where)}
        if id(value) in self._finished:
            return {"ref": self._finished[id(value)]}
        name = name_of(value)
        if name is not None:
            return {"named": name}
        return self._object(value, where)

    def _pairs(self, items: dict[Any, Any], where: str) -> list[Any]:
        self._depth += 2  # the two lists around each item
        pairs = [
            [self.encode(key, f"a key of {where}"), self.encode(item, f"{where}[{key!r}]")]
            for key, item in items.items()
        ]
        self._depth -= 2
        return pairs

    def _array(self, array: NDArray[Any], where: str) -> Any:
        if array.dtype == object:
            items = self.encode(array.ravel().tolist(), where)
            return {"objects": [list(array.shape), items]}
        try:
            numbers, form = to_numbers(array)
        except ValueError as error:
            raise UnusableError(f"{where}: {error}") from None
        if where in self.arrays:
            raise UnusableError(f"{where} stands for two arrays")
        self.arrays[where] = numbers
        return {"array": [where, *form]}

    def _object(self, value: Any, where: str) -> Any:
        name = name_of(type(value))
        if name is None:
            raise UnusableError(
                f"{where} is {_described(value)} and cannot be saved. {_way(value)}"
            )
        try:
            params, state = take_apart(value)
        except ValueError as error:
            raise UnusableError(f"{where} cannot be saved: {error}") from error
        node = {
            "class": name,
            "params": self._attributes(params, where),
            "state": self._attributes(state, where),
        }
        self._finished[id(value)] = len(self._kept)
        self._kept.append(value)
        return {"object": node}

    def _attributes(self, values: dict[str, Any], where: str) -> dict[str, Any]:
        return {key: self.encode(values[key], f"{where}.{key}") for key in sorted(values)}


def _described(value: Any) -> str:
    if callable(value) and hasattr(value, "__name__"):
        return f"the {'class' if inspect.isclass(value) else 'function'} {value.__name__!r}"
    kind = type(value)
    return f"a {kind.__module__}.{kind.__qualname__}"


def _way(value: Any) -> str:
    """Say what to do with a value that cannot be saved."""
    if hasattr(value, "best_estimator_"):
        return "Save its best_estimator_"
    if isinstance(value, np.random.RandomState | np.random.Generator):
        return "Give an integer for it"
    return (
        "skspec saves its own estimators, the usual ones of scikit-learn, numbers, text and "
        "arrays; classes and functions of your own after skspec.persistence.register; set what "
        "only matters in fit, such as callbacks, to None"
    )
