"""``skspec train``: from labelled sounds to a model that was scored honestly."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from skspec._compat import InvalidParameterError
from skspec._fit_groups import fit_or_stop
from skspec.cli._arguments import UsageError
from skspec.cli._comparing import MAJORITY, SIMPLE, make_splits, summary_table, verdict
from skspec.cli._data import count_labels, load_data
from skspec.cli._output import Output, prepare_file, records
from skspec.cli._plots import draw_evaluation, prepare_plots
from skspec.cli._recipes import build_recipe, takes
from skspec.evaluation import Evaluation, evaluate
from skspec.exceptions import InputError, ParameterError
from skspec.persistence import ModelCard, save
from skspec.recipes import baselines

LONGEST_S, SHARE = 10.0, 0.9


def run(arguments: argparse.Namespace) -> None:
    """Train; what scikit-learn says of a value is an error of the command line."""
    try:
        train(arguments)
    except InvalidParameterError as error:
        raise ParameterError(str(error)) from error


def train(arguments: argparse.Namespace) -> None:
    """Load, cross-validate, fit on everything, save, and say what to do next."""
    output = Output.of(arguments)
    _prepare(arguments)
    data = _load(arguments, output)
    shape = choose_shape(arguments, data, output)
    settings = dict(arguments.set)
    how = {"seed": arguments.seed, "verbose": output.verbose}
    estimator = build_recipe(arguments.recipe, *shape, settings, **how)
    result = None
    if not arguments.no_evaluation:
        result = _cross_validate(arguments, estimator, data, shape, output)
    output.note(f"Fitting on all {len(data.y)} clips.")
    fit_or_stop(estimator, data.paths, data.y, data.groups)
    report = _report(arguments, data, shape, result)
    save(estimator, arguments.output, card=_card(arguments, report, data))
    if result is not None:
        report["plots"] = draw_evaluation(result, arguments.recipe, arguments.plots)
    output.result(_text(report, result, estimator), report)


def _prepare(arguments: argparse.Namespace) -> None:
    """Meet what could fail at the end before anything takes its time."""
    if arguments.no_evaluation and arguments.plots is not None:
        raise UsageError("--plots draws the evaluation that --no-evaluation leaves out.")
    prepare_plots(arguments.plots)
    prepare_file(arguments.output)


def _load(arguments: argparse.Namespace, output: Output) -> Bunch:
    data = load_data(arguments, output)
    labels = list(count_labels(data.y))
    if len(labels) < 2:
        raise InputError(f"All clips have the label {labels[0]!r}, but training needs two labels.")
    return data


def _cross_validate(
    arguments: argparse.Namespace,
    estimator: BaseEstimator,
    data: Bunch,
    shape: tuple[float, float],
    output: Output,
) -> Evaluation:
    """Score the recipe beside the simple baseline and guessing, on the same splits."""
    simple = baselines(*shape, random_state=arguments.seed)
    systems = {name: simple[name] for name in (MAJORITY, SIMPLE)}
    return evaluate(
        {**systems, arguments.recipe: estimator},
        data,
        cv=make_splits(data, arguments.folds, arguments.seed, output),
        error_score="raise",
        n_jobs=arguments.jobs,
        verbose=output.verbose,
    )


def choose_shape(arguments: argparse.Namespace, data: Bunch, output: Output) -> tuple[float, float]:
    """Give rate and duration as they were asked for, or as the files suggest."""
    sr, duration_s = arguments.sr, arguments.duration
    if sr is None:
        sr = float(np.quantile(data.scan["sr"], 0.5, method="lower"))
        output.note(f"Rate: {sr:g} Hz, the median of the files (--sr).")
    if duration_s is None:
        durations = data.scan["duration_s"].to_numpy()
        duration_s = choose_duration(durations)
        if takes(arguments.recipe, "duration_s"):
            longer = int((durations > duration_s).sum())
            output.note(f"Pictures show {duration_s:g} s; {longer} clips are longer (--duration).")
    return sr, duration_s


def choose_duration(durations: np.ndarray) -> float:
    """Give seconds that most clips do not exceed, at most 10."""
    usual = float(np.quantile(durations, SHARE))
    hundredths = round(100 * min(usual, LONGEST_S), 6)  # 0.9 stays 0.9
    return max(1, math.ceil(hundredths)) / 100


def _report(
    arguments: argparse.Namespace,
    data: Bunch,
    shape: tuple[float, float],
    result: Evaluation | None,
) -> dict[str, Any]:
    """Give all that is to be told of a training, as JSON has it."""
    report: dict[str, Any] = {
        "model": str(arguments.output),
        "recipe": arguments.recipe,
        "settings": dict(arguments.set),
        "sr": shape[0],
        "duration_s": shape[1],
        "seed": arguments.seed,
        "clips": len(data.y),
        "labels": count_labels(data.y),
        "groups": None if data.groups is None else len(set(data.groups)),
        "skipped": records(data.skipped),
        "evaluation": None,
        "plots": [],
    }
    if result is not None:
        report["evaluation"] = {
            "splits": len(result.splits),
            "grouped": data.groups is not None,
            "scores": records(summary_table(result)),
            "verdict": verdict(result, arguments.recipe),
        }
    return report


def _card(arguments: argparse.Namespace, report: dict[str, Any], data: Bunch) -> ModelCard:
    source = arguments.dataset or Path(arguments.data).resolve().name
    facts = ("clips", "labels", "groups", "sr", "duration_s")
    trial = report["evaluation"]
    if trial is None:
        notes = "Not evaluated when it was trained."
    else:
        sides = "no group is" if trial["grouped"] else "groups are not known, so speakers may be"
        notes = (
            f"Mean and 95 % interval of {trial['splits']} splits; {sides} on both sides of one. "
            f"The model was then fitted on all clips. {trial['verdict']}"
        )
    return ModelCard(
        description=f"Tells {', '.join(report['labels'])} from sound. Recipe: {report['recipe']}.",
        data={
            "source": source,
            "description": data.description,
            **{name: report[name] for name in facts},
            "skipped": len(report["skipped"]),
        },
        metrics=None if trial is None else trial["scores"],
        notes=notes,
    )


def _text(report: dict[str, Any], result: Evaluation | None, estimator: BaseEstimator) -> str:
    lines = []
    if result is not None:
        lines += ["", result.to_markdown(), "", report["evaluation"]["verdict"]]
    lines += [f"Drawn: {', '.join(report['plots'])}"] if report["plots"] else []
    paths = "files, folders"
    if hasattr(estimator, "predict_proba"):
        paths += f"; long recordings: --window {report['duration_s']:g}"
    model = report["model"]
    return "\n".join([*lines, f"Saved: {model}", f"Next: skspec predict {model} PATH... ({paths})"])
