"""A frozen part of a network as a function of single images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skspec.exceptions import ParameterError
from skspec.nn._batches import to_tensor
from skspec.nn._cached_rows import CachedRows, image_keys
from skspec.nn._device import Compute
from skspec.nn._memory import PartSize
from skspec.nn._row_store import Keys, Slots

#: Bytes of images, and of rows, that are in memory at once while rows are computed.
CHUNK_BYTES = 16 * 2**20


def fixed_batch_size(compute: Compute, wanted: int | None = None) -> int:
    """Give the size of the batches in which a frozen part runs, always.

    Kernels, and so the last bits, depend on the size of a batch. On the CPU in float64 they also
    depend on where in the batch an image lies, so that there one goes at a time.
    """
    on_cuda = compute.device.type == "cuda"
    if compute.dtype == torch.float64 and not on_cuda:
        return 1
    return wanted or (64 if on_cuda else 16)


@dataclass(frozen=True)
class FrozenPart:
    """A function of single images, computed in batches of one size and kept in a cache.

    Parameters
    ----------
    forward : callable
        Gives a tensor with one row for each image of a batch; it depends on nothing that changes.
    compute : Compute
        Where and in which number format.
    batch_size : int
        Images per batch; the last one is filled up.
    cached : CachedRows, default=None
        Where rows are kept; None computes them each time.
    before : FrozenPart, default=None
        What the images go through first, where that has a place of its own in the cache.
    """

    forward: Callable[[Tensor], Tensor]
    compute: Compute
    batch_size: int
    cached: CachedRows | None = None
    before: FrozenPart | None = None

    def run(self, images: NDArray[Any]) -> Tensor:
        """Compute rows; maps (n, channels, height, width) have their channels last."""
        if self.before is None:
            return self._run(images)
        chunks = self.before.chunks(np.arange(len(images)), images[0].nbytes)
        return torch.cat([self._run(self.before(images[chunk])) for chunk in chunks])

    def _run(self, inputs: NDArray[Any] | Tensor) -> Tensor:
        parts = [
            self._run_batch(inputs[start : start + self.batch_size])
            for start in range(0, len(inputs), self.batch_size)
        ]
        return torch.cat(parts)

    def _run_batch(self, images: NDArray[Any] | Tensor) -> Tensor:
        filled = images[np.minimum(np.arange(self.batch_size), len(images) - 1)]
        with torch.no_grad(), self.compute.context():
            rows = self.forward(to_tensor(filled, self.compute))
        if not isinstance(rows, Tensor) or len(rows) != len(filled):
            raise ParameterError(
                "A frozen block must give one tensor with a row for each image, but the last one "
                f"gives {type(rows).__name__}. End the frozen part after another block."
            )
        rows = rows.permute(0, 2, 3, 1) if rows.ndim == 4 else rows
        return rows[: len(images)].contiguous()

    def locate(self, keys: Keys, images: Callable[[], NDArray[Any]]) -> Slots:
        """Give the slots of images by key, computing what is missing; -1 where none is kept."""
        if self.cached is None:
            return np.full(len(keys), -1, dtype=np.int64)
        return self.cached.fill(keys, lambda missing: self.run(images()[missing]))

    def read(self, slots: Slots, images: Callable[[], NDArray[Any]]) -> Tensor:
        """Give what the part gives for images, on the device: read where it is stored."""
        stored = np.flatnonzero(slots >= 0)
        found = None
        if self.cached is not None and len(stored):
            found = self.cached.read(slots[stored])
        if found is None:
            rows = self.run(images())
        elif len(stored) == len(slots):
            rows = found.to(self.compute.device)
        else:
            missing = np.flatnonzero(slots < 0)
            computed = self.run(images()[missing])
            rows = computed.new_empty((len(slots), *computed.shape[1:]))
            rows[stored] = found.to(rows.device)
            rows[missing] = computed
        # Maps get their axes (n, channels, height, width) back; nothing moves in memory.
        return rows.permute(0, 3, 1, 2) if rows.ndim == 4 else rows

    def __call__(self, images: NDArray[Any]) -> Tensor:
        """Give what the part gives for a few images, through the cache."""
        if self.cached is None:
            return self.read(np.full(len(images), -1), lambda: images)
        slots = self.locate(image_keys(images), lambda: images)
        return self.read(slots, lambda: images)

    def that_fits(self, image_shape: tuple[int, ...]) -> FrozenPart:
        """Give the part with batches that the device has memory for, found on an empty image."""
        image = np.zeros((1, *image_shape), dtype=np.float32)
        sizes = PartSize(self.batch_size)

        def batch_of(parts: list[slice]) -> FrozenPart:
            part = replace(self, batch_size=parts[0].stop)
            part.run(image)
            return part

        return sizes.fitting(self.batch_size, batch_of)

    def chunks(
        self, rows: NDArray[np.intp], image_bytes: int, multiple: int = 1
    ) -> Iterator[NDArray[np.intp]]:
        """Cut rows into as many as to take at once: a batch, and more where they are kept.

        What a row needs is known after the first batch.
        """
        while len(rows):
            layout = None if self.cached is None else self.cached.layout
            bytes_each = CHUNK_BYTES if layout is None else max(1, image_bytes, layout.row_bytes)
            n = max(1, CHUNK_BYTES // bytes_each // self.batch_size) * self.batch_size
            n = -(-n // multiple) * multiple
            yield rows[:n]
            rows = rows[n:]
