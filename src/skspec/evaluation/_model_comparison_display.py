"""`ModelComparisonDisplay`: a row for each system, the highest mean on top; splits, interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from skspec._optional import import_optional
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._strip import strip_offsets
from skspec.exceptions import InputError, ParameterError


class ModelComparisonDisplay:
    """Systems in rows by their mean, a dot for each split, and the interval of the mean.

    Make it with `from_evaluation`.

    Parameters
    ----------
    scores : DataFrame
        ``system``, ``split``, ``value``: a row for each dot.
    summary : DataFrame
        Indexed by system: ``mean``, ``low`` and ``high``. A system without scores has NaN, and
        stands last.
    metric : str, default="score"
        What the values are, for the axis.
    baseline : str, default=None
        The system at whose mean a line is drawn.
    reported : dict of str to float, default=None
        Numbers that others have reported for some of the systems, drawn as diamonds.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    systems_ : list of str
        From the top.

    Raises
    ------
    InputError
        There is no system.
    ParameterError
        `baseline` or `reported` names a system that there is not.

    Examples
    --------
    >>> import pandas as pd
    >>> from skspec import ModelComparisonDisplay
    >>> scores = pd.DataFrame(
    ...     {"system": ["svm", "svm", "cnn", "cnn"], "split": [0, 1] * 2, "value": [.6, .7, .8, .7]}
    ... )
    >>> summary = pd.DataFrame(
    ...     {"mean": [0.65, 0.75], "low": [0.5, 0.6], "high": [0.8, 0.9]}, index=["svm", "cnn"]
    ... )
    >>> display = ModelComparisonDisplay(scores, summary, metric="accuracy", baseline="svm").plot()
    >>> display.systems_
    ['cnn', 'svm']
    """

    def __init__(
        self,
        scores: pd.DataFrame,
        summary: pd.DataFrame,
        *,
        metric: str = "score",
        baseline: str | None = None,
        reported: Mapping[str, float] | None = None,
    ) -> None:
        self.scores = scores
        self.summary = summary
        self.metric = metric
        self.baseline = baseline
        self.reported = reported

    @classmethod
    def from_evaluation(
        cls,
        evaluation: Evaluation,
        metric: str = "balanced_accuracy",
        *,
        level: float = 0.95,
        label: Any = None,
        baseline: str | None = None,
        reported: Mapping[str, float] | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw the scores of all systems of an `Evaluation`.

        Parameters
        ----------
        evaluation : Evaluation
            As `evaluate` gives it.
        metric : str, default="balanced_accuracy"
            One of those in its scores.
        level : float in (0, 1), default=0.95
            Confidence of the intervals.
        label : label, default=None
            Class, for metrics that are measured on each.
        baseline : str, default=None
            The system at whose mean a line is drawn.
        reported : dict of str to float, default=None
            Numbers that others have reported for some of the systems.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        parts = {name: evaluation.split_scores(name, metric, label) for name in evaluation.systems}
        scores = pd.concat(parts, names=["system", "split"]).rename("value").reset_index()
        name = metric if label is None else f"{metric} of {label}"
        summary = evaluation.summary(metric, level, label)
        return cls(scores, summary, metric=name, baseline=baseline, reported=reported).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw; see `from_evaluation`."""
        self._check_systems()
        summary = self.summary.sort_values("mean", na_position="first")
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plot")
            _, ax = plt.subplots(figsize=(7, 1.6 + 0.45 * len(summary)), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.systems_ = summary.index[::-1].tolist()
        rows = {system: row for row, system in enumerate(summary.index)}
        self._plot_splits(rows)
        self._plot_means(summary)
        self._plot_references(rows)
        ax.set_yticks(range(len(summary)), summary.index)
        ax.set(xlabel=self.metric.replace("_", " "), ylim=(-0.6, len(summary) - 0.4))
        ax.grid(axis="x", alpha=0.3)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
        return self

    def _check_systems(self) -> None:
        known = self.summary.index.tolist()
        if not known:
            raise InputError("There is no system to draw: the summary has no row.")
        named = [] if self.baseline is None else [("baseline", self.baseline)]
        for what, system in [*named, *(("reported", name) for name in self.reported or {})]:
            if system not in known:
                raise ParameterError(
                    f"Got {what} for the system {system!r}, but expected one of {known}."
                )

    def _plot_splits(self, rows: dict[str, int]) -> None:
        style = {"s": 14, "color": "0.55", "linewidths": 0}
        for i, (system, row) in enumerate(rows.items()):
            values = self.scores.loc[self.scores["system"] == system, "value"].to_numpy()
            label = None if i else "split"
            self.ax_.scatter(values, row + strip_offsets(values), label=label, **style)

    def _plot_means(self, summary: pd.DataFrame) -> None:
        mean = summary["mean"]
        # One split has no interval.
        widths = [(mean - summary["low"]).fillna(0), (summary["high"] - mean).fillna(0)]
        style = {"fmt": "o", "color": "C0", "capsize": 4, "label": "mean and interval"}
        self.ax_.errorbar(mean, np.arange(len(mean)), xerr=widths, **style)

    def _plot_references(self, rows: dict[str, int]) -> None:
        if self.baseline is not None:
            style = {"color": "C3", "linestyle": "--", "linewidth": 1, "zorder": 0}
            mean = self.summary.loc[self.baseline, "mean"]
            self.ax_.axvline(mean, label=f"mean of {self.baseline}", **style)
        if self.reported:
            places = [rows[system] for system in self.reported]
            style = {"marker": "D", "color": "C1", "zorder": 3, "label": "reported"}
            self.ax_.scatter(list(self.reported.values()), places, **style)
