"""Spectrograms as coloured pictures."""

from __future__ import annotations

import difflib
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec._optional import import_optional
from skspec.exceptions import ParameterError
from skspec.images._image_to_image import Images, ImageToImageTransformer

_CHANNELS = {"rgb": [0, 1, 2], "r": [0], "g": [1], "b": [2]}


class ColormapImage(ImageToImageTransformer):
    """Images in matplotlib's colours: the picture that a plot would show, without the plot.

    Networks pretrained on photographs expect three channels. A colour map spreads the levels of
    a spectrogram over them, as the studies did that classified saved plots, and it is a monotone
    curve in each channel at most in part, so one of the channels alone can tell more than the
    levels themselves. Needs matplotlib: ``pip install 'skspec[plot]'``.

    Parameters
    ----------
    cmap : str, default="viridis"
        Name of a colour map that matplotlib knows.
    channels : {"rgb", "r", "g", "b"}, default="rgb"
        Red, green and blue, or one of them.
    vmin, vmax : float or None, default=None
        Levels that get the first and the last colour of the map, as does all beyond them;
        `None` is the smallest, the largest, of each channel of each image.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    image_shape_in_ : tuple of int
        (n_channels, n_bins, n_frames).
    n_features_in_ : int
        Columns of a 2-D `X`, which is taken as images of one row.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed.
    MissingDependencyError
        In `fit`, where matplotlib is not installed.
    InputError, InputTypeError
        For images that cannot be used.

    Notes
    -----
    Each channel of an image is coloured by itself, so c channels become 3 c, or c with one
    colour: the colours of the first, then of the second, and so on. Values are float32 in
    [0, 1], equal to those of `matplotlib.cm.ScalarMappable` with a linear norm. A channel of one
    level has the first colour. Rows stay where they are: row 0 is the lowest frequency.

    References
    ----------
    .. [1] "Transfer Learning in Voice Recognition based on Pre-trained Image model" (mo):
       spectrograms in matplotlib's colours.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ColormapImage
    >>> image = np.array([[0.0, 0.5, 1.0]])[None, None]
    >>> ColormapImage("viridis").fit_transform(image).shape
    (1, 3, 1, 3)
    >>> ColormapImage("gray", channels="r").fit_transform(image)[0, 0, 0].round(2).tolist()
    [0.0, 0.5, 1.0]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageToImageTransformer._parameter_constraints,
        "cmap": [str],
        "channels": [StrOptions(set(_CHANNELS))],
        "vmin": [Interval(Real, None, None, closed="neither"), None],
        "vmax": [Interval(Real, None, None, closed="neither"), None],
    }

    def __init__(
        self,
        cmap: str = "viridis",
        *,
        channels: Literal["rgb", "r", "g", "b"] = "rgb",
        vmin: float | None = None,
        vmax: float | None = None,
        verbose: int = 0,
    ) -> None:
        self.cmap = cmap
        self.channels = channels
        self.vmin = vmin
        self.vmax = vmax
        self.verbose = verbose

    def _learn(self, images: Images) -> None:
        self._get_colours()
        if self.vmin is not None and self.vmax is not None and self.vmin >= self.vmax:
            raise ParameterError(
                f"Got vmin={self.vmin!r}, but expected less than vmax={self.vmax!r}."
            )

    def _get_image_shape(self) -> tuple[int, int, int]:
        n_channels, n_bins, n_frames = self.image_shape_in_
        return (n_channels * len(_CHANNELS[self.channels]), n_bins, n_frames)

    def _get_colours(self) -> Any:
        known = import_optional("matplotlib", extra="plot").colormaps
        if self.cmap not in known:
            near = difflib.get_close_matches(self.cmap, known, n=5, cutoff=0.4)
            raise ParameterError(
                f"Got cmap={self.cmap!r}, but expected a colour map of matplotlib, such as "
                f"{', '.join(map(repr, near or ['viridis', 'magma', 'gray', 'jet']))}."
            )
        return known[self.cmap]

    def _get_limits(self, plane: NDArray[np.float64]) -> tuple[float, float]:
        low = float(plane.min()) if self.vmin is None else self.vmin
        high = float(plane.max()) if self.vmax is None else self.vmax
        if low <= high:
            return low, high
        # All of it lies beyond the one limit that is given.
        width = 1 + abs(low) + abs(high)
        return (high - width, high) if self.vmin is None else (low, low + width)

    def _change(self, images: NDArray[np.float64]) -> NDArray[np.float64]:
        colours, normalize = self._get_colours(), import_optional("matplotlib.colors", extra="plot")
        wanted = _CHANNELS[self.channels]
        planes = images.reshape(-1, *images.shape[2:])
        changed = np.empty((len(planes), len(wanted), *planes.shape[1:]))
        for plane, picture in zip(planes, changed, strict=True):
            levels = normalize.Normalize(*self._get_limits(plane))(plane)
            picture[:] = np.moveaxis(colours(levels)[..., wanted], -1, 0)
        return changed.reshape(len(images), -1, *images.shape[2:])
