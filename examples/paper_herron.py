"""Herron's paper: whitened spectrograms of three windows, and what supplements to few data do.

    python examples/paper_herron.py [FOLDER]

THIS SHOWS THE METHOD, NOT THE PAPER'S NUMBERS: drum hits in place of emotions, dealt out by author
to "data of one's own" and two supplements, a small network, a few epochs. Who has the corpora runs
the paper's table I with

    extras = {"ravdess": load_ravdess("RAVDESS"), "cremad": load_cremad("CREMA-D"), ...}
    table = compare(recipes.herron(), recipes.herron_data(my_own, extras, random_state=0))

Writes ``paper_herron.png``: a clip by three windows, as it is and whitened.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skspec import evaluate, load_percussion, recipes


def deal_out(dataset: Bunch) -> tuple[Bunch, dict[str, Bunch]]:
    """Give half of the authors' clips as one's own, and a quarter each as supplements."""
    authors = sorted(set(dataset.groups))
    shares = {"own": authors[::2], "more": authors[1::4], "cremad": authors[3::4]}
    parts = {}
    for name, these in shares.items():
        rows = np.isin(dataset.groups, these)
        columns = {key: dataset[key][rows] for key in ("paths", "y", "groups", "metadata")}
        parts[name] = Bunch(**{**dataset, **columns})
    return parts.pop("own"), parts


def compare(system: BaseEstimator, data: Mapping[str, tuple[Bunch, Any]]) -> pd.Series:
    """Score a system that has learned from each set of training data, on the same test clips."""
    scores = {
        name: evaluate({name: system}, dataset, cv).interval(name, "accuracy")[0]
        for name, (dataset, cv) in data.items()
    }
    return pd.Series(scores, name="accuracy").round(2)


def draw_whitening(path: Path, pipe: Pipeline, clips: list[str]) -> None:
    """Draw the three channels of the first clip, as they are and whitened."""
    plain, white = pipe[:3].fit_transform(clips), pipe[:4].fit_transform(clips)
    figure, axes = plt.subplots(2, 3, figsize=(12, 6), layout="constrained")
    for row, images in zip(axes, (plain, white), strict=True):
        for ax, channel in zip(row, images[0], strict=True):
            ax.imshow(channel, origin="lower", aspect="auto", cmap="magma")
    figure.savefig(path, dpi=100)


def main(folder: Path, epochs: int = 3) -> pd.Series:
    """Print accuracies for all five sets of training data, and draw the images."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    own, extras = deal_out(load_percussion())
    pipe = recipes.herron(
        "efficientnet_lite0",
        train="last:2",
        epochs=epochs,
        schedule="constant",
        batch_size=8,
        sr=16_000,
        random_state=0,
    )
    pipe.set_params(cnn__upto="block3b", cnn__full__lr=1e-3)
    # The paper's split, which `evaluate` warns of: authors stand on both sides. by="speakers" keeps
    # them apart, where there are enough of them.
    data = recipes.herron_data(own, extras, samples_per_set=10, random_state=0)
    table = compare(pipe, data)
    print(table.to_string())
    draw_whitening(folder / "paper_herron.png", pipe, own.paths[:4])
    return table


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
