"""What the samples of a file are like, added up block by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from skspec._validation import INTEGER_PEAK, LOUDEST, USUAL_PEAK
from skspec.audio._levels import ANTI_PHASE

SILENT = 1e-4  # -80 dB
CLIPPED = 0.99  # of full scale; from here on a sample that repeats the one before it was cut off
MUCH_CLIPPED = 1e-3
MUCH_DC = 0.01


@dataclass
class Statistics:
    """Sums over the blocks of a file, and what they say."""

    n: int = 0
    peak: float = 0.0
    power: float = 0.0
    mix_power: float = 0.0
    n_silent: int = 0
    n_clipped: float = 0.0
    is_finite: bool = True
    is_whole: bool = True
    total: Any = 0.0
    last: Any = np.nan
    key: Any = field(default_factory=xxhash.xxh3_128)

    def update(self, channels: NDArray[np.float32]) -> None:
        """Take a block (n_timepoints, n_channels)."""
        self.key.update(channels)
        self.n += len(channels)
        self.is_finite = self.is_finite and bool(np.isfinite(channels).all())
        if not self.is_finite:
            return
        exact = channels.astype(np.float64)
        loudness = np.abs(exact)
        self.peak = max(self.peak, float(loudness.max()))
        self.power += float(np.square(exact).mean(axis=1).sum())
        self.mix_power += float(np.square(exact.mean(axis=1)).sum())
        self.n_silent += int(np.count_nonzero(loudness.max(axis=1) < SILENT))
        self.total = self.total + exact.sum(axis=0)
        self.is_whole = self.is_whole and np.array_equal(exact, np.rint(exact))
        before = np.vstack([np.broadcast_to(self.last, channels[:1].shape), channels[:-1]])
        self.n_clipped += float(((channels == before) & (loudness >= CLIPPED)).mean(axis=1).sum())
        self.last = channels[-1:]

    def levels(self) -> dict[str, float]:
        """Give the levels, NaN where there are none."""
        if not self.n or not self.is_finite:
            return {}
        power = self.power / self.n
        return {
            "peak": self.peak,
            "rms_db": 10 * float(np.log10(power)) if power else -np.inf,
            "silent_share": self.n_silent / self.n,
            "clipped_share": self.n_clipped / self.n,
            "dc": float(np.abs(self.total / self.n).max()),
        }

    def faults(self) -> list[str]:
        """Say why the samples cannot be sound."""
        if not self.n:
            return ["holds no sample"]
        if not self.is_finite:
            return ["holds NaN or infinity"]
        if self.peak > LOUDEST:
            return [f"its peak is {self.peak:.3g}, full scale is 1"]
        if self.peak >= INTEGER_PEAK and self.is_whole:
            return [f"holds whole numbers up to {self.peak:.0f}: integer samples"]
        return []

    def remarks(self) -> list[str]:
        """Say what is odd about them."""
        levels = self.levels()
        if not levels:
            return []
        said = {
            "silent": levels["silent_share"] == 1,
            f"peak {self.peak:.3g}, where full scale is 1": self.peak > USUAL_PEAK,
            f"clipped: {levels['clipped_share']:.2%}": levels["clipped_share"] > MUCH_CLIPPED,
            f"offset from zero: {levels['dc']:.3f}": levels["dc"] > MUCH_DC,
            "channels in anti-phase": self.mix_power < ANTI_PHASE * self.power,
        }
        return [text for text, is_so in said.items() if is_so]
