"""The part of a network that does not learn, computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skspec.nn._batches import Examples

if TYPE_CHECKING:
    from skspec.nn._training import Run


def frozen_once(run: Run, first_block: int) -> tuple[Examples, Examples | None, int | None]:
    """Give what a stage trains and validates on, and the block that takes it (None: images)."""
    return run.train, run.valid, None
