"""Run systems split by split, keep every score in a file at once, and tabulate.

The file is ``results/NAME.json``. A split that is there under the same digest (data, rows,
settings of the system and of what made its input) is not run again, so a long run can be cut short
and resumed, and systems can be added one at a time. The digest does not see changes of the code:
after one, start afresh. Seconds are as they were when a split was run.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from _result import RESULTS, spread, write_result
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skspec import evaluate
from skspec.evaluation import corrected_interval

BASELINE = "mel statistics + SVM"
METRICS = ("accuracy", "balanced_accuracy", "macro_f1")
SCORE = "balanced_accuracy"
SECONDS = ("seconds_fit", "seconds_predict")
# Where a fit keeps what it would need to go on after a crash does not change what it comes to.
WITHOUT_EFFECT = {"checkpoint", "checkpoint_every_s"}
Split = tuple[NDArray[np.intp], NDArray[np.intp]]


class System(NamedTuple):
    """What is compared: an estimator, what it is given, and what made that."""

    estimator: BaseEstimator
    X: Any
    front_end: Any = None


def run_systems(
    name: str,
    systems: Mapping[str, System],
    y: ArrayLike,
    splits: Sequence[Split],
    *,
    figures: Mapping[str, Any],
    wanted: Iterable[str] | None = None,
    fresh: bool = False,
) -> dict[str, Any]:
    """Run the `wanted` systems on all splits, and write all scores to ``results/NAME.json``.

    Parameters
    ----------
    name : str
        Of the file.
    systems : dict of str to System
        All there are; those not wanted keep what the file has of them.
    y : array-like of shape (n_clips,)
        Labels.
    splits : sequence of (train, test)
        Row indices.
    figures : dict
        What else to write: of the data, the splits, the seconds of shared inputs.
    wanted : iterable of str, default=None
        Systems to run; None runs all.
    fresh : bool, default=False
        Whether to run again what is there.
    """
    names = _checked(systems, wanted)
    old = read_figures(name).get("systems", {})
    kept = {key: dict(old.get(key, {"splits": {}})) for key in systems}
    digests = {key: _digests(systems[key], y, splits) for key in systems}
    for key in names:
        for i, split in enumerate(splits):
            row = kept[key]["splits"].get(str(i), {})
            if fresh or row.get("digest") != digests[key][i]:
                row = {"digest": digests[key][i], **_run_split(key, systems[key], y, split)}
                kept[key] = {**kept[key], "settings": settings_of(systems[key].estimator)}
                kept[key]["splits"] = {**kept[key]["splits"], str(i): row}
                _write(name, {**figures, "systems": summaries(kept, digests, splits)})
            print(f"{key}, split {i + 1} of {len(splits)}: {row[SCORE]:.3f}, {row['seconds']} s")
    return _write(name, {**figures, "systems": summaries(kept, digests, splits)})


def _checked(systems: Mapping[str, System], wanted: Iterable[str] | None) -> list[str]:
    names = list(systems) if wanted is None else list(wanted)
    unknown = [name for name in names if name not in systems]
    if unknown:
        raise SystemExit(f"There is no system {unknown[0]!r}. There are: {', '.join(systems)}.")
    return names


def _run_split(name: str, system: System, y: ArrayLike, split: Split) -> dict[str, float]:
    result = evaluate(
        {name: system.estimator}, (system.X, y), [split], error_score="raise", check_copies=False
    )
    scores = {metric: round(result.interval(name, metric)[0], 6) for metric in METRICS}
    seconds = sum(result.interval(name, cost)[0] for cost in SECONDS)
    return {**scores, "seconds": round(seconds, 2)}


def _digests(system: System, y: ArrayLike, splits: Sequence[Split]) -> list[str]:
    shared = [settings_of(system.estimator), system.front_end, np.asarray(y).tolist()]
    return [digest(shared, train.tolist(), test.tolist()) for train, test in splits]


def digest(*parts: Any) -> str:
    """Give a short digest of what JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def settings_of(estimator: BaseEstimator) -> dict[str, str]:
    """Give every parameter of an estimator and of those in it that has an effect, as text."""
    told = {
        key: _text(value)
        for key, value in sorted(estimator.get_params(deep=True).items())
        if _is_leaf(value) and key.rsplit("__", 1)[-1] not in WITHOUT_EFFECT
    }
    return {"class": type(estimator).__name__, **told}


def _is_leaf(value: Any) -> bool:
    """Tell whether a value is no list of (name, estimator), whose parameters are there as well."""
    return not (isinstance(value, list) and any(isinstance(item, tuple) for item in value))


def _text(value: Any) -> str:
    """Give a value as text that is the same in every process; an estimator's class only."""
    if hasattr(value, "get_params") or callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return repr(value)


def summaries(
    systems: Mapping[str, dict[str, Any]],
    digests: Mapping[str, Sequence[str]],
    splits: Sequence[Split],
) -> dict[str, Any]:
    """Give mean, interval, difference to the baseline and seconds of systems that have run."""
    shares = [len(test) / len(train) for train, test in splits]
    rows = {name: _current(system, digests[name]) for name, system in systems.items()}
    return {
        name: {**systems[name], **_summary(rows[name], rows.get(BASELINE, {}), shares)}
        for name in systems
        if systems[name]["splits"]
    }


def _current(system: dict[str, Any], digests: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Give the rows by split that were run with the present settings."""
    found = {i: system["splits"].get(str(i)) for i in range(len(digests))}
    return {i: row for i, row in found.items() if row and row["digest"] == digests[i]}


def _summary(
    rows: Mapping[int, dict[str, Any]],
    baseline: Mapping[int, dict[str, Any]],
    shares: Sequence[float],
) -> dict[str, Any]:
    if not rows:
        return {"n_splits": 0}
    both = [i for i in rows if i in baseline]
    gains = [rows[i][SCORE] - baseline[i][SCORE] for i in both]
    return {
        "n_splits": len(rows),
        **{m: _interval([row[m] for row in rows.values()], rows, shares) for m in METRICS},
        f"minus {BASELINE}": _interval(gains, both, shares) if both else None,
        "seconds_per_split": spread([row["seconds"] for row in rows.values()]),
    }


def _interval(
    scores: Sequence[float], splits: Iterable[int], shares: Sequence[float]
) -> dict[str, float | None]:
    share = float(np.mean([shares[i] for i in splits]))
    mean, half_width = corrected_interval(scores, share)
    rounded = None if math.isnan(half_width) else round(half_width, 4)
    return {"mean": round(mean, 4), "half_width_95": rounded}


def systems_table(systems: Mapping[str, dict[str, Any]]) -> str:
    """Give a Markdown table with one row for each system that has run."""
    head = ["system", "balanced accuracy", f"minus {BASELINE}", "seconds per split", "splits"]
    rows = [head, ["---", *["---:"] * 4]]
    for name, system in systems.items():
        if system["n_splits"]:
            gain = "" if name == BASELINE else _cell(system[f"minus {BASELINE}"], "+.3f")
            seconds = f"{system['seconds_per_split']['median']:.1f}"
            rows.append([name, _cell(system[SCORE], ".3f"), gain, seconds, str(system["n_splits"])])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(interval: Mapping[str, float | None] | None, form: str) -> str:
    if interval is None:
        return ""
    half_width = interval["half_width_95"]
    mean = format(interval["mean"], form)
    return mean if half_width is None else f"{mean} ± {half_width:.3f}"


def read_figures(name: str) -> dict[str, Any]:
    """Read ``results/NAME.json``; nothing where there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _write(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """Write the figures by rename, so that a killed run leaves the file whole."""
    with contextlib.redirect_stdout(io.StringIO()):
        written = write_result(f"{name}.part", figures)
    written.replace(RESULTS / f"{name}.json")
    return figures
