"""`AugmenterDisplay`: a grid of what training sees of a few clips."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skspec._optional import import_optional
from skspec.exceptions import ParameterError
from skspec.images import Augmenter


class AugmenterDisplay:
    """Clips in rows: first as they are, then as the first epochs draw them.

    Make it with `from_estimator`.

    Parameters
    ----------
    images : ndarray of shape (n_clips, n_channels, n_bins, n_frames)
        The images as they are; the first channel is drawn.
    draws : ndarray of shape (n_epochs, n_clips, n_channels, n_bins, n_frames)
        As drawn.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes, of shape (n_clips, 1 + n_epochs)

    Examples
    --------
    >>> from skspec import Augmenter, AugmenterDisplay, MelSpectrogramImage, make_voices
    >>> X, y, groups = make_voices(4, n_speakers=2, random_state=0)
    >>> images = MelSpectrogramImage(sr=16_000).fit_transform(X)
    >>> augmenter = Augmenter(time_mask=8, freq_mask=16, random_state=0).fit(images)
    >>> display = AugmenterDisplay.from_estimator(augmenter, images, n_clips=2, n_epochs=3)
    """

    def __init__(self, images: NDArray[Any], draws: NDArray[Any]) -> None:
        self.images = images
        self.draws = draws

    @classmethod
    def from_estimator(
        cls, estimator: Augmenter, X: Any, *, n_clips: int = 3, n_epochs: int = 4
    ) -> Self:
        """Draw the first clips of `X` as the first epochs would see them.

        Parameters
        ----------
        estimator : Augmenter
            Fitted.
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images.
        n_clips : int > 0, default=3
            Rows of the grid.
        n_epochs : int > 0, default=4
            Columns after the first.
        """
        for name, value in (("n_clips", n_clips), ("n_epochs", n_epochs)):
            if value < 1:
                raise ParameterError(f"Got {name}={value!r}, but expected an integer > 0.")
        draws = np.stack([estimator.draw(X, epoch)[:n_clips] for epoch in range(n_epochs)])
        return cls(np.asarray(X)[:n_clips], draws).plot()

    def plot(self) -> Self:
        """Draw; see `from_estimator`."""
        plt = import_optional("matplotlib.pyplot", extra="plot")
        columns = [self.images, *self.draws]
        self.figure_, self.axes_ = plt.subplots(
            len(self.images),
            len(columns),
            figsize=(2.2 * len(columns), 1.9 * len(self.images)),
            squeeze=False,
            layout="constrained",
        )
        titles = ["as it is", *(f"epoch {epoch}" for epoch in range(len(self.draws)))]
        for column, title, axes in zip(columns, titles, self.axes_.T, strict=True):
            axes[0].set_title(title)
            for image, original, ax in zip(column, self.images, axes, strict=True):
                self._show(ax, image, original)
        return self

    def _show(self, ax: Any, image: NDArray[Any], original: NDArray[Any]) -> None:
        # One colour scale for a row, so that gain and noise are seen for what they are.
        low, high = original[0].min(), original[0].max()
        ax.imshow(image[0], origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high)
        ax.set(xticks=[], yticks=[])
