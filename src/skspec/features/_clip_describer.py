"""Vectors of clips, and the names of their columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skspec.features._frame_descriptors import FrameDescriptors
from skspec.features._voiced_pitch import VoicedPitch
from skspec.signal import functionals


@dataclass(frozen=True)
class ClipDescriber:
    """How a clip becomes a vector.

    Parameters
    ----------
    descriptors : FrameDescriptors
        What is measured in every frame.
    pitch : VoicedPitch
        How pitch is.
    features, statistics : tuple of str
        What of it is given, in order.
    """

    descriptors: FrameDescriptors
    pitch: VoicedPitch | None
    features: tuple[str, ...]
    statistics: tuple[str, ...]

    def describe(self, waveform: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give the vector of one waveform."""
        found = self._describe_frames(waveform)
        if self.pitch is not None:
            hertz, share = self.pitch.measure(waveform)
            found["pitch"] = np.append(functionals(hertz[None], self.statistics), share)
        return np.concatenate([found[name].ravel() for name in self.features])

    def _describe_frames(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        names = [name for name in self.features if name != "pitch"]
        if not names:
            return {}
        # All rows at once: the statistics of one row cost as much as those of a hundred.
        rows = np.vstack(self.descriptors.measure(waveform, names))
        ends = np.cumsum([len(self.descriptors.row_names(name)) for name in names])
        parts = np.split(functionals(rows, self.statistics), ends[:-1])
        return dict(zip(names, parts, strict=True))

    def names(self) -> list[str]:
        """Name the columns: feature, its row where it has many, and statistic."""
        columns = []
        for feature in self.features:
            rows = self.descriptors.row_names(feature)
            columns += [f"{row}_{statistic}" for row in rows for statistic in self.statistics]
            columns += ["pitch_voiced_share"] if feature == "pitch" else []
        return columns
