"""Arrays as safetensors has them: contiguous numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBERS = {"|b1", "|i1", "|u1", *(f"<{kind}{n}" for kind in "iuf" for n in (2, 4, 8))}
#: What values of these kinds are seen as, along one more axis.
_SEEN_AS = {"<c8": "<f4", "<c16": "<f8"}
_LAST_CHARACTER = 0x10FFFF


def to_numbers(array: NDArray[Any]) -> tuple[NDArray[Any], list[Any]]:
    """Give an array of numbers, and what else is needed to have the same array again.

    Which axis is contiguous is kept: sums over another one can differ in their last bit.
    """
    dtype = array.dtype.newbyteorder("<")
    by_columns = _is_by_columns(array)
    seen_as = _numbers_of(dtype)
    numbers = np.asarray(array.T if by_columns else array, dtype=dtype, order="C")
    if seen_as != dtype.str:
        numbers = numbers[..., None].view(seen_as)
    return numbers, [dtype.str, "F" if by_columns else "C"]


def _is_by_columns(array: NDArray[Any]) -> bool:
    # By strides: a part of an array by columns is contiguous in neither way.
    steps = [abs(step) for step, n in zip(array.strides, array.shape, strict=True) if n > 1]
    return not array.flags.c_contiguous and steps[:1] < steps[-1:]


def from_numbers(numbers: NDArray[Any], dtype_name: Any, order: Any) -> NDArray[Any]:
    """Give the array that `to_numbers` saw."""
    dtype = np.dtype(str(dtype_name))
    seen_as = _numbers_of(dtype)
    if numbers.dtype.str != seen_as or order not in ("C", "F"):
        raise ValueError(f"an array of dtype {dtype_name!r} has numbers of {numbers.dtype.str}")
    if seen_as != dtype.str:
        if numbers.ndim == 0 or numbers.shape[-1] * numbers.itemsize != dtype.itemsize:
            raise ValueError(f"an array of dtype {dtype_name!r} has shape {numbers.shape}")
        if dtype.kind == "U" and (numbers > _LAST_CHARACTER).any():
            raise ValueError("an array of text has characters that do not exist")
        numbers = numbers.view(dtype)[..., 0]
    return numbers.T if order == "F" else numbers


def _numbers_of(dtype: np.dtype[Any]) -> str:
    if dtype.str in NUMBERS:
        return dtype.str
    if dtype.kind == "U" and dtype.itemsize:
        return "<u4"
    if dtype.kind == "S" and dtype.itemsize:
        return "|u1"
    if dtype.str in _SEEN_AS:
        return _SEEN_AS[dtype.str]
    raise ValueError(f"arrays of dtype {dtype} cannot be saved")


def object_array(shape: list[int], items: list[Any]) -> NDArray[Any]:
    """Give an object array; it has as many places as there are items."""
    array: NDArray[Any] = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)
