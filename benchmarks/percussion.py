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

from skspec import evaluate
from skspec.cli._demo import demo_systems, grouped_splits, two_stage_network
from skspec.datasets import load_percussion
from skspec.evaluation import Evaluation

SCORE = "balanced_accuracy"
METRICS = ("accuracy", SCORE, "macro_f1")
SECONDS = ("seconds_fit", "seconds_predict")
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
    result = evaluate(systems, sounds, cv=splits, verbose=1)
    print(result.to_markdown())
    write_result("percussion", _figures(result, repeats))


def _figures(result: Evaluation, repeats: int) -> dict[str, Any]:
    gain = result.differences(FROM_RANDOM, SCORE).loc[FINE_TUNED]
    return {
        "splits": f"{repeats} x StratifiedGroupKFold(3, shuffle=True), seeds 0 to {repeats - 1}",
        "chance_balanced_accuracy": 0.25,
        "systems": {system: _row(result, system) for system in result.systems},
        "pretrained_minus_random": _interval(gain["mean"], gain["half_width"]),
    }


def _row(result: Evaluation, system: str) -> dict[str, Any]:
    row = {metric: _interval(*result.interval(system, metric)) for metric in METRICS}
    seconds = sum(result.split_scores(system, name).sum() for name in SECONDS)
    return {**row, "seconds": round(float(seconds), 1)}


def _interval(mean: float, half_width: float) -> dict[str, float]:
    return {"mean": round(float(mean), 4), "half_width_95": round(float(half_width), 4)}


if __name__ == "__main__":
    main()
