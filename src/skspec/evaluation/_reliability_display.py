"""`ReliabilityDisplay`: how often a classifier is right, against how sure it was."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skspec._optional import import_optional
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._metrics import confidence_bins
from skspec.exceptions import InputError, ParameterError


class ReliabilityDisplay:
    """Share of clips that are right against the probability they were given, and how many.

    A classifier whose probabilities can be believed lies on the diagonal; below it, it is surer
    than it should be. Make it with `from_evaluation`.

    Parameters
    ----------
    predictions : DataFrame
        A row for each prediction: ``curve`` (the name of the curve it belongs to), ``confidence``
        (a probability), ``right`` (whether what was given this probability is true).
    n_bins : int > 0, default=15
        Bins of equal width over (0, 1], each with its right end.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
        Of the curves.
    count_ax_ : matplotlib Axes
        Of the number of clips in each bin, below.
    calibration_error_ : dict of str to float
        Of each curve; it stands in the legend.

    Raises
    ------
    InputError
        There are no probabilities to draw.
    ParameterError
        `n_bins` is not positive, or there is no system of that name.

    Notes
    -----
    A bin is drawn at the mean of its probabilities and at the share of its clips that are right.
    The calibration error is the mean distance of the two, weighted by clips [1]_. All splits are
    taken together, so it is not the mean of their errors.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017, section 2.

    Examples
    --------
    >>> import pandas as pd
    >>> from skspec import ReliabilityDisplay
    >>> predictions = pd.DataFrame(
    ...     {"curve": "cnn", "confidence": [0.9, 0.9, 0.7], "right": [True, False, True]}
    ... )
    >>> display = ReliabilityDisplay(predictions).plot()
    >>> round(display.calibration_error_["cnn"], 4)  # 2/3 * |1/2 - 0.9| + 1/3 * |1 - 0.7|
    0.3667
    """

    def __init__(self, predictions: pd.DataFrame, n_bins: int = 15) -> None:
        self.predictions = predictions
        self.n_bins = n_bins

    @classmethod
    def from_evaluation(
        cls,
        evaluation: Evaluation,
        system: str | None = None,
        *,
        n_bins: int = 15,
        axes: Any = None,
    ) -> Self:
        """Draw the systems of an `Evaluation`, or the classes of one of them.

        Parameters
        ----------
        evaluation : Evaluation
            As `evaluate` gives it.
        system : str, default=None
            None: a curve for each system that gives probabilities, of the largest one of each
            clip. A name: a curve for each class, of the probability that this system gives it.
        n_bins : int > 0, default=15
            Bins of equal width.
        axes : pair of matplotlib Axes, default=None
            Where to draw curves and counts; None makes a new figure.
        """
        table, classes = evaluation.predictions, evaluation.classes
        if system is None:
            predictions = _of_chosen_class(table, classes)
        elif system in evaluation.systems:
            predictions = _of_each_class(table[table["system"] == system], classes)
        else:
            raise ParameterError(
                f"Got system={system!r}, but expected None or one of {evaluation.systems}."
            )
        return cls(predictions, n_bins).plot(axes=axes)

    def plot(self, *, axes: Any = None) -> Self:
        """Draw; see `from_evaluation`."""
        if self.n_bins < 1:
            raise ParameterError(f"Got n_bins={self.n_bins!r}, but expected an integer > 0.")
        if self.predictions.empty:
            raise InputError("There are no probabilities to draw: no system gives them.")
        if axes is None:
            plt = import_optional("matplotlib.pyplot", extra="plot")
            shape = {"height_ratios": [3, 1], "figsize": (5.5, 6.5)}
            _, axes = plt.subplots(2, sharex=True, layout="constrained", **shape)
        self.ax_, self.count_ax_ = axes
        self.figure_ = self.ax_.figure
        self.ax_.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1)
        self.calibration_error_: dict[str, float] = {}
        for name, rows in self.predictions.groupby("curve", sort=False):
            self._plot_curve(str(name), rows)
        self.ax_.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
        above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "frameon": False}
        self.ax_.legend(title="calibration error", alignment="left", **above)
        self.count_ax_.set(xlim=(0, 1), xlabel="probability", ylabel="clips")
        return self

    def _plot_curve(self, name: str, rows: pd.DataFrame) -> None:
        bins = reliability_bins(rows["confidence"], rows["right"], self.n_bins)
        shares = bins["n_clips"] / bins["n_clips"].sum()
        error = float((bins["right"] - bins["confidence"]).abs() @ shares)
        self.calibration_error_[name] = error
        style = {"marker": "o", "markersize": 4, "label": f"{name} {error:.3f}"}
        (line,) = self.ax_.plot(bins["confidence"], bins["right"], **style)
        counts = bins["n_clips"].reindex(range(self.n_bins), fill_value=0)
        edges = np.linspace(0, 1, self.n_bins + 1)
        self.count_ax_.stairs(counts, edges, color=line.get_color())


def reliability_bins(confidence: ArrayLike, right: ArrayLike, n_bins: int) -> pd.DataFrame:
    """Give mean ``confidence``, share ``right`` and ``n_clips`` of each bin that has clips."""
    values = np.asarray(confidence, dtype=np.float64)
    bins = confidence_bins(values, n_bins)
    table = pd.DataFrame({"confidence": values, "right": np.asarray(right, dtype=np.float64)})
    found = table.groupby(bins)
    return found.mean().assign(n_clips=found.size())


def _probabilities(table: pd.DataFrame, classes: NDArray[Any]) -> NDArray[np.float64]:
    return table[[f"p_{label}" for label in classes]].to_numpy(dtype=np.float64)


def _of_chosen_class(table: pd.DataFrame, classes: NDArray[Any]) -> pd.DataFrame:
    """Give the largest probability of each clip, and whether its class is the true one."""
    probability = _probabilities(table, classes)
    known = ~np.isnan(probability).any(axis=1)
    probability, table = probability[known], table[known]
    right = classes[probability.argmax(axis=1)] == table["true"].to_numpy()
    confidence = probability.max(axis=1)
    return pd.DataFrame({"curve": table["system"], "confidence": confidence, "right": right})


def _of_each_class(table: pd.DataFrame, classes: NDArray[Any]) -> pd.DataFrame:
    """Give the probability of each class for each clip, and whether it is the true one."""
    probability = _probabilities(table, classes)
    right = table["true"].to_numpy()[:, None] == classes
    curves = np.broadcast_to(classes, probability.shape)
    columns = {"curve": curves, "confidence": probability, "right": right}
    # Class after class, so that the curves stand in the order of the classes.
    return pd.DataFrame({name: part.T.ravel() for name, part in columns.items()}).dropna()
