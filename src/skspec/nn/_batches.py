"""From stored images to batches on the device, in an order that depends on the epoch alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skspec._seeding import generator_at
from skspec.nn._device import Compute

#: Images, and (class index, weight) of each; where images are mixed, also of the other clip.
Batch: TypeAlias = tuple[Tensor, tuple[Tensor, ...]]


Item = TypeVar("Item")
_END: Any = object()


class ImageSource(Protocol):
    """What the training loop asks of images: an `ImageBatch` is one, `FrozenImages` another."""

    def __len__(self) -> int: ...

    def batch(self, indices: Any, epoch: int = 0, training: bool = False) -> Any:
        """Give images by position, as drawn for `epoch` when training: an array or a tensor."""
        ...

    def draw(
        self, positions: NDArray[np.intp], rows: NDArray[np.intp], epoch: int
    ) -> tuple[Any, NDArray[np.intp] | None, NDArray[np.float64]]:
        """Give training images as drawn for an epoch, whom each is mixed with, and its share."""
        ...


@dataclass(frozen=True)
class Examples:
    """Images of a source with class index and weight; `rows` are those that take part."""

    source: ImageSource
    rows: NDArray[np.intp]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


def leave_on_device(examples: Examples) -> Examples:
    """Give the same examples, whose images stay on the torch device that draws them, if any."""
    source = examples.source
    return (
        replace(examples, source=source.on_device()) if hasattr(source, "on_device") else examples
    )


def batch_slices(n: int, batch_size: int, *, merge_single: bool) -> list[slice]:
    """Cut n positions into slices; a last slice of one image can join the one before it.

    BatchNorm in training cannot work on one image with one value per channel.
    """
    starts = list(range(0, n, batch_size))
    if merge_single and len(starts) > 1 and n - starts[-1] == 1:
        starts.pop()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], n], strict=True)]


class BatchLoader:
    """Batches for skorch; each pass in training is the next epoch, with its own order and draws.

    Parameters
    ----------
    examples : Examples
        What to load.
    batch_size : int
        Images per batch.
    compute : Compute
        Device and dtype of the batches.
    training : bool
        Whether to shuffle and to draw augmentation.
    seed : int, default=0
        Seed of the order.
    first_epoch : int, default=0
        Number of the first pass, counted over all stages.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        compute: Compute,
        *,
        training: bool,
        seed: int = 0,
        first_epoch: int = 0,
    ) -> None:
        self.examples = leave_on_device(examples)
        self.compute = compute
        self.training = training
        self.seed = seed
        self.epoch = first_epoch - 1
        self.slices = batch_slices(len(examples), batch_size, merge_single=training)

    def __len__(self) -> int:
        return len(self.slices)

    def __iter__(self) -> Iterator[Batch]:
        self.epoch += 1
        order = np.arange(len(self.examples))
        if self.training:
            generator_at(self.seed, "order", self.epoch).shuffle(order)
        batches = (self._batch(order[part]) for part in self.slices)
        # Images are made and sent while the GPU computes; on a CPU both want the same cores.
        yield from made_ahead(batches) if self.compute.device.type == "cuda" else batches

    def _batch(self, positions: NDArray[np.intp]) -> Batch:
        examples = self.examples
        if not self.training:
            images = examples.source.batch(examples.rows[positions])
            return to_tensor(images, self.compute), self._labels(positions)
        images, partners, shares = examples.source.draw(positions, examples.rows, self.epoch)
        labels = self._labels(positions, shares)
        if partners is not None:
            labels += self._labels(partners, 1.0 - shares)
        return to_tensor(images, self.compute), labels

    def _labels(
        self, positions: NDArray[np.intp], shares: NDArray[np.float64] | float = 1.0
    ) -> tuple[Tensor, ...]:
        """Give class indices, and weights: how much each clip counts as one of that class."""
        targets = torch.from_numpy(self.examples.targets[positions])
        weights = torch.from_numpy(self.examples.weights[positions] * shares)
        device = self.compute.device
        return targets.to(device), weights.to(device, self.compute.dtype)


def made_ahead(items: Iterator[Item], depth: int = 2) -> Iterator[Item]:
    """Give the items in order, of which a thread makes so many before they are asked for."""
    with ThreadPoolExecutor(1, thread_name_prefix="skspec-batch") as pool:
        coming = deque(pool.submit(next, items, _END) for _ in range(depth))
        while (item := coming.popleft().result()) is not _END:
            coming.append(pool.submit(next, items, _END))
            yield item


def to_tensor(images: NDArray[Any] | Tensor, compute: Compute) -> Tensor:
    """Put images on the device; arrays that may not be written to are copied first.

    A tensor is what blocks gave, or images drawn on a device; under autocast it keeps its dtype.
    """
    if isinstance(images, Tensor):
        return images.to(compute.device, None if compute.autocast else compute.dtype)
    writable = images if images.flags.writeable else images.copy()
    tensor = torch.from_numpy(np.ascontiguousarray(writable))
    if compute.device.type == "cuda":  # from pinned memory the copy waits for nothing
        tensor = tensor.pin_memory()
    return tensor.to(compute.device, compute.dtype, non_blocking=True)
