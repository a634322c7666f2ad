"""Batches in parts, where the device has no memory for a whole one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from skspec.exceptions import SkspecError

Result = TypeVar("Result")


class DeviceMemoryError(SkspecError, torch.OutOfMemoryError):
    """The device has no memory for a single image; not in `exceptions`, which knows no torch."""


@dataclass
class PartSize:
    """The most images that go through the network at once; halved where memory runs out."""

    largest: int | None = None
    warned: bool = False

    def parts(self, n: int) -> list[slice]:
        """Cut n images into as few parts as may be, of nearly equal size."""
        n_parts = -(-n // min(self.largest or n, n))
        ends = [n * i // n_parts for i in range(n_parts + 1)]
        return [slice(a, b) for a, b in pairwise(ends)]

    def fitting(
        self,
        n: int,
        work: Callable[[list[slice]], Result],
        undo: Callable[[], None] = lambda: None,
    ) -> Result:
        """Give ``work(parts)`` of n images; `undo` comes before another try in smaller parts."""
        while True:
            parts = self.parts(n)
            try:
                return work(parts)
            except torch.OutOfMemoryError as error:
                self._halve(max(part.stop - part.start for part in parts), error)
            if torch.cuda.is_available():  # out here nothing holds the failed try's tensors
                torch.cuda.empty_cache()
            undo()

    def _halve(self, size: int, error: torch.OutOfMemoryError) -> None:
        if size == 1:
            raise DeviceMemoryError(
                f"The device ran out of memory on a single image: {error} Use a smaller "
                "input_size or network, upto=, stages that train less, or device='cpu'."
            ) from error
        self.largest = (size + 1) // 2

    def warn(self, batch_size: int) -> None:
        """Say once in a fit that batches go in parts, and what that changes."""
        if self.largest is None or self.warned:
            return
        self.warned = True
        warnings.warn(
            f"The device ran out of memory. Batches of {batch_size} images go through the network "
            f"in parts of at most {self.largest} from here on; their gradients are added up, so "
            "that a step is still one of the whole batch. BatchNorm layers that learn see the "
            "parts alone: their statistics are those of the smaller batch. A smaller batch_size "
            "or input_size needs less memory.",
            UserWarning,
            stacklevel=2,
        )


def in_parts(network: Callable[[Tensor], Tensor], x: Tensor, parts: list[slice]) -> Tensor:
    """Give the outputs for all of x; for use where no gradient is wanted."""
    return torch.cat([network(x[part]) for part in parts])
