"""Sound files that are bad, odd or both, made here; none is downloaded.

`CASES` names them all. What each should give stands beside it: an error (with what it says), or
samples, with a warning or without. The samples come from the array that was written, from numpy, or
from soundfile on the file before anything was done to it.
"""

import functools
import io
import os
import re
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

SR = 16_000


@dataclass(frozen=True)
class Case:
    """How to make a file, and what reading it should give."""

    build: Callable
    """Takes a folder; gives the path, and the samples or None."""
    error: str = ""
    """Pattern of the error's message, for a bad file."""
    warning: str = ""
    """Pattern of the warning, for a file that is read all the same."""


CASES = {}


def tone(n=4000, sr=SR, pitch=440.0, n_channels=1):
    """Give noise and tones, so that every part of a file differs from every other."""
    rng = np.random.default_rng(7)
    time = np.arange(n)[:, None] / sr
    channels = 0.4 * np.sin(2 * np.pi * pitch * (1 + np.arange(n_channels)) * time)
    samples = channels + 0.02 * rng.standard_normal((n, n_channels))
    return (np.round(samples * 2**15) / 2**15).astype(np.float32)


def encode(folder, name, samples, sr=SR, **options):
    """Write by libsndfile; give the bytes and what it decodes them to."""
    path = Path(folder, f"original_{name}")
    soundfile.write(path, samples, sr, **options)
    return path.read_bytes(), decode(path)


class _NoSeek(soundfile.SoundFile):
    """soundfile seeks after every read, which not all formats can."""

    def seekable(self):
        return False


def decode(path):
    """Decode by libsndfile alone, in one go, all channels averaged."""
    with _NoSeek(path) as file:
        return file.read(file.frames, dtype="float32", always_2d=True).mean(axis=1)


def chunk(name, content, order="<", size=None, pad=True):
    """Give a chunk of RIFF, with another size than its own where one is given."""
    size = len(content) if size is None else size
    return name + struct.pack(f"{order}I", size) + content + b"\0" * (len(content) % 2 and pad)


def fmt(tag=1, n_channels=1, sr=SR, width=2, order="<", bits=None, extra=b""):
    """Give the chunk that says what the samples of a WAV are."""
    bits = 8 * width if bits is None else bits
    align = width * n_channels
    values = (tag, n_channels, sr, min(sr * align, 2**32 - 1), align & 0xFFFF, bits)
    return chunk(b"fmt ", struct.pack(f"{order}HHIIHH", *values) + extra, order)


def wav(*chunks, magic=b"RIFF", order="<", size=None):
    """Put chunks together."""
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) if size is None else size) + body


def pcm(samples, dtype="<i2"):
    """Give samples as PCM of 16 bits."""
    return np.round(samples * 2**15).clip(-(2**15), 2**15 - 1).astype(dtype).tobytes()


def add(name, content, samples=None, error="", warning="", suffix=".wav", file_name=None):
    """Register a file of given content, or made by a function of the folder."""

    def build(folder):
        path = Path(folder, file_name or f"{name}{suffix}")
        given = content(folder) if callable(content) else content
        data, found = given if isinstance(given, tuple) else (given, samples)
        path.write_bytes(data)
        return path, None if found is None else np.asarray(found).reshape(-1)

    CASES[name] = Case(build, error, warning)


def on_coded(name, coded, change, suffix, keep=True, **expected):
    """Register what a function makes of the bytes that an encoder wrote."""

    def content(folder):
        data, found = coded(folder)
        return change(data), found if keep else None

    add(name, content, suffix=suffix, **expected)


def coded(suffix, n=16_000, n_channels=1, sr=SR, **options):
    """Give a function of the folder that encodes a tone, the first time that it is called."""

    @functools.cache
    def encoded():
        with tempfile.TemporaryDirectory() as folder:
            samples = tone(n, sr, n_channels=n_channels)
            return encode(folder, f"coded{suffix}", samples, sr, **options)

    return lambda folder: encoded()


# ---------------------------------------------------------------- odd, but right: subtypes

TONE = tone()
DATA = chunk(b"data", pcm(TONE))
LIST = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 4) + b"abc\0")


def _whole_formats():
    for container in sorted(soundfile.available_formats()):
        for subtype in sorted(soundfile.available_subtypes(container)):
            if container != "RAW" and soundfile.check_format(container, subtype):
                yield container, subtype


def _writable(container, subtype, n_channels, sr):
    try:
        soundfile.write(io.BytesIO(), tone(64, n_channels=n_channels), sr, subtype, None, container)
    except (soundfile.SoundFileError, ValueError, TypeError):
        return False
    return True


RATES = {"SVX": 8000, "WVE": 8000}
for _container, _subtype in _whole_formats():
    for _n_channels in (1, 2):
        if _container in ("SD2",) or not _writable(
            _container, _subtype, _n_channels, RATES.get(_container, SR)
        ):
            continue  # SD2 needs a second file, others have no encoder here
        add(
            f"valid_{_container}_{_subtype}_{_n_channels}".lower(),
            partial(
                encode,
                name=f"{_container}_{_subtype}_{_n_channels}",
                samples=tone(4000, n_channels=_n_channels),
                sr=RATES.get(_container, SR),
                format=_container,
                subtype=_subtype,
            ),
            suffix=".sound",
        )


def _mu_law(codes):
    codes = ~codes.astype(np.uint8)
    exponent, mantissa = codes >> 4 & 7, codes & 15
    size = ((mantissa.astype(int) * 2 + 33) << exponent) - 33
    return np.where(codes & 0x80, -size, size) * 4 / 2**15


def _a_law(codes):
    codes = codes.astype(np.uint8) ^ 0x55
    exponent, mantissa = (codes >> 4 & 7).astype(int), (codes & 15).astype(int)
    size = np.where(
        exponent > 0, (mantissa * 2 + 33) << np.maximum(exponent - 1, 0), mantissa * 2 + 1
    )
    return np.where(codes & 0x80, size, -size) * 8 / 2**15


CODES = np.arange(256, dtype=np.uint8)
FLOATS = TONE.astype("<f4").tobytes()
INT24 = (np.round(TONE * 2**15).astype("<i4") << 8).reshape(-1, 1).view("u1")[:, :3].tobytes()
GUID = bytes.fromhex("000000001000800000aa00389b71")
EXTENSIBLE = struct.pack("<HHI", 22, 16, 4) + b"\x01\x00" + GUID
add("pcm_u8", wav(fmt(width=1), chunk(b"data", CODES.tobytes())), (CODES - 128.0) / 128)
add("mu_law", wav(fmt(7, width=1), chunk(b"data", CODES.tobytes())), _mu_law(CODES))
add("a_law", wav(fmt(6, width=1), chunk(b"data", CODES.tobytes())), _a_law(CODES))
add("pcm_24", wav(fmt(width=3), chunk(b"data", INT24)), TONE)
add("pcm_32", wav(fmt(width=4), chunk(b"data", (TONE * 2.0**31).astype("<i4").tobytes())), TONE)
add("float", wav(fmt(3, width=4), chunk(b"data", FLOATS)), TONE)
add("double", wav(fmt(3, width=8), chunk(b"data", TONE.astype("<f8").tobytes())), TONE)
add(
    "rifx",
    wav(fmt(order=">"), chunk(b"data", pcm(TONE, ">i2"), ">"), magic=b"RIFX", order=">"),
    TONE,
)
add("extensible", wav(fmt(0xFFFE, extra=EXTENSIBLE), DATA), TONE)
add("fmt_18", wav(fmt(extra=b"\0\0"), DATA), TONE)
_many = tone(500, n_channels=12)
add("twelve_channels", wav(fmt(n_channels=12), chunk(b"data", pcm(_many))), _many.mean(axis=1))
add("one_sample", wav(fmt(), chunk(b"data", pcm(TONE[:1]))), TONE[:1])
add("192_khz", wav(fmt(sr=192_000), DATA), TONE)
add("odd_rate", wav(fmt(sr=12_345), DATA), TONE)

# ---------------------------------------------------------------- odd, but right: chunks of a WAV

ODD = CODES[:255].tobytes()
add("list_after", wav(fmt(), DATA, LIST), TONE)
add("list_before", wav(fmt(), LIST, DATA), TONE)
add("list_first", wav(LIST, fmt(), DATA), TONE)
add(
    "many_chunks",
    wav(chunk(b"JUNK", bytes(28)), fmt(), chunk(b"bext", bytes(602)), DATA, LIST, LIST),
    TONE,
)
add("unknown_chunk", wav(fmt(), chunk(b"xyz1", b"what"), DATA, chunk(b"abcd", b"ever")), TONE)
add("odd_chunk", wav(fmt(), chunk(b"note", b"odd"), DATA), TONE)
add("odd_data", wav(fmt(width=1), chunk(b"data", ODD), LIST), (CODES[:255] - 128.0) / 128)
add(
    "odd_data_no_pad",
    wav(fmt(width=1), chunk(b"data", ODD, pad=False)),
    (CODES[:255] - 128.0) / 128,
)
add(
    "odd_data_no_pad_list",
    wav(fmt(width=1), chunk(b"data", ODD, pad=False), LIST),
    (CODES[:255] - 128.0) / 128,
)
add("zeros_after", wav(fmt(), DATA) + bytes(512), TONE)
add("id3v1_after_wav", wav(fmt(), DATA) + b"TAG" + bytes(125), TONE)
add("id3_chunk", wav(fmt(), DATA, chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0")), TONE)
add("list_cut", wav(fmt(), DATA, LIST)[:-3], TONE)
add("few_bytes_after", wav(fmt(), DATA) + b"\n", TONE)
add("riff_size_zero", wav(fmt(), DATA, size=0), TONE)
add("riff_size_open", wav(fmt(), DATA, size=0xFFFFFFFF), TONE)
add("riff_size_half", wav(fmt(), DATA, size=4000), TONE)


def rf64(magic=b"RF64", data_size=None, long_size=None, table=b""):
    body = pcm(TONE)
    long_size = len(body) if long_size is None else long_size
    sizes = struct.pack("<QQQI", len(body) + 72, long_size, len(TONE), 0) + table
    data = chunk(b"data", body, size=0xFFFFFFFF if data_size is None else data_size)
    return wav(chunk(b"ds64", sizes), fmt(), data, magic=magic, size=0xFFFFFFFF)


add("rf64", rf64(), TONE)
add("bw64", rf64(b"BW64"), TONE)
add("rf64_short_size", rf64(data_size=8000), TONE)

# ---------------------------------------------------------------- wrong sizes, corrected and said

SAID = "the 8000 bytes that the file holds were taken"
for _name, _size in {
    "zero": 0,
    "open": 0xFFFFFFFF,
    "open_less_header": 0xFFFFFFFF - 36,
    "sox_pipe": 0x7FFFFFFF,
    "sox_pipe_less_header": 0x7FFFFFFF - 36,
    "arecord_pipe": 0x80000000,
    "half": 4000,
    "quarter": 2000,
    "few": 2,
    "odd": 4001,
}.items():
    add(f"data_size_{_name}", wav(fmt(), chunk(b"data", pcm(TONE), size=_size)), TONE, warning=SAID)
    add(
        f"data_size_{_name}_float",
        wav(fmt(3, width=4), chunk(b"data", FLOATS, size=_size)),
        TONE,
        warning="the 16000 bytes that the file holds were taken",
    )
add(
    "data_and_riff_size_zero",
    wav(fmt(), chunk(b"data", pcm(TONE), size=0), size=0),
    TONE,
    warning=SAID,
)
add(
    "data_size_half_rifx",
    wav(fmt(order=">"), chunk(b"data", pcm(TONE, ">i2"), ">", size=4000), magic=b"RIFX", order=">"),
    TONE,
    warning=SAID,
)
add(
    "data_size_zero_id3v1",
    wav(fmt(), chunk(b"data", pcm(TONE), size=0)) + b"TAG" + bytes(125),
    TONE,
    warning=SAID,
)
add(
    "data_size_zero_cut_sample",
    wav(fmt(), chunk(b"data", pcm(TONE) + b"\1", size=0, pad=False)),
    TONE,
    warning="the 8001 bytes",
)
add("rf64_long_size_zero", rf64(long_size=0), TONE, warning=SAID)
add("rf64_long_size_half", rf64(long_size=4000), TONE, warning=SAID)
add("bw64_long_size_half", rf64(b"BW64", long_size=4000), TONE, warning=SAID)


def set_size(value, at_data=True):
    """Give a function that overwrites the data size of a WAV."""

    def change(data):
        at = data.index(b"data") + 4
        return data[:at] + struct.pack("<I", value) + data[at + 4 :]

    return change


for _subtype in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "ULAW"):
    for _size in (0, 0xFFFFFFFF):
        on_coded(
            f"data_size_{_size:x}_{_subtype}".lower(),
            coded(".wav", subtype=_subtype),
            set_size(_size),
            ".wav",
            warning="bytes that the file holds were taken",
        )


def au(size):
    head = struct.pack(">4sIIIII", b".snd", 28, size, 3, SR, 1) + bytes(4)
    return head + pcm(TONE, ">i2")


add("au_size_open", au(0xFFFFFFFF), TONE, suffix=".au")
add("au_size_half", au(4000), TONE, suffix=".au", warning="the 8000 that it holds were taken")
add("au_size_zero", au(0), TONE, suffix=".au", warning="the 8000 that it holds were taken")

# ---------------------------------------------------------------- FLAC

FLAC = coded(".flac", n=20_000)
ID3V1 = b"TAG" + bytes(125)
ID3V2 = b"ID3\3\0\0" + bytes([0, 0, 2, 5]) + bytes(261)
APE_HEAD = b"APETAGEX" + struct.pack("<IIII", 2000, 47, 1, 0xA0000000) + bytes(8)
APE_ITEM = struct.pack("<II", 1, 0) + b"Title\0x"
APE = APE_HEAD + APE_ITEM + APE_HEAD[:20] + b"\0\0\0\x80" + bytes(8)


def flac_total(change):
    """Give a function that sets the number of samples in STREAMINFO."""

    def apply(data):
        packed = int.from_bytes(data[18:26], "big")
        n = packed & (1 << 36) - 1
        return data[:18] + (packed - n + change(n)).to_bytes(8, "big") + data[26:]

    return apply


def without_md5(data):
    return data[:26] + bytes(16) + data[42:]


on_coded("flac_streamed", FLAC, lambda d: without_md5(flac_total(lambda n: 0)(d)), ".flac")
on_coded("flac_streamed_md5", FLAC, flac_total(lambda n: 0), ".flac")
on_coded("flac_streamed_id3v1", FLAC, lambda d: flac_total(lambda n: 0)(d) + ID3V1, ".flac")
on_coded("flac_without_md5", FLAC, without_md5, ".flac")
on_coded("flac_id3v1", FLAC, lambda d: d + ID3V1, ".flac")
on_coded("flac_id3v2", FLAC, lambda d: ID3V2 + d, ".flac")
on_coded("flac_junk_after", FLAC, lambda d: d + b"junk" * 99, ".flac")
on_coded(
    "flac_total_half",
    FLAC,
    flac_total(lambda n: n // 2),
    ".flac",
    warning="its header says 10000 samples",
)
on_coded(
    "flac_total_one", FLAC, flac_total(lambda n: 1), ".flac", warning="its header says 1 samples"
)
on_coded(
    "flac_total_more",
    FLAC,
    flac_total(lambda n: n + 1),
    ".flac",
    False,
    error="20000 of 20001|after 20000 samples",
)
on_coded(
    "flac_total_huge",
    FLAC,
    flac_total(lambda n: 2**36 - 1),
    ".flac",
    False,
    error="longer than max_duration_s",
)

# ---------------------------------------------------------------- Ogg

OGG = coded(".ogg", n=40_000)
OPUS = coded(".opus", n=96_000, sr=48_000, format="OGG", subtype="OPUS")


def pages(data):
    """Split an Ogg file into its pages."""
    starts = [match.start() for match in re.finditer(b"OggS", data)]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def without_end_mark(data):
    """Clear the flag of the last page, with the checksum that the page has then."""
    *before, last = pages(data)
    return b"".join(before) + sign(last[:5] + bytes([last[5] & ~4]) + last[6:])


def sign(page):
    """Give a page with its own checksum, worked out bit by bit."""
    crc = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 1 << 31 else crc << 1) & 0xFFFFFFFF
    return page[:22] + struct.pack("<I", crc) + page[26:]


for _name, _coded in {"ogg": OGG, "opus": OPUS}.items():
    on_coded(f"{_name}_junk_after", _coded, lambda d: d + b"junk" * 300, ".ogg")
    on_coded(f"{_name}_id3v1", _coded, lambda d: d + ID3V1, ".ogg")
    on_coded(f"{_name}_zeros_after", _coded, lambda d: d + bytes(5000), ".ogg")
    on_coded(
        f"{_name}_no_end", _coded, without_end_mark, ".ogg", False, error="does not end the stream"
    )
    on_coded(
        f"{_name}_page_lost",
        _coded,
        lambda d: b"".join(pages(d)[:-2] + pages(d)[-1:]),
        ".ogg",
        False,
        error="pages are missing",
    )
    on_coded(
        f"{_name}_pages_swapped",
        _coded,
        lambda d: b"".join(pages(d)[:-2] + pages(d)[:-3:-1]),
        ".ogg",
        False,
        error="pages are missing",
    )
    on_coded(
        f"{_name}_no_beginning",
        _coded,
        lambda d: b"".join(pages(d)[1:]),
        ".ogg",
        False,
        error="its beginning is missing",
    )

# ---------------------------------------------------------------- MP3

MP3 = coded(".mp3", n=32_000)
MP3_STEREO = coded(
    ".mp3", n=44_100, sr=44_100, n_channels=2, bitrate_mode="VARIABLE", compression_level=0.5
)
MP3_CBR = coded(".mp3", n=48_000, sr=48_000, bitrate_mode="CONSTANT", compression_level=0.5)


def without_table(data):
    """Leave out the first frame of an MP3, the one that holds no sound but a table."""
    return data[data.index(b"\xff" + data[1:2], 100) :]


def from_original(change, original, twice=False):
    """Give content whose samples are those that libsndfile decodes from its frames alone."""

    def content(folder):
        data, _ = original(folder)
        path = Path(folder, "original_frames.mp3")
        path.write_bytes(without_table(data) * (1 + twice))
        return (2 * data if twice else change(without_table(data))), decode(path)[529 * twice :]

    return content


for _name, _coded in {"": MP3, "_vbr": MP3_STEREO, "_cbr": MP3_CBR}.items():
    on_coded(f"mp3{_name}", _coded, lambda d: d, ".mp3")
    on_coded(f"mp3{_name}_id3v1", _coded, lambda d: d + ID3V1, ".mp3")
    on_coded(f"mp3{_name}_id3v2", _coded, lambda d: ID3V2 + d, ".mp3")
    on_coded(f"mp3{_name}_ape", _coded, lambda d: d + APE, ".mp3")
    on_coded(f"mp3{_name}_all_tags", _coded, lambda d: ID3V2 + d + APE + ID3V1, ".mp3")
    on_coded(f"mp3{_name}_zeros_after", _coded, lambda d: d + bytes(700), ".mp3")
add("mp3_no_table", from_original(lambda d: d, MP3_CBR), suffix=".mp3")
add("mp3_no_table_id3v1", from_original(lambda d: d + ID3V1, MP3_CBR), suffix=".mp3")
add("mp3_no_table_id3v2", from_original(lambda d: ID3V2 + d, MP3_CBR), suffix=".mp3")
add("mp3_no_table_ape", from_original(lambda d: d + APE, MP3_CBR), suffix=".mp3")
add(
    "mp3_twice",
    from_original(lambda d: d, MP3_CBR, twice=True),
    suffix=".mp3",
    warning="its header says 4[0-9] frames",
)
add("mp3_no_table_cut", lambda f: MP3_CBR(f)[0][:-50][1000:], suffix=".mp3", error="within a frame")

# ---------------------------------------------------------------- names

for _name, _file_name in {
    "spaces": " a b .wav",
    "unicode": "größe_音.wav",
    "newline": "a\nb.wav",
    "dash": "-rf.wav",
    "percent": "%s%n{0}.wav",
    "quotes": "a'b\"c.wav",
    "long": "x" * 250 + ".wav",
    "no_suffix": "sound",
    "wrong_suffix": "sound.mp3",
    "raw_suffix": "sound.raw",
    "upper": "SOUND.WAV",
    "hidden": ".wav",
    "undecodable": os.fsdecode(b"t\xff\xfe.wav"),
}.items():
    add(f"name_{_name}", wav(fmt(), DATA), TONE, file_name=_file_name)


def _link(folder):
    target, samples = CASES["list_after"].build(folder)
    path = Path(folder, "link.wav")
    path.symlink_to(target)
    return path, samples.reshape(-1)


CASES["name_link"] = Case(_link)

# ---------------------------------------------------------------- bad: cut, zeroed, flipped

CUT = "truncated|damaged"
CODED = {
    "wav": (coded(".wav"), ".wav"),
    "float": (coded(".wav", subtype="FLOAT"), ".wav"),
    "ima_adpcm": (coded(".wav", subtype="IMA_ADPCM"), ".wav"),
    "ms_adpcm": (coded(".wav", subtype="MS_ADPCM"), ".wav"),
    "gsm": (coded(".wav", subtype="GSM610"), ".wav"),
    "flac": (FLAC, ".flac"),
    "flac_24": (coded(".flac", subtype="PCM_24", n_channels=2), ".flac"),
    "ogg": (OGG, ".ogg"),
    "opus": (OPUS, ".ogg"),
    "mp3": (MP3, ".mp3"),
    "mp3_vbr": (MP3_STEREO, ".mp3"),
    "aiff": (coded(".aiff"), ".aiff"),
    "au": (coded(".au"), ".au"),
    "caf": (coded(".caf"), ".caf"),
    "w64": (coded(".w64"), ".w64"),
    "rf64": (coded(".rf64", format="RF64"), ".wav"),
}
for _name, (_coded, _suffix) in CODED.items():
    on_coded(f"{_name}_half", _coded, lambda d: d[: len(d) // 2], _suffix, False, error=CUT)
    on_coded(f"{_name}_tail_cut", _coded, lambda d: d[:-150], _suffix, False, error=CUT)
    on_coded(f"{_name}_header_cut", _coded, lambda d: d[:20], _suffix, False, error="path")


def zero_middle(data):
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]


def flip(data):
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


for _name in ("flac", "flac_24", "ogg", "opus", "mp3"):
    on_coded(f"{_name}_zeroed", CODED[_name][0], zero_middle, CODED[_name][1], False, error=CUT)
    on_coded(
        f"{_name}_hole",
        CODED[_name][0],
        lambda d: d[: len(d) // 3] + d[len(d) // 2 :],
        CODED[_name][1],
        False,
        error=CUT,
    )
for _name in ("flac", "flac_24", "ogg", "opus"):
    on_coded(f"{_name}_flipped", CODED[_name][0], flip, CODED[_name][1], False, error=CUT)

# ---------------------------------------------------------------- bad: not sound, or no sound

NOT_DECODED = "cannot be decoded"
for _name, (_content, _error) in {
    "empty": (b"", "the file is empty"),
    "text": (b"path,label\na.wav,dog\n", "is text, not sound"),
    "html": (b"<!doctype html><title>404</title>", "is text, not sound"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    "zeros": (bytes(4096), NOT_DECODED),
    "noise": (bytes(range(256)) * 8, NOT_DECODED),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(99), NOT_DECODED),
    "zip": (b"PK\3\4" + bytes(99), NOT_DECODED),
    "gzip": (zlib.compress(bytes(999)), NOT_DECODED),
    "mp4": (b"\0\0\0\x18ftypM4A " + bytes(99), NOT_DECODED),
    "utf16": ("path,label".encode("utf-16"), NOT_DECODED),
    "avi": (b"RIFF\x40\0\0\0AVI " + bytes(99), NOT_DECODED),
    "one_byte": (b"R", "is text, not sound"),
    "riff_only": (b"RIFF", "is text|truncated"),
    "header_only": (b"RIFF\x24\0\0\0WAVE", "truncated"),
    "no_data": (wav(fmt()), "truncated"),
    "no_fmt": (wav(DATA), NOT_DECODED),
    "no_samples": (wav(fmt(), chunk(b"data", b"")), "holds no sample"),
    "no_samples_list": (wav(fmt(), chunk(b"data", b""), LIST), "holds no sample"),
    "half_a_sample": (wav(fmt(), chunk(b"data", b"\1")), "holds no sample"),
    "no_channels": (wav(fmt(n_channels=0), DATA), NOT_DECODED),
    "many_channels": (
        wav(fmt(n_channels=1000), chunk(b"data", bytes(20_000))),
        "says it has 1000 channels",
    ),
    "absurd_channels": (wav(fmt(n_channels=65_535), DATA), "path"),
    "rate_zero": (wav(fmt(sr=0), DATA), "path"),
    "rate_1_hz": (wav(fmt(sr=1), DATA), "says its rate is 1 Hz"),
    "rate_huge": (wav(fmt(sr=2**31 - 1), DATA), "says its rate is 2147483647 Hz"),
    "channels_lie": (wav(fmt()[:10] + b"\x07\0" + fmt()[12:], DATA), "contradict each other"),
    "bits_lie": (wav(fmt(bits=20), DATA), "contradict each other"),
    "bits_zero": (wav(fmt(bits=0), DATA), "path"),
    "bits_99": (wav(fmt(bits=99), DATA), "path"),
    "codec_unknown": (wav(fmt(0x1234), DATA), NOT_DECODED),
    "fmt_lies": (wav(b"fmt \xff\xff\xff\x00" + fmt()[8:], DATA), "path"),
    "ogg_empty_page": (b"OggS" + bytes(23), "path"),
    "flac_no_info": (b"fLaC" + bytes(60), "path"),
    "flac_only_mark": (b"fLaC", "truncated|text"),
    "mp3_one_frame": (b"\xff\xfb\x90\xc4" + bytes(100), "path"),
    "id3_only": (ID3V2, "path"),
    "aiff_only_form": (b"FORM\0\0\0\4AIFF", "truncated"),
    "au_header_only": (b".snd\0\0\0\x1c\0\0\0\x10", "path"),
    "caf_only_mark": (b"caff\0\1\0\0", "truncated"),
    "w64_only_mark": (b"riff\x2e\x91\xcf\x11" + bytes(40), "path"),
}.items():
    add(_name, _content, error=_error)

for _name, _value, _error in (
    ("nan", np.nan, "holds NaN or infinity"),
    ("inf", np.inf, "holds NaN or infinity"),
    ("minus_inf", -np.inf, "holds NaN or infinity"),
    ("1e30", 1e30, "its peak is 1e\\+30"),
    ("minus_1e30", -1e30, "its peak is 1e\\+30"),
):
    _samples = TONE[:, 0].copy()
    _samples[1234] = _value
    add(f"float_{_name}", wav(fmt(3, width=4), chunk(b"data", _samples.tobytes())), error=_error)
_whole = np.round(TONE * 2**15).astype("<f4")
add(
    "float_of_integers",
    wav(fmt(3, width=4), chunk(b"data", _whole.tobytes())),
    error="integer samples",
)
add(
    "float_of_integers_stereo",  # the mean of the channels ends in .5
    wav(fmt(3, n_channels=2, width=4), chunk(b"data", np.hstack([_whole, _whole + 1]).tobytes())),
    error="integer samples",
)
add(
    "float_loud",
    wav(fmt(3, width=4), chunk(b"data", (20 * TONE).tobytes())),
    20 * TONE,
    warning="its peak is",
)
add(
    "double_huge",
    wav(fmt(3, width=8), chunk(b"data", np.full(9, 1e300).tobytes())),
    error="NaN or infinity",
)
_both = np.hstack([TONE, -TONE])
add(
    "anti_phase",
    wav(fmt(n_channels=2), chunk(b"data", pcm(_both))),
    np.zeros(4000),
    warning="in anti-phase",
)


def _missing(folder):
    return Path(folder, "missing.wav"), None


def _directory(folder):
    path = Path(folder, "directory.wav")
    path.mkdir()
    return path, None


def _fifo(folder):
    path = Path(folder, "fifo.wav")
    os.mkfifo(path)
    return path, None


def _loop(folder):
    path = Path(folder, "loop.wav")
    path.symlink_to(path)
    return path, None


def _dangling(folder):
    path = Path(folder, "dangling.wav")
    path.symlink_to(Path(folder, "nothing.wav"))
    return path, None


CASES |= {
    "missing": Case(_missing, error="no such file"),
    "directory": Case(_directory, error="is a directory"),
    "fifo": Case(_fifo, error="is not a regular file"),
    "link_loop": Case(_loop, error="symbolic link"),
    "link_dangling": Case(_dangling, error="no such file"),
    "null_byte": Case(lambda folder: (f"{folder}/a\0b.wav", None), error="null byte"),
    "too_long": Case(lambda folder: (f"{folder}/{'x' * 300}.wav", None), error="name too long"),
}
