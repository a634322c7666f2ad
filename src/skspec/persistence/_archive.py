"""An uncompressed zip of which every byte follows from the names and contents of its members."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from skspec.persistence._errors import UnusableError

# Always the 64-bit fields (zip64), so that there is one layout, whatever the size.
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_EXTRA = struct.Struct("<2H2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_CENTRAL_EXTRA = struct.Struct("<2H3Q")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_VERSION = 45  # the first that has 64-bit fields
_DATE = 0x21  # 1 January 1980: the time of writing is no part of the content
_IN_EXTRA = 0xFFFFFFFF


def archive_pieces(members: Mapping[str, bytes]) -> Iterator[bytes]:
    """Give the archive piece by piece; names are ASCII."""
    for name, data in members.items():
        yield _local_header(name, data)
        yield data
    yield _ending(members)


def read_archive(path: Path, limits: Mapping[str, int | None]) -> dict[str, bytes]:
    """Read exactly these members, in this order; any other byte anywhere is an error.

    Parameters
    ----------
    path : Path
        The file.
    limits : mapping of str to (int or None)
        Names, and how many bytes each may have; None for as many as the file has.
    """
    members = {}
    with _open(path) as file:
        left = os.fstat(file.fileno()).st_size
        for name, limit in limits.items():
            data = _read_member(file, name, left if limit is None else min(left, limit))
            left -= len(data)
            members[name] = data
        _check_ending(file, _ending(members))
    return members


def _open(path: Path) -> BinaryIO:
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
        raise UnusableError("it is no regular file")
    return path.open("rb")


def _local_header(name: str, data: bytes) -> bytes:
    size, crc = len(data), zlib.crc32(data)
    header = _LOCAL.pack(
        b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, _IN_EXTRA, _IN_EXTRA, len(name), 20
    )
    return header + name.encode("ascii") + _LOCAL_EXTRA.pack(1, 16, size, size)


def _central_header(name: str, data: bytes, offset: int) -> bytes:
    size, crc = len(data), zlib.crc32(data)
    sizes = (_IN_EXTRA, _IN_EXTRA)
    header = _CENTRAL.pack(
        b"PK\1\2", _VERSION, _VERSION, 0, 0, 0, _DATE, crc, *sizes,
        len(name), 28, 0, 0, 0, 0, _IN_EXTRA,
    )  # fmt: skip
    return header + name.encode("ascii") + _CENTRAL_EXTRA.pack(1, 24, size, size, offset)


def _ending(members: Mapping[str, bytes]) -> bytes:
    """Give the central directory and the records behind it."""
    offset, directory = 0, b""
    for name, data in members.items():
        directory += _central_header(name, data, offset)
        offset += len(_local_header(name, b"")) + len(data)
    n = len(members)
    end64 = _END64.pack(
        b"PK\6\6", 44, _VERSION, _VERSION, 0, 0, n, n, len(directory), offset
    )  # 44: what follows that field
    locator = _LOCATOR.pack(b"PK\6\7", 0, offset + len(directory), 1)
    end = _END.pack(b"PK\5\6", 0, 0, n, n, len(directory), _IN_EXTRA, 0)
    return directory + end64 + locator + end


def _read_member(file: BinaryIO, name: str, limit: int) -> bytes:
    header = file.read(len(_local_header(name, b"")))
    size = _checked_size(header, name)
    if size > limit:
        raise UnusableError(f"{name} declares {size} bytes, but at most {limit} can be there")
    data = file.read(size)
    if _local_header(name, data) != header:
        raise UnusableError(f"{name} or its header is damaged: size, CRC and content do not match")
    return data


def _checked_size(header: bytes, name: str) -> int:
    """Give the size that a header declares, or say what is wrong with the header."""
    if header[:4] != b"PK\3\4" or len(header) < len(_local_header(name, b"")):
        raise UnusableError(
            f"expected the member {name!r}, but found {header[:8]!r}: it is no .skspec file, or "
            "it is damaged"
        )
    _, _, flags, method, *_, name_length, _ = _LOCAL.unpack_from(header)
    if flags & 1:
        raise UnusableError("a member is encrypted; skspec writes none so")
    if method != 0:
        raise UnusableError("a member is compressed; skspec writes none so")
    found = header[_LOCAL.size : _LOCAL.size + min(name_length, len(name) + 20)]
    if found != name.encode("ascii"):
        raise UnusableError(f"expected the member {name!r}, but found {found!r}")
    *extra, _, size = _LOCAL_EXTRA.unpack_from(header, _LOCAL.size + len(name))
    if extra != [1, 16]:
        raise UnusableError("it is a zip archive, but none that skspec wrote")
    return int(size)


def _check_ending(file: BinaryIO, ending: bytes) -> None:
    found = file.read(len(ending) + 1)
    if found[: len(ending)] != ending:
        raise UnusableError("its table of contents does not belong to its members")
    if len(found) > len(ending):
        raise UnusableError("there are data behind its end")
