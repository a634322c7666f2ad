"""`docs/papers.md`: what the papers report, and what their methods come to on other sounds here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from _systems import BASELINE, SCORE, read_figures

from skspec.recipes import chakhtouna, herron, mo, threadgold

PAGE = Path(__file__).parents[1] / "docs" / "papers.md"
TRIAL = "trial"
CORPORA = {
    "percussion": "76 drum hits of 4 instruments by 20 authors, in the package",
    "dialogues": "a woman's and a man's voice in a game, Debian's `fillets-ng-data-cs`",
    "drums": "463 drum hits of 8 instruments, Debian's `hydrogen-drumkits`",
}
#: Of the reported figures those that sum up a system, in this order.
SUMMARY = ("accuracy", "precision", "recall", "f1", "accuracy_gain", "best_epoch")


class Paper(NamedTuple):
    """A recipe, and what is to be said of the paper in a few lines."""

    recipe: Any
    title: str
    method: str


PAPERS = {
    "mo": Paper(
        mo,
        "Mo: gender, from coloured pictures",
        """\
Y. Mo, "Transfer learning in voice recognition based on pre-trained image model", 2023.
Spectrograms and Mel spectrograms as coloured pictures; five networks; first one sigmoid on top of
them learns, then all. Clips are split at random, 80, 16 and 4 %, so a speaker can stand on both
sides.
""",
    ),
    "threadgold": Paper(
        threadgold,
        "Threadgold: gender, from segments",
        """\
C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender", 2018.
Silence is cut out, files are joined and cut into segments of 100 frames; own nets on chroma, and
VGG16 on Mel spectrograms. Segments are split, not speakers and not even files, so that scores on
new voices would be lower. `threadgold_segments` repeats that; the recipe itself keeps clips whole.
""",
    ),
    "herron": Paper(
        herron,
        "Herron: emotions, from whitened spectrograms",
        """\
L. Herron, "Emotive Classification of Audio Recordings Using Transfer Learning".
Mel spectrograms of three windows as channels, whitened clip by clip; DenseNet-161, all of which
learns; other data sets as supplements to training. `herron_data` gives its five sets of training
data. A gain is over what the paper had before that step.
""",
    ),
    "chakhtouna": Paper(
        chakhtouna,
        "Chakhtouna, Sekkate and Adib: emotions, frozen or tuned",
        """\
A. Chakhtouna, S. Sekkate, A. Adib, "Speech emotion recognition using pre-trained and fine-tuned
transfer learning approaches". Mel spectrograms of Italian speech; dense layers on a frozen network
(C1), or with its last blocks learning as well (C2).
""",
    ),
}

HEAD = """\
# Four papers

`skspec.recipes` has four papers as Pipelines. `recipes.mo()` gives a system of the paper,
`recipes.mo.grid()` all of them, `recipes.mo.split(dataset)` its split, and `recipes.mo.reported`
its figures; and so for `threadgold`, `herron` and `chakhtouna`. What a paper does not say is
chosen, and stands in the recipe's docstring under "Differs from the paper".

`python benchmarks/papers.py --page` writes this page. It has two kinds of tables that must not be
compared:

- **Reported** are the papers' own figures, on data that have to be asked for and are not used here.
- **Here** are the same methods on other sounds, with EfficientNet-Lite0 in place of the papers'
  networks and a small part of their training. That shows that they run from files to scores, not
  how good they are.
"""


def write_page() -> Path:
    """Write the page from what is in results/, and give its path."""
    PAGE.write_text(page_text(read_results()), encoding="utf-8")
    return PAGE


def read_results() -> dict[str, dict[str, Any]]:
    """Give the figures of every corpus that has any, and of the trial."""
    found = {name: read_figures(f"papers_{name}") for name in (*CORPORA, TRIAL)}
    return {name: figures for name, figures in found.items() if figures}


def page_text(results: Mapping[str, dict[str, Any]]) -> str:
    """Give the page as Markdown."""
    corpora = {name: figures for name, figures in results.items() if name != TRIAL}
    parts = [HEAD, _about_runs(corpora), _about_trial(results.get(TRIAL))]
    for name, paper in PAPERS.items():
        parts += [f"## {paper.title}\n", paper.method]
        parts += ["Reported:\n", _reported_table(paper.recipe.reported), _here(name, corpora)]
    parts += ["## Related work\n", "`recipes.related_work()` has systems that the papers cite.\n"]
    parts += [_here("related work", corpora)]
    return "\n".join(part for part in parts if part)


def _about_runs(corpora: Mapping[str, dict[str, Any]]) -> str:
    if not corpora:
        return "No runs are stored: `python benchmarks/papers.py` makes them in half an hour.\n"
    lines = ["The sounds of the runs here, and what was trained:\n"]
    for name, figures in corpora.items():
        budget, chance = figures["budget"], figures["chance_balanced_accuracy"]
        size = f"{budget['pixels']} x {budget['pixels']} pixels"
        lines += [
            f"- {name}: {CORPORA[name]}; at most {budget['clips']} clips in either part",
            f"  of a split, {budget['epochs']} epochs a stage, {size}; guessing: {chance:.2f}.",
        ]
    return "\n".join([*lines, "\nWith so few clips another seed moves a score by 0.1 and more.\n"])


def _about_trial(figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    n_run = sum(system["n_splits"] > 0 for system in figures["systems"].values())
    return (
        f"With the papers' own networks, {n_run} systems ran for one epoch from random weights on\n"
        "12 drum hits (`benchmarks/results/papers_trial.json`): they run, is all that says.\n"
    )


def _reported_table(reported: pd.DataFrame) -> str:
    """Give a row for each system and place, of the metrics that sum up."""
    rows = reported[reported["metric"].isin(SUMMARY)]
    keys = ["system", "part", "place"]
    table = rows.pivot_table(index=keys, columns="metric", values="value", sort=False)
    metrics = [name for name in SUMMARY if name in table]
    body = [
        [system, part, *(_figure(row[name], name) for name in metrics), place]
        for (system, part, place), row in table.iterrows()
    ]
    head = ["system", "part", *(name.replace("_", " ") for name in metrics), "where"]
    return _markdown(head, body, numbers=range(2, 2 + len(metrics)))


def _here(paper: str, corpora: Mapping[str, dict[str, Any]]) -> str:
    """Give a row for each system of a paper that has run, and a column for each corpus."""
    found = {name: figures["systems"] for name, figures in corpora.items()}
    start = f"{paper} / "
    names = dict.fromkeys(name for systems in found.values() for name in systems)
    systems = [name for name in names if name.startswith(start)]
    if not systems:
        return ""
    rows = [
        [name.removeprefix(start), *(_score(figures.get(name)) for figures in found.values())]
        for name in [*systems, BASELINE]
    ]
    table = _markdown(["balanced accuracy of", *found], rows, numbers=range(1, 1 + len(found)))
    return f"Here:\n\n{table}"


def _score(system: Mapping[str, Any] | None) -> str:
    return f"{system[SCORE]['mean']:.2f}" if system and system["n_splits"] else ""


def _figure(value: float, metric: str) -> str:
    if pd.isna(value):
        return ""
    if metric == "best_epoch":
        return f"{value:.0f}"
    return f"{value:.2f}" if value == round(value, 2) else f"{value:.4f}".rstrip("0")


def _markdown(head: list[str], rows: Iterable[list[str]], numbers: Iterable[int]) -> str:
    """Give a table, columns of numbers to the right."""
    right = set(numbers)
    rule = ["---:" if i in right else "---" for i in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"
