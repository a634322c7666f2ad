"""Runs of all systems on all splits, as one `Evaluation`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skspec.evaluation._cross_validation import SplitRun
from skspec.evaluation._dataset import Clips, Rows, Split
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._metrics import Metric, score_rows
from skspec.exceptions import InputError

Runs = Mapping[tuple[str, int], SplitRun]

ERROR_COLUMNS = ["system", "split", "message"]


def gather(
    runs: Runs,
    clips: Clips,
    splits: Sequence[Split],
    leaks: pd.DataFrame,
    metrics: Mapping[str, Metric] | None,
) -> Evaluation:
    """Lay out what came of each (system, split)."""
    classes, systems = np.unique(clips.y), list(dict.fromkeys(name for name, _ in runs))
    errors = [(*key, run.error) for key, run in runs.items() if run.error is not None]
    if len(errors) == len(runs):
        raise InputError(f"Every fit failed. The first: {errors[0][-1]}")
    scores, predictions = [], []
    for (name, i), run in runs.items():
        if run.error is None:
            place, test = {"system": name, "split": i}, splits[i][1]
            scores.append(score_table(run, clips.y[test], classes, metrics, **place))
            predictions.append(prediction_table(run, clips, test, classes, **place))
    return Evaluation(
        systems=systems,
        scores=pd.concat(scores, ignore_index=True),
        predictions=pd.concat(predictions, ignore_index=True),
        splits=list(splits),
        classes=classes,
        groups=clips.groups,
        test_share=float(np.mean([len(test) / len(train) for train, test in splits])),
        errors=pd.DataFrame(errors, columns=ERROR_COLUMNS),
        leaks=leaks,
        estimators=_estimators(systems, runs),
    )


def score_table(
    run: SplitRun,
    true: NDArray[Any],
    classes: NDArray[Any],
    metrics: Mapping[str, Metric] | None = None,
    **place: Any,
) -> pd.DataFrame:
    """Give all scores of a run below each other, with the columns `place` before them."""
    costs = [(name, None, value) for name, value in run.costs.items()]
    rows = [*score_rows(true, run.predicted, run.probability, classes, metrics or {}), *costs]
    names, labels, values = zip(*rows, strict=True)
    # Else pandas would turn None into NaN among numbers, and into its own NA among strings.
    column = pd.Series(labels, dtype=object)
    return pd.DataFrame({**place, "metric": names, "label": column, "value": values})


def prediction_table(
    run: SplitRun, clips: Clips, test: Rows, classes: NDArray[Any], **place: Any
) -> pd.DataFrame:
    """Give a row for each clip of a run, with the columns `place` before the others."""
    columns = np.full(len(classes), np.nan) if run.probability is None else run.probability.T
    return pd.DataFrame(
        {
            **place,
            "index": test,
            "group": np.nan if clips.groups is None else clips.groups[test],
            "true": clips.y[test],
            "predicted": run.predicted,
            **{f"p_{label}": column for label, column in zip(classes, columns, strict=True)},
        }
    )


def _estimators(systems: Iterable[str], runs: Runs) -> dict[str, list[Any]]:
    """Give the kept estimators by split; none where none was kept."""
    if all(run.estimator is None for run in runs.values()):
        return {}
    return {
        name: [run.estimator for (key, _), run in runs.items() if key == name] for name in systems
    }
