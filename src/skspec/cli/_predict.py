"""``skspec predict``: labels of files, folders and long recordings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skspec._progress import progress_bar
from skspec._storage import sha256, write_whole
from skspec.audio import read_clips
from skspec.cli._arguments import UsageError
from skspec.cli._data import find_sounds
from skspec.cli._output import Output, plain_table, prepare_file, records, to_json
from skspec.exceptions import AudioReadError, InputError, ParameterError
from skspec.persistence import load, read_card
from skspec.recordings import predict_recording, write_windows
from skspec.recordings._arguments import find_sr

BATCH = 64
TRACKS = ("audacity", "raven")
_SHOWN = ["path", "start", "end", "label", "probability"]


def run(arguments: argparse.Namespace) -> None:
    """Predict, and print or write what came of it."""
    _check(arguments)
    as_json = arguments.json or (arguments.format == "json" and arguments.output is None)
    output = Output(as_json, arguments.quiet)
    model, paths = _load_classifier(arguments.model), find_sounds(arguments.paths)
    _prepare_output(arguments, paths)
    sr = find_sr(model, arguments.sr) if arguments.sr else find_rate(arguments.model, model)
    if arguments.window is None:
        tables, skipped = predict_clips(model, paths, sr, arguments.on_error, output.verbose)
        for path, reason in skipped.to_numpy():
            output.note(f"Not read: {path!r}: {reason}.")
    else:  # warns of what it does not read
        tables, skipped = _predict_windows(model, paths, sr, arguments, output)
    if arguments.output is not None:
        written = _write(arguments, tables, skipped)
        output.note(f"Wrote {written} to {arguments.output}.")
    if as_json or arguments.output is None:
        joined = _joined(tables)
        text = _as_text(arguments.format or "table", joined)
        output.result(text, _content(arguments, joined, skipped))


def _load_classifier(path: Path) -> BaseEstimator:
    model = load(path)
    if not hasattr(model, "classes_"):
        raise InputError(
            f"The model {str(path)!r} is a {type(model).__name__} without classes_. Give a fitted "
            "classifier."
        )
    return model


def find_rate(path: Path, model: BaseEstimator) -> float:
    """Give the rate in Hz that a model takes, as its parameters or else its card say."""
    try:
        return find_sr(model, None)
    except ParameterError:  # a recipe that stretches time has several rates
        data = read_card(path).data
        if not isinstance(data, dict) or "sr" not in data:
            raise
        return find_sr(model, data["sr"])


def predict_clips(
    model: BaseEstimator, paths: Sequence[str], sr: float, on_error: str, verbose: int
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Give a table of one row for each file that was read, and the others with the reason.

    With ``on_error="nan"`` the others have a row of NaN.
    """
    tables: dict[str, pd.DataFrame] = {}
    reports = [pd.DataFrame(columns=["path", "reason"])]
    with progress_bar(len(paths), "predict", verbose=verbose, unit="file") as bar:
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            waveforms, report = read_clips(batch, sr, on_error="skip")
            if on_error == "raise" and len(report):
                raise AudioReadError(*report[["path", "reason", "remedy"]].iloc[0])
            rows = classify(model, waveforms)
            unread = set(report["path"])
            read = [path for path in batch if path not in unread]
            tables |= {path: rows.iloc[[i]] for i, path in enumerate(read)}
            reports.append(report[["path", "reason"]])
            bar.update(len(batch))
    if on_error == "nan":
        nothing = pd.DataFrame({"label": [None], "probability": [np.nan]})
        tables = {path: tables.get(path, nothing) for path in paths}
    return tables, pd.concat(reports, ignore_index=True)


def classify(model: BaseEstimator, waveforms: Sequence[Any]) -> pd.DataFrame:
    """Give label, its probability, and that of each class; NaN from a model without them."""
    if not len(waveforms):
        return pd.DataFrame({"label": [], "probability": []})
    if not hasattr(model, "predict_proba"):
        return pd.DataFrame({"label": model.predict(waveforms), "probability": np.nan})
    probability = np.asarray(model.predict_proba(waveforms))
    labels = model.classes_[probability.argmax(axis=1)]
    columns = {f"p_{name}": probability[:, i] for i, name in enumerate(model.classes_)}
    return pd.DataFrame({"label": labels, "probability": probability.max(axis=1), **columns})


def _predict_windows(
    model: BaseEstimator,
    paths: Sequence[str],
    sr: float,
    arguments: argparse.Namespace,
    output: Output,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    options = {name: getattr(arguments, name) for name in ("smooth", "threshold", "merge")}
    tables, unread = {}, []
    for path in paths:
        table = predict_recording(
            model,
            path,
            arguments.window,
            arguments.hop,
            sr=sr,
            journal=_journal(arguments.journal, path),
            on_error=arguments.on_error,
            verbose=output.verbose,
            **options,
        )
        tables[path] = table
        if (part := table.attrs["unread"]) is not None:
            unread.append((path, f"from {part['start']:.3f} s on, {part['reason']}"))
    return tables, pd.DataFrame(unread, columns=["path", "reason"])


def _journal(folder: Path | None, path: str) -> Path | None:
    """Give the journal of a recording: its name, and what tells it from others of that name."""
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    mark = sha256(os.fsencode(os.path.abspath(path)))[:8]
    return folder / f"{Path(path).stem}-{mark}.jsonl"


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what says something about windows where there are none."""
    names = ("hop", "smooth", "threshold", "merge", "journal")
    values = [getattr(arguments, name) for name in names]
    wants = any(value is not None and value is not False for value in values)
    if arguments.window is None and wants:
        raise UsageError("--hop, --smooth, --threshold, --merge and --journal need --window.")
    if arguments.format in TRACKS and (arguments.window is None or arguments.output is None):
        raise UsageError(f"--format {arguments.format} needs --window and --output.")


def _prepare_output(arguments: argparse.Namespace, paths: Sequence[str]) -> None:
    """Meet what could fail at the end before anything is predicted."""
    if arguments.format not in TRACKS:
        prepare_file(arguments.output)
        return
    for file in _track_files(paths, arguments.output).values():
        prepare_file(file)


def _joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give one table of all files, the file in its first column."""
    if not tables:
        return pd.DataFrame(columns=["path", "label", "probability"])
    named = [table.assign(path=path) for path, table in tables.items()]
    table = pd.concat(named, ignore_index=True)
    return table[["path", *(name for name in table if name != "path")]]


def _as_text(kind: str, table: pd.DataFrame) -> str:
    if kind == "csv":
        return str(table.to_csv(index=False, lineterminator="\n")).rstrip("\n")
    return plain_table(table[[name for name in _SHOWN if name in table]])


def _content(
    arguments: argparse.Namespace, table: pd.DataFrame, skipped: pd.DataFrame
) -> dict[str, Any]:
    return {
        "model": str(arguments.model),
        "predictions": records(table),
        "skipped": records(skipped),
    }


def _write(
    arguments: argparse.Namespace, tables: Mapping[str, pd.DataFrame], skipped: pd.DataFrame
) -> str:
    """Write to the output, and say how much."""
    kind: Any = arguments.format or "csv"
    target = arguments.output
    if kind in TRACKS:
        for path, file in _track_files([*tables], target).items():
            write_windows(tables[path], file, kind)
        return f"{len(tables)} files"
    joined = _joined(tables)
    if kind == "json":
        text = to_json(_content(arguments, joined, skipped))
    else:
        text = _as_text(kind, joined)
    write_whole(target, f"{text}\n".encode())
    return f"{len(joined)} rows"


def _track_files(paths: Sequence[str], target: Path) -> dict[str, Path]:
    """Give the file of each recording: the target, or one in it, in folders as those it is in."""
    if len(paths) == 1 and not target.is_dir():
        return dict.fromkeys(paths, target)
    if target.is_file():
        raise InputError(
            f"Got --output {str(target)!r}, but that is a file. Give a folder for the tracks of "
            f"{len(paths)} recordings."
        )
    root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    names = {path: os.path.relpath(os.path.abspath(path), root) for path in paths}
    return {path: target / f"{name}.txt" for path, name in names.items()}
