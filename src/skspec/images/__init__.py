"""Waveforms in, images out; and images in, images out."""

from skspec._image_batch import ImageBatch
from skspec.images._augmenter import Augmenter
from skspec.images._mel_spectrogram import MelSpectrogramImage

__all__ = ["Augmenter", "ImageBatch", "MelSpectrogramImage"]
