"""Which container a file is in, and what that container says of it."""

from __future__ import annotations

import io
import os

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


def read_layout(path: str | os.PathLike[str]) -> Layout:
    """Hold what the header of a regular file says against the file; nothing is decoded."""
    with open(path, "rb", buffering=0) as raw:
        size = os.fstat(raw.fileno()).st_size
        head = raw.read(HEAD_BYTES)
        if head.startswith(b"fLaC"):  # of which two places are read; others are walked through
            return read_flac(raw, size, head)
        file, magic = io.BufferedReader(raw), head[:4]
        if magic in _READERS:
            return _READERS[magic](file, size)
        start = skip_id3(file)
        file.seek(start)
        head = file.read(HEAD_BYTES)
        is_flac = head.startswith(b"fLaC")
        return read_flac(file, size, head, start) if is_flac else read_mp3(file, size)


def read_digest(path: str | os.PathLike[str]) -> SampleDigest | None:
    """Give what checks the samples of a FLAC file against the MD5 that it holds."""
    with open(path, "rb") as file:
        file.seek(skip_id3(file))
        info = read_stream_info(file.read(HEAD_BYTES))
    return None if info is None else SampleDigest(info)
