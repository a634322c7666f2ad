"""`TrainingHistoryDisplay`: learning curves with the stages marked."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skspec._optional import import_optional
from skspec.exceptions import InputError, InputTypeError

MARKED_EPOCHS = 60  # more points than this and their dots run into each other
LABEL_CHARS = 32


class TrainingHistoryDisplay:
    """Loss (and score, where there was a validation part) over epochs, stage after stage.

    Make it with `from_estimator`. `LiveCurves` draws it during training.

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
    lr_ax_ : matplotlib Axes or None
        Of the learning rate, below, where it changes within a stage. A rate that does not change
        is written above its stage.
    axes_ : list of matplotlib Axes
        Those of the three that there are.

    Raises
    ------
    InputTypeError
        The estimator keeps no training history.
    InputError
        There is no epoch to draw.

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
        if not self.history:
            raise InputError(
                "The history has no epoch: training ended before its first. Fit again."
            )
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plot")
            _, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.score_ax_: Any = None
        self.lr_ax_: Any = None
        self._plot_losses()
        if "valid_accuracy" in self.history[0]:
            self._plot_accuracy()
        if self._rate_changes():
            self._plot_rate()
        self.axes_ = [a for a in (self.ax_, self.score_ax_, self.lr_ax_) if a is not None]
        self._add_legend()
        self._mark_stages()
        return self

    def _column(self, name: str) -> NDArray[Any]:
        return np.array([row[name] for row in self.history])

    def _stages(self) -> list[slice]:
        """Give the rows of each stage."""
        names = self._column("stage")
        starts = [0, *np.flatnonzero(names[1:] != names[:-1]) + 1, len(names)]
        return [slice(*pair) for pair in pairwise(starts)]

    def _rate_points(self, rows: slice) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the learning rate at the beginning and end of a stage's epochs."""
        epochs = [row["epoch"] + side for row in self.history[rows] for side in (-0.5, 0.5)]
        rates = [row.get(key, row["lr"]) for row in self.history[rows] for key in ("lr", "lr_end")]
        return np.array(epochs), np.array(rates)

    def _rate_changes(self) -> bool:
        return any(np.ptp(self._rate_points(rows)[1]) > 0 for rows in self._stages())

    def _head_differs(self) -> bool:
        return any(row.get("head_lr", row["lr"]) != row["lr"] for row in self.history)

    def _marker(self) -> str | None:
        return "." if len(self.history) <= MARKED_EPOCHS else None

    def _plot_line(self, ax: Any, name: str, **style: Any) -> None:
        ax.plot(self._column("epoch"), self._column(name), marker=self._marker(), **style)

    def _plot_losses(self) -> None:
        self._plot_line(self.ax_, "train_loss", color="C0", label="training loss")
        if "valid_loss" in self.history[0]:
            self._plot_line(self.ax_, "valid_loss", color="C1", label="validation loss")
        self.ax_.set(xlabel="epoch", ylabel="loss", xlim=(-0.5, len(self.history) - 0.5))
        self.ax_.set_ylim(0, 1.05 * self.ax_.get_ylim()[1])
        self.ax_.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)

    def _plot_accuracy(self) -> None:
        self.score_ax_ = self.ax_.twinx()
        style = {"color": "C2", "linestyle": "--", "label": "validation accuracy"}
        self._plot_line(self.score_ax_, "valid_accuracy", **style)
        self.score_ax_.set(ylabel="accuracy", ylim=(0, 1.02))
        if self.best_epoch is not None:
            self.ax_.axvline(self.best_epoch, color="C2", linewidth=0.8, label="best epoch")

    def _plot_rate(self) -> None:
        """Draw a panel below; a part of the axes, so that it fits wherever they stand."""
        place, inches = self._below(self.ax_), (0, -0.75, 1, 0.65)
        self.lr_ax_ = self.ax_.inset_axes(inches, transform=place, sharex=self.ax_)
        for rows in self._stages():  # a line for each: there is nothing between two stages
            first = rows.start == 0
            epochs, rates = self._rate_points(rows)
            label = "learning rate" if first else None
            self.lr_ax_.plot(epochs, rates, color="C3", label=label)
            if self._head_differs():  # known where epochs begin
                label = "learning rate of the head" if first else None
                style = {"color": "C3", "linestyle": ":", "marker": self._marker(), "label": label}
                self.lr_ax_.plot(epochs[::2], self._column("head_lr")[rows], **style)
        drawn = np.concatenate([line.get_ydata() for line in self.lr_ax_.get_lines()])
        ends = drawn[drawn > 0].min(), drawn.max()  # a schedule may end at 0
        self.lr_ax_.set(xlabel="epoch", ylabel="lr", yscale="log")
        self.lr_ax_.set_yticks(ends, [f"{rate:.2g}" for rate in ends])
        self.lr_ax_.minorticks_off()
        self.ax_.set_xlabel("")
        self.ax_.tick_params(labelbottom=False)

    def _below(self, ax: Any) -> Any:
        """Give coordinates: across a share of the axes, and upwards from its foot in inches."""
        # Text does not shrink with the axes, so a share of their height would not always do.
        transforms = import_optional("matplotlib.transforms", extra="plot")
        from_foot = transforms.ScaledTranslation(0, 0, ax.transAxes)
        upwards = self.figure_.dpi_scale_trans + from_foot
        return transforms.blended_transform_factory(ax.transAxes, upwards)

    def _add_legend(self) -> None:
        lines = [line for ax in self.axes_ for line in ax.get_lines()]
        shown = [line for line in lines if not str(line.get_label()).startswith("_")]
        self.ax_.legend(
            shown,
            [line.get_label() for line in shown],
            loc="upper center",
            bbox_to_anchor=(0.5, -0.47),
            bbox_transform=self._below(self.lr_ax_ or self.ax_),
            ncols=2 if len(shown) > 4 else 4,
            borderaxespad=0,
        )

    def _mark_stages(self) -> None:
        labels = []
        for i, rows in enumerate(self._stages()):
            for ax in filter(None, (self.ax_, self.lr_ax_)):
                shade = {"color": "0.5", "alpha": 0.14 if i % 2 else 0.05, "lw": 0}
                ax.axvspan(rows.start - 0.5, rows.stop - 0.5, **shade)
            label = self.ax_.annotate(
                self._stage_label(self.history[rows.start]),
                xy=((rows.start + rows.stop - 1) / 2, 1),
                xycoords=self.ax_.get_xaxis_transform(),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize="small",
            )
            labels.append(label)
        _spread(self.ax_, labels)

    def _stage_label(self, row: dict[str, Any]) -> str:
        name = str(row["stage"])
        if len(name) > LABEL_CHARS:  # names that begin alike often end otherwise
            name = f"{name[: LABEL_CHARS // 2]}…{name[1 - LABEL_CHARS // 2 :]}"
        if self.lr_ax_ is not None:
            return name
        head = f", head {row['head_lr']:g}" if self._head_differs() else ""
        return f"{name}\nlr {row['lr']:g}{head}"


def _spread(ax: Any, labels: list[Any]) -> None:
    """Keep the labels above `ax` between its sides, and stack those that would overlap."""
    for label in labels:
        label.set_in_layout(False)
    ax.figure.figure.draw_without_rendering()  # how wide things are is known only then
    frame, points = ax.get_window_extent(), 72 / ax.figure.dpi
    taken: list[float] = []  # where each row of labels ends, in pixels
    for label in labels:
        box = label.get_window_extent()
        shift = max(0.0, frame.x0 - box.x0) - max(0.0, box.x1 - frame.x1)
        left, right = box.x0 + shift, box.x1 + shift
        row = next((i for i, end in enumerate(taken) if end < left), len(taken))
        taken[row : row + 1] = [right + 6]
        label.set_position((shift * points, 4 + row * (box.height + 2) * points))
        label.set_in_layout(True)
