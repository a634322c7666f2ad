"""Rows of a cache as tensors, found by the image's hash or computed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xxhash
from numpy.typing import NDArray
from torch import Tensor

from skspec._storage import DamagedFileError
from skspec.nn._row_store import Keys, Layout, RowStore, Slots

_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16)
}


class CachedRows:
    """The rows of one context, for any number of threads."""

    def __init__(
        self,
        context: dict[str, Any],
        store: RowStore,
        count: Callable[[int, int], None],
        give_up: Callable[[OSError], None],
    ) -> None:
        self.context = context
        self._store = store
        self._count = count
        self._give_up = give_up
        self._lock = threading.RLock()
        self._broken = False

    @property
    def layout(self) -> Layout | None:
        """Shape and dtype of a row; None before there is one."""
        return self._store.layout

    def fill(self, keys: Keys, compute: Callable[[NDArray[np.intp]], Tensor]) -> Slots:
        """Give the slot of each key, of those that were missing after computing them.

        Parameters
        ----------
        keys : array of 16-byte keys
            One for each image.
        compute : callable
            ``compute(positions)`` gives the rows of the images at those positions. It is called
            at most once, for no image twice.

        Returns
        -------
        array of int
            -1 for a row that could not be stored.
        """
        with self._lock:
            slots, n_computed = self._store.find(keys), 0
            if not self._broken and (slots < 0).any():
                slots, n_computed = self._fill(keys, slots, compute)
        self._count(n_computed, int((slots >= 0).sum()) - n_computed)
        return slots

    def _fill(
        self, keys: Keys, slots: Slots, compute: Callable[[NDArray[np.intp]], Tensor]
    ) -> tuple[Slots, int]:
        with contextlib.ExitStack() as stack:
            if not self._tried(lambda: stack.enter_context(self._store.exclusive())):
                return slots, 0
            missing = np.flatnonzero(self._store.find(keys) < 0)
            _, first = np.unique(keys[missing], return_index=True)
            new = missing[np.sort(first)]
            if len(new):
                # Outside of _tried: an image that cannot be read is an OSError too.
                rows, layout = to_bytes(compute(new))
                if not self._tried(lambda: self._store.add(keys[new], rows, layout)):
                    return self._store.find(keys), 0
            return self._store.find(keys), len(new)

    def _tried(self, step: Callable[[], Any]) -> bool:
        """Do something on disk; where that fails, store nothing more."""
        try:
            step()
        except OSError as error:
            self._broken = True
            self._give_up(error)
        return not self._broken

    def read(self, slots: Slots) -> Tensor | None:
        """Give the rows of slots, on the CPU; None where they have become unreadable."""
        layout = self._store.layout
        assert layout is not None
        # torch's memory is aligned as that of computed rows: some kernels round by alignment.
        rows = torch.empty((len(slots), layout.row_bytes), dtype=torch.uint8)
        try:
            self._store.read(slots, rows.numpy())
        except DamagedFileError:  # the store has said so, and dropped it
            return None
        except OSError as error:
            self._give_up(error)
            return None
        return rows.view(_DTYPES[layout.dtype]).view(len(slots), *layout.shape)


def to_bytes(rows: Tensor) -> tuple[NDArray[np.uint8], Layout]:
    """Give rows as bytes, and what they are."""
    rows = rows.detach().cpu().contiguous()
    flat = rows.reshape(len(rows), -1).view(torch.uint8).numpy()
    name = str(rows.dtype).removeprefix("torch.")
    return flat, Layout(tuple(rows.shape[1:]), name, flat.shape[1])


def image_keys(images: NDArray[Any]) -> Keys:
    """Give the hash of each image's bytes."""
    images = np.ascontiguousarray(images)
    digests = [xxhash.xxh3_128_digest(image) for image in images]
    return np.frombuffer(b"".join(digests), dtype="S16")
