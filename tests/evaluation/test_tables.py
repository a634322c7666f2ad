"""Tables of summaries."""

import re

import numpy as np
import pandas as pd
import pytest

from skspec.evaluation._tables import latex_table, markdown_table


def summary(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "half_width"])


SUMMARIES = {
    "balanced_accuracy": summary(one=(0.75, 0.196), two=(0.5, np.nan), three=(np.nan, np.nan)),
    "macro_f1": summary(one=(0.5, 0.0), two=(0.25, np.nan), three=(np.nan, np.nan)),
    "seconds_fit": summary(one=(1.25, 0.3), two=(100, np.nan), three=(np.nan, np.nan)),
}


def test_cells():
    head, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in markdown_table(SUMMARIES).splitlines()
    )
    assert head == ["system", "balanced accuracy", "macro F1", "seconds fit"]
    assert rows == [
        ["one", "0.75 ± 0.20", "0.50 ± 0.00", "1.2"],
        ["two", "0.50", "0.25", "100.0"],
        ["three", "-", "-", "-"],
    ]


@pytest.mark.parametrize("name", ["", "-", "--- a long name that begins with a rule", "a|b"])
def test_markdown_has_columns_in_line_for_any_name(name):
    rows = markdown_table({"accuracy": summary(**{name: (0.7, 0.1), "b": (1, 0)})}).splitlines()
    assert re.fullmatch(r"\| -+ \| -+: \|", rows[1])
    bars = [[m.start() for m in re.finditer(r"(?<!\\)\|", row)] for row in rows]
    assert all(row == bars[0] for row in bars)
    assert rows[2].split(" | ")[0].removeprefix("| ").strip().replace("\\", "") == name


def test_latex_is_escaped_and_balanced():
    name = r"50% & a_b #1 {c} $x$ ~ ^ \end"
    table = latex_table({"f1": summary(**{name: (0.7, 0.125)})})
    assert table.splitlines() == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"system & F1 \\",
        r"\midrule",
        r"50\% \& a\_b \#1 \{c\} \$x\$ \textasciitilde{} \textasciicircum{} \textbackslash{}end"
        r" & 0.70 $\pm$ 0.12 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
