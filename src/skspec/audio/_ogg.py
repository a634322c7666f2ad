"""Ogg: whether every page is there and whole, and the last one says that it is the last."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from skspec.audio._layout import Layout

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_BEGINS, _ENDS = 2, 4
_SEARCHED = 1 << 16


@dataclass(frozen=True)
class _Page:
    start: int
    flags: int
    serial: int
    number: int
    intact: bool


def read_ogg(file: BinaryIO, size: int) -> Layout:
    """Check an Ogg file.

    A stream that was cut between two pages is told by its last page, which lacks the flag that
    ends a stream.
    """
    last: dict[int, _Page] = {}
    for page in _pages(file, size):
        before = last.get(page.serial)
        if not page.intact:
            return Layout("Ogg", f"damaged: the page at byte {page.start} is broken or cut")
        if before is not None and page.number != before.number + 1:
            return Layout("Ogg", f"damaged: pages are missing before byte {page.start}")
        if before is None and not page.flags & _BEGINS:
            return Layout("Ogg", "truncated: its beginning is missing")
        if before is None and any(other.flags & _ENDS for other in last.values()):
            return Layout("Ogg", f"damaged: another stream begins at byte {page.start}")
        last[page.serial] = page
    if not all(page.flags & _ENDS for page in last.values()):
        return Layout("Ogg", "truncated: its last page does not end the stream")
    return Layout("Ogg")


def checksum(data: bytes) -> int:
    """Give the CRC-32 of Ogg: the polynomial of zlib, highest bit first, from 0."""
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def _pages(file: BinaryIO, size: int) -> Iterator[_Page]:
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(27)
        if not head.startswith(b"OggS") or len(head) < 27:
            again = _next_page(file, position)
            if again is None and not b"OggS".startswith(head[:4]):
                return  # what follows the last page is no part of the stream
            yield _Page(position, 0, 0, 0, intact=False)
            return
        lengths = file.read(head[26])
        body = file.read(sum(lengths))
        flags, serial, number, expected = struct.unpack("<5xB8xIII", head[:26])
        whole = len(lengths) == head[26] and len(body) == sum(lengths)
        found = checksum(head[:22] + bytes(4) + head[26:] + lengths + body) if whole else None
        yield _Page(position, flags, serial, number, found == expected)
        position = file.tell()


def _next_page(file: BinaryIO, position: int) -> int | None:
    """Find where the next page begins, if there is one."""
    file.seek(position)
    window = b""
    while block := file.read(_SEARCHED):
        window = window[-3:] + block
        if (found := window.find(b"OggS")) >= 0:
            return file.tell() - len(window) + found
    return None
