"""What the container of a sound file says, and how to decode it where that is wrong."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

Piece = bytes | range  # bytes to show, or the bytes of the file at these offsets


class Bytes(Protocol):
    """What is needed of a file to look into it."""

    def seek(self, position: int, /) -> int:
        """Go to a position."""

    def read(self, n: int, /) -> bytes:
        """Give so many bytes, or those up to the end."""


class Layout(NamedTuple):
    """What is known of a file before it is decoded."""

    container: str
    """Short name, "" where none is known."""
    damage: str = ""
    """What of the sound is missing or broken."""
    correction: str = ""
    """What the header says wrongly, and what counts instead."""
    pieces: tuple[Piece, ...] = ()
    """What the decoder is to see in place of the file; nothing for the file itself."""
    n_samples: int | None = None
    """How many there are in each channel, where the decoder only guesses."""


def id3v1_length(file: Bytes, size: int) -> int:
    """Give the length of an ID3v1 tag that ends the file, or 0."""
    file.seek(max(0, size - 128))
    return 128 if file.read(3) == b"TAG" else 0


class SplicedFile(io.RawIOBase):
    """Pieces of a file and bytes between them, read as one file; nothing is copied."""

    def __init__(self, path: str | os.PathLike[str], pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed by close)
        self._pieces = pieces
        self._size = sum(map(len, pieces))
        self._position = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it has positions."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position; never before the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the pieces go, and give how far."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and (part := self._read_piece(len(view) - filled)):
            view[filled : filled + len(part)] = part
            filled += len(part)
            self._position += len(part)
        return filled

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()

    def _read_piece(self, n: int) -> bytes:
        """Give at most `n` bytes at the position, all of one piece."""
        start = self._position
        for piece in self._pieces:
            if start < len(piece):
                wanted = piece[start : start + n]
                if isinstance(wanted, bytes):
                    return wanted
                self._file.seek(wanted.start)
                return self._file.read(len(wanted))
            start -= len(piece)
        return b""
