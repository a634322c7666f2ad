"""Files that are whole or not there: written by rename, checked by SHA-256, locked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

_CHECKSUM = "checksum"
#: How the names of unfinished files end: only a writer that was killed leaves one.
UNFINISHED = ".unfinished"


class DamagedFileError(ValueError):
    """A file is not what was written; whoever reads it must rebuild or report it."""


def canonical_json(content: Any) -> bytes:
    """Give the same bytes for equal content: keys sorted, no spaces, no NaN."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def sha256(data: Any) -> str:
    """Give the SHA-256 of bytes or of a contiguous array's bytes."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """Give the SHA-256 of a file, a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: Any) -> str:
    """Write a file that, whatever happens meanwhile, is there as a whole or not at all.

    The bytes go to a file beside it and onto the disk, then it is renamed. Gives their SHA-256.
    """
    return write_parts(path, [data])


def write_parts(path: Path, parts: Iterable[Any]) -> str:
    """Write a file of several parts as `write_whole` does, and give its SHA-256."""
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}{UNFINISHED}")
    digest = hashlib.sha256()
    try:
        with unfinished.open("xb") as file:
            for part in parts:
                file.write(part)
                digest.update(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename last; some systems cannot open a folder, and need not."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_manifest(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that carries its own checksum."""
    write_whole(path, manifest_bytes(content))


def manifest_bytes(content: dict[str, Any]) -> bytes:
    """Give what `write_manifest` writes."""
    checksum = sha256(canonical_json(content))
    return json.dumps({**content, _CHECKSUM: checksum}, indent=1, sort_keys=True).encode()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read what `write_manifest` wrote; any other byte is a `DamagedFileError`."""
    return parse_manifest(path.read_bytes(), path)


def parse_manifest(data: bytes, name: str | Path) -> dict[str, Any]:
    """Read what `manifest_bytes` gave; any other byte is a `DamagedFileError` with that name."""
    try:
        content = json.loads(data)
        content.pop(_CHECKSUM)
        intact = manifest_bytes(content) == data
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise DamagedFileError(f"{name} is no manifest: {error}") from error
    if not intact:
        raise DamagedFileError(f"{name} does not have the checksum it was written with")
    return content


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file among threads and processes; that of a dead holder is free."""
    with FileLock(path, thread_local=False):
        yield


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold a lock file where nobody else does, and tell whether it is held."""
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
