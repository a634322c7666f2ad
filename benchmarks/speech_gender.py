"""Every kind of estimator on real speech, and what each costs: woman or man, two voices.

The dialogues of a game (see `_dialogues.py`), fetched as a Debian package; no level is in both
the training and the test part of a split. There are only two speakers, so the simplest system is
right nearly always: this shows that things run and how long they take, from files to labels, not
which of them is good.

    python benchmarks/speech_gender.py               # at most 300 clips in either part
    python benchmarks/speech_gender.py --clips 0     # all of them
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from _debian import unpacked
from _dialogues import PACKAGE, load_dialogues
from _splits import thinned
from _systems import BASELINE, System, run_systems, systems_table
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skspec import (
    AcousticFunctionals,
    DeepEnsembleClassifier,
    DeepFeatures,
    LSTMClassifier,
    MelSpectrogramImage,
    PretrainedCNNClassifier,
    SegmentedClassifier,
    SmallCNNClassifier,
    Stage,
    baselines,
    time_statistics,
)
from skspec.evaluation import RandomGroupedSplit

SR, SIZE = 16_000, (128, 128)
BACKBONE = "efficientnet_lite0"
ARCHITECTURES = ("simple", "mandel", "mandel_small")
# Mandel's nets flatten all that they see, so their size goes with the image's.
SMALL_SIZE = (32, 64)


def main() -> None:
    """Cross-validate, print the table, and write results/NAME.json."""
    options = _options()
    clips = load_dialogues(unpacked(PACKAGE, options.data))
    limit = options.clips or None
    splits = [
        (thinned(train, clips.groups, limit), thinned(test, clips.groups, limit))
        for train, test in RandomGroupedSplit(options.splits).split(
            clips.paths, clips.y, clips.groups
        )
    ]
    systems = make_systems()
    figures = {
        "data": clips.report,
        "chance_balanced_accuracy": 0.5,
        "clips_per_part_at_most": limit,
        "splits": [{"n_train": len(train), "n_test": len(test)} for train, test in splits],
    }
    written = run_systems(
        options.name,
        {name: System(system, clips.paths, clips.report) for name, system in systems.items()},
        clips.y,
        splits,
        figures=figures,
        wanted=options.systems,
        fresh=options.fresh,
    )
    print(systems_table(written["systems"]))
    total = sum(np.sum(_seconds(system)) for system in written["systems"].values())
    print(f"{total:.0f} seconds in all.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", nargs="+", help="names of systems to run; default: all")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--clips", type=int, default=300, help="most in either part; 0: no limit")
    parser.add_argument("--data", type=Path, help="folder of packages; default: the user's cache")
    parser.add_argument("--name", default="speech_gender", help="of the file in results/")
    parser.add_argument("--fresh", action="store_true", help="run again what is there")
    return parser.parse_args()


def _seconds(system: dict[str, Any]) -> list[float]:
    return [row["seconds"] for row in system["splits"].values()]


def make_systems() -> dict[str, BaseEstimator]:
    """Give one estimator of each kind, from files to labels."""
    networks = {f"small CNN ({kind})": _small_cnn(kind) for kind in ARCHITECTURES}
    networks |= {"LSTM": _lstm(), "ensemble of 2 small CNNs": _ensemble()}
    known = baselines(SR, image=mel(), random_state=0)
    return {
        **{name: known[name] for name in ("random", "majority", BASELINE)},
        "frozen deep features + SVM": make_pipeline(mel(), _deep_features(), *_svm()),
        "acoustic functionals + SVM": make_pipeline(AcousticFunctionals(sr=SR), *_svm()),
        "segments of 1 s, mel statistics": _segmented(),
        "two-stage fine-tuned CNN": make_pipeline(mel(), _two_stage()),
        **{name: make_pipeline(mel(), network) for name, network in networks.items()},
    }


def mel(duration_s: float = 127 / 64) -> MelSpectrogramImage:
    """Give what all see but the functionals: the first two seconds, in 128 bands and frames."""
    return MelSpectrogramImage(sr=SR, duration_s=duration_s, n_fft=1024, hop_length=250)


def _svm() -> tuple[BaseEstimator, BaseEstimator]:
    return StandardScaler(), SVC(class_weight="balanced")


def _deep_features() -> DeepFeatures:
    return DeepFeatures(BACKBONE, blocks="block4c", pooling="mean_std", n_bands=4, input_size=SIZE)


def _two_stage() -> PretrainedCNNClassifier:
    stages = [("warmup", Stage("head", epochs=3, lr=1e-3)), ("finetune", Stage(epochs=3, lr=1e-4))]
    return PretrainedCNNClassifier(
        BACKBONE, stages=stages, batch_size=16, input_size=SIZE, random_state=0
    )


def _segmented() -> SegmentedClassifier:
    steps = [FunctionTransformer(time_statistics), StandardScaler()]
    segment = make_pipeline(mel(1.0), *steps, LogisticRegression(max_iter=1000))
    return SegmentedClassifier(segment, segment_s=1.0, sr=SR)


def _small_cnn(architecture: str) -> BaseEstimator:
    return SmallCNNClassifier(
        architecture=architecture, stages=_ten_epochs(), input_size=SMALL_SIZE, random_state=0
    )


def _lstm() -> BaseEstimator:
    return LSTMClassifier(stages=_ten_epochs(), random_state=0)


def _ten_epochs() -> list[tuple[str, Stage]]:
    return [("full", Stage(epochs=10, lr=1e-3))]


def _ensemble() -> BaseEstimator:
    return DeepEnsembleClassifier(_small_cnn("simple"), n_estimators=2, random_state=0)


if __name__ == "__main__":
    main()
