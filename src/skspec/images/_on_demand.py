"""`OnDemandImages`: images that are made batch by batch, and never stored."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval
from skspec._image_batch import ImageBatch
from skspec._seeding import resolve_seed
from skspec._validation import Waveforms, check_clips, check_parameters
from skspec.images._base import WaveformImageTransformer, WaveformsLike
from skspec.images._computed_images import ComputedImages
from skspec.images._waveform_policy import WaveformPolicy


class OnDemandImages(TransformerMixin, BaseEstimator):
    """Let a transformer draw its images only when the network asks for them.

    Images of 300,000 clips do not fit in memory; their paths do. The classifier behind this step
    makes the images of each batch anew, from files or waveforms, bit for bit the same as stored
    ones. And what training draws on waveforms, before there is an image, becomes possible: noise,
    shift, gain, speed. Predicting ignores that.

    Parameters
    ----------
    image : transformer
        From waveforms to images, such as `MelSpectrogramImage`.
    noise_snr_db : float, default=None
        White noise is added, so much weaker than the clip: a ratio of mean powers in dB. None
        adds none.
    shift_s : float >= 0, default=0.0
        Furthest shift in seconds, either way; silence takes the place that becomes free.
    gain_db : float >= 0, default=0.0
        Largest change of level in dB, either way. Images in dB below the clip's own maximum do
        not show it.
    speed : float in [0, 1), default=0.0
        Largest change of speed, and so of pitch, as a share: 0.1 is from 0.9 to 1.1 times.
    random_state : int, RandomState, Generator or None, default=None
        Seed of all draws; each depends on it, the epoch and the clip's index alone.

    Attributes
    ----------
    image_ : transformer
        Fitted.
    policy_ : WaveformPolicy
        What training draws.
    n_features_in_ : int
        Samples per clip, where `X` was a 2-D table of numbers.

    Notes
    -----
    `DeepFeatures`, `Augmenter` and the classifiers keep images on demand; every other step turns
    them into an array. A file is read once in each epoch, and once for the input scaling; one
    that cannot be read stops the training with an error that names it.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import MelSpectrogramImage, OnDemandImages, PretrainedCNNClassifier, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> images = OnDemandImages(MelSpectrogramImage(sr=16_000), noise_snr_db=20.0, speed=0.1)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
    >>> make_pipeline(images, cnn).fit(X, y).predict(X).shape
    (12,)
    """

    _parameter_constraints = {  # noqa: RUF012
        "image": [WaveformImageTransformer],
        "noise_snr_db": [Interval(Real, None, None, closed="neither"), None],
        "shift_s": [Interval(Real, 0, None, closed="left")],
        "gain_db": [Interval(Real, 0, None, closed="left")],
        "speed": [Interval(Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        image: WaveformImageTransformer,
        *,
        noise_snr_db: float | None = None,
        shift_s: float = 0.0,
        gain_db: float = 0.0,
        speed: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.image = image
        self.noise_snr_db = noise_snr_db
        self.shift_s = shift_s
        self.gain_db = gain_db
        self.speed = speed
        self.random_state = random_state

    def fit(self, X: WaveformsLike, y: ArrayLike | None = None) -> Self:
        """Fit the transformer and settle the policy's seed.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms.
        y : Ignored

        Returns
        -------
        self
        """
        check_parameters(self)
        self._check_clips(X, reset=True)
        self.image_ = clone(self.image).fit(X)
        self.policy_ = WaveformPolicy(
            sr=self.image_.sr,
            noise_snr_db=self.noise_snr_db,
            shift_s=self.shift_s,
            gain_db=self.gain_db,
            speed=self.speed,
            seed=resolve_seed(self.random_state),
        )
        return self

    def transform(self, X: WaveformsLike) -> ImageBatch:
        """Give the images to be made, without anything that training draws."""
        check_is_fitted(self)
        return ImageBatch(ComputedImages(self.image_, self._check_clips(X, reset=False)))

    def fit_transform(self, X: WaveformsLike, y: ArrayLike | None = None) -> ImageBatch:
        """Give the images to be made, of waveforms as each training epoch draws them."""
        self.fit(X)
        clips = self._check_clips(X, reset=False)
        return ImageBatch(ComputedImages(self.image_, clips, self.policy_))

    def _check_clips(self, X: WaveformsLike, *, reset: bool) -> Waveforms:
        any_width = getattr(self.image, "duration_s", None) is not None
        remedy = "Set duration_s to pad or crop clips to one length."
        return check_clips(self, X, reset=reset, any_width=any_width, remedy=remedy)

    def set_output(self, *, transform: Any = None) -> Self:
        """Do nothing: images are no table."""
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
