"""Spectral maths on one waveform at a time, as functions without state.

One clip at a time, because then its numbers cannot depend on its neighbours: the sizes that
decide how an FFT or a sum is vectorised, and so its last bits, are those of the clip alone.
It costs nothing: the frames of one clip already fill the cache.
"""

from skspec.signal._cepstrum import DeltaMode, cepstrum, delta
from skspec.signal._chroma import chroma_filters, estimate_tuning, normalize_frames
from skspec.signal._contrast import (
    ContrastBand,
    band_extremes,
    contrast_bands,
    contrast_of_extremes,
    spectral_contrast,
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
from skspec.signal._mel import mel_filters, mel_spectrogram, warn_of_silent_bands
from skspec.signal._pitch import is_voiced, yin
from skspec.signal._resize import even_positions, resize, resize_weights
from skspec.signal._spectrogram import Scaling, spectrogram, spectrum_factors
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
    "mel_spectrogram",
    "normalize_frames",
    "resize",
    "resize_weights",
    "rms",
    "scratch",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_contrast",
    "spectral_flatness",
    "spectral_rolloff",
    "spectrogram",
    "spectrum_blocks",
    "spectrum_factors",
    "standardize",
    "sum_bins",
    "to_decibel",
    "warn_of_silent_bands",
    "yin",
    "zero_crossing_rate",
]
