"""Every system of the four papers, on sound that can be had.

The papers' corpora have to be asked for, so these are other sounds: the embedded percussion, and
from Debian packages that the script fetches the dialogues of two voices (`_dialogues.py`) and drums
(`_drums.py`). There are two kinds of runs, both at a budget for two cores:

- On each corpus, with weights that are installed: EfficientNet-Lite0 stands in for all networks
  whose weights would be downloaded, so that systems that differ in nothing else run once. Clips of
  both parts are thinned, and `Budget` says what is trained. The papers' learning rates are made for
  many more steps: those of a system are scaled by one factor, the highest becoming LR.
- As a trial on percussion, the papers' own networks from random weights, for one epoch: to see that
  each of them runs. Their scores say nothing.

    python benchmarks/papers.py                                 # all of it: half an hour
    python benchmarks/papers.py --corpora drums --only "mo / "  # a part; the rest stays
    python benchmarks/papers.py --page                          # only writes docs/papers.md
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _debian import unpacked
from _dialogues import PACKAGE as DIALOGUES
from _dialogues import load_dialogues
from _drums import PACKAGE as DRUMS
from _drums import load_drums
from _papers_page import TRIAL, write_page
from _splits import thinned
from _systems import BASELINE, System, digest, run_systems, settings_of, systems_table
from sklearn.base import BaseEstimator, clone

from skspec import baselines, load_percussion
from skspec.evaluation import RandomGroupedSplit
from skspec.recipes import chakhtouna, herron, mo, related_work, threadgold

Systems = dict[str, BaseEstimator]

BACKBONE = "efficientnet_lite0"
LR = 1e-3
#: The papers' networks in the names of their systems.
NETWORKS = r"mobilenet_v2|vgg\d+|resnet\d+|alexnet|squeezenet(1_0)?|densenet\d+|efficientnet_b0"
NETWORKS += r"|VGG-\d+|EfficientNet(V2)? B0"
#: What learns in the papers' networks, and at about the same depth in the one that stands in.
SAME_DEPTH = {"block4": "block4a", "last:2": "block4a", "last:1": "block6a", "block6g": "block6d"}


class Budget(NamedTuple):
    """Most clips of either part, epochs of every stage, height and width, images per batch."""

    clips: int = 24
    epochs: int = 4
    pixels: int = 96
    batch_size: int = 8


class Corpus(NamedTuple):
    """Sounds, their labels and groups, and what is told of them."""

    X: Any
    y: np.ndarray
    groups: np.ndarray
    report: Any


def percussion(_: Path | None = None) -> Corpus:
    sounds = load_percussion()
    return Corpus(sounds.paths, sounds.y, sounds.groups, "embedded")


def dialogues(data: Path | None) -> Corpus:
    sounds = load_dialogues(unpacked(DIALOGUES, data))
    return Corpus(np.array(sounds.paths), sounds.y, sounds.groups, sounds.report["package"])


def drums(data: Path | None) -> Corpus:
    sounds = load_drums(unpacked(DRUMS, data))
    return Corpus(np.array(sounds.paths), sounds.y, sounds.groups, sounds.report["package"])


CORPORA = {"percussion": percussion, "dialogues": dialogues, "drums": drums}


def main() -> None:
    """Run what is asked for, write results/papers_CORPUS.json, and then docs/papers.md."""
    given = _options()
    if not given.page:
        budget = Budget(given.clips, given.epochs, given.pixels)
        for name in given.corpora:
            systems = standing_in(budget)
            run(name, CORPORA[name](given.data), systems, budget, given.only, given.splits)
        if not given.no_trial:
            budget = Budget(clips=12, epochs=1, pixels=64)
            run(TRIAL, percussion(), from_random_weights(budget), budget, given.only, 1)
    print(f"{write_page()}: written")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", action="store_true", help="run nothing")
    parser.add_argument("--corpora", nargs="*", choices=CORPORA, default=list(CORPORA))
    parser.add_argument("--no-trial", action="store_true", help="without the papers' own networks")
    parser.add_argument("--only", default="", help="systems with this in their name")
    parser.add_argument("--clips", type=int, default=Budget().clips, help="most in either part")
    parser.add_argument("--epochs", type=int, default=Budget().epochs, help="of every stage")
    parser.add_argument("--pixels", type=int, default=Budget().pixels, help="size of images")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--data", type=Path, help="folder of packages; default: the user's cache")
    return parser.parse_args()


def run(
    name: str, corpus: Corpus, systems: Systems, budget: Budget, only: str, n_splits: int
) -> None:
    """Run systems on splits by group, and print their table; what is there is not run again."""
    cv = RandomGroupedSplit(n_splits, tolerance=0.3)
    splits = [
        (thinned(train, corpus.y, budget.clips), thinned(test, corpus.y, budget.clips))
        for train, test in cv.split(corpus.X, corpus.y, corpus.groups)
    ]
    figures = {
        "sound": corpus.report,
        "budget": budget._asdict(),
        "chance_balanced_accuracy": 1 / len(np.unique(corpus.y)),
    }
    written = run_systems(
        f"papers_{name}",
        {key: System(system, corpus.X, corpus.report) for key, system in systems.items()},
        corpus.y,
        splits,
        figures=figures,
        wanted=[key for key in systems if only in key],
    )
    print(f"{name}\n{systems_table(written['systems'])}")


def papers_systems() -> Systems:
    """Give every system of every paper as ``"PAPER / SYSTEM"``."""
    grids = {
        "mo": mo.grid(random_state=0),
        "threadgold": threadgold.grid(random_state=0),
        "herron": herron.grid(random_state=0),
        "chakhtouna": chakhtouna.grid(random_state=0),
        "related work": related_work(random_state=0),
    }
    return {
        f"{paper} / {name}": each for paper, grid in grids.items() for name, each in grid.items()
    }


def from_random_weights(budget: Budget) -> Systems:
    """Give every system with its own network, and no weights to download."""
    return {
        name: at_budget(_with(each, weights=None), budget)
        for name, each in papers_systems().items()
    }


def standing_in(budget: Budget) -> Systems:
    """Give the simple baseline, and the systems with weights that are installed, each once."""
    systems = {
        re.sub(NETWORKS, BACKBONE, name): at_budget(stand_in(each), budget)
        for name, each in papers_systems().items()
    }
    baseline = {BASELINE: baselines(duration_s=3.0, random_state=0)[BASELINE]}
    return {**baseline, **_without_copies(systems)}


def stand_in(system: BaseEstimator) -> BaseEstimator:
    """Give a copy with another backbone wherever weights would be downloaded."""
    params = system.get_params(deep=True)
    places = [
        key.removesuffix("backbone")
        for key in params
        if _last(key) == "backbone" and params[f"{key.removesuffix('backbone')}weights"]
    ]
    changes = {f"{place}backbone": BACKBONE for place in places}
    changes |= {
        key: SAME_DEPTH.get(value, value)
        for key, value in params.items()
        if _last(key) == "train" and key.startswith(tuple(places))
    }
    return clone(system).set_params(**changes)


def at_budget(system: BaseEstimator, budget: Budget) -> BaseEstimator:
    """Give a copy that trains as little as the budget says."""
    params = system.get_params(deep=True)
    rates = {key: value for key, value in params.items() if _last(key) == "lr"}
    factor = LR / max(rates.values(), default=LR)
    system = clone(system).set_params(**{key: rate * factor for key, rate in rates.items()})
    sizes = {  # of images that a pretrained network sees; small nets keep theirs
        f"{key.removesuffix('backbone')}input_size": (budget.pixels, budget.pixels)
        for key in params
        if _last(key) == "backbone"
    }
    # With few clips none can be held out to choose the epoch.
    training = {"epochs": budget.epochs, "batch_size": budget.batch_size, "validation": None}
    return _with(system.set_params(**sizes), **training)


def _with(system: BaseEstimator, **values: Any) -> BaseEstimator:
    """Give a copy with parameters replaced wherever they stand, by the last word of their name."""
    names = system.get_params(deep=True)
    changes = {key: values[_last(key)] for key in names if _last(key) in values}
    return clone(system).set_params(**changes)


def _last(key: str) -> str:
    return key.rpartition("__")[2]


def _without_copies(systems: Mapping[str, BaseEstimator]) -> Systems:
    """Give the systems, of those of equal settings the first."""
    found = {digest(settings_of(each)): name for name, each in reversed(systems.items())}
    return {name: systems[name] for name in systems if name in found.values()}


if __name__ == "__main__":
    main()
