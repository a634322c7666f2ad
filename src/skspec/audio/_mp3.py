"""MPEG audio: a walk from frame to frame, held against the number of frames the file states."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from skspec.audio._layout import Layout, Piece

_SEARCHED = 1 << 16
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI")
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8000)}
_LAYER_1, _LAYER_2, _LAYER_3 = 3, 2, 1
_KBPS = {
    (3, _LAYER_1): range(0, 449, 32),
    (3, _LAYER_2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, _LAYER_3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, _LAYER_1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, _LAYER_2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_KBPS[2, _LAYER_3] = _KBPS[2, _LAYER_2]


@dataclass
class _Walk:
    """What a walk over the frames has met."""

    n_frames: int = 0
    end: int = 0
    """Where the last whole frame ends."""
    gap: int | None = None
    """Where frames broke off, to go on later."""
    is_cut: bool = False
    bit_rates: set[int] = field(default_factory=set)
    tables: list[range] = field(default_factory=list)
    """Where frames stand that hold no sound, but say how many others there are."""


def read_mp3(file: BinaryIO, size: int) -> Layout:
    """Check an MPEG audio file, with or without tags and a table of contents."""
    begin = skip_id3(file)
    start = _first_frame(file, begin)
    if start is None:
        return Layout("")
    head = _head(file, start)
    if start > begin and frame_length(_head(file, begin)):
        return Layout("MP3", f"damaged: frames break off at byte {begin}, to go on later")
    claimed, claimed_bytes = _table(file, start)
    walk = _walk_frames(file, start, size)
    if walk.gap is not None:
        return Layout("MP3", f"damaged: frames break off at byte {walk.gap}, to go on later")
    is_all_there = claimed_bytes is not None and walk.end - start >= claimed_bytes
    if claimed is not None and claimed > walk.n_frames and not is_all_there:
        return Layout("MP3", f"truncated: {walk.n_frames} of {claimed} frames are there")
    if claimed is None and walk.is_cut:
        return Layout("MP3", "truncated: it ends within a frame")
    if claimed is not None and walk.n_frames > claimed + 1:
        said = f"its header says {claimed} frames; the {walk.n_frames} that it holds were taken"
        return Layout("MP3", correction=said, pieces=_counted(file, walk, start))
    if claimed is not None:
        return Layout("MP3")
    if len(walk.bit_rates) > 1:
        return Layout("MP3", pieces=_counted(file, walk, start))
    n_samples = walk.n_frames * _samples_per_frame(head)
    pieces = (range(start, walk.end), _filler(size))
    return Layout("MP3", pieces=pieces, n_samples=n_samples)


def skip_id3(file: BinaryIO) -> int:
    """Give where an ID3v2 tag at the start of the file ends, or 0; several may follow on."""
    position = 0
    while True:
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or not head.startswith(b"ID3"):
            return position
        size = sum(byte << 7 * (3 - i) for i, byte in enumerate(head[6:10]))
        position += 10 + size + (10 if head[5] & 0x10 else 0)


def frame_length(head: bytes) -> int:
    """Give the length in bytes of the frame that a header of 4 bytes begins, 0 for none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 0 or rate == 3 or bit_rate in (0, 15):
        return 0  # 0 stands for a rate of the encoder's own, whose length nothing tells
    bits_per_s = 1000 * _KBPS[max(version, 2), layer][bit_rate]
    if layer == _LAYER_1:
        return 4 * (12 * bits_per_s // _RATES[version][rate] + padding)
    per_byte = 72 if layer == _LAYER_3 and version != 3 else 144
    return per_byte * bits_per_s // _RATES[version][rate] + padding


def _samples_per_frame(head: bytes) -> int:
    layer = head[1] >> 1 & 3
    if layer == _LAYER_1:
        return 384
    return 576 if layer == _LAYER_3 and head[1] >> 3 & 3 != 3 else 1152


def _head(file: BinaryIO, position: int) -> bytes:
    file.seek(position)
    return file.read(4)


def _first_frame(file: BinaryIO, position: int, searched: int = _SEARCHED) -> int | None:
    """Find a whole frame that another two follow, or fewer and the end."""
    file.seek(position)
    window = file.read(searched)
    found = -1
    while (found := window.find(b"\xff", found + 1)) >= 0:
        if _is_frame(file, position + found):
            return position + found
    return None


def _is_frame(file: BinaryIO, position: int) -> bool:
    kind = None
    size = os.fstat(file.fileno()).st_size
    for _ in range(3):
        head = _head(file, position)
        length = frame_length(head)
        is_last = position + (length or 4) > size or head.startswith(_TAGS)
        if kind is not None and is_last:
            return True
        if length == 0 or is_last or kind not in (None, _kind(head)):
            return False
        kind = _kind(head)
        position += length
    return True


def _kind(head: bytes) -> tuple[int, int]:
    return head[1] & 0xFE, head[2] & 0x0C


def _walk_frames(file: BinaryIO, position: int, size: int) -> _Walk:
    walk = _Walk(end=position)
    while True:
        head = _head(file, position)
        length = frame_length(head)
        if length and position + length <= size:
            if _table(file, position)[0] is None:
                walk.n_frames += 1
                walk.bit_rates.add(head[2] >> 4)
            else:
                walk.tables.append(range(position, position + length))
            position = walk.end = position + length
            continue
        if head.startswith(b"ID3") and (after := _skip_tag(file, position)) < size:
            position = after
            continue
        walk.is_cut = bool(length) or (0 < len(head) < 4 and head[0] == 0xFF)
        if not head.startswith(_TAGS) and _first_frame(file, position + 1, 1 << 20) is not None:
            walk.gap = position
        return walk


def _skip_tag(file: BinaryIO, position: int) -> int:
    file.seek(position)
    head = file.read(10).ljust(10, b"\0")
    return position + 10 + sum(byte << 7 * (3 - i) for i, byte in enumerate(head[6:10]))


def _table(file: BinaryIO, position: int) -> tuple[int | None, int | None]:
    """Give the frames and bytes that a frame without sound states, each None where it does not."""
    file.seek(position)
    head = file.read(64)
    if len(head) < 64:
        return None, None
    at = _table_offset(head)
    if head[36:40] == b"VBRI":
        n_bytes, n_frames = struct.unpack(">II", head[46:54])
        return n_frames, n_bytes
    if head[at : at + 4] not in (b"Xing", b"Info"):
        return None, None
    flags, *counts = struct.unpack(">III", head[at + 4 : at + 16])
    n_frames = counts.pop(0) if flags & 1 else None
    return n_frames, counts.pop(0) if flags & 2 else None


def _table_offset(head: bytes) -> int:
    """Give where a table begins: after the side information of an empty frame."""
    is_mono = head[3] >> 6 == 3
    if head[1] >> 3 & 3 == 3:
        return 21 if is_mono else 36
    return 13 if is_mono else 21


def _counted(file: BinaryIO, walk: _Walk, start: int) -> tuple[Piece, ...]:
    """Give the frames with sound behind a table with their number.

    Decoders stop at the number that a table states, and without one they guess it from the first
    frame, by which half of a file of changing bit rate can be lost. With a table, libsndfile leaves
    out the 529 samples at the start that are the decoder's own delay.
    """
    head = _head(file, start)
    if head[1] >> 1 & 3 != _LAYER_3:  # has no such tables, and one bit rate
        return ()
    head = bytes([head[0], head[1] | 1, head[2] & 0x0C | 0xE0, head[3]])  # no CRC, highest rate
    stops = [table.start for table in walk.tables] + [walk.end]
    starts = [start] + [table.stop for table in walk.tables]
    parts = [range(a, b) for a, b in zip(starts, stops, strict=True) if a < b]
    length = frame_length(head)
    table = struct.pack(">4sIII", b"Xing", 3, walk.n_frames, length + sum(map(len, parts)))
    return ((head + bytes(_table_offset(head) - 4) + table).ljust(length, b"\0"), *parts)


def _filler(size: int) -> bytes:
    """Give a tag for the end of a file of one bit rate, whose frames differ by a byte.

    Decoders guess the number of frames from the size of the file and of the first frame, and would
    lose up to a hundredth at the end; they pass over the tag.
    """
    n = min(size // 50 + 4096, (1 << 28) - 1)
    return b"ID3\4\0\0" + bytes(n >> 7 * i & 0x7F for i in (3, 2, 1, 0)) + bytes(n)
