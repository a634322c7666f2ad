"""What an epoch costs beside a bare torch loop: same network, same batches, same optimizer.

Epochs of both alternate in one process. The bare loop gets ready tensors of three channels at
the network's input size and nothing but forward, backward and step; ours gets stored images of
one channel, and scales, resizes, shuffles and keeps its history. Both are checked to end at the
same weights, so it is the same work.

Memory that is given back to the system after every step and fetched again costs either loop up to
a fifth, now the one and now the other, so both run with a C library that keeps it:

    export MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000
    python benchmarks/overhead.py
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from typing import Any

import numpy as np
import torch
from _result import spread, write_result
from skorch.callbacks import Callback
from torch.nn import functional as F

from skspec import Head, PretrainedCNNClassifier, Stage

#: One of each family, with height and width of its images: small where 32 of them take seconds.
SIZES = {
    "alexnet": (224, 224),
    "squeezenet1_1": (224, 224),
    "mobilenet_v2": (128, 128),
    "efficientnet_lite0": (128, 128),
    "efficientnet_b0": (128, 128),
    "efficientnetv2_b0": (128, 128),
    "resnet18": (128, 128),
    "densenet121": (96, 96),
    "vgg16": (96, 96),
    "cnn14": (64, 96),
}


class BareLoop(Callback):
    """After each epoch of ours, one epoch of a bare loop over the batches that ours just saw."""

    def __init__(self, rows: list[dict[str, float]], networks: dict[str, Any]) -> None:
        self.rows = rows
        self.networks = networks

    def __deepcopy__(self, memo: dict[int, Any]) -> BareLoop:
        return self  # the estimator copies its callbacks; this one reports to its maker

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Copy the untrained network."""
        self.bare = copy.deepcopy(net.module_).train()
        learning = [p for p in self.bare.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, lr=1e-3, weight_decay=0.0)
        self.networks["bare"] = self.bare

    def on_epoch_begin(self, net: Any, **_: Any) -> None:
        """Start the clock of ours."""
        self.batches: list[Any] = []
        self.start = clocks()

    def on_batch_begin(self, net: Any, batch: Any, **_: Any) -> None:
        """Note which batch ours sees; a reference, no copy."""
        self.batches.append(batch)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Stop the clock of ours, and run and time the bare epoch."""
        ours = clocks() - self.start
        with torch.no_grad():
            ready = [(self.bare.adapter(x), targets) for x, (targets, _) in self.batches]
        start = clocks()
        for x, targets in ready:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.bare.head(self.bare.backbone(x)), targets)
            loss.backward()
            self.optimizer.step()
        bare = clocks() - start
        self.rows.append(
            {
                "ours_s": ours[0],
                "bare_s": bare[0],
                "ratio": ours[0] / bare[0],
                "processor_ratio": ours[1] / bare[1],
            }
        )


def clocks() -> np.ndarray:
    """Give wall and processor time; the second does not see what else the machine does."""
    return np.array([time.perf_counter(), time.process_time()])


def measure(backbone: str, n_clips: int, epochs: int) -> dict[str, Any]:
    """Fit for so many epochs, each followed by a bare one, and give the ratios."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((n_clips, 1, 128, 128), dtype=np.float32)
    rows: list[dict[str, float]] = []
    networks: dict[str, Any] = {}
    classifier = PretrainedCNNClassifier(
        backbone,
        weights=None,
        head=Head(dropout=0.0),
        stages=[("full", Stage("all", epochs=epochs + 2, lr=1e-3))],
        batch_size=32,
        input_size=SIZES[backbone],
        callbacks=[BareLoop(rows, networks)],
        random_state=0,
        device="cpu",
    ).fit(images, rng.integers(0, 4, n_clips))
    pairs = zip(classifier.network_.parameters(), networks["bare"].parameters(), strict=True)
    difference = max(float((a - b).abs().max().detach()) for a, b in pairs)
    counted = rows[2:]  # the first epochs warm up
    return {
        **{key: spread([row[key] for row in counted]) for key in counted[0]},
        "largest_weight_difference": difference,
        "clips": n_clips,
        "input_size": SIZES[backbone],
    }


def main() -> None:
    """Measure each backbone and write results/overhead.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="+", default=list(SIZES))
    parser.add_argument("--clips", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=12)
    given = parser.parse_args()
    figures = {name: measure(name, given.clips, given.epochs) for name in given.backbones}
    memory = {key: value for key, value in os.environ.items() if key.startswith("MALLOC_")}
    head = {"batch_size": 32, "limit": 1.05, "memory_settings": memory}
    write_result("overhead", {**head, "backbones": figures})


if __name__ == "__main__":
    main()
