"""What herron's paper reports."""

from __future__ import annotations

import pandas as pd

from skspec.recipes._recipe import COLUMNS

_ROWS = [
    ("densenet161 on class", "test", "accuracy", 0.81, "table I"),
    ("densenet161 on all", "test", "accuracy", 0.75, "table I"),
    ("densenet161 on 256_each", "test", "accuracy", 0.77, "table I"),
    ("densenet161 on 256_each_without_cremad", "test", "accuracy", 0.82, "table I"),
    ("densenet161 on all_without_cremad", "test", "accuracy", 0.83, "table I"),
    ("densenet161_step", "test", "accuracy_gain", 0.01, "section III"),
    ("densenet161_hinge", "test", "accuracy_gain", -0.01, "section III"),
    ("densenet161_ensemble", "test", "accuracy_gain", 0.025, "section III"),
    ("densenet161_ensemble", "test", "accuracy", 0.855, "abstract and section III"),
]


def reported() -> pd.DataFrame:
    """Give a row for each figure; a gain is over what the paper had before that step."""
    return pd.DataFrame(_ROWS, columns=COLUMNS)
