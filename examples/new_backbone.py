"""A network of your own as a backbone: frozen, tuned, cut and drawn like any other.

    python examples/new_backbone.py [FOLDER]

Any torch network that can be written as a list of blocks will do. This one looks along time and
along frequency in turn. Writes ``new_backbone.png``: where it found a class.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.pipeline import Pipeline
from torch import nn

from skspec import (
    GradCAMDisplay,
    Head,
    MelSpectrogramImage,
    PretrainedCNNClassifier,
    Stage,
    backbones,
    evaluate,
    make_voices,
    register_backbone,
)
from skspec.evaluation import Evaluation


def build() -> nn.Sequential:
    """Give the network with random weights; images come with three channels."""
    return nn.Sequential(
        _block(3, 16, kernel=(1, 7)), _block(16, 32, kernel=(7, 1)), _block(32, 64, kernel=(3, 3))
    )


def _block(n_in: int, n_out: int, kernel: tuple[int, int]) -> nn.Sequential:
    same = (kernel[0] // 2, kernel[1] // 2)
    convolution = nn.Conv2d(n_in, n_out, kernel, padding=same, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2))


def name_blocks(net: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """Give the blocks in order; these names are what stages, `upto` and maps go by."""
    return list(zip(("time", "frequency", "both"), net, strict=True))


def main(folder: Path, epochs: int = 8) -> Evaluation:
    """Register it, list it, train it on synthetic voices, and draw where it looks."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    register_backbone("along", build, name_blocks, input_size=(64, 64))
    print(backbones(["along", "resnet18"]))

    mel = MelSpectrogramImage(sr=16_000, n_fft=512, hop_length=256, n_mels=64)
    cnn = PretrainedCNNClassifier(
        "along",
        weights=None,
        head=Head(n_bands=4),
        stages=[("full", Stage("all", epochs=epochs, lr=3e-3))],
        batch_size=16,
        random_state=0,
    )
    pipe = Pipeline([("mel", mel), ("cnn", cnn)])
    X, y, speakers = make_voices(96, n_speakers=24, snr_db=0.0, random_state=0)
    result = evaluate({"along": pipe}, (X, y, speakers), cv=3)
    print(result.to_markdown())

    drawn = GradCAMDisplay.from_estimator(pipe.fit(X, y), X, index=0, block="frequency")
    drawn.figure_.savefig(folder / "new_backbone.png")
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
