"""WAV and AIFF: what the sizes in the header say, held against the length of the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from skspec.audio._layout import Layout, id3v1_length

UNFINISHED = 0x7FFF0000  # sizes near 2 or 4 GiB are what writers to a pipe put in place of one
_LARGEST_CHUNK = 1 << 16  # of those that are copied
_UNCOMPRESSED = (1, 3, 6, 7, 0xFFFE)
_PADDING = 4096  # zeros after the sound, up to a disk block, are no sound
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
_META = (
    b"LIST id3  ID3  bext iXML JUNK PAD  PEAK cue  smpl inst afsp _PMX fact FLLR umid acid".split()
)


@dataclass
class _Sound:
    """Where the sound of a file is, and how much of it there should be."""

    start: int
    claimed: int
    format: bytes
    """The chunk before it that says what its bytes mean."""


def read_riff(file: BinaryIO, size: int, start: int = 0) -> Layout:
    """Check a RIFF, RIFX, RF64, BW64 or FORM file whose header stands at `start`."""
    file.seek(start)
    magic, _, kind = struct.unpack("4s4s4s", file.read(12).ljust(12, b"\0"))
    container = "AIFF" if magic == b"FORM" else "WAV"
    if kind not in (b"WAVE", b"AIFF", b"AIFC"):
        return Layout("")
    sound = _find_sound(file, start + 12, size, ">" if magic in (b"RIFX", b"FORM") else "<")
    if sound is None:
        return Layout(container, damage="truncated: it ends before its sound begins")
    if contradiction := _contradiction(sound, kind, magic):
        return Layout(container, damage=contradiction)
    available = size - sound.start
    if is_unfinished(sound.claimed) and sound.claimed > available:
        found = f"its header was never finished (data size {sound.claimed:#x})"
    elif sound.claimed > available:
        lost = f"truncated: {available} of {sound.claimed} bytes of sound are there"
        return Layout(container, lost, pieces=_pieces(magic, sound, available))
    elif not _is_meta(file, sound.start + sound.claimed, size, sound.claimed % 2, magic):
        found = f"its header says {sound.claimed} bytes of sound"
    else:
        return Layout(container, pieces=_bw64_pieces(magic, sound))
    available -= id3v1_length(file, size)
    said = f"{found}; the {available} bytes that the file holds were taken"
    return Layout(container, correction=said, pieces=_pieces(magic, sound, available))


def is_unfinished(claimed: int) -> bool:
    """Tell a size that stands for one that was not known yet."""
    return UNFINISHED <= claimed <= 0x80001000 or 0xFFFF0000 <= claimed <= 0xFFFFFFFF


def _find_sound(file: BinaryIO, position: int, size: int, order: str) -> _Sound | None:
    long_size, meaning = None, b""
    while position + 8 <= size:
        file.seek(position)
        name, n = struct.unpack(f"{order}4sI", file.read(8))
        if name == b"ds64":
            _, long_size = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))
        elif name in (b"fmt ", b"COMM"):
            meaning = file.read(min(n, _LARGEST_CHUNK))
        elif name == b"data":
            long = long_size is not None and n == 0xFFFFFFFF
            return _Sound(position + 8, long_size if long else n, meaning)  # type: ignore[arg-type]
        elif name == b"SSND":
            return _Sound(position + 8, n, meaning)
        position += 8 + n
        position += n % 2 and _is_padded(file, position)
    return None


def _contradiction(sound: _Sound, kind: bytes, magic: bytes) -> str:
    """Say where the size of PCM does not follow from channels and bits."""
    if kind == b"AIFF" and len(sound.format) >= 8:
        n_channels, n_frames, bits = struct.unpack(">HIH", sound.format[:8])
        expected = 8 + n_channels * n_frames * -(-bits // 8)
        if abs(sound.claimed - expected) > 8:
            return f"damaged: {sound.claimed} bytes of sound, but {expected} by its samples"
    if kind != b"WAVE" or len(sound.format) < 16:
        return ""
    order = ">" if magic == b"RIFX" else "<"
    code, n_channels, _, _, align, bits = struct.unpack(f"{order}HHIIHH", sound.format[:16])
    allowed = {n_channels * -(-bits // 8), n_channels * 4 if bits in (20, 24) else 0}
    if code not in _UNCOMPRESSED or align in allowed:
        return ""
    return f"damaged: {align} bytes for {n_channels} channels of {bits} bits contradict each other"


def _is_padded(file: BinaryIO, position: int) -> bool:
    """Tell whether a byte of padding is at `position`, as it should be after odd sizes."""
    file.seek(position)
    return not _looks_like_a_name(file.read(4))


def _looks_like_a_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _is_meta(file: BinaryIO, position: int, size: int, odd: int, magic: bytes) -> bool:
    """Tell whether all that stands after the sound is chunks, tags or padding."""
    order = ">" if magic in (b"RIFX", b"FORM") else "<"
    position += odd and _is_padded(file, position)
    while position + 8 <= size:
        file.seek(position)
        head = file.read(min(_PADDING, size - position))
        if head.startswith(_TAGS) or (len(head) == size - position and not any(head)):
            return True
        name, n = struct.unpack(f"{order}4sI", head[:8])
        if not _looks_like_a_name(name) or (position + 8 + n > size and name not in _META):
            return False
        position += 8 + n
        position += n % 2 and _is_padded(file, position)
    return True


def _bw64_pieces(magic: bytes, sound: _Sound) -> tuple[bytes | range, ...]:
    """BW64 is RF64 under another name, which decoders do not know."""
    return _pieces(magic, sound, sound.claimed) if magic == b"BW64" else ()


def _pieces(magic: bytes, sound: _Sound, n_bytes: int) -> tuple[bytes | range, ...]:
    """Give the sound with a header of its own whose sizes are right; AIFF as it is."""
    if magic == b"FORM" or not sound.format:
        return ()
    order = ">" if magic == b"RIFX" else "<"
    align = struct.unpack(f"{order}H", sound.format[12:14].ljust(2, b"\0"))[0] or 1
    n_bytes -= n_bytes % align
    meaning = b"fmt " + struct.pack(f"{order}I", len(sound.format)) + sound.format
    meaning += b"\0" * (len(meaning) % 2)
    whole = n_bytes + len(meaning) + 12
    if whole < UNFINISHED:
        name = b"RIFX" if magic == b"RIFX" else b"RIFF"
        head = struct.pack(f"{order}4sI4s", name, whole, b"WAVE")
        data = struct.pack(f"{order}4sI", b"data", n_bytes)
    else:
        long = struct.pack("<4sIQQQI", b"ds64", 28, whole + 36, n_bytes, n_bytes // align, 0)
        head = struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + long
        data = struct.pack("<4sI", b"data", 0xFFFFFFFF)
    return (head + meaning + data, range(sound.start, sound.start + n_bytes))
