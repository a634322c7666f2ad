"""What an epoch costs when the frozen part is computed once: cache on, cache off, plain skorch.

VGG16 on images of 128 x 100 with a head of 256 units: once block 5 and the head learn, once the
head alone. Counted in multiply-adds, an epoch with block 5 and the head learning can be 4.45 times
faster at most. Short fits of all three take turns, round after round, in one process; epochs are
timed after the first. Cached and uncached must end at the same weights, or their times mean
nothing.

    python benchmarks/frozen_part.py
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from _epochs import EpochTimes
from _result import spread, write_result
from skorch import NeuralNetClassifier

from skspec import Head, PretrainedCNNClassifier, Stage

SIZE = (128, 100)
HEAD = {"pooling": "flatten", "hidden": (256,), "dropout": 0.0}
LIMITS = {"last:1": 4.0, "head": 50.0}


def fit_ours(train: str, cache: str | None, images: Any, y: Any, epochs: int) -> dict[str, Any]:
    """Fit once; give the seconds of later epochs, of all, and the head's weights."""
    times = EpochTimes()
    stage = Stage(
        train, epochs=epochs, optimizer="sgd", lr=1e-4, optimizer_params={"momentum": 0.9}
    )
    classifier = PretrainedCNNClassifier(
        "vgg16",
        weights=None,
        head=Head(**HEAD),
        stages=[("only", stage)],
        input_size=SIZE,
        cache=cache,
        batch_size=32,
        callbacks=[times],
        random_state=0,
        device="cpu",
    )
    start = time.perf_counter()
    classifier.fit(images, y)
    whole = time.perf_counter() - start
    weights = classifier.network_.head.state_dict()
    return {"epochs": times.seconds[1:], "whole": whole, "weights": weights, "fitted": classifier}


def fit_skorch(train: str, fitted: Any, images: Any, y: Any, epochs: int) -> list[float]:
    """Give the seconds of later epochs of a skorch net around the same modules.

    Its images are ready: three channels, scaled, at the network's size.
    """
    network = fitted.network_
    with torch.no_grad():
        ready = network.adapter(torch.from_numpy(images)).numpy()
    module = torch.nn.Sequential(*network.backbone.blocks, network.head)
    n_frozen = len(network.backbone.blocks) - (train != "head")
    for block in module[:n_frozen]:
        block.requires_grad_(False)
    times = EpochTimes()
    net = NeuralNetClassifier(
        module,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        lr=1e-4,
        batch_size=32,
        max_epochs=epochs,
        train_split=None,
        callbacks=[times],
        verbose=0,
    )
    net.fit(ready, y)
    return times.seconds[1:]


def measure(train: str, n_clips: int, rounds: int, epochs: int) -> dict[str, Any]:
    """Take turns; give seconds and ratios."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((n_clips, 1, *SIZE), dtype=np.float32)
    y = rng.permutation(n_clips) % 2
    rows: dict[str, list[float]] = {"cached": [], "uncached": [], "skorch": [], "fit_cached": []}
    for _ in range(rounds):
        cached = fit_ours(train, "fit", images, y, epochs)
        uncached = fit_ours(train, None, images, y, epochs)
        rows["cached"].append(float(np.median(cached["epochs"])))
        rows["uncached"].append(float(np.median(uncached["epochs"])))
        rows["fit_cached"].append(cached["whole"])
        same = all(torch.equal(w, uncached["weights"][k]) for k, w in cached["weights"].items())
        plain = fit_skorch(train, uncached["fitted"], images, y, epochs)
        rows["skorch"].append(float(np.median(plain)))
    times = {name: np.array(values) for name, values in rows.items()}
    return {
        "limit": LIMITS[train],
        "uncached_over_cached": spread(times["uncached"] / times["cached"]),
        "skorch_over_cached": spread(times["skorch"] / times["cached"]),
        "epoch_s": {name: spread(times[name]) for name in ("cached", "uncached", "skorch")},
        "whole_fit_cached_s": spread(times["fit_cached"]),
        "weights_bitwise_equal": same,
    }


def main() -> None:
    """Measure both freezes and write results/frozen_part.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    figures = {train: measure(train, given.clips, given.rounds, given.epochs) for train in LIMITS}
    write_result("frozen_part", {"backbone": "vgg16", "clips": given.clips, **figures})


if __name__ == "__main__":
    main()
