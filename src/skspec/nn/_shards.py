"""Rows of bytes in a folder of shards that processes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import xxhash
from numpy.typing import NDArray

from skspec._storage import (
    UNFINISHED,
    DamagedFileError,
    file_sha256,
    locked,
    read_manifest,
    write_manifest,
    write_whole,
)
from skspec.nn._row_store import Keys, Layout, RowBytes, RowStore, Slots, read_rows

SHARD_BYTES = 64 * 2**20
#: Shards that this process has verified, by path, time, size and inode: once is enough.
_VERIFIED: set[tuple[str, int, int, int]] = set()


class _Dropped:
    """Stands where a damaged shard was: its slots stay taken."""

    def read(self, rows: NDArray[np.int64], out: RowBytes) -> None:
        raise DamagedFileError("These rows have been dropped.")


_DROPPED = _Dropped()


@dataclass(frozen=True)
class _Shard:
    """A data file and its manifest; opened for each reading, as there can be thousands."""

    manifest: Path
    n_rows: int
    layout: Layout
    sha256: str
    row_hashes: NDArray[np.uint64]

    @property
    def data(self) -> Path:
        return self.manifest.with_suffix(".bin")

    def verify(self, *, again: bool = False) -> None:
        """Compare the data with the manifest, unless this process has done so."""
        found = self.data.stat()
        seen = (str(self.data), found.st_mtime_ns, found.st_size, found.st_ino)
        if seen in _VERIFIED and not again:
            return
        whole = found.st_size == self.n_rows * self.layout.row_bytes
        if not whole or file_sha256(self.data) != self.sha256:
            raise DamagedFileError(f"{self.data} does not have the SHA-256 it was written with")
        _VERIFIED.add(seen)

    def read(self, rows: NDArray[np.int64], out: RowBytes) -> None:
        with self.data.open("rb", buffering=0) as file:
            read_rows(file, 0, rows, out)
        if (_row_hashes(out) != self.row_hashes[rows]).any():
            raise DamagedFileError(f"{self.data} has rows that are not as they were written")


def _row_hashes(rows: RowBytes) -> NDArray[np.uint64]:
    """Give a hash of each row that costs no more than copying it."""
    digests = b"".join(xxhash.xxh3_64_digest(row) for row in rows)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


class FolderRows(RowStore):
    """Rows in shards on disk, shared by processes; what is damaged is dropped and reported.

    A shard is there when its manifest is, and that is renamed into place last: what a killed
    writer leaves is never read. Slots are of this process alone.
    """

    def __init__(self, folder: Path, on_damage: Callable[[str], None]) -> None:
        super().__init__()
        self._folder = folder
        self._on_damage = on_damage
        self._seen: set[Path] = set()
        self._swept = False
        self._refresh()

    def find(self, keys: Keys) -> Slots:
        """Give the slot of each key, -1 for one that is not there, all in verified shards."""
        while True:
            slots = self.index.find(keys)
            if all(self._is_whole(number) for number in self._shard_numbers(slots[slots >= 0])):
                return slots

    def read(self, slots: Slots, out: RowBytes) -> None:
        """Copy the rows of slots that `find` gave; each is verified, whenever it is read."""
        numbers = self._shard_numbers(slots)
        try:
            super().read(slots, out)
        except DamagedFileError:
            for number in numbers:
                self._is_whole(number, again=True)
            raise

    def _shard_numbers(self, slots: Slots) -> list[int]:
        return np.unique(np.searchsorted(self._starts, slots, side="right") - 1).tolist()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from adding rows, and learn what they have added."""
        with locked(self._folder / "lock"):
            if not self._swept:
                self._sweep()
            self._refresh()
            yield

    def add(self, keys: Keys, rows: RowBytes, layout: Layout) -> None:
        """Write rows as shards, data first."""
        step = max(1, SHARD_BYTES // max(1, layout.row_bytes))
        for start in range(0, len(keys), step):
            part = slice(start, start + step)
            self._write(keys[part], rows[part], layout)

    def _write(self, keys: Keys, rows: RowBytes, layout: Layout) -> None:
        manifest = self._folder / f"shard-{uuid4().hex}.json"
        digest = write_whole(manifest.with_suffix(".bin"), rows)
        shard = _Shard(manifest, len(keys), layout, digest, _row_hashes(rows))
        content = {
            "keys": keys.tobytes().hex(),
            "n_rows": len(keys),
            "shape": list(layout.shape),
            "dtype": layout.dtype,
            "row_bytes": layout.row_bytes,
            "sha256": digest,
            "row_hashes": shard.row_hashes.astype(">u8").tobytes().hex(),
        }
        write_manifest(manifest, content)
        self._seen.add(manifest)
        self._append(keys, shard, layout)

    def _refresh(self) -> None:
        """Learn which shards there are by now."""
        for manifest in sorted(set(self._folder.glob("shard-*.json")) - self._seen):
            self._seen.add(manifest)
            try:
                content = read_manifest(manifest)
            except FileNotFoundError:
                continue  # another process has just dropped it
            except (DamagedFileError, OSError) as error:
                self._discard(manifest, error)
                continue
            layout = Layout(tuple(content["shape"]), content["dtype"], content["row_bytes"])
            keys = np.frombuffer(bytes.fromhex(content["keys"]), dtype="S16")
            hashes = np.frombuffer(bytes.fromhex(content["row_hashes"]), dtype=">u8")
            digest, hashes = content["sha256"], hashes.astype(np.uint64)
            self._append(keys, _Shard(manifest, len(keys), layout, digest, hashes), layout)

    def _is_whole(self, number: int, *, again: bool = False) -> bool:
        shard = self._blocks[number]
        if shard is _DROPPED:  # another thread has met the same damage
            return False
        assert isinstance(shard, _Shard)
        try:
            shard.verify(again=again)
        except FileNotFoundError:
            if shard.manifest.exists():
                self._discard(shard.manifest, DamagedFileError(f"{shard.data} is not there"))
        except (DamagedFileError, OSError) as error:
            self._discard(shard.manifest, error)
        else:
            return True
        self.index.drop(int(self._starts[number]), int(self._starts[number + 1]))
        self._blocks[number] = _DROPPED
        return False

    def _discard(self, manifest: Path, error: Exception) -> None:
        if isinstance(error, DamagedFileError):  # another may pass, and the shard be good
            for file in (manifest, manifest.with_suffix(".bin")):
                with suppress(OSError):
                    file.unlink()
        self._on_damage(str(error))

    def _sweep(self) -> None:
        """Remove what killed writers left; under the lock no one else is writing."""
        self._swept = True
        manifests = {path.stem for path in self._folder.glob("shard-*.json")}
        for path in self._folder.glob("*"):
            orphan = path.suffix == ".bin" and path.stem not in manifests
            if orphan or path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)
