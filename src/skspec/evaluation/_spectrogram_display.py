"""`SpectrogramDisplay`: what a transformer draws of a clip, its axes in real units."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skspec._optional import import_optional
from skspec.exceptions import InputTypeError, ParameterError


class SpectrogramDisplay:
    """The image of one clip with its axes in seconds and Hz, or what else its rows are.

    Make it with `from_estimator`.

    Parameters
    ----------
    image : ndarray of shape (n_channels, n_bins, n_frames)
        The image; one channel of it is drawn.
    times : ndarray of shape (n_frames,)
        Centre of each frame in seconds.
    frequencies : ndarray of shape (n_bins,)
        Centre of each row in Hz, or what `row_label` says.
    unit : str, default=""
        Unit of the values, for the colour bar.
    channel : int, default=0
        Which channel is drawn.
    row_label : str, default="frequency (Hz)"
        What `frequencies` are.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    mesh_ : matplotlib QuadMesh

    Examples
    --------
    >>> from skspec import MelSpectrogramImage, SpectrogramDisplay, make_voices
    >>> X, y, groups = make_voices(4, n_speakers=2, random_state=0)
    >>> mel = MelSpectrogramImage(sr=16_000).fit(X)
    >>> display = SpectrogramDisplay.from_estimator(mel, X, index=2)
    """

    def __init__(
        self,
        image: NDArray[Any],
        times: NDArray[np.float64],
        frequencies: NDArray[np.float64],
        unit: str = "",
        *,
        channel: int = 0,
        row_label: str = "frequency (Hz)",
    ) -> None:
        self.image = image
        self.times = times
        self.frequencies = frequencies
        self.unit = unit
        self.channel = channel
        self.row_label = row_label

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, X: Any, *, index: int = 0, channel: int = 0, ax: Any = None
    ) -> Self:
        """Draw the image of clip `index` of `X`.

        Parameters
        ----------
        estimator : transformer or Pipeline
            A fitted transformer from waveforms to images, or a Pipeline whose first step is one.
        X : waveforms or paths
            As the transformer takes them.
        index : int, default=0
            Which clip.
        channel : int, default=0
            Which channel of its image.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        first = estimator[0] if isinstance(estimator, Pipeline) else estimator
        if not hasattr(first, "get_frequencies"):
            raise InputTypeError(
                f"{type(first).__name__} draws no images of waveforms; expected a transformer "
                "such as MelSpectrogramImage, or a Pipeline that begins with one."
            )
        check_is_fitted(first)
        image = first.transform(X[index:][:1])[0]
        if not 0 <= channel < len(image):
            raise ParameterError(
                f"Got channel={channel!r}, but expected 0 to {len(image) - 1}: "
                f"{type(first).__name__} draws {len(image)} channels."
            )
        return cls(
            image,
            first.get_times(),
            first.get_frequencies(channel),
            first.get_unit(channel),
            channel=channel,
            row_label=first.get_row_label(channel),
        ).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw; see `from_estimator`."""
        plt = import_optional("matplotlib.pyplot", extra="plot")
        if ax is None:
            _, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        rows = np.arange(len(self.frequencies))
        values = self.image[self.channel]
        self.mesh_ = ax.pcolormesh(
            self.times, rows, values, shading="nearest", cmap="magma", rasterized=True
        )
        # Rows are evenly spaced on the page, as the network sees them; labels say what each is.
        ticks = np.linspace(0, len(rows) - 1, num=min(6, len(rows))).round().astype(int)
        ax.set_yticks(ticks, [f"{self.frequencies[tick]:.0f}" for tick in ticks])
        ax.set(xlabel="time (s)", ylabel=self.row_label)
        self.figure_.colorbar(self.mesh_, ax=ax, label=self.unit)
        return self
