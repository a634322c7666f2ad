"""A training's state as JSON and tensors, and back: no pickle, and every bit as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from skspec.exceptions import ParameterError

#: What the safetensors format calls torch's types.
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def pack(value: Any, tensors: dict[str, Tensor], name: str = "state") -> Any:
    """Give a value as JSON can hold it; its tensors go into `tensors` under the names it has.

    Takes numbers, strings, None, lists, tuples, dicts and tensors, in any nesting.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Tensor) and value.dtype in _DTYPES:
        while name in tensors:  # as {"a.b": 1} and {"a": {"b": 1}} would make it
            name += "'"
        tensors[name] = value.detach()
        strides = torch.empty_like(value, device="meta").stride()  # of a copy in the same order
        return {"tensor": name, "strides": list(strides)}
    if isinstance(value, (list, tuple)):
        items = [pack(item, tensors, f"{name}.{i}") for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[pack(k, {}), pack(v, tensors, f"{name}.{k}")] for k, v in value.items()]}
    raise ParameterError(
        f"Got {name} = {value!r}, which a checkpoint cannot hold: expected numbers, strings and "
        "tensors. Use another optimizer or schedule, or checkpoint=None."
    )


def unpack(packed: Any, tensors: dict[str, Tensor]) -> Any:
    """Give what `pack` was given; its tensors are copies."""
    if isinstance(packed, list):
        return [unpack(item, tensors) for item in packed]
    if not isinstance(packed, dict):
        return packed
    if "float" in packed:
        return float(packed["float"])
    if "tuple" in packed:
        return tuple(unpack(item, tensors) for item in packed["tuple"])
    if "dict" in packed:
        return {unpack(k, tensors): unpack(v, tensors) for k, v in packed["dict"]}
    stored = tensors[packed["tensor"]]
    return torch.empty_strided(stored.shape, packed["strides"], dtype=stored.dtype).copy_(stored)


def file_parts(tensors: dict[str, Tensor]) -> Iterator[Any]:
    """Give a safetensors file of the tensors piece by piece: no second copy of all in memory."""
    header, end = {}, 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        shape, dtype = list(tensor.shape), _DTYPES[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for tensor in tensors.values():
        yield tensor.cpu().contiguous().flatten().view(torch.uint8).numpy().data


def read_file(data: bytes) -> dict[str, Tensor]:
    """Give the tensors of a safetensors file."""
    return safetensors.torch.load(data)
