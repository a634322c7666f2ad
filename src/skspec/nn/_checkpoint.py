"""The folder of one training, with its newest states: each is whole, or its damage is noticed."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

from skspec._storage import (
    DamagedFileError,
    canonical_json,
    locked_if_free,
    read_manifest,
    sha256,
    write_manifest,
    write_parts,
)
from skspec.exceptions import CheckpointWarning, ParameterError
from skspec.nn._checkpoint_state import file_parts, pack, read_file, unpack

_ARRAYS = ".safetensors"


class Checkpoints:
    """States in a folder, numbered: the last two are kept.

    A state is there when its manifest is, and that is renamed into place last: what a killed
    writer leaves is never read. It carries the SHA-256 of its own content and of the arrays.

    Parameters
    ----------
    folder : Path or None
        Where they are; with None there are none, and nothing is written.
    every_s : float, default=0.0
        Seconds after which another one is `due`.
    """

    def __init__(self, folder: Path | None, every_s: float = 0.0) -> None:
        self.folder = folder
        self.every_s = every_s
        self._ended_at = time.monotonic()

    def due(self) -> bool:
        """Tell whether the last state was written long enough ago."""
        return self.folder is not None and time.monotonic() - self._ended_at >= self.every_s

    def newest(self) -> Any:
        """Give the newest state that is whole, or None; what is damaged is dropped."""
        for manifest in reversed(self._manifests()):
            try:
                return _read(manifest)
            except (DamagedFileError, OSError) as error:
                _drop(manifest, error)
        return None

    def write(self, state: Any, what: str, *, keep: int = 2) -> None:
        """Write a state; where that fails, say so, and leave those that are there.

        Parameters
        ----------
        state : nested dict
            As `pack` takes it.
        what : str
            Which state it is, for messages.
        keep : int, default=2
            How many states stay, this one among them.
        """
        if self.folder is None:
            return
        tensors: dict[str, Any] = {}
        packed = pack(state, tensors)
        number = max([int(path.stem.partition("-")[2]) for path in self._manifests()], default=0)
        manifest = self.folder / f"state-{number + 1:08d}.json"
        try:
            digest = write_parts(manifest.with_suffix(_ARRAYS), file_parts(tensors))
            write_manifest(manifest, {"what": what, "arrays_sha256": digest, "state": packed})
        except OSError as error:
            _unlink(manifest)
            self._say_unwritten(what, error)
        else:
            self._sweep(keep)
        self._ended_at = time.monotonic()

    def _manifests(self) -> list[Path]:
        """Give the manifests, the oldest first."""
        return [] if self.folder is None else sorted(self.folder.glob(f"state-{'[0-9]' * 8}.json"))

    def _sweep(self, keep: int) -> None:
        """Remove all but the last states, and what killed writers left."""
        assert self.folder is not None
        kept = {path.stem for path in self._manifests()[-keep:]}
        for path in self.folder.glob("state-*"):
            if path.stem not in kept:
                with suppress(OSError):
                    path.unlink()

    def _say_unwritten(self, what: str, error: OSError) -> None:
        assert self.folder is not None
        free = "an unknown number of"
        with suppress(OSError):
            free = f"{shutil.disk_usage(self.folder).free:,}"
        left = "there is no earlier one"
        if manifests := self._manifests():
            left = f"the one before it, {manifests[-1].name}, stays valid"
        warnings.warn(
            f"The checkpoint of {what} could not be written: {error}. In "
            f"{os.fspath(self.folder)!r} {free} bytes are free; {left}. Training goes on, and "
            "tries again at the next checkpoint: make room, or what follows is lost with the "
            "process.",
            CheckpointWarning,
            stacklevel=2,
        )


def _read(manifest: Path) -> Any:
    """Read a state and compare it with its checksums."""
    content = read_manifest(manifest)
    data = manifest.with_suffix(_ARRAYS).read_bytes()
    if sha256(data) != content["arrays_sha256"]:
        raise DamagedFileError(
            f"{manifest.with_suffix(_ARRAYS)} does not have the SHA-256 it was written with"
        )
    return unpack(content["state"], read_file(data))


def _drop(manifest: Path, error: Exception) -> None:
    lasting = isinstance(error, (DamagedFileError, FileNotFoundError))  # others may pass
    if lasting:
        _unlink(manifest)
    warnings.warn(
        f"Damage in a checkpoint: {error}. It is {'dropped' if lasting else 'left out'}, and "
        "training goes on from the one before it, or from the start. Should this happen again, "
        "have the disk checked.",
        CheckpointWarning,
        stacklevel=3,
    )


def _unlink(manifest: Path) -> None:
    for path in (manifest, manifest.with_suffix(_ARRAYS)):
        with suppress(OSError):
            path.unlink()


@contextmanager
def open_checkpoints(
    folder: str | PathLike[str] | None, training: dict[str, Any], every_s: float
) -> Iterator[Checkpoints]:
    """Give the checkpoints of a training; no other process has them meanwhile.

    Parameters
    ----------
    folder : path or None
        Where trainings have their folders.
    training : dict
        What tells this training from all others, as JSON can hold it.
    every_s : float
        Seconds from one checkpoint to the next within an epoch.
    """
    if folder is None:
        yield Checkpoints(None)
        return
    own = Path(folder).expanduser() / sha256(canonical_json(training))[:32]
    with ExitStack() as stack:
        try:
            own.mkdir(parents=True, exist_ok=True)
            free = stack.enter_context(locked_if_free(own / "lock"))
        except OSError as error:
            raise ParameterError(
                f"Got checkpoint={os.fspath(folder)!r}, where no checkpoint can be written: "
                f"{error}. Give a folder that may be written to, or checkpoint=None."
            ) from error
        if not free:
            _say_taken(own)
        _describe(own / "training.json", training)
        yield Checkpoints(own if free else None, every_s)


def _describe(path: Path, training: dict[str, Any]) -> None:
    """Write down for readers what a folder's training is."""
    with suppress(OSError):  # nothing depends on it
        if not path.exists():
            write_manifest(path, training)


def _say_taken(folder: Path) -> None:
    warnings.warn(
        f"The same training runs elsewhere and has its checkpoints in {os.fspath(folder)!r}. This "
        "one writes none.",
        CheckpointWarning,
        stacklevel=4,
    )
