"""A search over heads that costs one pass through the network, and one by Optuna that goes on.

    python examples/search.py [FOLDER]

The network is frozen up to its head, so all heads see the same feature maps. They are kept in a
`FrozenCache`, and each image goes through the network once, however many candidates and folds
there are. Writes the study, ``study.log``: called again, it only adds what is missing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scipy.stats import loguniform
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skspec import FrozenCache, MelSpectrogramImage, PretrainedCNNClassifier, Stage, load_percussion
from skspec.search import head_space, optimize, to_grid, tuned


def network(cache: FrozenCache) -> Pipeline:
    """Give a Pipeline whose network is frozen, and scales its images the same way in every fold."""
    mel = MelSpectrogramImage(sr=16_000, duration_s=0.5, n_fft=1024, hop_length=64, top_db=40.0)
    cnn = PretrainedCNNClassifier(
        "efficientnet_lite0",
        upto="block4b",
        stages=[("frozen", Stage("head", epochs=5, lr=3e-3))],
        class_weight="balanced",
        batch_size=16,
        input_size=(96, 96),
        input_scaling="imagenet",  # "fit" would learn it anew from each fold's training part
        cache=cache,
        random_state=0,
    )
    return Pipeline([("mel", mel), ("cnn", cnn)])


def main(folder: Path, n_trials: int = 6) -> tuple[int, int, Pipeline]:
    """Search, and give images, those that the network computed, and the best Pipeline, fitted."""
    folder.mkdir(parents=True, exist_ok=True)
    drums, cache, cv = load_percussion(), FrozenCache(), StratifiedGroupKFold(3)
    pipe = network(cache)

    space = head_space("cnn")
    heads = to_grid({"cnn__head__n_bands": space["cnn__head__n_bands"]}) | {
        "cnn__head__pooling": space["cnn__head__pooling"]
    }
    search = GridSearchCV(pipe, heads, cv=cv, scoring="balanced_accuracy")
    search.fit(drums.paths, drums.y, groups=drums.groups)
    n_fits = len(search.cv_results_["params"]) * cv.get_n_splits()
    print(f"grid: {search.best_params_}, {search.best_score_:.2f}, {n_fits} fits,")
    print(f"{cache.n_computed} of {len(drums.paths)} images computed, {cache.n_found} found")

    wide = {**space, "cnn__frozen__lr": loguniform(1e-3, 3e-2)}
    storage = folder / "study.log"
    study = optimize(pipe, wide, drums, cv=cv, n_trials=n_trials, storage=storage, random_state=0)
    print(f"Optuna: {study.best_params}, {study.best_value:.2f}")
    best = tuned(pipe, wide, study).fit(drums.paths, drums.y)
    return len(drums.paths), cache.n_computed, best


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
