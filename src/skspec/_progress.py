"""One progress bar for every long step."""

from __future__ import annotations

from tqdm.auto import tqdm


def progress_bar(total: int, description: str, *, verbose: int, unit: str = "batch") -> tqdm:
    """Give a bar with the time left; silent where ``verbose`` is 0."""
    return tqdm(total=total, desc=description, unit=unit, disable=not verbose, leave=False)
