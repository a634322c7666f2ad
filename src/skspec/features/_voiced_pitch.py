"""The pitch of a clip where it has one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skspec.exceptions import ParameterError
from skspec.signal import STFT, is_voiced, yin


@dataclass(frozen=True)
class VoicedPitch:
    """How pitch is found, and where it counts; a `ParameterError` says what cannot be.

    Parameters
    ----------
    sr : float > 0
        Sampling rate in Hz.
    hop_length : int > 0
        Samples between frames.
    fmin, fmax : float
        Range of pitch in Hz.
    threshold : float > 0
        Voiced frames are less aperiodic.
    top_db : float >= 0
        Voiced frames are not further in dB below the loudest.
    """

    sr: float
    hop_length: int
    fmin: float
    fmax: float
    threshold: float
    top_db: float

    def __post_init__(self) -> None:
        if self.fmax > self.sr / 2:
            raise ParameterError(
                f"Got pitch_fmax={self.fmax!r}, but expected at most sr / 2 = {self.sr / 2!r} Hz."
            )
        if self.fmin >= self.fmax:
            raise ParameterError(
                f"Got pitch_fmin={self.fmin!r}, but expected less than pitch_fmax={self.fmax!r}."
            )

    def measure(self, waveform: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
        """Give the pitch of the voiced frames in Hz, and their share of all frames."""
        # Four periods of the lowest pitch: two, and once more as far as they are compared.
        n_frame = 2 ** math.ceil(math.log2(4 * self.sr / self.fmin))
        stft = STFT(np.ones(n_frame, np.float32), self.hop_length)
        hertz, aperiodicity = yin(waveform, stft, self.sr, fmin=self.fmin, fmax=self.fmax)
        voiced = is_voiced(
            waveform, stft, aperiodicity, threshold=self.threshold, top_db=self.top_db
        )
        return hertz[voiced], float(voiced.mean())
