"""The largest memory that this process has held."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mb() -> float:
    """Give it in MiB; Linux alone says it.

    ``ru_maxrss`` would not do: it begins with what the process held that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) / 1024
