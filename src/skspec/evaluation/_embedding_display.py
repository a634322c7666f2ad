"""`EmbeddingDisplay`: clips on a map, near each other where their features are alike."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from skspec._optional import import_optional
from skspec.exceptions import InputError, ParameterError

METHODS = ("pca", "tsne")
MARKERS = "osD^vPX*<>"


class EmbeddingDisplay:
    """Two numbers for each clip as a point, coloured by label, its marker by group.

    Where points gather by group instead of by label, features know the speaker better than what
    they shall tell. Make it with `from_estimator` or `from_features`.

    Parameters
    ----------
    points : ndarray of shape (n_clips, 2)
        Where each clip stands.
    labels : array-like of shape (n_clips,)
        What colours say.
    groups : array-like of shape (n_clips,), default=None
        What markers say. There are ten of them; more groups share them, and have no legend.
    axis_labels : tuple of (str, str), default=("", "")
        What the two numbers are.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes

    Raises
    ------
    ParameterError
        There is no such method.
    InputError
        The features are no table of at least two rows and columns, or labels or groups are not
        one for each row.

    Notes
    -----
    PCA keeps distances as far as two numbers can, and the axes say how much of the variance is
    left. t-SNE keeps neighbours only: distances between its heaps, and their sizes, mean nothing.
    Neither scales the features: where their units differ, put a `StandardScaler` before.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import DeepFeatures, EmbeddingDisplay, MelSpectrogramImage, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> deep = DeepFeatures("tiny", weights=None, random_state=0)
    >>> features = make_pipeline(MelSpectrogramImage(sr=16_000), deep).fit(X)
    >>> display = EmbeddingDisplay.from_estimator(features, X, y, groups)
    """

    def __init__(
        self,
        points: NDArray[Any],
        labels: ArrayLike,
        groups: ArrayLike | None = None,
        axis_labels: tuple[str, str] = ("", ""),
    ) -> None:
        self.points = points
        self.labels = labels
        self.groups = groups
        self.axis_labels = axis_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Any,
        labels: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        method: str = "pca",
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw what a fitted transformer gives for `X`.

        Parameters
        ----------
        estimator : transformer or Pipeline
            Fitted; to vectors, such as `DeepFeatures`, or a classifying Pipeline without its
            last step, ``pipe[:-1]``.
        X : array-like
            What it takes.
        labels : array-like of shape (n_clips,)
            What colours say.
        groups : array-like of shape (n_clips,), default=None
            What markers say.
        method : {"pca", "tsne"}, default="pca"
            How many features become two numbers.
        random_state : int, RandomState or None, default=None
            Seed of t-SNE.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        drawn = {"method": method, "random_state": random_state, "ax": ax}
        return cls.from_features(estimator.transform(X), labels, groups, **drawn)

    @classmethod
    def from_features(
        cls,
        features: ArrayLike,
        labels: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        method: str = "pca",
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw features of shape (n_clips, n_features); see `from_estimator`."""
        if method not in METHODS:
            raise ParameterError(f"Got method={method!r}, but expected one of {METHODS}.")
        table = np.asarray(features)
        if table.ndim != 2 or min(table.shape) < 2:
            raise InputError(
                f"The features have shape {table.shape}, but expected (n_clips, n_features), at "
                "least two of each."
            )
        _check_lengths(len(table), labels=labels, groups=groups)
        points, axis_labels = _pca(table) if method == "pca" else _tsne(table, random_state)
        return cls(points, labels, groups, axis_labels).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw; see `from_estimator`."""
        plt = import_optional("matplotlib.pyplot", extra="plot")
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        labels, kinds = np.unique(np.asarray(self.labels), return_inverse=True)
        colors = _colors(plt, len(labels))
        groups, members = np.unique(
            np.zeros(len(kinds)) if self.groups is None else np.asarray(self.groups),
            return_inverse=True,
        )
        for group in range(len(groups)):
            at = members == group
            style = {"marker": MARKERS[group % len(MARKERS)], "alpha": 0.8, "linewidths": 0}
            ax.scatter(*self.points[at].T, c=colors[kinds[at]], s=28, **style)
        ax.set(xlabel=self.axis_labels[0], ylabel=self.axis_labels[1])
        self._add_legends(labels, colors, groups)
        return self

    def _add_legends(
        self, labels: NDArray[Any], colors: NDArray[Any], groups: NDArray[Any]
    ) -> None:
        style = {"loc": "upper left", "borderaxespad": 0, "frameon": False}
        dots = [_key(self.ax_, "o", color) for color in colors]
        first = self.ax_.legend(dots, labels.tolist(), bbox_to_anchor=(1.02, 1), **style)
        if self.groups is None or len(groups) > len(MARKERS):
            return
        self.ax_.add_artist(first)  # the second one would take its place
        marks = [_key(self.ax_, marker, "0.4") for marker in MARKERS[: len(groups)]]
        style["loc"] = "lower left"
        self.ax_.legend(marks, groups.tolist(), bbox_to_anchor=(1.02, 0), **style)


def _pca(features: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, str]]:
    pca = PCA(2, svd_solver="full")
    points = pca.fit_transform(features)
    first, second = pca.explained_variance_ratio_
    return points, (
        f"component 1 ({first:.0%} of the variance)",
        f"component 2 ({second:.0%} of the variance)",
    )


def _tsne(features: NDArray[Any], random_state: Any) -> tuple[NDArray[Any], tuple[str, str]]:
    perplexity = min(30.0, (len(features) - 1) / 3)  # neighbours to look at; 30 is the usual
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=random_state)
    return tsne.fit_transform(features), ("t-SNE 1", "t-SNE 2")


def _colors(plt: Any, n: int) -> NDArray[Any]:
    """Give a colour for each label: distinct ones for ten, neighbouring ones for more."""
    return plt.get_cmap("tab10")(range(n)) if n <= 10 else plt.get_cmap("turbo", n)(range(n))


def _key(ax: Any, marker: str, color: Any) -> Any:
    """Give a sample of a point for a legend."""
    return ax.scatter([], [], marker=marker, color=color, s=28)


def _check_lengths(n_clips: int, **columns: ArrayLike | None) -> None:
    for name, column in columns.items():
        if column is not None and np.shape(column) != (n_clips,):
            raise InputError(
                f"{name} has shape {np.shape(column)}, but expected ({n_clips},): one for each "
                "clip."
            )
