"""Waveforms in, waveforms out."""

from skspec.waveforms._fixed_length import FixedLength
from skspec.waveforms._silence_trimmer import SilenceTrimmer
from skspec.waveforms._time_resampler import TimeResampler
from skspec.waveforms._waveform_standardizer import WaveformStandardizer

__all__ = ["FixedLength", "SilenceTrimmer", "TimeResampler", "WaveformStandardizer"]
