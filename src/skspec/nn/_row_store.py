"""Rows of bytes under 16-byte keys, in memory and then in a temporary file."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: 16 bytes each; numpy drops zeros at the end when it shows them, not when it compares them.
Keys = NDArray[np.bytes_]
Slots = NDArray[np.int64]
RowBytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Layout:
    """Shape and dtype of the row that some bytes are."""

    shape: tuple[int, ...]
    dtype: str
    row_bytes: int


class KeyIndex:
    """The slot of each key: two sorted arrays, 24 bytes a key."""

    def __init__(self) -> None:
        self._keys: Keys = np.empty(0, dtype="S16")
        self._slots: Slots = np.empty(0, dtype=np.int64)

    def find(self, keys: Keys) -> Slots:
        """Give the slot of each key, -1 for one that is not there."""
        if len(self._keys) == 0:
            return np.full(len(keys), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._slots[places], -1)

    def add(self, keys: Keys, first_slot: int) -> None:
        """Give slots in a row to keys; one that has a slot keeps it."""
        order = np.argsort(keys)
        order = order[self.find(keys[order]) < 0]
        places = np.searchsorted(self._keys, keys[order])
        self._slots = np.insert(self._slots, places, first_slot + order)
        self._keys = np.insert(self._keys, places, keys[order])

    def drop(self, first_slot: int, end_slot: int) -> None:
        """Forget the keys of a range of slots."""
        stay = (self._slots < first_slot) | (self._slots >= end_slot)
        self._keys, self._slots = self._keys[stay], self._slots[stay]


class Block(Protocol):
    """Rows that were stored together."""

    def read(self, rows: NDArray[np.int64], out: RowBytes) -> None:
        """Copy some of the rows."""
        ...


class InMemory:
    """Rows in an array."""

    def __init__(self, rows: RowBytes) -> None:
        self.rows = rows

    def read(self, rows: NDArray[np.int64], out: RowBytes) -> None:
        """Copy some of the rows."""
        np.take(self.rows, rows, axis=0, out=out)


class _InFile:
    """Rows in an open file that is shared with other blocks."""

    def __init__(self, file: IO[bytes], lock: threading.Lock, rows: RowBytes) -> None:
        self.file, self.lock = file, lock
        with lock:
            self.offset = file.seek(0, 2)
            try:
                _write_all(file, rows.data.cast("B"))
                file.flush()
            except OSError:
                file.truncate(self.offset)
                raise

    def read(self, rows: NDArray[np.int64], out: RowBytes) -> None:
        with self.lock:
            read_rows(self.file, self.offset, rows, out)


def _write_all(file: IO[bytes], data: memoryview) -> None:
    """Write everything: without a buffer, a file can take less than it is given."""
    while len(data):
        data = data[file.write(data) :]


def read_rows(file: Any, offset: int, rows: NDArray[np.int64], out: RowBytes) -> None:
    """Copy some of the rows that begin at an offset of a file."""
    for row, target in zip(rows.tolist(), out, strict=True):
        file.seek(offset + row * len(target))
        if file.readinto(target) != len(target):
            raise OSError(f"A stored row is cut short at byte {offset + row * len(target)}.")


class RowStore:
    """Blocks of rows, counted through; what its subclasses add is where a block lies."""

    layout: Layout | None = None

    def __init__(self) -> None:
        self.index = KeyIndex()
        self._blocks: list[Block] = []
        self._starts: Slots = np.zeros(1, dtype=np.int64)  # of each block, and the end

    def find(self, keys: Keys) -> Slots:
        """Give the slot of each key, -1 for one that is not there."""
        return self.index.find(keys)

    def add(self, keys: Keys, rows: RowBytes, layout: Layout) -> None:
        """Store rows under keys that are not there yet."""
        raise NotImplementedError

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from adding rows."""
        yield

    def read(self, slots: Slots, out: RowBytes) -> None:
        """Copy the rows of slots that `find` gave."""
        starts, blocks = self._starts, self._blocks
        where = np.searchsorted(starts, slots, side="right") - 1
        for number in np.unique(where):
            here = where == number
            rows = np.empty((int(here.sum()), out.shape[1]), dtype=np.uint8)
            blocks[number].read(slots[here] - starts[number], rows)
            out[here] = rows

    def _append(self, keys: Keys, block: Block, layout: Layout) -> None:
        first = int(self._starts[-1])
        self.layout = layout
        self._blocks.append(block)
        self._starts = np.append(self._starts, first + len(keys))
        self.index.add(keys, first)


class MemoryRows(RowStore):
    """Rows in memory while `take` grants it, then in a temporary file without a name."""

    def __init__(self, take: Callable[[int], bool]) -> None:
        super().__init__()
        self._take = take
        self._file: IO[bytes] | None = None
        self._file_lock = threading.Lock()

    def add(self, keys: Keys, rows: RowBytes, layout: Layout) -> None:
        """Store rows under keys that are not there yet."""
        if self._take(rows.nbytes):
            self._append(keys, InMemory(rows), layout)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="skspec-", buffering=0)  # noqa: SIM115
        self._append(keys, _InFile(self._file, self._file_lock, rows), layout)
