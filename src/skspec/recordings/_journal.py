"""What has been predicted so far, on disk, so that a killed run goes on."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from skspec._storage import canonical_json, locked_if_free, sha256, write_whole
from skspec.exceptions import CheckpointWarning, ParameterError

_CHECKSUM = "checksum"
_FORMAT = "skspec journal 1"
Entry = dict[str, Any]


class Journal:
    """Entries of a run, in order; each new one is on the disk before the next is computed.

    An entry holds numbers, text, dicts of them, and arrays of int64 or float64, as lists in the
    file.
    """

    def __init__(self, entries: list[Entry], file: BinaryIO | None = None) -> None:
        self.entries = entries
        self._file = file

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(_line(len(self.entries), _as_lists(entry)))
            self._file.flush()
            os.fsync(self._file.fileno())


@contextmanager
def open_journal(path: str | os.PathLike[str] | None, run: dict[str, Any]) -> Iterator[Journal]:
    """Give the journal of a run; no other process has it meanwhile.

    Parameters
    ----------
    path : path or None
        A file that is there or is made; None keeps the journal in memory.
    run : dict of str to str or number
        What tells this run from others, by the name that a message has for it.
    """
    if path is None:
        yield Journal([])
        return
    file = Path(path).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    with locked_if_free(file.with_name(f"{file.name}.lock")) as free:
        if not free:
            raise ParameterError(f"Got journal={path!r}, which another run is writing.")
        head = {"format": _FORMAT, **run}
        if not file.exists():
            write_whole(file, _line(0, head))
        entries, n_bytes = _read(file)
        _check_head(entries, head, path)
        with file.open("r+b") as opened:
            opened.truncate(n_bytes)
            opened.seek(n_bytes)
            yield Journal(entries[1:], opened)


def _as_lists(entry: Entry) -> Entry:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in entry.items()}


def _as_arrays(entry: Entry) -> Entry:
    return {k: np.asarray(v) if isinstance(v, list) else v for k, v in entry.items()}


def _line(number: int, entry: Entry) -> bytes:
    content = {**entry, "number": number}
    return canonical_json({**content, _CHECKSUM: sha256(canonical_json(content))}) + b"\n"


def _parse(line: bytes, number: int) -> Entry | None:
    """Give the entry of a line, None for any line that was not written with that number."""
    try:
        entry = json.loads(line)
        del entry[_CHECKSUM], entry["number"]
        return entry if _line(number, entry) == line else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _read(path: Path) -> tuple[list[Entry], int]:
    """Give the entries before the first damaged line, and how many bytes they are."""
    entries: list[Entry] = []
    n_bytes = n_lost = 0
    with path.open("rb") as file:
        for line in file:
            entry = None if n_lost else _parse(line, len(entries))
            if entry is None:
                n_lost += 1
            else:
                entries.append(_as_arrays(entry))  # smaller than lists
                n_bytes += len(line)
    if n_lost and entries:
        warnings.warn(
            f"Damage in the journal {os.fspath(path)!r}, as a killed run can leave it: lines from "
            f"number {len(entries)} on, {n_lost} in all, are dropped and computed again.",
            CheckpointWarning,
            stacklevel=5,
        )
    return entries, n_bytes


def _check_head(entries: list[Entry], head: Entry, path: str | os.PathLike[str]) -> None:
    remedy = "Give the name of a file that is not there yet, or delete this one."
    if not entries or entries[0].get("format") != _FORMAT:
        raise ParameterError(
            f"Got journal={path!r}, which is no journal, or one whose first line is damaged. "
            f"{remedy}"
        )
    others = [name for name in head if entries[0].get(name) != head[name]]
    if others:
        raise ParameterError(
            f"Got journal={path!r}, which is of a run with another {' and another '.join(others)}. "
            f"{remedy}"
        )
