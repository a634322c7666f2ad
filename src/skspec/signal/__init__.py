"""Spectral maths on one waveform at a time, as functions without state.

One clip at a time, because then its numbers cannot depend on its neighbours: the sizes that
decide how an FFT or a sum is vectorised, and so its last bits, are those of the clip alone.
It costs nothing: the frames of one clip already fill the cache.
"""

from skspec.signal._decibel import to_decibel
from skspec.signal._fixed_length import fix_length
from skspec.signal._mel import mel_filters, mel_spectrogram
from skspec.signal._stft import STFT, Window, magnitude, make_window, spectrum_blocks

__all__ = [
    "STFT",
    "Window",
    "fix_length",
    "magnitude",
    "make_window",
    "mel_filters",
    "mel_spectrogram",
    "spectrum_blocks",
    "to_decibel",
]
