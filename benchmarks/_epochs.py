"""A callback that times epochs."""

from __future__ import annotations

import time
from typing import Any

import torch
from skorch.callbacks import Callback


class EpochTimes(Callback):
    """Notes how long each epoch took, a GPU's work included."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> EpochTimes:
        return self  # an estimator copies its callbacks; this one reports to its maker

    def on_epoch_begin(self, net: Any, **_: Any) -> None:
        """Start the clock."""
        synchronise()
        self.start = time.perf_counter()

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Stop it."""
        synchronise()
        self.seconds.append(time.perf_counter() - self.start)


def synchronise() -> None:
    """Wait for the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
