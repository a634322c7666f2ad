"""The demo's systems on the embedded percussion sounds, over many grouped splits.

One run of the demo has three folds, too few to tell small differences. Here the same systems, and
the two-stage network from random weights in the same epochs, see REPEATS x 3 grouped folds. All
intervals are corrected for overlapping training sets. The front end (half a second, 40 dB) was
chosen by hand on these sounds, the same for all, so all scores are a little too good.

    python benchmarks/percussion.py --repeats 5
"""

from __future__ import annotations

import argparse
from typing import Any

from _result import write_result

from skspec.cli._demo import demo_systems, grouped_splits, two_stage_network
from skspec.datasets import load_percussion
from skspec.evaluation import (
    SystemResult,
    corrected_interval,
    cross_validate_systems,
    scores_table,
)

FINE_TUNED = "two-stage fine-tuned CNN"
FROM_RANDOM = "two-stage CNN from random weights"


def main() -> None:
    """Cross-validate, print the table, and write results/percussion.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    sounds = load_percussion()
    splits = grouped_splits(sounds, range(repeats))
    systems = demo_systems(sounds.sr)
    # Fresh networks have no BatchNorm statistics worth keeping: theirs may learn.
    systems[FROM_RANDOM] = two_stage_network(sounds.sr, weights=None, finetune__batchnorm="train")
    results = cross_validate_systems(systems, sounds.paths, sounds.y, splits, verbose=1)
    print(scores_table(results))
    write_result("percussion", _figures(results, repeats))


def _figures(results: list[SystemResult], repeats: int) -> dict[str, Any]:
    by_name = {result.name: result for result in results}
    gain = (
        by_name[FINE_TUNED].scores["balanced_accuracy"]
        - by_name[FROM_RANDOM].scores["balanced_accuracy"]
    )
    return {
        "splits": f"{repeats} x StratifiedGroupKFold(3, shuffle=True), seeds 0 to {repeats - 1}",
        "chance_balanced_accuracy": 0.25,
        "systems": {result.name: _row(result) for result in results},
        "pretrained_minus_random": _interval(corrected_interval(gain, results[0].test_share)),
    }


def _row(result: SystemResult) -> dict[str, Any]:
    row = {metric: _interval(result.interval(metric)) for metric in result.scores}
    return {**row, "seconds": round(result.seconds, 1)}


def _interval(interval: tuple[float, float]) -> dict[str, float]:
    mean, half_width = interval
    return {"mean": round(mean, 4), "half_width_95": round(half_width, 4)}


if __name__ == "__main__":
    main()
