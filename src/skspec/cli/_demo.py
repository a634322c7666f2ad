"""``skspec demo``: baselines against frozen and fine-tuned networks, on real sound."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

from skspec._optional import import_optional
from skspec.cli._plots import draw_confusion, prepare_plots, save_figure
from skspec.datasets import load_percussion
from skspec.evaluation import Evaluation, SpectrogramDisplay, TrainingHistoryDisplay, evaluate
from skspec.features import DeepFeatures
from skspec.images import Augmenter, MelSpectrogramImage
from skspec.models import Head, PretrainedCNNClassifier, Stage
from skspec.recipes import baselines

BACKBONE = "efficientnet_lite0"
BASELINE = "mel statistics + SVM"
NETWORKS = ("frozen deep features + SVM", "two-stage fine-tuned CNN")
REPEATS = 2


def run(arguments: argparse.Namespace) -> None:
    """Cross-validate, print the table, and draw into a folder."""
    output, seed = arguments.output, arguments.seed
    prepare_plots(output)
    start = time.perf_counter()
    sounds = load_percussion()
    print(
        f"{len(sounds.y)} real percussion sounds, {len(np.unique(sounds.y))} instruments, "
        f"{len(np.unique(sounds.groups))} authors. Three folds, {REPEATS} times; no author is in "
        "both the training and the test part of one."
    )
    splits = grouped_splits(sounds, range(seed, seed + REPEATS))
    result = evaluate(demo_systems(sounds.sr, seed), sounds, cv=splits, verbose=1)
    print(
        f"\n{result.to_markdown()}\n\n"
        "(mean over folds ± 95 % interval, corrected for overlapping training parts)\n"
    )
    print(verdict(result))
    _draw(output, sounds, result, seed)
    pictures = ", ".join(sorted(path.name for path in output.glob("*.png")))
    print(f"\nIn {output}: {pictures}. {time.perf_counter() - start:.0f} seconds in all.")


def grouped_splits(sounds: Bunch, seeds: Iterable[int]) -> list[Any]:
    """Give the (train, test) rows of three folds by author, shuffled by each seed."""
    return [
        split
        for seed in seeds
        for split in StratifiedGroupKFold(3, shuffle=True, random_state=seed).split(
            sounds.paths, sounds.y, sounds.groups
        )
    ]


def demo_systems(sr: int, seed: int = 0) -> dict[str, BaseEstimator]:
    """Give what the demo compares, every one from paths to labels."""
    svm = make_pipeline(
        _mel(sr),
        DeepFeatures(
            BACKBONE, blocks="block4c", pooling="mean_std", n_bands=4, input_size=(128, 128)
        ),
        StandardScaler(),
        SVC(kernel="linear", C=0.01, class_weight="balanced"),
    )
    return {
        **baselines(sr, image=_mel(sr), random_state=seed),
        **dict(zip(NETWORKS, (svm, two_stage_network(sr, seed)), strict=True)),
    }


def two_stage_network(sr: int, seed: int = 0, **params: Any) -> Pipeline:
    """Give the network of the demo, with `params` of the classifier set anew."""
    stages = [
        ("warmup", Stage("head", epochs=10, lr=3e-3)),
        ("finetune", Stage("all", epochs=10, lr=1e-4, head_lr_factor=10, batchnorm="frozen")),
    ]
    cnn = PretrainedCNNClassifier(
        BACKBONE,
        upto="block4c",
        head=Head(pooling="mean_std", n_bands=4, dropout=0.5),
        stages=stages,
        class_weight="balanced",
        batch_size=8,
        input_size=(128, 128),
        random_state=seed,
        verbose=1,
    ).set_params(**params)
    augmenter = Augmenter(time_mask=24, freq_mask=16, random_state=seed)
    return Pipeline([("mel", _mel(sr)), ("aug", augmenter), ("cnn", cnn)])


def _mel(sr: int) -> MelSpectrogramImage:
    """Give what all systems see: half a second, 40 dB of it, since hits are short and loud."""
    return MelSpectrogramImage(sr=sr, duration_s=0.5, n_fft=1024, hop_length=64, top_db=40.0)


def verdict(result: Evaluation) -> str:
    """Say which system wins, and whether the best network beats the simple baseline."""
    means = result.summary("balanced_accuracy")["mean"]
    best, network = means.idxmax(), means[list(NETWORKS)].idxmax()
    gain = result.differences(BASELINE, "balanced_accuracy").loc[network]
    return (
        f"Best balanced accuracy: {best} ({means[best]:.2f}).\n"
        f"The better pretrained network ({network}) minus the simple baseline "
        f"({BASELINE}): {gain['mean']:+.2f} ± {gain['half_width']:.2f}."
    )


def _draw(output: Path, sounds: Bunch, result: Evaluation, seed: int) -> None:
    """Draw learning curves, the best system's confusion matrix, and a clip of each class."""
    _, test = result.splits[0]
    paths = np.asarray(sounds.paths)
    # The held-out fold only draws the second curve here: `history_` of the same training.
    network = two_stage_network(sounds.sr, seed, validation=test, monitor="valid_loss")
    network.fit(paths, sounds.y)
    display = TrainingHistoryDisplay.from_estimator(network)
    save_figure(display.figure_, output / "learning_curve.png")

    best = result.summary("balanced_accuracy")["mean"].idxmax()
    save_figure(draw_confusion(result, best), output / "confusion_matrix.png")
    _draw_spectrograms(output / "spectrograms.png", sounds)


def _draw_spectrograms(path: Path, sounds: Bunch) -> None:
    pyplot = import_optional("matplotlib.pyplot", extra="plot")
    mel = _mel(sounds.sr).fit(sounds.paths)
    labels = np.unique(sounds.y)
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    for ax, label in zip(axes.flat, labels, strict=True):
        index = int(np.flatnonzero(sounds.y == label)[0])
        SpectrogramDisplay.from_estimator(mel, sounds.paths, index=index, ax=ax)
        ax.set_title(f"{label} ({sounds.groups[index]})")
    save_figure(figure, path)
