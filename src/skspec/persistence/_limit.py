"""A bound on the memory that building a network may take, set by the weights that are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

# The largest backbone that may be built to be cut short afterwards has 300 MB (CNN14).
WEIGHTS = 352 * 2**20
#: Of one result of a calculation, beside the weights: maps of a large image.
RESULT = 64 * 2**20
#: Of a layer's Python objects, so that millions of tiny ones are no way round.
LAYER = 2**16


@contextmanager
def building(arrays: dict[str, NDArray[Any]]) -> Iterator[None]:
    """Refuse inside what would take far more memory than these weights."""
    with _Limit(2 * sum(array.nbytes for array in arrays.values())):
        yield


class _Limit(TorchDispatchMode):
    """Computes the size of every result before there is one."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.weights_left = WEIGHTS + more
        self.result = RESULT + more

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Check an operation, then run it."""
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        devices: list[Any] = [t.device for t in tensors] or [kwargs.get("device")]
        # What writes into its arguments makes nothing new, and what is on meta has no memory.
        if not func._schema.is_mutable and set(devices) != {torch.device("meta")}:
            self._check(_n_bytes(func, args, kwargs), from_nothing=not tensors)
        return func(*args, **kwargs)

    def _check(self, n_bytes: int, *, from_nothing: bool) -> None:
        if from_nothing:
            self.weights_left -= n_bytes + LAYER
        if self.weights_left < 0 or (n_bytes > self.result and not from_nothing):
            raise ValueError(
                "building its network takes far more memory than its weights: its sizes are not "
                "those of the weights, or a large backbone is cut very short"
            )


def _n_bytes(func: Any, args: Any, kwargs: dict[str, Any]) -> int:
    """Give the size of an operation's result, found on torch's meta device."""
    args, kwargs = tree_map(_on_meta, (args, kwargs))
    if any(argument.name == "device" for argument in func._schema.arguments):
        kwargs["device"] = torch.device("meta")
    try:
        results = tree_leaves(func(*args, **kwargs))
    except (RuntimeError, NotImplementedError):  # depends on values: it gives no more than it gets
        return 0
    return sum(result.nbytes for result in results if isinstance(result, torch.Tensor))


def _on_meta(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
