"""The images, heads and stages of herron's paper."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, clone

from skspec.images import (
    ChannelStack,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    ZCAWhitener,
)
from skspec.models import CyclicSchedule, Head, Stage, StepSchedule
from skspec.waveforms import TimeResampler, WaveformStandardizer

N_TIMEPOINTS = 100_000
SECONDS = 3.0  # what most of its clips last: names the frequencies of clips made equally long
SIZE = (128, 256)
CHANNELS = ("multires", "mfcc")
#: Learning rate (of the cycle the highest one) and how it changes.
SCHEDULES = {
    "constant": (1e-4, None),
    "cyclic": (1e-3, CyclicSchedule(period_epochs=10, min_factor=0.1)),
    "step": (1e-3, StepSchedule(20, factor=0.1)),
}
#: What stands between the maps and the last layer; others than these have the mean alone.
_HEADS = {
    "alexnet": Head(pooling="flatten", hidden=(4096, 4096), dropout=(0.5, 0.5, 0.0)),
    "squeezenet1_0": Head(dropout=0.5),
    "squeezenet1_1": Head(dropout=0.5),
}


def image_steps(channels: str, sr: float) -> list[tuple[str, BaseEstimator]]:
    """Give the steps from clips to whitened images."""
    mel: dict[str, Any] = {
        "sr": N_TIMEPOINTS / SECONDS,
        "n_fft": 4096,
        "n_mels": 128,
        "htk": True,
        "pad_mode": "reflect",
    }
    image: BaseEstimator
    if channels == "multires":
        image = MultiResSpectrogram(norm=None, size=SIZE, **mel)
    else:
        mel |= {"win_length": 1024, "hop_length": 256}
        finest = MelSpectrogramImage(norm=None, **mel)
        mfcc = MFCCImage(n_mfcc=40, deltas=1, mel_norm=None, **mel)
        image = ChannelStack([("mel", finest), ("mfcc", mfcc)], size=SIZE)
    return [
        ("resample", TimeResampler(N_TIMEPOINTS, sr=sr)),
        ("standardize", WaveformStandardizer(sr=sr)),
        ("image", image),
        ("zca", ZCAWhitener(scope="image")),
    ]


def head(backbone: str) -> Head:
    """Give what that network classifies by, with a new last layer."""
    return clone(_HEADS.get(backbone, Head(dropout=0.0)))


def stages(train: str, epochs: int, schedule: str) -> list[tuple[str, Stage]]:
    """Give the one stage; decay on all that learns is what torch's AdamW does by itself."""
    lr, course = SCHEDULES[schedule]
    stage = Stage(
        train,
        epochs=epochs,
        lr=lr,
        schedule=None if course is None else clone(course),
        weight_decay=1e-3,
        decay_on="all",
    )
    return [("full", stage)]
