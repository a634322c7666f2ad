"""What commands print: results to stdout, all that goes with them to stderr."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skspec.exceptions import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Output:
    """Where a command's words go, by ``--json`` and ``--quiet``."""

    as_json: bool
    quiet: bool

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Output:
        """Give that of a command line."""
        return cls(arguments.json, arguments.quiet)

    @property
    def verbose(self) -> int:
        """1 where progress bars are wanted and somebody sees them."""
        return int(not self.quiet and sys.stderr.isatty())

    def note(self, text: str) -> None:
        """Print what is good to know."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def result(self, text: str, content: Any) -> None:
        """Print a result: as text, or its content as one JSON object."""
        print(to_json(content) if self.as_json else text, flush=True)


def prepare_file(path: Path | None) -> None:
    """Make the folder of a file that is to be written, before anything else takes its time."""
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"Got --output {str(path)!r}, but that is a folder. Give a file.")
    path.parent.mkdir(parents=True, exist_ok=True)


def to_json(content: Any) -> str:
    """Give JSON to read; NaN, which JSON does not have, must be None before."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table as JSON has them: NaN is null."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=15))
    return rows


def plain_table(table: pd.DataFrame) -> str:
    """Give a table as lines, text to the left, all rows and columns."""
    texts = table.astype(object).where(table.notna(), None).map(_cell)
    widths = [max([len(name), *map(len, texts[name])]) for name in table]
    left = [not _is_number(table[name]) for name in table]
    lines = [list(map(str, table.columns)), *texts.to_numpy().tolist()]
    return "\n".join(_line(line, widths, left) for line in lines)


def listing(pairs: dict[str, Any]) -> str:
    """Give names and values as two columns, nested ones indented."""
    width = max([0, *(len(str(name)) for name in pairs)])
    lines = []
    for name, value in pairs.items():
        if isinstance(value, dict) and value:
            lines += [f"{name}", *(f"  {line}" for line in listing(value).splitlines())]
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append(f"{str(name).ljust(width)}  {text}".rstrip())
    return "\n".join(lines)


def one_line(text: str) -> str:
    """Give a message without its line ends."""
    return re.sub(r"\s*\n\s*", " ", text.strip())


def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line, without the place in the source that Python adds."""
    print(f"skspec: warning: {one_line(str(message))}", file=sys.stderr, flush=True)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _is_number(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf"


def _line(cells: list[str], widths: list[int], left: list[bool]) -> str:
    rows = zip(cells, widths, left, strict=True)
    return "  ".join(c.ljust(w) if is_left else c.rjust(w) for c, w, is_left in rows).rstrip()
