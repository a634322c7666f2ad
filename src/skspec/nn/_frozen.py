"""The part of a network that does not learn, computed once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skspec._image_batch import ImageBatch, as_version
from skspec.nn._batches import Examples, batch_slices, to_tensor
from skspec.nn._cache import FrozenCache
from skspec.nn._cached_rows import image_keys
from skspec.nn._device import Compute
from skspec.nn._frozen_context import frozen_context
from skspec.nn._frozen_part import FrozenPart, fixed_batch_size
from skspec.nn._network import TransferNetwork
from skspec.nn._row_store import Keys, Slots

if TYPE_CHECKING:
    from skspec.nn._run import Run


class FrozenImages:
    """What a frozen part gives for images: an `ImageSource` of activations.

    Parameters
    ----------
    images : ImageBatch
        The images, with no policy or one whose versions can be listed.
    part : FrozenPart
        What they go through.
    keys : array of keys of shape (n_versions, n_images), default=None
        Keys known from other stages; new ones are added.
    """

    def __init__(self, images: ImageBatch, part: FrozenPart, keys: Keys | None = None) -> None:
        self.images = images
        self.part = part
        self.keys = new_keys(images) if keys is None else keys
        self.slots: Slots = np.full(self.keys.shape, -1, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.images)

    def fill(self, rows: NDArray[np.intp], versions: list[int]) -> None:
        """Compute and store what is missing, in chunks; later no image is made or hashed."""
        if self.part.cached is None:
            return
        for chunk in self.part.chunks(rows, image_bytes(self.images)):
            self._fill_chunk(chunk, versions)

    def _fill_chunk(self, rows: NDArray[np.intp], versions: list[int]) -> None:
        plain = functools.cache(lambda: self.images.batch(rows))
        for version in versions:
            mirrored = functools.cache(functools.partial(_mirrored, plain, version))
            if (self.keys[version, rows] == b"").any():
                self.keys[version, rows] = image_keys(mirrored())
            self.slots[version, rows] = self.part.locate(self.keys[version, rows], mirrored)

    def batch(self, indices: Any, epoch: int = 0, training: bool = False) -> Tensor:
        """Give activations by position, of images as drawn for `epoch` when training."""
        rows = np.asarray(indices, dtype=np.intp)
        versions = self.images.drawn_versions(rows, epoch) if training else np.zeros_like(rows)
        return self.part.read(
            self.slots[versions, rows], lambda: self.images.batch(rows, epoch, training)
        )

    def draw(
        self, positions: NDArray[np.intp], rows: NDArray[np.intp], epoch: int
    ) -> tuple[Tensor, None, NDArray[np.float64]]:
        """Give activations of training images as drawn for an epoch; nothing is mixed."""
        return self.batch(rows[positions], epoch, training=True), None, np.ones(len(positions))


def image_bytes(images: ImageBatch) -> int:
    """Give the size of an image."""
    return prod(images.shape[1:]) * images.dtype.itemsize


def _mirrored(images: Callable[[], NDArray[Any]], version: int) -> NDArray[Any]:
    return as_version(images(), version)


def new_keys(images: ImageBatch) -> Keys:
    """Give room for the keys of all versions of all images."""
    return np.zeros((1 + max(images.versions or [0]), len(images)), dtype="S16")


def frozen_part(
    network: TransferNetwork,
    first_block: int,
    images: ImageBatch,
    compute: Compute,
    cache: FrozenCache | None,
) -> FrozenPart:
    """Give all that does not learn as a function of images: the blocks before `first_block`.

    Where that is all of them, and the head pools by a fixed rule, the pooling is part of it.
    """
    maps = _frozen_blocks(network, first_block, images, compute, cache)
    if entry_point(network, first_block) == first_block:
        return maps
    return _with_pooling(maps, network, cache)


def _frozen_blocks(
    network: TransferNetwork,
    first_block: int,
    images: ImageBatch,
    compute: Compute,
    cache: FrozenCache | None,
) -> FrozenPart:
    """Give a network's adapter and the blocks before `first_block` as a function of images."""

    def forward(x: Tensor) -> Tensor:
        x = network.adapter(x)
        for block in network.backbone.blocks[:first_block]:
            x = block(x)
        return x

    part = FrozenPart(forward, compute, fixed_batch_size(compute))
    if compute.device.type == "cuda":
        part = part.that_fits(images.shape[1:])
    if cache is None:
        return part
    context = frozen_context(
        network.adapter, network.backbone, first_block, images, compute, part.batch_size
    )
    return replace(part, cached=cache.rows(context))


def _with_pooling(
    maps: FrozenPart, network: TransferNetwork, cache: FrozenCache | None
) -> FrozenPart:
    """Give what the head pools of the maps that a part gives, kept beside them.

    The maps serve heads that pool in other ways; what they are pooled to is a small part of them,
    and is all that an epoch of this head reads.
    """
    pooled = replace(maps, forward=network.head.pool, cached=None, before=maps)
    if cache is None or maps.cached is None:
        return pooled
    how = {"pooling": network.head.pooling, "n_bands": network.head.n_bands}
    context = {**maps.cached.context, "after": how}
    return replace(pooled, cached=cache.rows(context, through_network=False))


def entry_point(network: TransferNetwork, first_block: int) -> int:
    """Give where a network takes over from its frozen part: a block, or what follows pooling."""
    n_blocks = len(network.backbone.blocks)
    pooled = first_block == n_blocks and network.head.pools_fixedly
    return n_blocks + 1 if pooled else first_block


def frozen_once(run: Run, first_block: int) -> tuple[Examples, Examples | None, int | None]:
    """Give what a stage trains and validates on, and where it enters (None: as images)."""
    images = run.train.source
    versions = images.versions if isinstance(images, ImageBatch) else None
    if first_block == 0 or versions is None:
        return run.train, run.valid, None
    assert isinstance(images, ImageBatch)
    part = frozen_part(run.network, first_block, images, run.compute, run.cache)
    train = _through(part, run.train, versions, run.keys)
    valid = None if run.valid is None else _through(part, run.valid, [0], run.keys)
    return train, valid, entry_point(run.network, first_block)


def _through(
    part: FrozenPart, examples: Examples, versions: list[int], keys: dict[int, Keys]
) -> Examples:
    """Give examples whose images have gone through a part; keys stay for other stages."""
    images = examples.source
    assert isinstance(images, ImageBatch)
    known = keys.setdefault(id(images), new_keys(images))
    source = FrozenImages(images, part, known)
    source.fill(examples.rows, versions)
    return replace(examples, source=source)


def prediction_batches(
    network: TransferNetwork,
    images: ImageBatch,
    first_block: int,
    compute: Compute,
    cache: FrozenCache | None,
    batch_size: int,
) -> Iterator[Tensor]:
    """Give batches of what the network takes at its entry point; of images where none is frozen.

    The blocks before it have never learnt: they run as they did in training, so that predictions
    are bitwise the same with a cache and without.
    """
    positions = np.arange(len(images))
    if first_block == 0:
        source = images.on_device()
        for rows in batch_slices(len(images), batch_size, merge_single=False):
            yield to_tensor(source.batch(positions[rows]), compute)
        return
    part = frozen_part(network, first_block, images, compute, cache)
    for chunk in part.chunks(positions, image_bytes(images), batch_size):
        yield from part(images.batch(chunk)).split(batch_size)
