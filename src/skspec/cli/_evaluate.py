"""``skspec evaluate``: a saved model on labelled sounds that it has not seen."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from skspec.cli._data import count_labels, load_data
from skspec.cli._output import Output, plain_table, records
from skspec.cli._plots import draw_evaluation, prepare_plots
from skspec.evaluation import Evaluation, evaluate_fitted
from skspec.persistence import load

OVERALL = ("accuracy", "balanced_accuracy", "macro_f1", "expected_calibration_error", "log_loss")
BY_LABEL = ("precision", "recall", "f1")


def run(arguments: argparse.Namespace) -> None:
    """Predict all clips, and tell how right that is."""
    output = Output.of(arguments)
    prepare_plots(arguments.plots)
    model = load(arguments.model)
    data = load_data(arguments, output)
    _note_limits(model, data, output)
    name = arguments.model.name
    result = evaluate_fitted(model, data, name=name)
    plots = draw_evaluation(result, name, arguments.plots)
    report = _report(arguments, data, result, plots)
    output.result(_text(report, result), report)


def _note_limits(model: BaseEstimator, data: Bunch, output: Output) -> None:
    unknown = sorted(set(data.y) - set(getattr(model, "classes_", data.y)))
    if unknown:
        n = int(np.isin(data.y, unknown).sum())
        output.note(f"The model does not know {', '.join(unknown)}: {n} clips that it gets wrong.")
    output.note(
        "Not checked: whether the model was trained on any of these clips, or on their speakers. "
        "If it was, scores are too good."
    )


def _report(
    arguments: argparse.Namespace, data: Bunch, result: Evaluation, plots: list[str]
) -> dict[str, Any]:
    scores, system = result.scores, result.systems[0]
    overall = scores[scores["label"].isna() & scores["metric"].isin(OVERALL)]
    counts = count_labels(data.y)
    confusion = result.confusion(system, normalize=None)
    return {
        "model": str(arguments.model),
        "clips": len(data.y),
        "labels": counts,
        "groups": None if data.groups is None else len(set(data.groups)),
        "scores": {row["metric"]: row["value"] for row in records(overall)},
        "majority_accuracy": max(counts.values()) / len(data.y),
        "by_label": records(_by_label(scores)),
        "by_group": None if data.groups is None else records(_by_group(result)),
        "confusion": {str(true): row.to_dict() for true, row in confusion.iterrows()},
        "skipped": records(data.skipped),
        "plots": plots,
    }


def _by_label(scores: pd.DataFrame) -> pd.DataFrame:
    rows = scores[scores["metric"].isin(BY_LABEL)]
    table = rows.pivot(index="label", columns="metric", values="value")
    return table[list(BY_LABEL)].rename_axis(columns=None).reset_index()


def _by_group(result: Evaluation) -> pd.DataFrame:
    """Give the accuracy of each group, the lowest first."""
    table = result.by_group().rename(columns={"value": "accuracy", "n_predictions": "clips"})
    return table.sort_values("accuracy", kind="stable")[["group", "accuracy", "clips"]]


def _text(report: dict[str, Any], result: Evaluation) -> str:
    scores = pd.DataFrame(report["scores"].items(), columns=["metric", "value"])
    by_label = _by_label(result.scores)
    by_label["clips"] = [report["labels"].get(str(label), 0) for label in by_label["label"]]
    majority = report["majority_accuracy"]
    parts = [
        plain_table(scores),
        f"Giving every clip the label that is most frequent here has accuracy {majority:.3f}.",
        plain_table(by_label),
    ]
    if report["by_group"] is not None:
        lowest = pd.DataFrame(report["by_group"]).head(5)
        parts.append(f"Lowest groups:\n{plain_table(lowest)}")
    parts += [f"Drawn: {', '.join(report['plots'])}"] if report["plots"] else []
    return "\n\n".join(parts)
