"""A hash that tells fitted estimators apart."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from skspec.exceptions import ParameterError

#: Attributes of estimators that say how one was made or runs, not what it predicts.
_LEFT_OUT = {
    *("n_jobs", "verbose", "memory", "cache", "checkpoint", "callbacks"),
    *("cv_results_", "refit_time_"),
}


def fingerprint(estimator: Any) -> str:
    """Give a hash of the parameters and of all that `fit` has set, through all nested objects.

    It is the same in every process. Functions count by name and bytecode, and methods of built-in
    types by what they are bound to.
    """
    try:
        return _digest(estimator, ()).hex()
    except TypeError as error:
        raise ParameterError(
            f"Got a journal, but {type(estimator).__name__} holds what cannot be told from "
            f"something else ({error}), so a journal could be of another estimator. Use "
            "journal=None."
        ) from error


def _digest(value: Any, within: tuple[int, ...]) -> bytes:
    """Give the hash of a value that is held by objects of these ids."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return _joined(type(value).__name__, [repr(value).encode()])
    if id(value) in within:
        return b"one of those that hold it"
    within = (*within, id(value))
    if isinstance(value, np.ndarray | np.generic):
        return _array_digest(np.asarray(value), within)
    if isinstance(value, dict):
        pairs = (_digest(k, ()) + _digest(v, within) for k, v in value.items())
        return _joined("dict", sorted(pairs))
    if isinstance(value, set | frozenset):
        return _joined("set", sorted(_digest(item, within) for item in value))
    if isinstance(value, list | tuple):
        return _joined(type(value).__name__, [_digest(item, within) for item in value])
    if isinstance(value, type | FunctionType) or _is_of_module(value):
        return _joined(f"{value.__module__}.{value.__qualname__}", _function_parts(value, within))
    if isinstance(value, CodeType):
        return _joined("code", [value.co_code, _digest((value.co_consts, value.co_names), within)])
    return _joined("object", _parts(value, within))


def _joined(kind: str, parts: Iterable[bytes | memoryview]) -> bytes:
    digest = xxhash.xxh3_128(kind.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _array_digest(array: NDArray[Any], within: tuple[int, ...]) -> bytes:
    kind = f"{array.dtype} {array.shape}"
    if array.dtype.names:  # what lies between fields is not always the same
        return _joined(kind, [_array_digest(array[name], within) for name in array.dtype.names])
    if array.dtype == object:
        return _joined(kind, [_digest(item, within) for item in array.ravel().tolist()])
    return _joined(kind, [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data])


def _is_of_module(value: Any) -> bool:
    """Tell a built-in function from a method that is bound to a value."""
    return isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType | None)


def _function_parts(value: Any, within: tuple[int, ...]) -> list[bytes]:
    """Give the hashes of a function's code, and of the values that it has taken along."""
    if not isinstance(value, FunctionType):
        return []
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    taken = (value.__code__, cells, value.__defaults__, value.__kwdefaults__)
    return [_digest(part, within) for part in taken]


def _parts(value: Any, within: tuple[int, ...]) -> list[bytes]:
    """Take any other object apart as copying does: its class, arguments, state and items."""
    own_way = copyreg.dispatch_table.get(type(value))
    reduced: str | tuple[Any, ...] = (own_way or (lambda thing: thing.__reduce_ex__(2)))(value)
    if isinstance(reduced, str):
        return [reduced.encode()]
    make, arguments, state, items, pairs, *_ = (*reduced, None, None, None)
    if hasattr(value, "get_params") and isinstance(state, dict):
        state = {name: part for name, part in state.items() if name not in _LEFT_OUT}
    rest: tuple[Any, ...] = (make, arguments, state, list(items or ()), list(pairs or ()))
    return [_digest(part, within) for part in rest]
