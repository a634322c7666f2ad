"""Waveforms in, images out; and images in, images out."""

from skspec._image_batch import ImageBatch
from skspec.images._augmenter import Augmenter
from skspec.images._channel_stack import ChannelStack
from skspec.images._chroma import ChromaImage
from skspec.images._colormap_image import ColormapImage
from skspec.images._image_scaler import ImageScaler
from skspec.images._mel_spectrogram import MelSpectrogramImage
from skspec.images._mfcc import MFCCImage
from skspec.images._multi_res_spectrogram import MultiResSpectrogram
from skspec.images._on_demand import OnDemandImages
from skspec.images._spectral_contrast import SpectralContrastImage
from skspec.images._spectrogram import SpectrogramImage
from skspec.images._zca_whitener import ZCAWhitener

__all__ = [
    "Augmenter",
    "ChannelStack",
    "ChromaImage",
    "ColormapImage",
    "ImageBatch",
    "ImageScaler",
    "MFCCImage",
    "MelSpectrogramImage",
    "MultiResSpectrogram",
    "OnDemandImages",
    "SpectralContrastImage",
    "SpectrogramImage",
    "ZCAWhitener",
]
