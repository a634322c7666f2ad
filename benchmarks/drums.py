"""Frozen and fine-tuned networks on drum hits of kits they have not heard.

Eight classes of drum, from the kits of a Debian package that the script fetches (see `_drums.py`),
in random splits that keep kits of one author together. `recommended` and
`recommended_finetune` go from files to labels as users have them; they were chosen on other sounds
(`recommended.py`). All other systems see the same
images: 1 s at 16 kHz, 128 Mel bands in 128 frames. They are made once, and so are the frozen
network's vectors: a clip's image and its vector depend on that clip alone (each clip is its own
reference, and the network's input is scaled by constants), so nothing of a test part is known to
training.

    python benchmarks/drums.py                                    # all of it: some hours
    python benchmarks/drums.py --systems "cut early" --splits 2   # a part; the rest stays
    python benchmarks/drums.py --name trial --epochs 1 --splits 1 # see that it runs

Seconds of a system are those of fitting and predicting; images and vectors are timed apart, but
those of the recommended ones hold all there is to do.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from _debian import unpacked
from _drums import PACKAGE, load_drums
from _systems import BASELINE, System, run_systems, settings_of, systems_table
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

from skspec import (
    DeepFeatures,
    Head,
    MelSpectrogramImage,
    PretrainedCNNClassifier,
    Stage,
    baselines,
    time_statistics,
)
from skspec.evaluation import RandomGroupedSplit
from skspec.recipes import recommended, recommended_finetune

SR, HOP, N_FRAMES, TOP_DB = 16_000, 125, 128, 80.0
SIZE = (128, N_FRAMES)
BACKBONE = "efficientnet_lite0"
# Ends of the backbone's stages. `block4c` is its 8th block.
BLOCKS = ("block1a", "block2b", "block3b", "block4c", "block5c", "block6d", "block7a", "top")
MIDDLE = "block4c"
JOINED = f"{BASELINE}, joined with frozen {MIDDLE}"
ENSEMBLE = "recommended_finetune, an ensemble of 4"


def main() -> None:
    """Run what is asked for, print the table, and write results/NAME.json."""
    options = _options()
    drums = load_drums(unpacked(PACKAGE, options.data))
    splits = list(RandomGroupedSplit(options.splits).split(drums.paths, drums.y, drums.groups))
    systems, seconds = make_systems(drums, options.epochs)
    figures = {
        "data": drums.report,
        "chance_balanced_accuracy": 1 / len(np.unique(drums.y)),
        "splits": [_describe(drums, train, test) for train, test in splits],
        "seconds_once_for_all_clips": seconds,
    }
    written = run_systems(
        options.name,
        systems,
        drums.y,
        splits,
        figures=figures,
        wanted=options.systems,
        fresh=options.fresh,
    )
    print(systems_table(written["systems"]))
    print(f"Once for all clips, in seconds: {seconds}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", nargs="+", help="names of systems to run; default: all")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--epochs", type=int, help="epochs of every stage, to see that it runs")
    parser.add_argument("--data", type=Path, help="folder of packages; default: the user's cache")
    parser.add_argument("--name", default="drums", help="of the file in results/")
    parser.add_argument("--fresh", action="store_true", help="run again what is there")
    return parser.parse_args()


def make_systems(drums: Bunch, epochs: int | None) -> tuple[dict[str, System], dict[str, float]]:
    """Give all systems with their input, and the seconds that images and vectors took."""
    start = time.perf_counter()
    mel = MelSpectrogramImage(
        sr=SR, duration_s=(N_FRAMES - 1) * HOP / SR, n_fft=1024, hop_length=HOP, top_db=TOP_DB
    )
    images = mel.fit_transform(drums.paths)
    made = time.perf_counter()
    deep = deep_features()
    vectors = deep.transform(images)
    seconds = {"images": made - start, "frozen vectors": time.perf_counter() - made}

    seen = [drums.report["package"], settings_of(mel)]
    frozen = [*seen, settings_of(deep)]
    statistics = time_statistics(images)
    systems = {
        BASELINE: System(_baseline(), images, seen),
        "recommended": System(recommended(SR, 1.0), drums.paths, drums.report["package"]),
        ENSEMBLE: System(
            recommended_finetune(SR, 1.0, random_state=0, **({"epochs": epochs} if epochs else {})),
            drums.paths,
            drums.report["package"],
        ),
    }
    for block in BLOCKS:
        columns = vectors[:, _columns_of(deep, block)]
        systems[f"frozen {block} + SVM"] = System(_svm(), columns, [*frozen, block])
        if block == MIDDLE:
            joined = np.concatenate([statistics, columns], axis=1)
            systems[JOINED] = System(_svm(), joined, [*frozen, block, "mel statistics"])
    for name, network in networks(epochs).items():
        systems[name] = System(network, images, seen)
    return systems, {key: round(value, 1) for key, value in seconds.items()}


def _baseline() -> BaseEstimator:
    """Give the package's own baseline, of images that are there."""
    return baselines(image=FunctionTransformer())[BASELINE]


def _svm() -> BaseEstimator:
    return make_pipeline(StandardScaler(), SVC(class_weight="balanced"))


def deep_features() -> DeepFeatures:
    """Give the frozen network, its input scaled by constants: the ends of the dB range."""
    deep = DeepFeatures(
        BACKBONE,
        blocks=BLOCKS,
        pooling="mean_std",
        n_bands=4,
        input_size=SIZE,
        input_scaling="imagenet",
    )
    ends = np.zeros((1, 1, *SIZE), dtype=np.float32)
    ends[..., 0] = -TOP_DB
    return deep.fit(ends)


def _columns_of(deep: DeepFeatures, block: str) -> NDArray[np.intp]:
    names = deep.get_feature_names_out()
    return np.flatnonzero([name.startswith(f"{block}_") for name in names])


def networks(epochs: int | None = None) -> dict[str, BaseEstimator]:
    """Give the networks of images, with `epochs` in every stage where that is given."""
    cut = cnn(
        upto=MIDDLE,
        head=Head(n_bands=4),
        stages=[("full", Stage(epochs=12, lr=3e-4, head_lr_factor=10, batchnorm="frozen"))],
    )
    found = {
        "two-stage fine-tuning": cnn(stages="two_stage"),
        "full fine-tuning": cnn(stages="full"),
        "cut early": cut,
        "from scratch": cnn(weights=None, stages="full"),
    }
    for network in found.values():
        stages = [key for key in network.get_params() if key.endswith("__epochs")]
        network.set_params(**{key: epochs for key in stages if epochs})
    return found


def cnn(**params: Any) -> PretrainedCNNClassifier:
    """Give a network with what all have in common."""
    return PretrainedCNNClassifier(
        BACKBONE,
        class_weight="balanced",
        batch_size=16,
        input_size=SIZE,
        random_state=0,
        **params,
    )


def _describe(drums: Bunch, train: NDArray[np.intp], test: NDArray[np.intp]) -> dict[str, Any]:
    """Give who is tested, and how few clips the rarest class has: its recall weighs an eighth."""
    return {
        "test_groups": np.unique(drums.groups[test]).tolist(),
        "n_train": len(train),
        "n_test": len(test),
        "fewest_test_clips_of_a_class": int(np.unique(drums.y[test], return_counts=True)[1].min()),
    }


if __name__ == "__main__":
    main()
