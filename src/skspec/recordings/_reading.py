"""A recording, read from its start to its end or to where it cannot be read on."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skspec.audio import AudioStream
from skspec.exceptions import AudioReadError

_BLOCK = 1 << 18
_NOTHING = np.zeros(0, np.float32)


class Recording:
    """Stretches of a recording; memory holds one of them.

    With `tolerant`, damage is no error: `reason` says what it is, and once it is met, `unread_from`
    is the timepoint from which on nothing can be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sr: float,
        *,
        channel: Literal["mix"] | int = "mix",
        tolerant: bool = False,
    ) -> None:
        self.path = path
        self.sr = sr
        self.reason = ""
        self.unread_from: int | None = None
        self.expected: int | None = None
        self._options: Any = {"channel": channel}
        self._tolerant = tolerant
        self._held, self._start, self._reached = _NOTHING, 0, 0
        self._stream = self._open(truncated="raise")

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    @property
    def is_open(self) -> bool:
        """Whether there is anything to read from."""
        return self._stream is not None

    def span(self, start: int, stop: int) -> NDArray[np.float32]:
        """Give the timepoints from `start` to `stop`, fewer at the end; `start` never goes back."""
        if start > self._start + len(self._held):
            self._go_to(start)
        self._held = self._held[start - self._start :]
        self._start = start
        missing = stop - start - len(self._held)
        if missing > 0:
            self._held = np.concatenate([self._held, self._read(missing)])
        reach = start + len(self._held)
        if reach < stop and self.reason:
            self.unread_from = min(reach, self._reached)
        return self._held[: max(0, stop - start)]

    def _open(self, truncated: Literal["raise", "accept"]) -> AudioStream | None:
        try:
            stream = AudioStream(self.path, self.sr, truncated=truncated, **self._options)
        except AudioReadError as error:
            if not self._tolerant:
                raise
            self.reason = self.reason or error.reason
            return self._open("accept") if truncated == "raise" else None
        if stream.duration_s is not None:
            self.expected = round(stream.duration_s * self.sr)
        return stream

    def _read(self, n: int) -> NDArray[np.float32]:
        """Read on; where that fails, once more from there with what can be had."""
        if self._stream is None:
            return _NOTHING
        position = self._stream.position
        try:
            waveform = self._stream.read(n)
        except AudioReadError as error:
            if not self._tolerant:
                raise
            first = not self.reason
            self.reason = self.reason or error.reason
        else:
            self._reached = self._stream.position
            if self._tolerant and not self._reached:  # though something was asked for
                self.reason = self.reason or "holds no sample"
            return waveform
        self._stream.close()
        self._stream = self._open("accept") if first else None
        self._read_to(position)
        return self._read(n)

    def _go_to(self, position: int) -> None:
        """Leave out what lies between."""
        if self._stream is not None and not self._tolerant:
            self._stream.seek_s(position / self.sr)
        self._read_to(position)
        self._held, self._start = _NOTHING, position

    def _read_to(self, position: int) -> None:
        # Not by seeking: which sample a bad block begins with depends on where reading began.
        while self._stream is not None and (missing := position - self._stream.position) > 0:
            if not len(self._read(min(missing, _BLOCK))):
                return
