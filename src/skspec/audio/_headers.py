"""AU, W64 and CAF: what the size in the header says, held against the length of the file."""

from __future__ import annotations

import struct
from typing import BinaryIO

from skspec.audio._layout import Layout

_HEAD = 12


def read_au(file: BinaryIO, size: int) -> Layout:
    """Check a file of Sun's and NeXT's format; its size may be left open."""
    file.seek(0)
    head = file.read(_HEAD).ljust(_HEAD, b"\0")
    order = ">" if head.startswith(b".snd") else "<"
    start, claimed = struct.unpack(f"{order}II", head[4:])
    available = max(0, size - start)
    if claimed in (available, 0xFFFFFFFF):
        return Layout("AU")
    if claimed > available:
        return Layout("AU", _lost(available, claimed))
    said = f"its header says {claimed} bytes of sound; the {available} that it holds were taken"
    open_size = head[:8] + b"\xff" * 4
    return Layout("AU", correction=said, pieces=(open_size, range(_HEAD, size)))


def read_w64(file: BinaryIO, size: int) -> Layout:
    """Check a file of Sonic Foundry's format: sizes of 64 bits that count their own header."""
    position = 40
    while position + 24 <= size:
        file.seek(position)
        name, _, n = struct.unpack("<4s12sQ", file.read(24))
        if name == b"data":
            return _against(size - position - 24, n - 24, "W64")
        position += max(24, n + -n % 8)
    return Layout("W64", "truncated: it ends before its sound begins")


def read_caf(file: BinaryIO, size: int) -> Layout:
    """Check a file of Apple's Core Audio format; the size of the last chunk may be left open."""
    position = 8
    while position + 12 <= size:
        file.seek(position)
        name, n = struct.unpack(">4sq", file.read(12))
        if name == b"data":
            return _against(size - position - 12, n, "CAF")
        if n < 0:
            break
        position += 12 + n
    return Layout("CAF", "truncated: it ends before its sound begins")


def _against(available: int, claimed: int, container: str) -> Layout:
    return Layout(container, _lost(available, claimed) if claimed > available else "")


def _lost(available: int, claimed: int) -> str:
    return f"truncated: {available} of {claimed} bytes of sound are there"
