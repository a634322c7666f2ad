"""What a grid search over heads costs: 20 candidates, 5 folds, one pass through the backbone.

Beside it stands what cannot be left out: one pass of all images through the backbone, one hashing
of all images, and the same search of the heads alone, by scikit-learn and a plain skorch classifier
on ready feature maps in memory. The images that the backbone computed are counted.

    python benchmarks/search.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xxhash
from _result import spread, write_result
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from skorch import NeuralNetClassifier

from skspec import FrozenCache, PretrainedCNNClassifier, Stage

GRID = {
    "head__hidden": [(), (64,), (128,), (256,), (128, 64)],
    "head__dropout": [0.0, 0.2],
    "frozen__lr": [1e-3, 1e-2],
}
LIMIT = 1.25


def make_images(n_clips: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give images in dB from -80 to 0, labels and groups; every part has the same extremes."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-80, 0, (n_clips, 1, 128, 128)).astype(np.float32)
    images[:, :, 0, 0], images[:, :, 0, 1] = -80, 0
    return images, np.arange(n_clips) % 4, np.arange(n_clips) // 8


def make_classifier(**changed: Any) -> PretrainedCNNClassifier:
    """Give the classifier that is searched."""
    settings: dict[str, Any] = {
        "backbone": "efficientnet_lite0",
        "weights": "imagenet",
        "stages": [("frozen", Stage("head", epochs=10, lr=1e-3))],
        "input_scaling": "imagenet",
        "random_state": 0,
        "device": "cpu",
    }
    return PretrainedCNNClassifier(**{**settings, **changed})


def timed_result(function: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds of one call, and what it gave."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def embed(network: Any, images: np.ndarray) -> np.ndarray:
    """Give the backbone's last maps, in batches of 32."""
    with torch.inference_mode():
        parts = [
            network.backbone(network.adapter(torch.from_numpy(images[i : i + 32])))
            for i in range(0, len(images), 32)
        ]
        return torch.cat(parts).numpy()


def search(classifier: Any, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> GridSearchCV:
    """Search heads and rates by five grouped folds."""
    grid = GridSearchCV(classifier, GRID, cv=StratifiedGroupKFold(5), n_jobs=1)
    return grid.fit(X, y, groups=groups)


class PooledHead(torch.nn.Module):
    """The heads of `GRID` as plain torch, on feature maps."""

    def __init__(self, n_channels: int, hidden: tuple[int, ...] = (), dropout: float = 0.2) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = [] if hidden else [torch.nn.Dropout(dropout)]
        for width in hidden:
            layers += [torch.nn.Linear(n_channels, width), torch.nn.ReLU()]
            layers += [torch.nn.Dropout(dropout)]
            n_channels = width
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(n_channels, 4))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give logits."""
        return self.layers(maps.mean(dim=(2, 3)))


def search_ready_maps(maps: np.ndarray, y: np.ndarray, groups: np.ndarray) -> GridSearchCV:
    """Search the same heads on ready maps by a plain skorch classifier."""
    head = NeuralNetClassifier(
        PooledHead,
        module__n_channels=maps.shape[1],
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        batch_size=32,
        max_epochs=10,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    grid = {
        "module__hidden": GRID["head__hidden"],
        "module__dropout": GRID["head__dropout"],
        "lr": GRID["frozen__lr"],
    }
    folds = StratifiedGroupKFold(5)
    return GridSearchCV(head, grid, cv=folds, n_jobs=1).fit(maps, y, groups=groups)


def main() -> None:
    """Take turns with the floor, and write results/search.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    X, y, groups = make_images(given.clips)
    fitted = make_classifier().set_params(frozen__epochs=1).fit(X[:32], y[:32])
    maps = embed(fitted.network_, X)
    rows = []
    for _ in range(given.rounds):
        cache = FrozenCache()
        searched, result = timed_result(
            lambda c=cache: search(make_classifier(cache=c), X, y, groups)
        )
        passed, _ = timed_result(lambda: embed(fitted.network_, X))
        hashed, _ = timed_result(lambda: [xxhash.xxh3_128_digest(image) for image in X])
        trained, _ = timed_result(lambda: search_ready_maps(maps, y, groups))
        rows.append(
            {
                "search_s": searched,
                "embedding_s": passed,
                "hashing_s": hashed,
                "heads_s": trained,
                "ratio": searched / (passed + hashed + trained),
            }
        )
    figures = {
        "limit": LIMIT,
        "clips": given.clips,
        "candidates": len(result.cv_results_["params"]),
        "folds": 5,
        "images_through_the_backbone": cache.n_computed,
        **{key: spread([row[key] for row in rows]) for key in rows[0]},
    }
    write_result("search", figures)


if __name__ == "__main__":
    main()
