"""One progress bar for every long step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqdm.auto import tqdm


def progress_bar(
    steps: int | Sequence[Any], description: str, *, verbose: int, unit: str = "batch"
) -> tqdm:
    """Give a bar with the time left, over `steps` or so many of them; silent at ``verbose=0``."""
    iterable, total = (None, steps) if isinstance(steps, int) else (steps, len(steps))
    return tqdm(
        iterable, desc=description, total=total, unit=unit, disable=not verbose, leave=False
    )
