"""`WaveformPolicy`: random changes of a waveform, a pure function of (epoch, clip index)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from skspec._seeding import generator_at


@dataclass(frozen=True)
class WaveformPolicy:
    """The settings of an `OnDemandImages` with its seed: see there."""

    sr: float
    noise_snr_db: float | None
    shift_s: float
    gain_db: float
    speed: float
    seed: int

    @property
    def changes(self) -> bool:
        """Whether anything is drawn at all."""
        return self.noise_snr_db is not None or any((self.shift_s, self.gain_db, self.speed))

    def __call__(self, waveform: NDArray[Any], index: int, epoch: int) -> NDArray[np.float32]:
        """Give a changed copy of one clip's waveform."""
        draw = generator_at(self.seed, "waveform", epoch, index)
        # All numbers are drawn before any is used: a setting never shifts the draws of another.
        speed, shift, gain = draw.uniform(-1, 1, size=3)
        changed = np.array(waveform, dtype=np.float32)
        if self.speed:
            changed = soxr.resample(changed, self.sr * (1 + speed * self.speed), self.sr)
        changed = _shift(changed, round(shift * self.shift_s * self.sr))
        changed *= np.float32(10 ** (gain * self.gain_db / 20))
        if self.noise_snr_db is not None:
            changed += _noise(changed, self.noise_snr_db, draw)
        return changed


def _shift(waveform: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Move a waveform later for positive n, earlier for negative; silence follows."""
    n = max(-len(waveform), min(n, len(waveform)))
    shifted = np.zeros_like(waveform)
    if n >= 0:
        shifted[n:] = waveform[: len(waveform) - n]
    else:
        shifted[:n] = waveform[-n:]
    return shifted


def _noise(
    waveform: NDArray[np.float32], snr_db: float, draw: np.random.Generator
) -> NDArray[np.float32]:
    """Give white noise at a ratio of mean powers; none for silence."""
    noise = draw.standard_normal(len(waveform), dtype=np.float32)
    power = float(np.mean(np.square(waveform, dtype=np.float64)))
    return noise * np.float32(np.sqrt(power / 10 ** (snr_db / 10)))
