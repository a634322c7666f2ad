"""Spectral maths on waveforms of one length, as functions without state.

Some clips at once, so that their frames fill the cache and two threads seldom wait for each other.
What one clip gives has the same bits in any company: where the size of a batch would decide how an
FFT or a sum is vectorised, it is filled up, or clips are taken one by one.
"""

from skspec.signal._cepstrum import DeltaMode, cepstrum, delta
from skspec.signal._chroma import chroma_filters, estimate_tuning, normalize_frames
from skspec.signal._contrast import (
    ContrastBand,
    band_extremes,
    contrast_bands,
    contrast_of_extremes,
    spectral_contrasts,
)
from skspec.signal._decibel import to_decibel
from skspec.signal._descriptors import (
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_flatness,
    spectral_rolloff,
    zero_crossing_rate,
)
from skspec.signal._filter_bank import FilterBank, sum_bins
from skspec.signal._fixed_length import fix_length
from skspec.signal._functionals import FUNCTIONALS, functionals
from skspec.signal._mel import mel_filters, mel_spectrograms, warn_of_silent_bands
from skspec.signal._pitch import is_voiced, yin
from skspec.signal._resize import even_positions, resize, resize_weights
from skspec.signal._spectrogram import Scaling, spectrograms, spectrum_factors
from skspec.signal._standardize import CONSTANT, standardize
from skspec.signal._stft import (
    STFT,
    Window,
    magnitude,
    make_stft,
    make_window,
    scratch,
    spectrum_blocks,
)

__all__ = [
    "CONSTANT",
    "FUNCTIONALS",
    "STFT",
    "ContrastBand",
    "DeltaMode",
    "FilterBank",
    "Scaling",
    "Window",
    "band_extremes",
    "cepstrum",
    "chroma_filters",
    "contrast_bands",
    "contrast_of_extremes",
    "delta",
    "estimate_tuning",
    "even_positions",
    "fix_length",
    "functionals",
    "is_voiced",
    "magnitude",
    "make_stft",
    "make_window",
    "mel_filters",
    "mel_spectrograms",
    "normalize_frames",
    "resize",
    "resize_weights",
    "rms",
    "scratch",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_contrasts",
    "spectral_flatness",
    "spectral_rolloff",
    "spectrograms",
    "spectrum_blocks",
    "spectrum_factors",
    "standardize",
    "sum_bins",
    "to_decibel",
    "warn_of_silent_bands",
    "yin",
    "zero_crossing_rate",
]
