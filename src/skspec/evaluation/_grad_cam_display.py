"""`GradCAMDisplay`: where in its spectrogram a network found a class, in seconds and Hz."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skspec._optional import import_optional
from skspec.evaluation._grad_cam import grad_cam
from skspec.evaluation._spectrogram_display import SpectrogramDisplay


class GradCAMDisplay:
    """The spectrogram of a clip in grey, and over it what spoke for a class.

    Make it with `from_estimator`.

    Parameters
    ----------
    spectrogram : SpectrogramDisplay
        Drawn already; the map goes over it.
    saliency : ndarray of shape (n_bins, n_frames)
        Between 0 and 1, one map of `grad_cam`.
    title : str, default=""
        What stands above.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    overlay_ : matplotlib QuadMesh
        The map.

    See Also
    --------
    grad_cam : The maps alone, and how they are made.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import GradCAMDisplay, MelSpectrogramImage, PretrainedCNNClassifier, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000), cnn).fit(X, y)
    >>> display = GradCAMDisplay.from_estimator(pipe, X, index=2, block="block2")
    """

    def __init__(
        self, spectrogram: SpectrogramDisplay, saliency: NDArray[Any], title: str = ""
    ) -> None:
        self.spectrogram = spectrogram
        self.saliency = saliency
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Pipeline,
        X: Any,
        index: int = 0,
        *,
        target: Any = None,
        block: str | None = None,
        channel: int = 0,
        ax: Any = None,
    ) -> Self:
        """Draw clip `index` of `X`, and where the network found `target` in it.

        Parameters
        ----------
        estimator : Pipeline
            Fitted; from waveforms to images, and on to a classifier that `grad_cam` takes.
        X : waveforms or paths
            As the Pipeline takes them.
        index : int, default=0
            Which clip.
        target : label, default=None
            The class; None takes what is predicted.
        block : str, default=None
            The block of the backbone, as in `grad_cam`; None takes the last one.
        channel : int, default=0
            Which channel of the image is drawn.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        clip = X[index:][:1]
        (saliency,) = grad_cam(estimator, clip, target=target, block=block)
        title = _title(estimator.classes_, estimator.predict_proba(clip)[0], target)
        spectrogram = SpectrogramDisplay.from_estimator(estimator, clip, channel=channel, ax=ax)
        return cls(spectrogram, saliency, title).plot()

    def plot(self) -> Self:
        """Draw over the spectrogram; see `from_estimator`."""
        colors = import_optional("matplotlib.colors", extra="plot")
        self.ax_, self.figure_ = self.spectrogram.ax_, self.spectrogram.figure_
        self.spectrogram.mesh_.set_cmap("gray_r")
        # Clear where nothing was found: what lies below stays to be seen.
        fade = colors.LinearSegmentedColormap.from_list("found", ["#ff8c0000", "#ff8c00cc"])
        self.overlay_ = self.ax_.pcolormesh(
            self.spectrogram.times,
            np.arange(len(self.saliency)),
            self.saliency,
            shading="nearest",
            cmap=fade,
            vmin=0,
            vmax=1,
            rasterized=True,
        )
        self.ax_.set_title(self.title)
        return self


def _title(classes: NDArray[Any], probability: NDArray[Any], target: Any) -> str:
    best = int(probability.argmax())
    predicted = f"predicted {classes[best]} ({probability[best]:.2f})"
    if target is None or target == classes[best]:
        return predicted
    (chosen,) = np.flatnonzero(classes == target)
    return f"{predicted},\nwhat speaks for {target} ({probability[chosen]:.2f})"
