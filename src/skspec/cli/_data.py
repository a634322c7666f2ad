"""Labelled clips and sound files, as command lines name them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skspec import datasets
from skspec.audio import scan_audio
from skspec.cli._arguments import UsageError
from skspec.cli._output import Output
from skspec.datasets._layout import SOUND_SUFFIXES, walk
from skspec.datasets._tables import READERS, SEPARATORS
from skspec.exceptions import InputError

TABLES = {*SEPARATORS, *READERS}
_SHOWN = 5


def load_data(arguments: argparse.Namespace, output: Output) -> Bunch:
    """Give the clips that a command line names, without those that cannot be read.

    `scan` is added to the dataset: a row of `scan_audio` for each clip.
    """
    data = _load(arguments)
    if arguments.group_pattern is not None:
        data.groups = find_groups(data.paths, arguments.group_pattern)
    table = scan_audio(list(data.paths), n_jobs=arguments.jobs, verbose=output.verbose)
    data = _without_unreadable(data, table)
    output.note(describe(data))
    for line in _skipped_lines(data.skipped):
        output.note(line)
    return data


def find_groups(paths: Sequence[str], pattern: re.Pattern[str]) -> NDArray[np.str_]:
    """Give what a pattern finds in the name of each file: its first group, or the whole match."""
    names = [Path(path).name for path in paths]
    which = 1 if pattern.groups else 0
    found = [match[which] if (match := pattern.search(name)) else None for name in names]
    missing = [name for name, group in zip(names, found, strict=True) if group is None]
    if missing:
        raise InputError(
            f"--group-pattern {pattern.pattern!r} is not in the names of {len(missing)} of "
            f"{len(names)} files; the first is {missing[0]!r}."
        )
    return np.array(found, dtype=str)


def describe(data: Bunch) -> str:
    """Give clips, labels and groups in a line or two."""
    labels = ", ".join(f"{label} {n}" for label, n in count_labels(data.y).items())
    scan = data.scan
    rates = ", ".join(f"{rate:g}" for rate in sorted(set(scan["sr"])))
    groups = "groups not known" if data.groups is None else f"{len(set(data.groups))} groups"
    copies = int((scan["duplicate_of"] != "").sum())
    text = (
        f"{len(data.y)} clips, {scan['duration_s'].sum() / 60:.1f} minutes at {rates} Hz, {groups}."
        f"\nLabels: {labels}."
    )
    return text + (f"\n{copies} clips are copies of others." if copies else "")


def count_labels(y: NDArray[Any]) -> dict[str, int]:
    """Give the number of clips of each label."""
    return {str(label): int(n) for label, n in zip(*np.unique(y, return_counts=True), strict=True)}


def find_sounds(paths: Sequence[Path]) -> list[str]:
    """Give files as they are named, and all sound files in folders."""
    found: list[str] = []
    for path in paths:
        if not path.is_dir():
            found.append(str(path))
            continue
        files, _ = walk(str(path))
        inside = [str(path / file) for file in files if Path(file).suffix.lower() in SOUND_SUFFIXES]
        if not inside:
            raise InputError(f"There is no sound file in the folder {str(path)!r}.")
        found += inside
    for name in found:
        _check_name(name)
    return list(dict.fromkeys(found))


def _check_name(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"The name {path!r} is not text in UTF-8. Rename the file.") from error


def _load(arguments: argparse.Namespace) -> Bunch:
    columns = {name: getattr(arguments, name) for name in ("path", "label", "group")}
    given = {name: column for name, column in columns.items() if column is not None}
    source, folder = arguments.data, arguments.folder
    if arguments.dataset is not None:
        if given or folder is not None:
            raise UsageError("--dataset knows its labels and groups: no --path, --label, --group.")
        return _load_published(arguments.dataset, source)
    if source is None:
        raise UsageError("DATA is missing: a folder, a table, or --dataset.")
    if not source.exists():
        raise InputError(f"There is no file or folder {str(source)!r}.")
    if source.is_file():
        return datasets.load_folder(folder or source.parent, table=source, **given)
    if given or folder is not None:
        raise UsageError(
            "--folder, --path, --label and --group belong to a table, and DATA is none; for a "
            "folder there is --group-pattern."
        )
    if source.is_dir() and not any(path.is_dir() for path in source.iterdir()):
        raise InputError(_without_labels(source))
    return datasets.load_folder(source)


def _without_labels(folder: Path) -> str:
    """Say what a folder needs, and what in it may be meant instead."""
    tables = sorted(str(path) for path in folder.iterdir() if path.suffix in TABLES)
    hint = f", such as {tables[0]!r}" if tables else ""
    return (
        f"The folder {str(folder)!r} has no folder of sound files for each label. Make them, or "
        f"give a table of the files{hint}."
    )


def _load_published(name: str, folder: Path | None) -> Bunch:
    if name == "percussion":  # is in the package
        return datasets.load_percussion()
    if folder is None:
        raise UsageError(f"DATA is missing: the folder of {name}.")
    data: Bunch = getattr(datasets, f"load_{name}")(folder)
    return data


def _without_unreadable(data: Bunch, table: pd.DataFrame) -> Bunch:
    readable = table["readable"].to_numpy(bool)
    if not readable.any():
        raise InputError(
            f"None of {len(table)} files can be read. {table['path'][0]!r}: {table['finding'][0]}."
        )
    lost = table[~readable].rename(columns={"finding": "reason"})[["path", "reason"]]
    data.paths, data.y = data.paths[readable], data.y[readable]
    data.groups = None if data.groups is None else data.groups[readable]
    data.metadata = data.metadata[readable].reset_index(drop=True)
    data.skipped = pd.concat([data.skipped, lost], ignore_index=True)
    data.scan = table[readable].reset_index(drop=True)
    return data


def _skipped_lines(skipped: pd.DataFrame) -> list[str]:
    """Give what was not used, with as many of each reason as can be read."""
    lines = []
    for reason, rows in skipped.groupby("reason", sort=False):
        first = ", ".join(repr(path) for path in rows["path"][:_SHOWN])
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        lines.append(f"Not used, {reason}: {first}{more}.")
    return lines
