"""The plain values that JSON has no form for, and what they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.utils import Bunch

from skspec.persistence._arrays import NUMBERS


class Kind(NamedTuple):
    """How values of a type are taken apart, and put together again from checked parts."""

    type: type
    parts: Callable[[Any], Any]
    build: Callable[[Any], Any]


def _float(text: str) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise ValueError(f"a float is {text!r}")
    return float(text)


def _scalar(parts: list[Any]) -> Any:
    dtype, value = parts
    types = {"b": bool, "i": int, "u": int, "f": float, "U": str}
    if dtype not in {"U", *NUMBERS} or type(value) is not types[np.dtype(dtype).kind]:
        raise ValueError(f"a scalar of dtype {dtype!r} cannot be {value!r}")
    return np.array(value, dtype=dtype)[()]


_DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.float64, torch.bfloat16)}

KINDS = {
    "tuple": Kind(tuple, list, tuple),
    "dict": Kind(dict, dict.items, dict),
    "bunch": Kind(Bunch, dict.items, lambda pairs: Bunch(**dict(pairs))),
    "slice": Kind(slice, lambda s: [s.start, s.stop, s.step], lambda parts: slice(*parts)),
    "range": Kind(range, lambda r: [r.start, r.stop, r.step], lambda parts: range(*parts)),
    "float": Kind(float, repr, _float),
    "path": Kind(PurePath, str, Path),
    "device": Kind(torch.device, str, torch.device),
    "torch_dtype": Kind(torch.dtype, str, _DTYPES.__getitem__),
    "scalar": Kind(
        np.generic,
        lambda s: ["U" if isinstance(s, str) else s.dtype.str, s.item()],
        _scalar,
    ),
}


def is_plain(value: Any) -> bool:
    """Tell whether JSON has this value as it is."""
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)


def kind_of(value: Any) -> str | None:
    """Give the tag of a value's kind, None where it has none."""
    for tag, kind in KINDS.items():
        inherits = kind.type in (PurePath, np.generic)
        if type(value) is kind.type or (inherits and isinstance(value, kind.type)):
            return tag
    return None
