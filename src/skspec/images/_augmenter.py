"""`Augmenter`: masks, flips and rotation, drawn afresh in every training epoch."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec._image_batch import ImageBatch, check_images
from skspec._seeding import generator_at, resolve_seed
from skspec._validation import check_parameters


@dataclass(frozen=True)
class ImagePolicy:
    """The settings of an `Augmenter` with its seed: a pure function of (epoch, clip index)."""

    time_mask: int
    freq_mask: int
    n_time_masks: int
    n_freq_masks: int
    fill: str | float
    time_flip: float
    freq_flip: float
    rotate_180: float
    seed: int

    def __call__(self, images: NDArray[Any], indices: NDArray[np.intp], epoch: int) -> NDArray[Any]:
        """Give changed copies of the images, one draw for each."""
        changed = images.copy()
        for image, index in zip(changed, indices, strict=True):
            self._change(image, generator_at(self.seed, "augment", epoch, int(index)))
        return changed

    def _change(self, image: NDArray[Any], draw: np.random.Generator) -> None:
        """Change one image (n_channels, n_bins, n_frames) in place."""
        # All numbers are drawn before any is used: a setting never shifts the draws of another.
        turned, mirrored_time, mirrored_freq = draw.random(3) < (
            self.rotate_180,
            self.time_flip,
            self.freq_flip,
        )
        places = draw.random((self.n_time_masks + self.n_freq_masks, 2))
        if turned != mirrored_time:
            image[:] = image[:, :, ::-1]
        if turned != mirrored_freq:
            image[:] = image[:, ::-1, :]
        fill = self._fill_value(image)
        for place in places[: self.n_time_masks]:
            image[:, :, _span(place, self.time_mask, image.shape[2])] = fill
        for place in places[self.n_time_masks :]:
            image[:, _span(place, self.freq_mask, image.shape[1]), :] = fill

    def _fill_value(self, image: NDArray[Any]) -> float:
        if self.fill == "min":
            return image.min()
        return image.mean() if self.fill == "mean" else float(self.fill)


def _span(place: NDArray[np.float64], widest: int, length: int) -> slice:
    """Give where a mask lies: its width uniform in 0..widest, its start wherever it fits."""
    width = int(place[0] * (min(widest, length) + 1))
    start = int(place[1] * (length - width + 1))
    return slice(start, start + width)


class Augmenter(TransformerMixin, BaseEstimator):
    """Hide stretches of time and frequency, mirror, and rotate, in training only.

    The images themselves pass through unchanged. `fit_transform` gives an `ImageBatch` that also
    carries the policy; a skspec classifier behind it draws from it anew in each epoch, and
    ignores it when predicting. Other estimators see plain images. So it belongs in a Pipeline,
    where its settings can be searched (``aug__time_mask``), and it works under
    ``Pipeline(memory=...)``.

    Parameters
    ----------
    time_mask : int >= 0, default=0
        Widest time mask in frames; the width is uniform from 0 to this.
    freq_mask : int >= 0, default=0
        Widest frequency mask in bins.
    n_time_masks, n_freq_masks : int >= 0, default=1
        Masks per image.
    fill : {"min", "mean"} or float, default="mean"
        What masks are filled with: the image's minimum, its mean, or a value.
    time_flip, freq_flip : float in [0, 1], default=0.0
        Probability that the image is mirrored along time, along frequency.
    rotate_180 : float in [0, 1], default=0.0
        Probability that the image is rotated by 180 degrees.
    random_state : int, RandomState, Generator or None, default=None
        Seed of all draws; each depends on it, the epoch and the clip's index alone.

    Attributes
    ----------
    policy_ : ImagePolicy
        What `fit_transform` attaches.
    image_shape_in_ : tuple of int
        (n_channels, n_bins, n_frames).

    Notes
    -----
    Steps of skspec that follow pass the policy on. Other transformers turn the `ImageBatch` into
    a plain array and the policy is lost: put the `Augmenter` behind them.

    References
    ----------
    D. S. Park et al., "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech 2019 (masks of time and frequency).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import Augmenter
    >>> images = np.random.default_rng(0).random((4, 1, 64, 100), dtype=np.float32)
    >>> batch = Augmenter(time_mask=20, freq_mask=8, random_state=0).fit_transform(images)
    >>> bool((np.asarray(batch) == images).all())
    True
    >>> drawn = batch.batch([0, 1], epoch=3, training=True)
    >>> bool((drawn == images[:2]).all())
    False
    """

    _parameter_constraints = {  # noqa: RUF012
        "time_mask": [Interval(Integral, 0, None, closed="left")],
        "freq_mask": [Interval(Integral, 0, None, closed="left")],
        "n_time_masks": [Interval(Integral, 0, None, closed="left")],
        "n_freq_masks": [Interval(Integral, 0, None, closed="left")],
        "fill": [StrOptions({"min", "mean"}), Interval(Real, None, None, closed="neither")],
        "time_flip": [Interval(Real, 0, 1, closed="both")],
        "freq_flip": [Interval(Real, 0, 1, closed="both")],
        "rotate_180": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        time_mask: int = 0,
        freq_mask: int = 0,
        n_time_masks: int = 1,
        n_freq_masks: int = 1,
        fill: str | float = "mean",
        time_flip: float = 0.0,
        freq_flip: float = 0.0,
        rotate_180: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.time_mask = time_mask
        self.freq_mask = freq_mask
        self.n_time_masks = n_time_masks
        self.n_freq_masks = n_freq_masks
        self.fill = fill
        self.time_flip = time_flip
        self.freq_flip = freq_flip
        self.rotate_180 = rotate_180
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike | None = None) -> Augmenter:
        """Check the images and settle the policy's seed.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images.
        y : Ignored

        Returns
        -------
        self
        """
        check_parameters(self)
        check_images(self, X, reset=True)
        settings = self.get_params()
        settings["seed"] = resolve_seed(settings.pop("random_state"))
        self.policy_ = ImagePolicy(**settings)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Give the images as they are, a plain array: nothing is augmented in prediction."""
        check_is_fitted(self)
        return check_images(self, X, reset=False).values

    def fit_transform(self, X: Any, y: ArrayLike | None = None) -> ImageBatch:
        """Give the images as they are, with the policy for the classifier to draw from."""
        self.fit(X, y)
        batch = check_images(self, X, reset=False)
        return batch.with_policy(self.policy_)

    def set_output(self, *, transform: Any = None) -> Augmenter:
        """Do nothing: images are no table, and stay arrays."""
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
