"""Images of zero mean and unit variance."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import StrOptions
from skspec.images._image_to_image import Images, ImageToImageTransformer, mean_over
from skspec.signal import CONSTANT, standardize

_AXES = {"bin": (0, 3), "channel": (0, 2, 3)}


class ImageScaler(ImageToImageTransformer):
    """Images with zero mean and unit variance, per frequency bin, channel or image.

    Scaling per bin takes out what all recordings share, such as the slope of the spectrum or the
    response of a microphone; per channel it brings representations of different units to one
    size; per image it makes each clip its own measure, so that level and contrast drop out.

    Parameters
    ----------
    per : {"bin", "channel", "image"}, default="bin"
        What has one mean and deviation: each bin of each channel, or each channel, over all
        training images; or each image, with all its channels together, by itself.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    mean_ : ndarray (n_channels, n_bins or 1, 1) or None
        Means over the training images; `None` with ``per="image"``.
    scale_ : ndarray (n_channels, n_bins or 1, 1) or None
        Standard deviations, 1 where there is no variance; `None` with ``per="image"``.
    image_shape_in_ : tuple of int
        (n_channels, n_bins, n_frames).
    n_features_in_ : int
        Columns of a 2-D `X`, which is taken as images of one row.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed.
    InputError, InputTypeError
        For images that cannot be used.

    Notes
    -----
    (image - mean) / deviation in float64, rounded to float32; the deviation is that of the
    population, without Bessel's correction. What is constant in training is only centred, and an
    image that is constant itself becomes zero with ``per="image"``.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ImageScaler
    >>> images = 5 + 3 * np.random.default_rng(0).standard_normal((20, 1, 8, 50))
    >>> scaled = ImageScaler(per="bin").fit_transform(images)
    >>> bool(np.allclose(scaled.std(axis=(0, 3)), 1, atol=1e-5))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageToImageTransformer._parameter_constraints,
        "per": [StrOptions({"bin", "channel", "image"})],
    }

    def __init__(
        self, per: Literal["bin", "channel", "image"] = "bin", *, verbose: int = 0
    ) -> None:
        self.per = per
        self.verbose = verbose

    def _learn(self, images: Images) -> None:
        self.mean_: NDArray[np.float64] | None = None
        self.scale_: NDArray[np.float64] | None = None
        if self.per == "image":
            return
        axes = _AXES[self.per]
        self.mean_ = mean = mean_over(images, axes)
        deviation = np.sqrt(mean_over(images, axes, lambda block: np.square(block - mean)))
        self.scale_ = np.where(deviation > CONSTANT * np.abs(mean), deviation, 1.0)

    def _change(self, images: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.mean_ is None or self.scale_ is None:
            return standardize(images.reshape(len(images), -1)).reshape(images.shape)
        return (images - self.mean_) / self.scale_
