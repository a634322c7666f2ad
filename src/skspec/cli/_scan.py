"""``skspec scan``: what is in sound files and what is wrong with them."""

from __future__ import annotations

import argparse

import pandas as pd

from skspec._storage import write_whole
from skspec.audio import scan_audio
from skspec.cli._data import find_sounds
from skspec.cli._output import Output, plain_table, prepare_file, records

COLUMNS = ["path", "duration_s", "sr", "channels", "finding"]


def run(arguments: argparse.Namespace) -> int:
    """Scan; give 1 where ``--strict`` finds something."""
    output = Output.of(arguments)
    prepare_file(arguments.output)
    paths = find_sounds(arguments.paths)
    table = scan_audio(paths, n_jobs=arguments.jobs, verbose=output.verbose)
    found = (table["finding"] != "") | (table["duplicate_of"] != "")
    if arguments.output is not None:
        write_whole(arguments.output, table.to_csv(index=False, lineterminator="\n").encode())
    content = {**count(table), "files": records(table)}
    shown = table if arguments.all else table[found]
    lines = [plain_table(_for_people(shown))] if len(shown) else []
    output.result("\n\n".join([*lines, summary(table)]), content)
    return int(arguments.strict and found.any())


def count(table: pd.DataFrame) -> dict[str, float]:
    """Give how many files there are of what kind, and how long they last."""
    readable, copy = table["readable"], table["duplicate_of"] != ""
    return {
        "n_files": len(table),
        "n_unreadable": int((~readable).sum()),
        "n_with_remarks": int((readable & (table["finding"] != "")).sum()),
        "n_copies": int(copy.sum()),
        "duration_s": float(table["duration_s"].sum()),
    }


def summary(table: pd.DataFrame) -> str:
    """Say in a line what was found."""
    n, rates = count(table), sorted(table["sr"].dropna().unique())
    at = f" at {', '.join(f'{rate:g}' for rate in rates)} Hz" if rates else ""
    return (
        f"{n['n_files']} files, {n['duration_s']:.1f} s{at}: {n['n_unreadable']} cannot be read, "
        f"{n['n_with_remarks']} have remarks, {n['n_copies']} are copies."
    )


def _for_people(table: pd.DataFrame) -> pd.DataFrame:
    copies = table["duplicate_of"].map(lambda path: f"copy of {path}" if path else "")
    findings = zip(table["finding"], copies, strict=True)
    words = ["; ".join(filter(None, pair)) for pair in findings]
    whole = {name: table[name].astype("Int64") for name in ("sr", "channels")}
    return table.assign(finding=words, **whole)[COLUMNS]
