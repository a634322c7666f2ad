"""What `recommended` and `recommended_finetune` were chosen by: three corpora, and no drums.

The embedded percussion sounds; synthetic voices in loud noise; and Czech dialogues of two voices
(Debian package `fillets-ng-data-cs`, see `_dialogues.py`). Splits are random and keep authors,
speakers or levels together. The last two are easy with much data, so their systems see only
FEW training clips. Beside the recommended pipeline stand the simple baseline and what differs
from it in one thing. With ``--networks`` it is the one that trains the network, on the percussion
sounds alone and in fewer splits, since that takes long.

    python benchmarks/recommended.py              # half an hour
    python benchmarks/recommended.py --networks   # an hour
    python benchmarks/recommended.py --corpora percussion --systems recommended
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _debian import unpacked
from _dialogues import PACKAGE, load_dialogues
from _splits import Rows, thinned
from _systems import BASELINE, System, run_systems, systems_table
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skspec import Augmenter, baselines, load_percussion, make_voices
from skspec.evaluation import RandomGroupedSplit
from skspec.recipes import recommended, recommended_finetune

FEW = 24
SR = 16_000


class Corpus(NamedTuple):
    """Sounds, and the seconds of them that a spectrogram shows."""

    X: Any
    y: np.ndarray
    groups: np.ndarray
    duration_s: float
    few: bool


def percussion(data: Path | None) -> Corpus:
    sounds = load_percussion()
    return Corpus(sounds.paths, sounds.y, sounds.groups, 1.0, few=False)


def voices(data: Path | None) -> Corpus:
    X, y, speakers = make_voices(240, n_speakers=24, snr_db=-5.0, random_state=0)
    return Corpus(X, y, speakers, 1.0, few=True)


def dialogues(data: Path | None) -> Corpus:
    sounds = load_dialogues(unpacked(PACKAGE, data))
    rows = thinned(np.arange(len(sounds.y)), sounds.groups, 240)
    paths = np.array(sounds.paths)[rows]
    return Corpus(paths, sounds.y[rows], sounds.groups[rows], 2.0, few=True)


CORPORA = {"percussion": percussion, "voices": voices, "dialogues": dialogues}


def main() -> None:
    """Run what is asked for, print the tables, and write results/recommended_*.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(CORPORA))
    parser.add_argument("--systems", nargs="+", help="names of systems to run; default: all")
    parser.add_argument("--networks", action="store_true", help="what trains the network")
    parser.add_argument("--splits", type=int, help="default: 15, or 8 for networks")
    parser.add_argument("--data", type=Path, help="folder of packages; default: the user's cache")
    given = parser.parse_args()
    if given.networks:
        run("percussion", "recommended_finetune", networks, given.splits or 8, given)
        return
    for name in given.corpora:
        run(name, f"recommended_{name}", systems, given.splits or 15, given)


def run(
    name: str,
    file: str,
    make: Callable[[float], dict[str, BaseEstimator]],
    n_splits: int,
    given: argparse.Namespace,
) -> None:
    """Run systems on a corpus, print their table, and write results/FILE.json."""
    corpus = CORPORA[name](given.data)
    written = run_systems(
        file,
        {key: System(each, corpus.X, name) for key, each in make(corpus.duration_s).items()},
        corpus.y,
        splits_of(corpus, n_splits),
        figures={"clips": len(corpus.y), "groups": len(np.unique(corpus.groups))},
        wanted=given.systems,
    )
    print(f"{name}\n{systems_table(written['systems'])}")


def splits_of(corpus: Corpus, n_splits: int) -> list[tuple[Rows, Rows]]:
    """Give random grouped splits, the training parts thinned where few clips are wanted."""
    cv = RandomGroupedSplit(n_splits, tolerance=0.3)
    splits = list(cv.split(corpus.X, corpus.y, corpus.groups))
    if not corpus.few:
        return splits
    return [
        (thinned(train, corpus.y, FEW, seed), test) for seed, (train, test) in enumerate(splits)
    ]


def systems(duration_s: float) -> dict[str, BaseEstimator]:
    """Give the simple baseline, the recommended pipelines, and their neighbours."""
    start = recommended(SR, duration_s)
    views = dict(start["vote"].estimators)
    return {
        BASELINE: baselines(SR, duration_s)[BASELINE],
        "recommended": start,
        **{f"{name} alone": _only(start, view) for name, view in views.items()},
        "joined, one regression": _joined(start),
        "SVMs in place of regressions": _with_svms(start),
        "80 dB deep": _deeper(start),
        "silence kept": clone(start).set_params(trim="passthrough"),
        "block4c": recommended(SR, duration_s, block="block4c"),
        "top": recommended(SR, duration_s, block="top"),
    }


def networks(duration_s: float) -> dict[str, BaseEstimator]:
    """Give what trains the network, one network each but for the first."""
    one = recommended_finetune(SR, duration_s, n_networks=1, random_state=0)
    plain = clone(one).set_params(cnn__estimator__upto=None, cnn__estimator__head=None)
    return {
        BASELINE: baselines(SR, duration_s)[BASELINE],
        "recommended_finetune": recommended_finetune(SR, duration_s, random_state=0),
        "one network": one,
        "one, up to block2b": clone(one).set_params(cnn__estimator__upto="block2b"),
        "one, up to block4c": clone(one).set_params(cnn__estimator__upto="block4c"),
        "one, 24 epochs": clone(one).set_params(cnn__estimator__full__epochs=24),
        "one, one band": clone(one).set_params(cnn__estimator__head__n_bands=1),
        "one, deviation pooled too": clone(one).set_params(
            cnn__estimator__head__pooling="mean_std", cnn__estimator__head__dropout=0.5
        ),
        "one, masks of time and frequency": _masked(one),
        "plain fine-tuning in two stages": clone(plain).set_params(
            cnn__estimator__stages="two_stage"
        ),
        "plain fine-tuning of all": clone(plain).set_params(cnn__estimator__stages="full"),
    }


def _masked(one: Pipeline) -> Pipeline:
    masks = Augmenter(time_mask=24, freq_mask=16, random_state=0)
    trim, mel, cnn = clone(one).steps
    return Pipeline([trim, mel, ("aug", masks), cnn])


def _only(start: Pipeline, view: Pipeline) -> Pipeline:
    return Pipeline([("trim", clone(start["trim"])), *clone(view).steps])


def _joined(start: Pipeline) -> Pipeline:
    vectors = [(name, clone(view)[:-2]) for name, view in start["vote"].estimators]
    last = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    steps = [("join", FeatureUnion(vectors)), ("scale", StandardScaler()), ("last", last)]
    return Pipeline([("trim", clone(start["trim"])), *steps])


def _with_svms(start: Pipeline) -> Pipeline:
    svms = {
        f"vote__{name}__logisticregression": SVC(class_weight="balanced") for name in _names(start)
    }
    return clone(start).set_params(**svms, vote__voting="hard")


def _deeper(start: Pipeline) -> Pipeline:
    depths = {f"vote__{name}__melspectrogramimage__top_db": 80.0 for name in ("mel", "deep")}
    return clone(start).set_params(**depths)


def _names(start: Pipeline) -> list[str]:
    return [name for name, _ in start["vote"].estimators]


if __name__ == "__main__":
    main()
