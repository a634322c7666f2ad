"""Threadgold's paper: a speaker's gender from segments of 100 frames, and what its split hides.

    python examples/paper_threadgold.py [FOLDER]

THIS SHOWS THE METHOD, NOT THE PAPER'S NUMBERS: synthetic voices in place of Common Voice, its own
small nets without its VGG16, a few epochs. Who has the corpus runs the paper itself with

    voices = skspec.datasets.load_common_voice("cv-corpus", n_files=2000)
    result = compare(recipes.threadgold.grid(random_state=0), voices)

Writes ``paper_threadgold.png``: all systems with the interval of their score.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from skspec import ModelComparisonDisplay, evaluate, make_voices, recipes
from skspec.evaluation import Evaluation

# Frames of 64 ms, every 8 ms: a segment of 100 frames lasts 0.85 s, less than a clip here.
FRAMES = {"sr": 16_000, "frame_length": 1024, "hop_length": 128}
SYSTEMS = ("random", "one_class", "simple_cnn", "lstm")


def compare(systems: Mapping[str, BaseEstimator], dataset: Bunch) -> Evaluation:
    """Score systems on whole clips of speakers that they have not heard."""
    parts = recipes.threadgold.split(dataset, random_state=0, by="speakers")
    learned = [*parts["train"], *parts["validation"]]  # the recipe holds out the latter's share
    return evaluate(systems, dataset, [(learned, parts["test"])])


def score_segments(system: str, dataset: Bunch, epochs: int) -> float:
    """Score a system as the paper does: files joined, cut, and then split."""
    segments = recipes.threadgold_segments(dataset, **FRAMES)
    parts = recipes.threadgold.split(segments, random_state=0)
    learned = [*parts["train"], *parts["validation"]]
    network = recipes.threadgold(system, on="segments", epochs=epochs, random_state=0, **FRAMES)
    network.fit(segments.paths[learned], segments.y[learned])
    return float(network.score(segments.paths[parts["test"]], segments.y[parts["test"]]))


def main(folder: Path, epochs: int = 6) -> tuple[Evaluation, float]:
    """Print both ways of scoring, and draw the first."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    X, y, speakers = make_voices(80, n_speakers=20, random_state=0)
    voices = Bunch(paths=X, y=y, groups=speakers)
    systems = {
        name: recipes.threadgold(name, "mel", epochs=epochs, random_state=0, **FRAMES)
        for name in SYSTEMS
    }
    result = compare(systems, voices)
    print("Clips of speakers that were not heard:")
    print(result.to_markdown(["accuracy", "macro_f1"]))
    of_segments = score_segments("lstm", voices, epochs)
    print(f"LSTM, the paper's way, speakers on both sides: accuracy {of_segments:.2f}")
    ModelComparisonDisplay.from_evaluation(result, "macro_f1").figure_.savefig(
        folder / "paper_threadgold.png"
    )
    return result, of_segments


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
