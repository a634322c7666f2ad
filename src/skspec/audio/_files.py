"""Whether a path leads to something that can be read, before any decoder sees it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from skspec.exceptions import AudioReadError, InputTypeError

_LFS_POINTER = b"version https://git-lfs"
_TEXT_BYTES = bytes(range(32, 127)) + b"\t\n\r\f"


def list_paths(paths: Iterable[str | os.PathLike[str]]) -> list[str | os.PathLike[str]]:
    """Give paths as a list: those of a pandas Series would go by their labels."""
    if isinstance(paths, str | bytes | os.PathLike):
        raise InputTypeError(f"Got one path, {paths!r}, but expected a list; give [path].")
    return list(paths)


def check_sound_files(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Raise for the first path that is missing, not a regular file or empty; open none."""
    for index, path in enumerate(paths):
        check_regular_file(path, index)


def check_regular_file(path: str | os.PathLike[str], index: int | None = None) -> None:
    """Raise an `AudioReadError` unless `path` is a regular file that is not empty.

    To open a FIFO is to wait for its writer for ever, so the kind of file is looked at first.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        remedy = f"Relative paths start at {os.getcwd()!r}."
        raise AudioReadError(path, "no such file", remedy, index) from error
    except (OSError, ValueError) as error:  # a loop of links, no permission, a null byte
        raise AudioReadError(path, reason_of(error), index=index) from error
    if stat.S_ISDIR(status.st_mode):
        remedy = "Give the files in it, for instance sorted(pathlib.Path(path).glob('*.wav'))."
        raise AudioReadError(path, "is a directory", remedy, index)
    if not stat.S_ISREG(status.st_mode):
        raise AudioReadError(path, "is not a regular file", "Copy its content to a file.", index)
    if status.st_size == 0:
        raise AudioReadError(path, "the file is empty", "Fetch or record it again.", index)


def explain_undecodable(path: str | os.PathLike[str], error: Exception) -> AudioReadError:
    """Say why a decoder refused a file, from how the file begins."""
    try:
        with open(path, "rb") as file:
            head = file.read(512)
    except OSError as unreadable:
        return AudioReadError(path, reason_of(unreadable))
    if head.startswith(_LFS_POINTER):
        return AudioReadError(path, "is a Git LFS pointer, not the sound", "Run: git lfs pull")
    if not head.translate(None, _TEXT_BYTES):
        return AudioReadError(path, "is text, not sound", "Check how the list of paths was made.")
    remedy = "Convert it to WAV or FLAC, for instance with ffmpeg."
    return AudioReadError(path, f"cannot be decoded ({reason_of(error)})", remedy)


def reason_of(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).rstrip(".").lower()
