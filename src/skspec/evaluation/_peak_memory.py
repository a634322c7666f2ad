"""How much memory a stretch of code needed at most."""

from __future__ import annotations

import math
from pathlib import Path

_PEAK_OF_RSS = "VmHWM:"


class PeakMemory:
    """The largest resident memory of this process since the meter was made.

    Linux keeps the peak itself and sets it back on request (``5`` in ``/proc/self/clear_refs``,
    see proc(5)), which costs nothing while code runs and misses no short peak. There is nothing
    like it elsewhere: the peak is NaN then.
    """

    def __init__(self, process: Path = Path("/proc/self")) -> None:
        self._status = process / "status"
        try:
            (process / "clear_refs").write_text("5")
            self._known = True
        except OSError:
            self._known = False

    def megabytes(self) -> float:
        """Give the peak in units of 10^6 bytes; NaN where it cannot be had."""
        if not self._known:
            return math.nan
        for line in self._status.read_text().splitlines():
            if line.startswith(_PEAK_OF_RSS):
                return int(line.split()[1]) * 1024 / 1e6  # "kB" are 1024 bytes there
        return math.nan
