"""Chakhtouna, Sekkate and Adib's paper: dense layers on a frozen network, or blocks that learn too.

    python examples/paper_chakhtouna.py [FOLDER]

THIS SHOWS THE METHOD, NOT THE PAPER'S NUMBERS: drum hits in place of DEMoS, a small network in
place of VGG19, a few epochs. Who has the corpus runs the paper itself with

    dataset = skspec.datasets.load_demos("DEMOS")
    result = compare(recipes.chakhtouna.grid(random_state=0), dataset)

Writes ``paper_chakhtouna.png``: the confusion matrix of the second system, as the paper's Table 3.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.utils import Bunch

from skspec import evaluate, load_percussion, recipes
from skspec.evaluation import Evaluation


def systems(epochs: int) -> dict[str, BaseEstimator]:
    """Give the three ways to learn, with a network and images for a minute on a laptop."""
    settings = {
        "duration_s": 0.5,
        "input_size": (96, 96),
        "epochs": epochs,
        "batch_size": 8,
        "lr": 1e-3,
        "random_state": 0,
    }
    frozen = recipes.chakhtouna("efficientnet_lite0", "C1", **settings)
    tuned = recipes.chakhtouna("efficientnet_lite0", "C1", **settings)
    tuned.set_params(cnn__tune__train="block6a")  # the paper says which blocks of its own networks
    scratch = recipes.chakhtouna("efficientnet_lite0", "scratch", **settings)
    return {"C1: frozen": frozen, "C2: last blocks learn": tuned, "from scratch": scratch}


def compare(estimators: Mapping[str, BaseEstimator], dataset: Bunch) -> Evaluation:
    """Score systems on 30 % of the speakers."""
    parts = recipes.chakhtouna.split(dataset, random_state=0, by="speakers")
    return evaluate(estimators, dataset, [(parts["train"], parts["test"])])


def main(folder: Path, epochs: int = 6) -> Evaluation:
    """Print the table, and draw what was taken for what."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    result = compare(systems(epochs), load_percussion())
    print(result.to_markdown(["accuracy", "balanced_accuracy", "macro_f1"]))
    shares = result.confusion("C2: last blocks learn").to_numpy()
    drawn = ConfusionMatrixDisplay(shares, display_labels=result.classes).plot()
    drawn.figure_.savefig(folder / "paper_chakhtouna.png")
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
