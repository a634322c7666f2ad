"""A summary of scores as Markdown or LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from skspec.evaluation._metrics import COSTS

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def markdown_table(summaries: dict[str, pd.DataFrame]) -> str:
    """Give a Markdown table, columns in line, of metric -> summary with a row for each system."""
    head, *rows = [[cell.replace("|", r"\|") for cell in row] for row in _cells(summaries)]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (head, rule, *rows))


def latex_table(summaries: dict[str, pd.DataFrame]) -> str:
    """Give a LaTeX ``tabular`` with the rules of the package booktabs."""
    head, *rows = [" & ".join(map(_escaped, row)) + r" \\" for row in _cells(summaries)]
    columns = "l" + "r" * len(summaries)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            *(r"\toprule", head, r"\midrule", *rows, r"\bottomrule"),
            r"\end{tabular}",
        ]
    )


def _cells(summaries: dict[str, pd.DataFrame]) -> list[list[str]]:
    """Give the head and a row for each system, as plain text."""
    systems = next(iter(summaries.values())).index
    head = ["system", *(metric.replace("_", " ").replace("f1", "F1") for metric in summaries)]
    return [
        head,
        *(
            [
                str(system),
                *(_cell(metric, table.loc[system]) for metric, table in summaries.items()),
            ]
            for system in systems
        ),
    ]


def _cell(metric: str, row: pd.Series) -> str:
    if math.isnan(row["mean"]):
        return "-"
    if metric in COSTS:  # how long a fit takes is no estimate of a score: no interval
        return f"{row['mean']:.1f}"
    width = "" if math.isnan(row["half_width"]) else f" ± {row['half_width']:.2f}"
    return f"{row['mean']:.2f}{width}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "| " + " | ".join([first, *others]) + " |"


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text).replace("±", r"$\pm$")
