"""Which container a file is in, and what that container says of it."""

from __future__ import annotations

import errno
import os
import stat

from skspec.audio._flac import HEAD_BYTES, SampleDigest, read_flac, read_stream_info
from skspec.audio._headers import read_au, read_caf, read_w64
from skspec.audio._layout import Layout
from skspec.audio._mp3 import read_mp3, skip_id3
from skspec.audio._ogg import read_ogg
from skspec.audio._riff import read_riff

_READERS = {
    b"RIFF": read_riff,
    b"RIFX": read_riff,
    b"RF64": read_riff,
    b"BW64": read_riff,
    b"FORM": read_riff,
    b"OggS": read_ogg,
    b".snd": read_au,
    b"dns.": read_au,
    b"riff": read_w64,
    b"caff": read_caf,
}


# To open a FIFO is to wait for its writer for ever, unless told not to.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_layout(path: str | os.PathLike[str]) -> Layout:
    """Hold what the header of a file says against the file; nothing is decoded.

    Raises
    ------
    OSError, ValueError
        The file cannot be opened or read, or is not a regular file with something in it.
    """
    with _Descriptor(path) as raw:
        status = os.fstat(raw.number)
        size = status.st_size
        if not stat.S_ISREG(status.st_mode) or not size:
            raise OSError(errno.EINVAL, "Not a regular file, or empty", path)
        head = raw.read(HEAD_BYTES)
        if head.startswith(b"fLaC"):  # of which two places are read; others are walked through
            return read_flac(raw, size, head)
        magic = head[:4]
        file = open(raw.number, "rb", closefd=False)  # noqa: SIM115 (closed with raw)
        if magic in _READERS:
            return _READERS[magic](file, size)
        start = skip_id3(file)
        file.seek(start)
        head = file.read(HEAD_BYTES)
        is_flac = head.startswith(b"fLaC")
        return read_flac(file, size, head, start) if is_flac else read_mp3(file, size)


class _Descriptor:
    """As much of a file as `read_flac` needs, at half the cost of one of Python's own."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.number = os.open(path, _FLAGS)

    def __enter__(self) -> _Descriptor:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.number)

    def seek(self, position: int) -> int:
        return os.lseek(self.number, position, os.SEEK_SET)

    def read(self, n: int) -> bytes:
        return os.read(self.number, n)


def read_digest(path: str | os.PathLike[str]) -> SampleDigest | None:
    """Give what checks the samples of a FLAC file against the MD5 that it holds."""
    with open(path, "rb") as file:
        file.seek(skip_id3(file))
        info = read_stream_info(file.read(HEAD_BYTES))
    return None if info is None else SampleDigest(info)
