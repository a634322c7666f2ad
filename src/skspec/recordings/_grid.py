"""Where the windows of a recording are, and the windows themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from skspec.exceptions import ParameterError
from skspec.recordings._reading import Recording


@dataclass(frozen=True)
class Grid:
    """Windows of a recording, by their number; all but seconds is in timepoints at `sr`."""

    sr: float
    window_s: float
    hop_s: float
    start_s: float = 0.0
    end_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("window_s", "hop_s"):
            if getattr(self, name) * self.sr < 1:
                raise ParameterError(
                    f"Got {name}={getattr(self, name)!r}, which is less than a sample at "
                    f"{self.sr} Hz."
                )
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ParameterError(
                f"Got end_s={self.end_s!r}, but expected more than start_s={self.start_s!r}."
            )

    @property
    def length(self) -> int:
        """Timepoints of a window."""
        return round(self.window_s * self.sr)

    def start(self, k: int) -> int:
        """Give where a window starts; rounded by itself, so that nothing adds up."""
        return round((self.start_s + k * self.hop_s) * self.sr)

    def stop(self, k: int) -> int:
        """Give where a window stops, if the recording goes on for so long."""
        stop = self.start(k) + self.length
        return stop if self.end_s is None else min(stop, round(self.end_s * self.sr))

    def has(self, k: int, end: int) -> bool:
        """Tell whether a recording of `end` timepoints has a window `k`.

        The windows end with the first that reaches the end of the recording.
        """
        reach = min(end, self.stop(k))
        return reach > self.start(k) and (k == 0 or reach > self.start(k - 1) + self.length)

    def within(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield start and end of the windows from `first` on of a recording of `end` timepoints."""
        k = first
        while self.has(k, end):
            yield self.start(k), min(end, self.stop(k))
            k += 1


def cut_windows(
    recording: Recording, grid: Grid, first: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield start and waveform of the windows from `first` on, up to the end or to damage."""
    for k in count(first):
        start, stop = grid.start(k), grid.stop(k)
        waveform = recording.span(start, stop)
        if recording.unread_from is not None or not grid.has(k, start + len(waveform)):
            return
        yield start, waveform


def padded(waveforms: Sequence[NDArray[np.float32]], length: int) -> NDArray[np.float32]:
    """Give waveforms as rows, with silence after those that are shorter."""
    rows = np.zeros((len(waveforms), length), np.float32)
    for row, waveform in zip(rows, waveforms, strict=True):
        row[: len(waveform)] = waveform
    return rows
