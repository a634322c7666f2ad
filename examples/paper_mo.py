"""Mo's paper: the gender of a speaker, from coloured pictures of spectrograms.

    python examples/paper_mo.py [FOLDER]

THIS SHOWS THE METHOD, NOT THE PAPER'S NUMBERS: synthetic voices in place of BVC, a small network in
place of VGG19, a few epochs at higher rates. Who has the corpus runs the paper itself with

    voices = skspec.datasets.load_bvc("BVC")
    result = fit_as_the_paper(recipes.mo("vgg19", "mel"), voices)

Writes ``paper_mo.png``: the curves of both stages, as in the paper's Fig. 3.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skspec import TrainingHistoryDisplay, make_voices, recipes
from skspec.evaluation import find_leaks


def small(image: str) -> Pipeline:
    """Give the recipe with a network, pictures and rates for a minute on a laptop."""
    return recipes.mo(
        "efficientnet_lite0",
        image,
        sr=16_000,
        duration_s=1.0,
        input_size=(96, 96),
        epochs=6,
        batch_size=8,
        lr=3e-3,
        random_state=0,
    )


def fit_as_the_paper(pipe: Pipeline, dataset: Bunch) -> dict[str, float]:
    """Fit on the training part, watch the validation part, and score the test part."""
    parts = recipes.mo.split(dataset, random_state=0)
    rows = np.concatenate([parts["train"], parts["validation"]])
    watched = np.arange(len(parts["train"]), len(rows))
    pipe.set_params(cnn__validation=watched).fit(dataset.paths[rows], dataset.y[rows])
    return {name: pipe.score(dataset.paths[part], dataset.y[part]) for name, part in parts.items()}


def main(folder: Path) -> dict[str, dict[str, float]]:
    """Try both pictures, print their scores, and draw the curves of the second."""
    plt.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    X, y, speakers = make_voices(80, n_speakers=20, snr_db=10.0, random_state=0)
    voices = Bunch(paths=X, y=y, groups=speakers)
    scores = {}
    for image in ("spectrogram", "mel"):
        pipe = small(image)
        scores[image] = fit_as_the_paper(pipe, voices)
        print(image, {part: round(score, 2) for part, score in scores[image].items()})
    TrainingHistoryDisplay.from_estimator(pipe).figure_.savefig(folder / "paper_mo.png")

    parts = recipes.mo.split(voices, random_state=0)
    leaks = find_leaks(voices.paths, [(parts["train"], parts["test"])], voices.groups)
    print(f"{len(leaks)} speakers of the test part are in the training part, too. For new voices,")
    print("split by recipes.mo.split(voices, by='speakers'), or compare systems by evaluate.")
    return scores


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
