"""What threadgold's paper reports."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pandas as pd

from skspec.recipes._recipe import COLUMNS

# Counts by (true, predicted): male male, male female, female male, female female; then precision,
# recall and F1 of male, female and average. The test parts have 278 male and 259 female segments
# with its own nets, and the other way round with VGG16, as printed.
_TABLES = {
    ("random", "all", "figures 9 and 10"): (
        (658, 704, 668, 652),
        (0.50, 0.48, 0.49, 0.48, 0.49, 0.49, 0.49, 0.49, 0.49),
    ),
    ("one_class", "all", "figures 11 and 12"): (
        (1362, 0, 1320, 0),
        (0.51, 1.00, 0.67, 0.00, 0.00, 0.00, 0.26, 0.51, 0.34),
    ),
    ("simple_cnn", "test", "figures 15 and 16"): (
        (152, 126, 68, 191),
        (0.69, 0.55, 0.61, 0.60, 0.74, 0.66, 0.65, 0.64, 0.64),
    ),
    ("mandel", "test", "figures 22"): (
        (242, 36, 63, 196),
        (0.79, 0.87, 0.83, 0.84, 0.76, 0.80, 0.82, 0.82, 0.81),
    ),
    ("vgg16_15_frozen_20_epochs", "test", "figures 25 and 26"): (
        (236, 23, 17, 261),
        (0.93, 0.91, 0.92, 0.92, 0.94, 0.93, 0.93, 0.93, 0.93),
    ),
    ("vgg16_15_frozen", "test", "figures 30 and 31"): (
        (245, 14, 14, 264),
        (0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95),
    ),
}
_TEXT = [
    ("reduced_mandel", "test", "f1", 0.79, "section Refinement"),
    ("lstm", "test", "f1", 0.73, "section Refinement"),
    ("vgg16_10_frozen", "test", "f1", 0.91, "section Refinement"),
    ("vgg16_15_frozen", "test", "accuracy", 0.948, "section Results"),
    ("vgg16_15_frozen", "validation", "best_epoch", 135, "section Results"),
]


def reported() -> pd.DataFrame:
    """Give a row for each figure; averages have the bare names of their metrics."""
    return pd.DataFrame([*_from_tables(), *_TEXT], columns=COLUMNS)


def _from_tables() -> Iterator[tuple[str, str, str, float, str]]:
    genders, scored = ("male", "female"), ("precision", "recall", "f1")
    metrics = [f"{true} taken for {said}, count" for true, said in product(genders, genders)]
    metrics += [f"{metric} of {gender}" for gender, metric in product(genders, scored)]
    metrics += scored
    for (system, part, place), (counts, scores) in _TABLES.items():
        for metric, value in zip(metrics, [*counts, *scores], strict=True):
            yield system, part, metric, value, place
