"""What the demo says of its results."""

import numpy as np
import pandas as pd

from skspec.cli._demo import BASELINE, NETWORKS, demo_systems, verdict
from skspec.evaluation import Evaluation


def evaluation(scores):
    rows = [
        (system, split, "balanced_accuracy", None, value)
        for system, values in scores.items()
        for split, value in enumerate(values)
    ]
    columns = ["system", "split", "metric", "label", "value"]
    empty = pd.DataFrame()
    return Evaluation(
        systems=list(scores),
        scores=pd.DataFrame(rows, columns=columns),
        predictions=empty,
        splits=[],
        classes=np.array([]),
        groups=None,
        test_share=0.5,
        errors=empty,
        leaks=empty,
    )


def test_names_are_those_of_the_systems():
    assert {BASELINE, *NETWORKS} < set(demo_systems(16_000))


def test_verdict_compares_the_better_network_with_the_baseline():
    frozen, tuned = NETWORKS
    scores = {BASELINE: [0.9, 0.8], frozen: [0.7, 0.7], tuned: [0.8, 0.6]}
    text = verdict(evaluation({**scores, tuned: [0.8, 0.65]}))
    assert f"Best balanced accuracy: {BASELINE} (0.85)." in text
    # -0.1 and -0.15: their mean, and 12.706 * sqrt((1 / 2 + 1 / 2) * 0.05**2 / 2)
    assert f"({tuned}) minus the simple baseline ({BASELINE}): -0.12 ± 0.45." in text
