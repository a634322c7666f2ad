"""How one synthetic voice sounds: pitch, glottal pulses, formants, envelope."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.signal import sosfilt

GENDERS = ("female", "male")
#: Range of a speaker's mean pitch, Hz; the two overlap.
PITCH_HZ = {"female": (150.0, 255.0), "male": (90.0, 180.0)}
#: Range of a speaker's vocal-tract length, cm; the two nearly touch.
TRACT_CM = {"female": (13.4, 15.7), "male": (16.0, 18.8)}
#: How far pitch may move from the speaker's mean, in octaves to either side, before jitter.
PITCH_SPREAD_OCTAVES = 0.3
#: First three formants of men's vowels, Hz, as Peterson and Barney (1952) average them.
VOWELS_HZ = {
    "i": (270, 2290, 3010),
    "I": (390, 1990, 2550),
    "E": (530, 1840, 2480),
    "ae": (660, 1720, 2410),
    "a": (730, 1090, 2440),
    "o": (570, 840, 2410),
    "U": (440, 1020, 2240),
    "u": (300, 870, 2240),
    "V": (640, 1190, 2390),
    "er": (490, 1350, 1690),
}
#: Fourth and fifth formant, Hz: those of a uniform tube of the reference length.
HIGH_FORMANTS_HZ = (3500, 4500)
BANDWIDTHS_HZ = np.array([60.0, 90.0, 150.0, 200.0, 250.0])
REFERENCE_TRACT_CM = 17.5
VOWELS_PER_CLIP = 3
RAMP_S = 0.04


class Speaker(NamedTuple):
    """What stays the same in all clips of a speaker."""

    gender: str
    pitch_hz: float
    tract_cm: float
    open_quotient: float  # part of a period in which the glottis is open
    breath: float  # aspiration noise relative to the pulses
    jitter: float  # deviation of a period's length, relative
    shimmer: float  # deviation of a period's amplitude, relative


def draw_speaker(rng: Generator, gender: str) -> Speaker:
    """Draw a speaker of a gender."""
    return Speaker(
        gender=gender,
        pitch_hz=float(np.exp(rng.uniform(*np.log(PITCH_HZ[gender])))),
        tract_cm=rng.uniform(*TRACT_CM[gender]),
        open_quotient=rng.uniform(0.5, 0.75),
        breath=rng.uniform(0.01, 0.06),
        jitter=rng.uniform(0.003, 0.01),
        shimmer=rng.uniform(0.02, 0.06),
    )


def draw_clip(
    rng: Generator, speaker: Speaker, sr: int, n_timepoints: int, snr_db: float | None
) -> np.ndarray:
    """Draw a clip of a speaker, shape (n_timepoints,): three vowels with noise, peak under 1."""
    source = glottal_source(rng, speaker, pitch_contour(rng, speaker, n_timepoints), sr)
    vowels = rng.choice(list(VOWELS_HZ), VOWELS_PER_CLIP, replace=False)
    voice = sum(
        weight * sosfilt(formant_filter(vowel, speaker.tract_cm, sr), source)
        for vowel, weight in zip(vowels, vowel_weights(n_timepoints), strict=True)
    )
    clip = voice * envelope(rng, sr, n_timepoints)
    level, noise = rng.uniform(0.25, 0.95), rng.standard_normal(n_timepoints)
    if snr_db is not None:
        clip = clip + noise * np.sqrt(np.mean(clip**2) / 10 ** (snr_db / 10))
    return clip * (level / np.abs(clip).max())


def pitch_contour(rng: Generator, speaker: Speaker, n_timepoints: int) -> np.ndarray:
    """Draw a pitch in Hz for every time point: an offset, a fall and a swing, in octaves."""
    position = np.linspace(0, 1, n_timepoints)
    offset, fall, swing = rng.uniform([-1, 0, 0], 1) * PITCH_SPREAD_OCTAVES / 3
    angle = 2 * np.pi * (rng.uniform(0.5, 2) * position + rng.uniform())
    octaves = offset + fall * (1 - 2 * position) + swing * np.sin(angle)
    return speaker.pitch_hz * 2**octaves


def glottal_source(rng: Generator, speaker: Speaker, pitch_hz: np.ndarray, sr: int) -> np.ndarray:
    """Give the derivative of Rosenberg's pulses at a pitch, with jitter, shimmer and breath."""
    period = np.cumsum(pitch_hz / sr).astype(int)
    jitter = 1 + speaker.jitter * rng.standard_normal(period[-1] + 1)
    phase = np.cumsum(pitch_hz * jitter[period] / sr) + rng.uniform()
    period = phase.astype(int)
    shimmer = 1 + speaker.shimmer * rng.standard_normal(period[-1] + 1)
    flow = rosenberg_pulse(phase - period, speaker.open_quotient) * shimmer[period]
    pulses = np.diff(flow, prepend=flow[0])
    return pulses / pulses.std() + speaker.breath * flow * rng.standard_normal(len(flow))


def rosenberg_pulse(phase: np.ndarray, open_quotient: float) -> np.ndarray:
    """Give the glottal flow, 0 to 1, at a phase in [0, 1): two thirds opening, one closing."""
    opening = np.clip(phase / (open_quotient * 2 / 3), 0, 1)
    closing = np.clip((phase - open_quotient * 2 / 3) / (open_quotient / 3), 0, 1)
    return np.where(closing > 0, 1 - closing**2, opening**2 * (3 - 2 * opening))


def formants(vowel: str, tract_cm: float) -> np.ndarray:
    """Give the five formants, Hz, of a vowel in a vocal tract of a length."""
    return np.array(VOWELS_HZ[vowel] + HIGH_FORMANTS_HZ) * (REFERENCE_TRACT_CM / tract_cm)


def formant_filter(vowel: str, tract_cm: float, sr: int) -> np.ndarray:
    """Give second-order sections, a resonator with gain 1 at 0 Hz for each formant."""
    frequency = formants(vowel, tract_cm)
    keep = frequency < 0.45 * sr
    radius = np.exp(-np.pi * BANDWIDTHS_HZ[keep] / sr)
    b = 2 * radius * np.cos(2 * np.pi * frequency[keep] / sr)
    c = -(radius**2)
    zero, one = np.zeros_like(b), np.ones_like(b)
    return np.column_stack([1 - b - c, zero, zero, one, -b, -c])


def vowel_weights(n_timepoints: int) -> np.ndarray:
    """Give how much of each vowel sounds when, shape (VOWELS_PER_CLIP, n_timepoints); sums to 1."""
    position = np.linspace(-0.5, VOWELS_PER_CLIP - 0.5, n_timepoints)
    position = np.clip(position, 0, VOWELS_PER_CLIP - 1)
    distance = np.abs(position - np.arange(VOWELS_PER_CLIP)[:, None])
    return np.clip(1.5 - 2 * distance, 0, 1)


def envelope(rng: Generator, sr: int, n_timepoints: int) -> np.ndarray:
    """Draw when the voice sets in and ends, within the first and last twelfth, with ramps."""
    start, stop = rng.uniform([0, 11 / 12], [1 / 12, 1]) * n_timepoints
    ramp = min(RAMP_S * sr, n_timepoints / 4)
    time = np.arange(n_timepoints)
    rise = np.clip(np.minimum(time - start, stop - time) / ramp, 0, 1)
    return 0.5 - 0.5 * np.cos(np.pi * rise)
