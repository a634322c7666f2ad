"""Pictures of an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.metrics import ConfusionMatrixDisplay

from skspec._optional import import_optional
from skspec.evaluation import (
    Evaluation,
    GroupSpreadDisplay,
    ModelComparisonDisplay,
    ReliabilityDisplay,
)

_MOST_NUMBERS = 12


def prepare_plots(folder: Path | None) -> None:
    """Make the folder and import what draws, before anything else takes its time."""
    if folder is not None:
        import_optional("matplotlib.pyplot", extra="plot").switch_backend("agg")
        folder.mkdir(parents=True, exist_ok=True)


def draw_evaluation(result: Evaluation, system: str, folder: Path | None) -> list[str]:
    """Draw a system of an evaluation into a folder, if there is one; give the files."""
    if folder is None:
        return []
    figures = {"confusion_matrix": draw_confusion(result, system)}
    if len(result.systems) > 1:
        figures["comparison"] = ModelComparisonDisplay.from_evaluation(result).figure_
    rows = result.predictions[result.predictions["system"] == system]
    if rows.filter(regex="^p_").notna().to_numpy().any():
        figures["reliability"] = ReliabilityDisplay.from_evaluation(result, system).figure_
    if result.groups is not None:
        figures["groups"] = GroupSpreadDisplay.from_evaluation(result, system).figure_
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
    return [str(folder / f"{name}.png") for name in figures]


def draw_confusion(result: Evaluation, system: str) -> Any:
    """Draw what share of each label was taken for what."""
    _, ax = import_optional("matplotlib.pyplot", extra="plot").subplots(layout="constrained")
    labels = result.classes
    ConfusionMatrixDisplay(result.confusion(system).to_numpy(), display_labels=labels).plot(
        values_format=".2f",
        cmap="Blues",
        ax=ax,
        include_values=len(labels) <= _MOST_NUMBERS,
        xticks_rotation="horizontal" if len(labels) <= _MOST_NUMBERS // 2 else "vertical",
    )
    ax.set_title(system)
    return ax.figure


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure and forget it."""
    figure.savefig(path, dpi=120)
    import_optional("matplotlib.pyplot", extra="plot").close(figure)
