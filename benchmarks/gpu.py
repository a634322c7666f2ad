"""Training throughput on a GPU, from waveforms in memory to weights, beside bare loops.

For each backbone, in bfloat16 at 224 x 224, in images per second and in turns:

- bare: forward, backward and step of the same network on random tensors that lie on the card;
- ours: `PretrainedCNNClassifier` on images on demand, waveforms in memory, spectrograms drawn on
  the card batch by batch;
- skorch: a plain skorch loop with a DataLoader over the same clips' ready images.

    python benchmarks/gpu.py
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from _epochs import EpochTimes, synchronise
from _result import spread, write_result
from skorch import NeuralNetClassifier

from skspec import Head, MelSpectrogramImage, OnDemandImages, PretrainedCNNClassifier, Stage

SR, SIZE, LIMIT = 16_000, (224, 224), 0.9


def ours(backbone: str, clips: np.ndarray, y: np.ndarray, given: Any) -> tuple[list[float], Any]:
    """Give the seconds of epochs after the first, and the network."""
    times = EpochTimes()
    mel = MelSpectrogramImage(sr=SR, n_fft=1024, hop_length=256, device=given.device)
    classifier = PretrainedCNNClassifier(
        backbone,
        weights=None,
        head=Head(dropout=0.0),
        stages=[("full", Stage("all", epochs=given.epochs + 1, optimizer="sgd", lr=1e-3))],
        batch_size=given.batch,
        input_size=SIZE,
        callbacks=[times],
        random_state=0,
        device=given.device,
    )
    classifier.fit(OnDemandImages(mel).fit_transform(clips), y)
    return times.seconds[1:], classifier.network_


def bare(network: Any, n_clips: int, given: Any) -> list[float]:
    """Give the seconds of epochs of a loop that does nothing but train, on ready tensors."""
    device = next(network.parameters()).device
    x = torch.randn(given.batch, 3, *SIZE, device=device)
    x = x.contiguous(memory_format=torch.channels_last)
    targets = torch.randint(4, (given.batch,), device=device)
    network.train()
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-3)
    seconds = []
    for _ in range(given.epochs + 1):
        synchronise()
        start = time.perf_counter()
        for _ in range(n_clips // given.batch):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                loss = torch.nn.functional.cross_entropy(network(x, 0), targets)
            loss.backward()
            optimizer.step()
        synchronise()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def plain_skorch(network: Any, images: np.ndarray, y: np.ndarray, given: Any) -> list[float]:
    """Give the seconds of epochs of a skorch loop with a DataLoader over ready images."""

    class Net(NeuralNetClassifier):
        def infer(self, x: Any, **_: Any) -> Any:
            with torch.autocast(x.device.type, dtype=torch.bfloat16):
                return self.module_(network.adapter(x))

    times = EpochTimes()
    Net(
        torch.nn.Sequential(*network.backbone.blocks, network.head),
        criterion=torch.nn.CrossEntropyLoss,
        lr=1e-3,
        batch_size=given.batch,
        max_epochs=given.epochs + 1,
        train_split=None,
        device=given.device,
        iterator_train__num_workers=4,
        iterator_train__pin_memory=True,
        iterator_train__shuffle=True,
        callbacks=[times],
        verbose=0,
    ).fit(images, y)
    return times.seconds[1:]


def measure(backbone: str, given: Any) -> dict[str, Any]:
    """Take turns; give images per second and ratios."""
    rng = np.random.default_rng(0)
    n_clips = given.batches * given.batch
    clips = 0.1 * rng.standard_normal((n_clips, 3 * SR), dtype=np.float32)
    y = np.arange(n_clips) % 4
    images = MelSpectrogramImage(sr=SR, n_fft=1024, hop_length=256, n_jobs=-1).fit_transform(clips)
    rows: dict[str, list[float]] = {"ours": [], "bare": [], "skorch": []}
    for _ in range(given.rounds):
        seconds, network = ours(backbone, clips, y, given)
        rows["ours"].append(float(np.median(seconds)))
        rows["bare"].append(float(np.median(bare(network, n_clips, given))))
        rows["skorch"].append(float(np.median(plain_skorch(network, images, y, given))))
    times = {name: np.array(values) for name, values in rows.items()}
    return {
        "images_per_s": {name: spread(n_clips / value) for name, value in times.items()},
        "ours_over_bare": spread(times["bare"] / times["ours"]),
        "ours_over_skorch": spread(times["skorch"] / times["ours"]),
    }


def main() -> None:
    """Measure each backbone and write results/gpu.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="+", default=["resnet50", "efficientnet_b0"])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    figures = {name: measure(name, given) for name in given.backbones}
    write_result("gpu", {"card": card, "batch": given.batch, "limit": LIMIT, **figures})


if __name__ == "__main__":
    main()
