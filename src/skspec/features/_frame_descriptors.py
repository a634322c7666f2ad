"""What is measured in every frame of a clip, all of it from one spectrum."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from skspec.exceptions import ParameterError
from skspec.signal import (
    STFT,
    ContrastBand,
    band_extremes,
    cepstrum,
    chroma_filters,
    contrast_bands,
    contrast_of_extremes,
    delta,
    magnitude,
    mel_filters,
    normalize_frames,
    rms,
    scratch,
    spectral_bandwidth,
    spectral_centroid,
    spectral_flatness,
    spectral_rolloff,
    spectrum_blocks,
    sum_bins,
    to_decibel,
    zero_crossing_rate,
)

Values = NDArray[np.float32]

FEATURES = (
    "rms",
    "zero_crossing_rate",
    "mfcc",
    "mfcc_delta",
    "spectral_centroid",
    "spectral_bandwidth",
    "spectral_rolloff",
    "spectral_flatness",
    "spectral_contrast",
    "chroma",
    "pitch",
)

# What each descriptor needs of every block of frames; the others take the waveform.
SPECTRAL = {
    "mfcc": "mel",
    "mfcc_delta": "mel",
    "spectral_centroid": "spectral_centroid",
    "spectral_bandwidth": "spectral_bandwidth",
    "spectral_rolloff": "spectral_rolloff",
    "spectral_flatness": "spectral_flatness",
    "spectral_contrast": "extremes",
    "chroma": "chroma",
}


# Contrast is measured below this frequency in Hz, and in so many octaves above it.
_CONTRAST_FMIN = 200.0
_CONTRAST_OCTAVES = 6


def check_names(parameter: str, names: Sequence[str], allowed: Collection[str]) -> None:
    """Raise unless `names` is some of `allowed`, each once."""
    for name in names:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, len(allowed), 0.0)
            raise ParameterError(
                f"Got {name!r} in {parameter}={names!r}, but expected some of {', '.join(near)}."
            )
    if not names or len(set(names)) < len(names):
        raise ParameterError(f"Got {parameter}={names!r}, but expected at least one, each once.")


def make_frame_descriptors(
    sr: float,
    stft: STFT,
    *,
    n_mfcc: int,
    n_mels: int,
    delta_width: int,
    roll_percent: float,
    contrast: bool,
) -> FrameDescriptors:
    """Build the descriptors of an estimator's parameters, or say which of them is wrong."""
    if n_mfcc > n_mels:
        raise ParameterError(f"Got n_mfcc={n_mfcc!r}, but expected at most n_mels={n_mels!r}.")
    if delta_width % 2 == 0:
        raise ParameterError(
            f"Got delta_width={delta_width!r}, but expected an odd number of frames."
        )
    return FrameDescriptors(
        stft=stft,
        frequencies=np.fft.rfftfreq(stft.n_fft, 1 / sr).astype(np.float32),
        mel=mel_filters(sr, stft.n_fft, n_mels=n_mels),
        chroma=chroma_filters(sr, stft.n_fft),
        bands=_make_bands(sr, stft.n_fft) if contrast else [],
        n_mfcc=n_mfcc,
        delta_width=delta_width,
        roll_percent=roll_percent,
    )


def _make_bands(sr: float, n_fft: int) -> list[ContrastBand]:
    octaves = math.ceil(math.log2(sr / 2 / _CONTRAST_FMIN))
    n_bands = min(max(octaves, 1), _CONTRAST_OCTAVES)
    try:
        return contrast_bands(sr, n_fft, fmin=_CONTRAST_FMIN, n_bands=n_bands)
    except ValueError as error:
        raise ParameterError(
            f"Got sr={sr!r} and n_fft={n_fft!r}, but for spectral_contrast {error}; expected a "
            "larger n_fft, or features without it."
        ) from error


@dataclass(frozen=True)
class FrameDescriptors:
    """How the frames of a clip are described.

    Parameters
    ----------
    stft : STFT
        Frames and window.
    frequencies : ndarray (n_bins,) of float32
        Of the spectrum, in Hz.
    mel, chroma : sparse array and ndarray (n_bands, n_bins) of float32
        Filter banks.
    bands : list of ContrastBand
        Of the spectral contrast.
    n_mfcc : int > 0
        Coefficients.
    delta_width : odd int >= 3
        Frames that a slope is fitted to.
    roll_percent : float in (0, 1)
        Share of the amplitudes below the roll-off.
    """

    stft: STFT
    frequencies: Values
    mel: scipy.sparse.csr_array
    chroma: Values
    bands: list[ContrastBand]
    n_mfcc: int
    delta_width: int
    roll_percent: float

    def row_names(self, name: str) -> list[str]:
        """Name the values that one descriptor has in each frame."""
        many = {
            "mfcc": self.n_mfcc,
            "mfcc_delta": self.n_mfcc,
            "spectral_contrast": len(self.bands),
            "chroma": self.chroma.shape[0],
        }
        return [f"{name}_{row}" for row in range(many[name])] if name in many else [name]

    def measure(self, waveform: Values, names: Sequence[str]) -> list[Values]:
        """Give each descriptor of a waveform, arrays of shape (n_rows, n_frames)."""
        parts = {SPECTRAL[name] for name in names if name in SPECTRAL}
        found = self._measure_spectra(waveform, parts) if parts else {}
        if "rms" in names:
            found["rms"] = rms(waveform, self.stft)
        if "zero_crossing_rate" in names:
            found["zero_crossing_rate"] = zero_crossing_rate(waveform, self.stft)
        if "mel" in found:
            found["mfcc"] = cepstrum(to_decibel(found["mel"], ref=1.0), self.n_mfcc)
        if "mfcc_delta" in names:
            found["mfcc_delta"] = self._slopes(found["mfcc"])
        if "extremes" in found:
            found["spectral_contrast"] = contrast_of_extremes(found["extremes"])[0]
        return [np.atleast_2d(found[name]) for name in names]

    def _measure_spectra(self, waveform: Values, parts: Iterable[str]) -> dict[str, Values]:
        """Give what the spectral descriptors are made of, for all frames."""
        blocks: dict[str, list[Values]] = {part: [] for part in parts}
        for _, _, spectrum in spectrum_blocks([waveform], self.stft):
            block = _Block(self, spectrum[0])
            for part, found in blocks.items():
                found.append(getattr(block, part))
        return {part: np.concatenate(found, axis=-1) for part, found in blocks.items()}

    def _slopes(self, coefficients: Values) -> Values:
        """Give the slopes over time; a clip too short for one goes on as its ends are."""
        fits = coefficients.shape[1] >= self.delta_width
        return delta(coefficients, width=self.delta_width, mode="interp" if fits else "nearest")


class _Block:
    """The spectrum of some frames, and what is measured of it, each thing once."""

    def __init__(self, how: FrameDescriptors, spectrum: NDArray[np.complex64]) -> None:
        self._how = how
        self._amplitudes = magnitude(spectrum, 1, scratch("magnitude", *spectrum.shape))

    @cached_property
    def _powers(self) -> Values:
        out = scratch("powers", *self._amplitudes.shape)
        return np.multiply(self._amplitudes, self._amplitudes, out=out)

    @cached_property
    def mel(self) -> Values:
        return sum_bins(self._powers[None], self._how.mel)[0]

    @cached_property
    def chroma(self) -> Values:
        energies = sum_bins(self._powers[None], self._how.chroma)[0]
        return normalize_frames(energies, np.inf)

    @cached_property
    def spectral_centroid(self) -> Values:
        return spectral_centroid(self._amplitudes, self._how.frequencies)

    @cached_property
    def spectral_bandwidth(self) -> Values:
        out = scratch("squares", *self._amplitudes.shape)
        return spectral_bandwidth(
            self._amplitudes, self._how.frequencies, self.spectral_centroid, out=out
        )

    @cached_property
    def spectral_rolloff(self) -> Values:
        share = self._how.roll_percent
        return spectral_rolloff(self._amplitudes, self._how.frequencies, roll_percent=share)

    @cached_property
    def spectral_flatness(self) -> Values:
        return spectral_flatness(self._powers)

    @cached_property
    def extremes(self) -> Values:
        return band_extremes(self._amplitudes[None], self._how.bands)
