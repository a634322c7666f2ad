"""`Augmenter`: images that are drawn afresh in every training epoch."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec._image_batch import ImageBatch, on_demand
from skspec._image_checks import check_images
from skspec._seeding import resolve_seed
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.images._image_policy import ImagePolicy


class Augmenter(TransformerMixin, BaseEstimator):
    """Hide, mirror, rotate, shift, disturb and mix images, in training only.

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
    time_shift : int >= 0, default=0
        Furthest shift along time in frames, either way; what becomes free is filled.
    gain : float >= 0, default=0.0
        Largest value added to, or taken from, the whole image: of images in dB, a gain in dB.
    noise : float >= 0, default=0.0
        Deviation of the Gaussian noise added to every pixel, in units of the image's own.
    mixup : float >= 0, default=0.0
        Alpha of mixup: an image becomes ``share * image + (1 - share) * other``, the share from
        Beta(alpha, alpha), and counts as so much of either label. 0 is off.
    cutmix : float >= 0, default=0.0
        Alpha of CutMix: a rectangle of another image, of the area 1 - share, is pasted in. With
        `mixup` as well, each image is treated by one of the two, at even chances.
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
    In order: flips and rotation, shift, gain, noise, masks; then mixing with another training clip,
    itself augmented. Class and sample weights go with the labels they belong to.

    Steps of skspec that follow pass the policy on. Other transformers turn the `ImageBatch` into
    a plain array and the policy is lost: put the `Augmenter` behind them.

    References
    ----------
    D. S. Park et al., "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech 2019 (masks of time and frequency).
    H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    S. Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable
    features", ICCV 2019.

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
        "time_shift": [Interval(Integral, 0, None, closed="left")],
        "gain": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "mixup": [Interval(Real, 0, None, closed="left")],
        "cutmix": [Interval(Real, 0, None, closed="left")],
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
        time_shift: int = 0,
        gain: float = 0.0,
        noise: float = 0.0,
        mixup: float = 0.0,
        cutmix: float = 0.0,
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
        self.time_shift = time_shift
        self.gain = gain
        self.noise = noise
        self.mixup = mixup
        self.cutmix = cutmix
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
        check_images(self, X, reset=True, keep_on_demand=True)
        settings = self.get_params()
        settings["seed"] = resolve_seed(settings.pop("random_state"))
        self.policy_ = ImagePolicy(**settings)
        return self

    def transform(self, X: Any) -> ImageBatch | NDArray[Any]:
        """Give the images as they are: nothing is augmented in prediction.

        A plain array, or for images that are made on demand an `ImageBatch` without policies.
        """
        check_is_fitted(self)
        values = check_images(self, X, reset=False, keep_on_demand=True).values
        return ImageBatch(values.without_policy()) if on_demand(values) else values

    def fit_transform(self, X: Any, y: ArrayLike | None = None) -> ImageBatch:
        """Give the images as they are, with the policy for the classifier to draw from."""
        self.fit(X, y)
        batch = check_images(self, X, reset=False, keep_on_demand=True)
        return batch.with_policy(self.policy_)

    def draw(self, X: Any, epoch: int = 0) -> NDArray[Any]:
        """Give the images as the training loop would see them in an epoch.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images of the shape seen in `fit`, all of them taken as training clips.
        epoch : int, default=0
            Counted over all stages.

        Returns
        -------
        ndarray of shape (n_clips, n_channels, n_bins, n_frames)
        """
        check_is_fitted(self)
        batch = check_images(self, X, reset=False).with_policy(self.policy_)
        rows = np.arange(len(batch))
        return batch.draw(rows, rows, epoch)[0]

    def variants(self, X: Any) -> NDArray[Any]:
        """Give all versions of the images that training can see, of flips and rotation alone.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images of the shape seen in `fit`.

        Returns
        -------
        ndarray of shape (n_versions, n_clips, n_channels, n_bins, n_frames)

        Raises
        ------
        ParameterError
            Something without an end of versions is drawn: masks, shift, gain, noise or mixing.
        """
        check_is_fitted(self)
        if not self.policy_.is_finite:
            raise ParameterError(
                f"{self!r} draws from endless versions of an image; variants are listed of flips "
                "and rotation only. Set the others to 0."
            )
        return self.policy_.variants(check_images(self, X, reset=False).values)

    def set_output(self, *, transform: Any = None) -> Augmenter:
        """Do nothing: images are no table, and stay arrays."""
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
