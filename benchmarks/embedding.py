"""Images per second through a frozen backbone, beside timm's own model.

Ours is the whole `DeepFeatures.transform`: validation, scaling, three channels, pooling, one array
out. timm's model gets ready tensors of the same batch and size in ``inference_mode`` and pools by
itself, once as it comes and once in channels-last order. They take turns in one process.

    python benchmarks/embedding.py
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import timm
import torch
from _result import spread, timed, write_result

from skspec import DeepFeatures

TIMM_NAMES = {
    "efficientnet_lite0": "tf_efficientnet_lite0",
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "mobilenet_v2": "mobilenetv2_100",
    "densenet121": "densenet121",
    "vgg16": "vgg16",
}


def timm_model(name: str) -> torch.nn.Module:
    """Give timm's model without a classifier."""
    return timm.create_model(TIMM_NAMES[name], pretrained=False, num_classes=0).eval()


def run_timm(model: torch.nn.Module, batches: list[torch.Tensor]) -> None:
    """Send all batches through."""
    with torch.inference_mode():
        for batch in batches:
            model(batch)


def measure(name: str, n_clips: int, size: int, rounds: int) -> dict[str, Any]:
    """Take turns; give images per second and ratios."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((n_clips, 1, size, size), dtype=np.float32)
    ours = DeepFeatures(
        name, weights=None, input_size=(size, size), batch_size=32, device="cpu", random_state=0
    ).fit(images[:32])
    batches = list(torch.from_numpy(images).expand(-1, 3, -1, -1).contiguous().split(32))
    last = [batch.contiguous(memory_format=torch.channels_last) for batch in batches]
    plain, placed = timm_model(name), timm_model(name).to(memory_format=torch.channels_last)
    rows: dict[str, list[float]] = {"ours": [], "timm": [], "timm_channels_last": []}
    for round_number in range(rounds + 1):
        seconds = {
            "ours": timed(lambda: ours.transform(images)),
            "timm": timed(lambda: run_timm(plain, batches)),
            "timm_channels_last": timed(lambda: run_timm(placed, last)),
        }
        if round_number:  # the first warms up
            for system, value in seconds.items():
                rows[system].append(value)
    times = {system: np.array(values) for system, values in rows.items()}
    return {
        "images_per_s": {system: spread(n_clips / value) for system, value in times.items()},
        "ours_over_timm": spread(times["timm"] / times["ours"]),
        "ours_over_timm_channels_last": spread(times["timm_channels_last"] / times["ours"]),
    }


def main() -> None:
    """Measure each backbone and write results/embedding.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="+", default=list(TIMM_NAMES))
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    figures = {
        name: measure(name, given.clips, given.size, given.rounds) for name in given.backbones
    }
    write_result("embedding", {"batch": 32, "size": given.size, "limit": 1.0, **figures})


if __name__ == "__main__":
    main()
