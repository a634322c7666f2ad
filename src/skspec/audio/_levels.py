"""Whether samples can be sound, told block by block."""

from __future__ import annotations

import math
import os
import warnings

import numpy as np
from numpy.typing import NDArray

from skspec._validation import INTEGER_PEAK, LOUDEST, USUAL_PEAK
from skspec.exceptions import AudioReadError, AudioWarning

ANTI_PHASE = 1e-4  # the mix has lost 40 dB against its channels
_SCALE = "Divide by the full scale (32768 for 16 bits) and write it again."


class Levels:
    """Peak and power of a waveform, and of the channels that it is the mean of."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.peak = 0.0
        self.power = 0.0
        self.channel_power = 0.0
        self.is_whole = True

    def update(self, channels: NDArray[np.float32], waveform: NDArray[np.float32]) -> None:
        """Take a block (n_timepoints, n_channels) and the waveform made of it.

        Raises
        ------
        AudioReadError
            NaN, infinity, or a peak that no sound has.
        """
        # The ufuncs themselves: of a short file, the methods' Python is half the cost.
        high, low = float(np.maximum.reduce(waveform)), -float(np.minimum.reduce(waveform))
        peak = low if low > high else high  # NaN where there is one, since both are it
        if not math.isfinite(peak):
            raise AudioReadError(self.path, "holds NaN or infinity", "Write the file again.")
        self.peak = max(self.peak, peak)
        if peak > LOUDEST:
            raise AudioReadError(self.path, f"its peak is {peak:.3g}, full scale is 1", _SCALE)
        whole = channels if channels.shape[1] > 1 else waveform  # a mean of integers may be none
        self.is_whole &= peak <= USUAL_PEAK or np.array_equal(whole, np.rint(whole))
        if channels.shape[1] > 1:
            self.power += float(np.square(waveform).sum())
            self.channel_power += float(np.square(channels).mean(axis=1).sum())

    @property
    def cancels_out(self) -> bool:
        """Whether the channels do so in their mean."""
        return self.power < ANTI_PHASE * self.channel_power

    def check(self) -> None:
        """Refuse integer samples that were not scaled; warn of what is probably wrong.

        Raises
        ------
        AudioReadError
            Whole numbers with a peak of 127 or more.
        """
        if self.peak >= INTEGER_PEAK and self.is_whole:
            reason = f"holds whole numbers up to {self.peak:.0f}: integer samples"
            raise AudioReadError(self.path, reason, _SCALE)
        if self.peak > USUAL_PEAK:
            self._warn(f"its peak is {self.peak:.3g}, where full scale is 1.")
        if self.cancels_out:
            self._warn(
                "its channels are in anti-phase and cancel out in the mono mix; keep one channel "
                "or invert one of them."
            )

    def _warn(self, text: str) -> None:
        warnings.warn(f"path {self.path!r}: {text}", AudioWarning, stacklevel=4)
