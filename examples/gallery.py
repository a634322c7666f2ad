"""One real clip, drawn through every representation and preparation, and by a network.

    python examples/gallery.py [FOLDER]

Writes ``gallery.png``: the images of waveforms with their axes; ``gallery_prepared.png``: what
whitening, scaling and a colour map make of a Mel spectrogram, and what training draws of it; and
``gallery_network.png``: how a pretrained network sees the clips, and where it finds what they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from skspec import (
    Augmenter,
    ChannelStack,
    ChromaImage,
    ColormapImage,
    DeepFeatures,
    EmbeddingDisplay,
    GradCAMDisplay,
    ImageScaler,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    PretrainedCNNClassifier,
    SpectralContrastImage,
    SpectrogramDisplay,
    SpectrogramImage,
    ZCAWhitener,
    load_percussion,
)


def draw_representations(path: Path, clips: list[str], sr: int) -> None:
    """Draw the first clip by every transformer from waveforms to images."""
    frames = {"sr": sr, "duration_s": 0.5, "n_fft": 512, "hop_length": 64}
    mel = MelSpectrogramImage(**frames, n_mels=64)
    mfcc = MFCCImage(**frames, n_mels=64, deltas=1)
    pictures = [
        ("SpectrogramImage", SpectrogramImage(**frames), 0),
        ("MelSpectrogramImage", mel, 0),
        ("MFCCImage", mfcc, 0),
        ("MFCCImage, difference over time", mfcc, 1),
        ("ChromaImage", ChromaImage(**frames), 0),
        ("SpectralContrastImage", SpectralContrastImage(**frames), 0),
        ("MultiResSpectrogram, short window", MultiResSpectrogram(sr=sr, duration_s=0.5), 0),
        ("MultiResSpectrogram, long window", MultiResSpectrogram(sr=sr, duration_s=0.5), 2),
        ("ChannelStack, MFCC as its channel", ChannelStack([("mel", mel), ("mfcc", mfcc)]), 1),
    ]
    figure, axes = plt.subplots(3, 3, figsize=(13, 9), layout="constrained")
    for ax, (title, transformer, channel) in zip(axes.flat, pictures, strict=True):
        fitted = transformer.fit(clips)
        SpectrogramDisplay.from_estimator(fitted, clips, channel=channel, ax=ax)
        ax.set_title(title)
    figure.savefig(path, dpi=100)


def draw_preparations(path: Path, clips: list[str], sr: int) -> None:
    """Draw what the transformers from images to images make of the first clip."""
    images = MelSpectrogramImage(
        sr=sr, duration_s=0.5, n_fft=512, hop_length=64, n_mels=64
    ).fit_transform(clips)
    augmenter = Augmenter(time_mask=30, freq_mask=12, time_shift=20, random_state=0).fit(images)
    prepared = {
        "Mel spectrogram": images,
        'ZCAWhitener("image")': ZCAWhitener().fit_transform(images),
        'ZCAWhitener("dataset")': ZCAWhitener("dataset").fit_transform(images),
        'ImageScaler("bin")': ImageScaler().fit_transform(images),
        "ColormapImage": ColormapImage().fit_transform(images),
        "Augmenter, one epoch": augmenter.draw(images, epoch=1),
    }
    figure, axes = plt.subplots(2, 3, figsize=(13, 6), layout="constrained")
    for ax, (title, batch) in zip(axes.flat, prepared.items(), strict=True):
        picture = np.moveaxis(np.asarray(batch)[0], 0, -1)
        ax.imshow(picture, origin="lower", aspect="auto", cmap="magma")
        ax.set(title=title, xlabel="frame", ylabel="bin")
    figure.savefig(path, dpi=100)


def draw_network(path: Path, drums: Bunch) -> None:
    """Draw deep features of all clips, and where a network with a new head finds three of them."""
    mel = MelSpectrogramImage(sr=drums.sr, duration_s=0.5, n_fft=512, hop_length=64, n_mels=64)
    images = mel.fit_transform(drums.paths)
    network = {"backbone": "efficientnet_lite0", "input_size": (128, 128)}
    deep = DeepFeatures(**network, blocks="block5c").fit(images)
    cnn = PretrainedCNNClassifier(**network, stages="frozen", batch_size=8, random_state=0)
    cnn.set_params(frozen__lr=1e-2).fit(images, drums.y)
    figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
    EmbeddingDisplay.from_estimator(deep, images, drums.y, ax=axes[0, 0])
    axes[0, 0].set_title("DeepFeatures, first two principal components")
    for ax, label in zip(axes.flat[1:], ("cymbal", "kick", "snare"), strict=True):
        index = int(np.flatnonzero(drums.y == label)[0])
        GradCAMDisplay.from_estimator(make_pipeline(mel, cnn), drums.paths, index, ax=ax)
    figure.savefig(path, dpi=100)


def main(folder: Path) -> None:
    """Draw all pictures into a folder."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    drums = load_percussion()
    clips = [*drums.paths[drums.y == "cymbal"], *drums.paths[drums.y == "skin"]]
    draw_representations(folder / "gallery.png", clips, drums.sr)
    draw_preparations(folder / "gallery_prepared.png", clips, drums.sr)
    draw_network(folder / "gallery_network.png", drums)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
