"""`GroupSpreadDisplay`: how a system does on each speaker, the worst of them by name."""

from __future__ import annotations

from typing import Any, Self

import pandas as pd

from skspec._optional import import_optional
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._strip import strip_offsets
from skspec.exceptions import InputError, ParameterError


class GroupSpreadDisplay:
    """A dot for each group, such as a speaker, by the share of its clips that are right.

    A mean over clips hides whom a system fails: here the lowest groups of each row are named.
    Make it with `from_evaluation`.

    Parameters
    ----------
    groups : DataFrame
        A row for each dot: ``row`` (the name of the row it stands in), ``group``, ``value``,
        ``n_predictions`` (the more, the larger the dot).
    value_label : str, default="accuracy"
        What the values are, for the axis.
    n_worst : int >= 0, default=3
        How many of the lowest groups are named in each row, among those below 1.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    worst_ : dict of str to list of str
        The groups that are named in each row, the lowest first.

    Raises
    ------
    InputError
        There is no group.
    ParameterError
        There is no system of that name.

    Examples
    --------
    >>> import pandas as pd
    >>> from skspec import GroupSpreadDisplay
    >>> groups = pd.DataFrame(
    ...     {"row": "cnn", "group": list("abcd"), "value": [0.9, 0.4, 0.8, 0.7]}
    ... ).assign(n_predictions=10)
    >>> GroupSpreadDisplay(groups, n_worst=2).plot().worst_
    {'cnn': ['b', 'd']}
    """

    def __init__(
        self, groups: pd.DataFrame, value_label: str = "accuracy", *, n_worst: int = 3
    ) -> None:
        self.groups = groups
        self.value_label = value_label
        self.n_worst = n_worst

    @classmethod
    def from_evaluation(
        cls, evaluation: Evaluation, system: str | None = None, *, n_worst: int = 3, ax: Any = None
    ) -> Self:
        """Draw the groups of an `Evaluation`, all splits together.

        Parameters
        ----------
        evaluation : Evaluation
            As `evaluate` gives it, of a dataset with groups.
        system : str, default=None
            None: a row for each system, with the accuracy on each group. A name: a row for each
            class, with this system's recall of it on each group.
        n_worst : int >= 0, default=3
            How many of the lowest groups are named in each row.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        if system is None:
            table = evaluation.by_group("accuracy").rename(columns={"system": "row"})
            return cls(table, n_worst=n_worst).plot(ax=ax)
        if system not in evaluation.systems:
            raise ParameterError(
                f"Got system={system!r}, but expected None or one of {evaluation.systems}."
            )
        table = evaluation.by_group("recall")
        table = table[table["system"] == system].rename(columns={"label": "row"})
        return cls(table.sort_values("row"), f"recall, {system}", n_worst=n_worst).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw; see `from_evaluation`."""
        if self.groups.empty:
            raise InputError("There is no group to draw.")
        rows = list(self.groups.groupby("row", sort=False))
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plot")
            _, ax = plt.subplots(figsize=(7, 1 + 0.75 * len(rows)), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.worst_: dict[str, list[str]] = {}
        for i, (name, table) in enumerate(rows):
            self._plot_row(i, str(name), table)
        ax.set_yticks(range(len(rows)), [str(name) for name, _ in rows])
        ax.set(xlabel=self.value_label, xlim=(-0.03, 1.03), ylim=(len(rows) - 0.35, -0.5))
        ax.grid(axis="x", alpha=0.3)
        return self

    def _plot_row(self, row: int, name: str, table: pd.DataFrame) -> None:
        # Of groups that do equally badly, those with most clips say most.
        table = table.sort_values(["value", "n_predictions"], ascending=[True, False])
        worst = table[table["value"] < 1].head(self.n_worst)
        self.worst_[name] = worst["group"].astype(str).tolist()
        sizes = 60 * table["n_predictions"] / self.groups["n_predictions"].max() + 8
        colors = ["C3"] * len(worst) + ["C0"] * (len(table) - len(worst))
        heights = row - strip_offsets(table["value"].to_numpy())
        self.ax_.scatter(table["value"], heights, s=sizes, c=colors, alpha=0.6, linewidths=0)
        if len(worst):
            values = zip(worst["group"], worst["value"], strict=True)
            text = "lowest: " + ", ".join(f"{group} {value:.2f}" for group, value in values)
            # Below the dots: beside them, names of groups that do equally badly would collide.
            self.ax_.text(0, row + 0.42, text, color="C3", fontsize="small", va="center")
