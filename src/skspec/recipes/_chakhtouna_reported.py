"""The figures that Chakhtouna, Sekkate and Adib report."""

from __future__ import annotations

import pandas as pd

from skspec.recipes._recipe import COLUMNS

RIVAL = "ResNet from scratch"

METRICS = ("precision", "recall", "f1", "accuracy")
TABLE_2 = {
    "VGG-16-C1": (0.57, 0.53, 0.54, 0.55),
    "VGG-16-C2": (0.70, 0.69, 0.69, 0.71),
    "VGG-19-C1": (0.59, 0.55, 0.56, 0.57),
    "VGG-19-C2": (0.79, 0.80, 0.79, 0.80),
    "EfficientNet B0-C1": (0.66, 0.62, 0.63, 0.65),
    "EfficientNet B0-C2": (0.69, 0.66, 0.67, 0.68),
    "EfficientNetV2 B0-C1": (0.70, 0.63, 0.65, 0.66),
    "EfficientNetV2 B0-C2": (0.66, 0.63, 0.64, 0.64),
}
EMOTIONS = ("anger", "disgust", "fear", "guilt", "happiness", "neutral", "sadness", "surprise")
TABLE_3 = (
    (0.79, 0.06, 0.05, 0.01, 0.02, 0.01, 0.03, 0.02),
    (0.03, 0.85, 0.02, 0.02, 0.03, 0.01, 0.03, 0.01),
    (0.03, 0.05, 0.78, 0.03, 0.04, 0.03, 0.03, 0.02),
    (0.01, 0.07, 0.03, 0.73, 0.06, 0.01, 0.09, 0.01),
    (0.02, 0.06, 0.02, 0.03, 0.79, 0.02, 0.04, 0.02),
    (0.01, 0.02, 0.03, 0.05, 0.04, 0.80, 0.01, 0.04),
    (0.04, 0.05, 0.02, 0.03, 0.02, 0.01, 0.83, 0.01),
    (0.03, 0.03, 0.03, 0.01, 0.03, 0.01, 0.04, 0.81),
)


def reported() -> pd.DataFrame:
    """Give all figures; those of Table 3 as the share of an emotion that is taken for another."""
    best, fewer = "VGG-19-C2", "test without neutral"
    rows = [
        (system, "test", metric, value, "Table 2")
        for system, values in TABLE_2.items()
        for metric, value in zip(METRICS, values, strict=True)
    ]
    rows += [
        (best, "test", f"{true} taken for {taken}", value, "Table 3")
        for true, values in zip(EMOTIONS, TABLE_3, strict=True)
        for taken, value in zip(EMOTIONS, values, strict=True)
    ]
    rows += [
        (best, "test", "accuracy", 0.7983, "Abstract"),
        (best, fewer, "accuracy", 0.797, "Table 4"),
        (RIVAL, fewer, "accuracy", 0.738, "Table 4"),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
