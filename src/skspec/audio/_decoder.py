"""One sound file, decoded from its start to its end, a block at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from skspec._scratch import scratch
from skspec.audio._containers import read_layout
from skspec.audio._files import check_regular_file, explain_undecodable, reason_of
from skspec.audio._layout import Layout, Piece, SplicedFile
from skspec.exceptions import AudioReadError

BLOCK = 1 << 18  # values, of all channels together; whatever a header says
MOST_CHANNELS = 256
RATES = (100, 10_000_000)
_UNKNOWN = 1 << 62
_EXACT = {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
_PLAIN = {"WAV", "WAVEX", "RF64", "AIFF", "AU", "W64", "CAF"}


class Decoder:
    """What a file holds and what is wrong with it; the latter in full once it is decoded.

    Nothing is allocated from what a header says: a block is of a size of its own, and a file that
    states more than it holds ends where it ends.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self.layout = _layout(path)
        self.damage = self.layout.damage
        self._spliced = _splice(path, self.layout.pieces)
        self._file = self._open()
        self.position = 0
        self._stopped = ""

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def format(self) -> str:
        """The decoder's name of container and code."""
        return f"{self._file.format} {self._file.subtype}"

    @property
    def sr(self) -> int:
        """Samples per second of each channel."""
        return self._file.samplerate

    @property
    def n_channels(self) -> int:
        """Channels of the file."""
        return self._file.channels

    @property
    def n_frames(self) -> int | None:
        """How many samples of each channel there should be, None where nothing says so."""
        if self.layout.n_samples is not None:
            return self.layout.n_samples
        return self._file.frames if self._file.frames < _UNKNOWN else None

    @property
    def is_done(self) -> bool:
        """Whether all that the decoder promised has come."""
        return self.position >= self._file.frames

    @property
    def seeks_exactly(self) -> bool:
        """Whether a sample can be gone to with the same result as reading on to it."""
        return self._file.format in _PLAIN and self._file.subtype in _EXACT

    def seek(self, position: int) -> None:
        """Go to a sample of a file that `seeks_exactly`."""
        self.position = self._file.seek(min(position, self._file.frames))

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield samples (n_timepoints, n_channels), full scale 1, from the position on.

        Each block holds until the next one is asked for.
        """
        size = max(1, BLOCK // self.n_channels)
        while not self.is_done:
            wanted = min(size, self._file.frames - self.position)
            block = self._read(wanted)
            if len(block):
                yield block
            if len(block) < wanted:
                break
        self.damage = self.damage or self._missing()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._spliced is not None:
            self._spliced.close()

    def _read(self, n: int) -> NDArray[np.float32]:
        block = scratch("decoded", n, self.n_channels)
        try:
            block = self._file.read(n, dtype="float32", out=block)
        except soundfile.SoundFileError as error:
            self._stopped = reason_of(error)
            block = block[: max(0, self._file.tell() - self.position)]
        self.position += len(block)
        return block

    def _missing(self) -> str:
        """Say what was not there after all was decoded."""
        if self.n_frames == self.position:
            return ""
        if self._stopped:
            return f"damaged after {self.position} samples ({self._stopped})"
        if self.n_frames is None:
            return ""
        return f"truncated: {self.position} of {self.n_frames} samples could be decoded"

    def _open(self) -> soundfile.SoundFile:
        # A name that is not valid text reaches the decoder only as the bytes it is.
        name = os.fsencode(self.path) if os.name == "posix" else os.fspath(self.path)
        source: Any = self._spliced or name
        try:
            file = _OneWayFile(source, "r")
        except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError) as error:
            if self._spliced is not None:
                self._spliced.close()
            if self.damage:
                raise AudioReadError(self.path, self.damage, "Fetch it again.") from error
            raise explain_undecodable(self.path, error) from error
        return _check_claims(file, self.path)


class _OneWayFile(soundfile.SoundFile):
    """A file that is not sent to where it already is after every read.

    That costs time, and in MP3 and others does not come out at quite the same sample.
    """

    def seekable(self) -> bool:
        return False


def _splice(path: str | os.PathLike[str], pieces: tuple[Piece, ...]) -> SplicedFile | None:
    if not pieces and os.fspath(path).lower().endswith(".raw"):  # soundfile believes the name
        pieces = (range(os.path.getsize(path)),)
    return SplicedFile(path, pieces) if pieces else None


def _layout(path: str | os.PathLike[str]) -> Layout:
    try:
        return read_layout(path)
    except (OSError, ValueError) as error:
        check_regular_file(path)  # which says it better
        raise AudioReadError(path, reason_of(error)) from error


def _check_claims(file: soundfile.SoundFile, path: str | os.PathLike[str]) -> soundfile.SoundFile:
    remedy = "Its header is wrong; fetch or write it again."
    if not 1 <= file.channels <= MOST_CHANNELS:
        file.close()
        reason = f"says it has {file.channels} channels, more than {MOST_CHANNELS}"
        raise AudioReadError(path, reason, remedy)
    if not RATES[0] <= file.samplerate <= RATES[1]:
        file.close()
        reason = f"says its rate is {file.samplerate} Hz, outside {RATES[0]} to {RATES[1]:,} Hz"
        raise AudioReadError(path, reason, remedy)
    return file
