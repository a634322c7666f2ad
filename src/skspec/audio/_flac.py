"""FLAC: what STREAMINFO says of the samples, held against the last frame, and their MD5."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skspec.audio._layout import Bytes, Layout, id3v1_length

_TAIL = 1 << 16
_AFTER = 1 << 12  # what may stand behind the last frame
_FRAME_MARKS = (b"\xff\xf8", b"\xff\xf9")  # blocks of one size, numbered; of several, by samples
_INFO = slice(8, 42)  # STREAMINFO, which follows the file's mark and the length of a block
HEAD_BYTES = _INFO.stop


class StreamInfo(NamedTuple):
    """What a FLAC file says of its samples."""

    block_size: int
    longest_frame: int
    """In bytes, 0 where the writer could not know."""
    bits: int
    n_samples: int
    """0 where the writer could not know."""
    md5: bytes
    """Zeros where it was not computed."""


def read_stream_info(head: bytes) -> StreamInfo | None:
    """Give what the first `HEAD_BYTES` say, or None where the file ends before."""
    if len(head) < HEAD_BYTES:
        return None
    block = head[_INFO]
    packed = int.from_bytes(block[10:18], "big")
    bits = (packed >> 36 & 0x1F) + 1
    n_samples = packed & (1 << 36) - 1
    sizes = int.from_bytes(block[2:4], "big"), int.from_bytes(block[7:10], "big")
    return StreamInfo(*sizes, bits, n_samples, block[18:34])


def read_flac(file: Bytes, size: int, head: bytes, start: int = 0) -> Layout:
    """Check the number of samples; frames are checked by the decoder, by their CRC."""
    info = read_stream_info(head)
    if info is None:
        return Layout("FLAC", "truncated: it ends in its header")
    if not info.n_samples:  # the decoder goes on to the end, where a tag is no frame
        tag = id3v1_length(file, size)
        return Layout("FLAC", pieces=(range(size - tag),) if tag else ())
    if not _has_frame_after(file, size, info):
        return Layout("FLAC")
    # 36 bits of length, 0 where it is not known, and the MD5.
    open_end = head[:21] + bytes([head[21] & 0xF0]) + bytes(20)
    said = f"its header says {info.n_samples} samples; all that the file holds were taken"
    return Layout("FLAC", correction=said, pieces=(open_end, range(start + HEAD_BYTES, size)))


class SampleDigest:
    """The MD5 of decoded samples, as a FLAC encoder computes it."""

    def __init__(self, info: StreamInfo) -> None:
        self._full_scale = np.float32(2.0 ** (info.bits - 1))
        self._width = (info.bits + 7) // 8
        self._expected = info.md5
        self._md5 = hashlib.md5(usedforsecurity=False)

    def update(self, channels: NDArray[np.float32]) -> None:
        """Take samples of full scale 1; up to 24 bits float32 holds them exactly."""
        whole = np.ascontiguousarray(channels * self._full_scale, dtype="<i4")
        self._md5.update(whole.view(np.uint8).reshape(-1, 4)[:, : self._width].tobytes())

    def matches(self) -> bool:
        """Tell whether the samples are those that were encoded, as far as the file says."""
        return not any(self._expected) or self._md5.digest() == self._expected


def _has_frame_after(file: Bytes, size: int, info: StreamInfo) -> bool:
    """Tell whether the last frame of the file begins at or after the number of samples."""
    longest = info.longest_frame or _TAIL
    for length in (longest, longest + _AFTER):
        file.seek(max(0, size - length))
        tail = file.read(length)
        begin, first = _find_last_frame(tail, info)
        if begin >= 0:
            return first >= info.n_samples and _crc16(tail[begin:]) == 0
    return False


def _find_last_frame(tail: bytes, info: StreamInfo) -> tuple[int, int]:
    """Give where the last frame begins, or -1, and the number of its first sample."""
    for mark in _FRAME_MARKS:  # a file has one of them
        position = len(tail)
        while (position := tail.rfind(mark, 0, position)) >= 0:
            first = _first_sample(tail[position : position + 16], info)
            if first is not None:
                return position, first
    return -1, 0


def _first_sample(head: bytes, info: StreamInfo) -> int | None:
    """Give the number of a frame's first sample, or None where no frame begins."""
    if len(head) < 16:
        return None
    n_bytes = 1 if head[4] < 0x80 else 8 - (head[4] ^ 0xFF).bit_length()
    if n_bytes == 0 or n_bytes > 7:
        return None
    number = head[4] if n_bytes == 1 else head[4] & (0x7F >> n_bytes)
    for byte in head[5 : 4 + n_bytes]:
        number = number << 6 | byte & 0x3F
    end = 4 + n_bytes + {6: 1, 7: 2}.get(head[2] >> 4, 0)
    end += {12: 1, 13: 2, 14: 2}.get(head[2] & 0xF, 0)
    if end >= len(head) or _crc8(head[:end]) != head[end]:
        return None
    return number if head[1] == 0xF9 else number * info.block_size


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc8_table() -> bytes:
    """Give the CRC-8 of each byte: polynomial 0x07, highest bit first, from 0."""
    table = list(range(256))
    for _ in range(8):
        table = [crc << 1 & 0xFF ^ (0x07 if crc & 0x80 else 0) for crc in table]
    return bytes(table)


_CRC8 = _crc8_table()


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
