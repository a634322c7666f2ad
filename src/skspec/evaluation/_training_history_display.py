"""`TrainingHistoryDisplay`: learning curves with the stages marked."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skspec._optional import import_optional
from skspec.exceptions import InputTypeError


class TrainingHistoryDisplay:
    """Loss (and score, where there was a validation part) over epochs, stage after stage.

    Make it with `from_estimator`.

    Parameters
    ----------
    history : list of dict
        `history_` of a classifier that is trained in stages.
    best_epoch : int or None, default=None
        The epoch whose weights were kept.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
        Of the loss.
    score_ax_ : matplotlib Axes or None
        Of the validation accuracy, on the right.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import PretrainedCNNClassifier, TrainingHistoryDisplay
    >>> images = np.random.default_rng(0).random((8, 1, 16, 16), dtype=np.float32)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, random_state=0)
    >>> display = TrainingHistoryDisplay.from_estimator(cnn.fit(images, [0, 1] * 4))
    """

    def __init__(self, history: list[dict[str, Any]], best_epoch: int | None = None) -> None:
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: Any = None) -> Self:
        """Draw the history of a fitted classifier, or of the Pipeline that ends in one.

        Parameters
        ----------
        estimator : estimator
            With `history_`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        final = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        check_is_fitted(final)
        if not hasattr(final, "history_"):
            raise InputTypeError(
                f"{type(final).__name__} keeps no training history; expected a classifier that is "
                "trained in stages, such as PretrainedCNNClassifier."
            )
        return cls(final.history_, final.best_epoch_).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw; see `from_estimator`."""
        plt = import_optional("matplotlib.pyplot", extra="plot")
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.score_ax_: Any = None
        self._plot_losses(ax)
        self._mark_stages(ax)
        if "valid_accuracy" in self.history[0]:
            self._plot_accuracy(ax)
        lines = [line for a in (ax, self.score_ax_) if a is not None for line in a.get_lines()]
        shown = [line for line in lines if not str(line.get_label()).startswith("_")]
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "ncols": 4}
        ax.legend(shown, [line.get_label() for line in shown], **below)
        return self

    def _column(self, name: str) -> Any:
        return np.array([row[name] for row in self.history])

    def _plot_losses(self, ax: Any) -> None:
        epochs = self._column("epoch")
        ax.plot(epochs, self._column("train_loss"), color="C0", marker=".", label="training loss")
        if "valid_loss" in self.history[0]:
            ax.plot(
                epochs, self._column("valid_loss"), color="C1", marker=".", label="validation loss"
            )
        ax.set(xlabel="epoch", ylabel="cross-entropy")
        ax.set_ylim(0, 1.05 * ax.get_ylim()[1])
        ax.xaxis.get_major_locator().set_params(integer=True)

    def _plot_accuracy(self, ax: Any) -> None:
        self.score_ax_ = ax.twinx()
        self.score_ax_.plot(
            self._column("epoch"),
            self._column("valid_accuracy"),
            color="C2",
            linestyle="--",
            label="validation accuracy",
        )
        self.score_ax_.set(ylabel="accuracy", ylim=(0, 1.02))
        if self.best_epoch is not None:
            ax.axvline(self.best_epoch, color="C2", linewidth=0.8, label="best epoch")

    def _mark_stages(self, ax: Any) -> None:
        stages = self._column("stage")
        starts = [0, *np.flatnonzero(stages[1:] != stages[:-1]) + 1]
        for i, start in enumerate(starts):
            end = starts[i + 1] if i + 1 < len(starts) else len(stages)
            ax.axvspan(start - 0.5, end - 0.5, color="0.5", alpha=0.14 if i % 2 else 0.05, lw=0)
            ax.text(
                (start + end - 1) / 2,
                1.01,
                f"{stages[start]}\nlr {self.history[start]['lr']:g}",
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize="small",
            )
        ax.set_xlim(-0.5, len(stages) - 0.5)
