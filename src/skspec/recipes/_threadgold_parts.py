"""The images and networks of threadgold's paper."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

from sklearn.base import BaseEstimator

from skspec._validation import check_choice
from skspec.images import (
    ChannelStack,
    ChromaImage,
    ImageScaler,
    MelSpectrogramImage,
    MFCCImage,
    SpectralContrastImage,
)
from skspec.models import (
    Head,
    LSTMClassifier,
    PretrainedCNNClassifier,
    SmallCNNClassifier,
    Stage,
)

ARCHITECTURES = {"simple_cnn": "simple", "mandel": "mandel", "reduced_mandel": "mandel_small"}
#: Blocks of VGG16 that learn. Frozen layers are counted as Keras does, the input among them.
LEARNING = {"vgg16_15_frozen": "last:1", "vgg16_10_frozen": "last:2"}
N_MELS = 128


def image_steps(
    feature: str | Sequence[str], sr: float, n_mfcc: int, *, frame_length: int, hop_length: int
) -> list[tuple[str, BaseEstimator]]:
    """Give the steps from segments to images."""
    frames: dict[str, Any] = {"sr": sr, "n_fft": frame_length, "hop_length": hop_length}
    frames["center"] = False  # a segment has all samples of its frames
    images = {
        "mel": MelSpectrogramImage(n_mels=N_MELS, **frames),
        "mfcc": MFCCImage(n_mfcc=n_mfcc, **frames),
        "chroma": ChromaImage(tuning="estimate", **frames),
        "contrast": SpectralContrastImage(**frames),
    }
    names = [feature] if isinstance(feature, str) else list(feature)
    for name in names:
        check_choice("feature", name, images)
    if len(names) == 1:
        return [("image", images[names[0]])]
    stack = ChannelStack([(name, images[name]) for name in names])
    return [("image", stack), ("scale", ImageScaler(per="channel"))]


def network(
    system: str,
    epochs: int | None,
    weights: str | PathLike[str] | None,
    n_frames: int,
    **training: Any,
) -> BaseEstimator:
    """Give the classifier of images."""
    training |= {"input_scaling": "unit", "monitor": "valid_accuracy"}
    if system in LEARNING:
        return PretrainedCNNClassifier(
            "vgg16",
            weights=weights,
            head=Head(pooling="flatten", hidden=(256,), dropout=(0.0, 0.5)),
            stages=[("finetune", _finetune(system, epochs))],
            input_size=(N_MELS, n_frames),
            **training,
        )
    epochs = 20 if epochs is None else epochs
    stages = [("full", Stage("all", epochs=epochs, optimizer="adam", lr=1e-3))]
    if system == "lstm":
        return LSTMClassifier(head=Head(pooling="last"), stages=stages, **training)
    return SmallCNNClassifier(ARCHITECTURES[system], stages=stages, **training)


def _finetune(system: str, epochs: int | None) -> Stage:
    if epochs is None:
        epochs = 500 if system == "vgg16_15_frozen" else 20
    return Stage(
        LEARNING[system],
        epochs=epochs,
        optimizer="sgd",
        lr=1e-4,
        optimizer_params={"momentum": 0.9},
    )
