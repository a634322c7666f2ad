"""ZCA whitening of the frequency bins."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.images._image_to_image import Images, ImageToImageTransformer, mean_over
from skspec.signal import CONSTANT


class ZCAWhitener(ImageToImageTransformer):
    """Images whose frequency bins no longer move together, as like the originals as can be.

    Neighbouring bins of a spectrogram say nearly the same, which leaves little for the filters
    of a convolutional network to find. Whitening makes the bins uncorrelated and of unit
    variance; of all ways to do so, ZCA-Mahalanobis changes the image least, so it still looks
    like a spectrogram, with sharper edges.

    Parameters
    ----------
    scope : {"image", "dataset"}, default="image"
        Whose statistics: those of each image by itself, or those of all frames of the training
        images.
    epsilon : float >= 0, default=1e-6
        Added to each variance along a principal axis, relative to their mean: more of it leaves
        faint directions faint.
    max_gain : float >= 1, default=100.0
        Largest amplification along a principal axis, relative to that of one of mean variance.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    mean_ : ndarray (n_channels, n_bins, 1) or None
        Mean of each bin over the training images; `None` with ``scope="image"``.
    whitening_ : ndarray (n_channels, n_bins, n_bins) or None
        The matrix that bins, less their mean, are multiplied by; `None` with ``scope="image"``.
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
    Bins are the variables and frames the observations, channel by channel. With the centred
    image Z of d bins and n frames, its covariance C = Z Z^T / n = U diag(v) U^T and their mean
    variance m = trace(C) / d,

        image = W Z,   W = U diag(min(1 / sqrt(v / m + epsilon), max_gain) / sqrt(m)) U^T

    All of it is float64 until the result. The covariance of the result is the identity, save
    along axes that `epsilon` or `max_gain` hold back: these have variance below 1, and those
    without any variance, of which there are at least d - n + 1, keep none. An image without any
    variance is only centred. Where n < d, the n principal axes come from Z^T Z / n, which is
    smaller: with U diag(s) V^T the singular value decomposition of Z, W Z = Z V g(s) V^T for the
    same gains g.

    With ``scope="image"`` an image never depends on its batch, and nothing is learned in `fit`,
    so nothing can leak from it.

    References
    ----------
    .. [1] A. Kessy, A. Lewin, K. Strimmer, "Optimal whitening and decorrelation", The American
       Statistician 72, 309 (2018): "ZCA" in its table 1, for Mahalanobis.
    .. [2] "Emotive Classification of Audio Recordings Using Transfer Learning" (herron): each
       spectrogram by itself, before a DenseNet.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ZCAWhitener
    >>> images = np.random.default_rng(0).random((4, 1, 8, 100)).cumsum(axis=2)
    >>> whitened = ZCAWhitener().fit_transform(images)
    >>> bool(np.allclose(np.cov(whitened[0, 0], bias=True), np.eye(8), atol=0.001))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageToImageTransformer._parameter_constraints,
        "scope": [StrOptions({"image", "dataset"})],
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "max_gain": [Interval(Real, 1, None, closed="left")],
    }

    def __init__(
        self,
        scope: Literal["image", "dataset"] = "image",
        *,
        epsilon: float = 1e-6,
        max_gain: float = 100.0,
        verbose: int = 0,
    ) -> None:
        self.scope = scope
        self.epsilon = epsilon
        self.max_gain = max_gain
        self.verbose = verbose

    def _learn(self, images: Images) -> None:
        self.mean_: NDArray[np.float64] | None = None
        self.whitening_: NDArray[np.float64] | None = None
        if self.scope == "dataset":
            self.mean_ = mean = mean_over(images, (0, 3))
            covariance = mean_over(images, (0,), lambda block: _covariance(block - mean))
            self.whitening_ = self._get_matrix(covariance, _noise_floor(mean))

    def _change(self, images: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.mean_ is not None and self.whitening_ is not None:
            return self.whitening_ @ (images - self.mean_)
        means = images.mean(axis=3, keepdims=True)
        centred, floor = images - means, _noise_floor(means)
        n_bins, n_frames = images.shape[2:]
        if n_frames >= n_bins:
            return self._get_matrix(_covariance(centred), floor) @ centred
        gram = centred.swapaxes(2, 3) @ centred / n_frames
        return centred @ self._get_matrix(gram, floor, n_variables=n_bins)

    def _get_matrix(
        self, covariance: NDArray[np.float64], floor: NDArray[np.float64], **options: int
    ) -> NDArray[np.float64]:
        return _whitening_matrix(
            covariance, epsilon=self.epsilon, max_gain=self.max_gain, floor=floor, **options
        )


def _covariance(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    return centred @ centred.swapaxes(-1, -2) / centred.shape[-1]


def _noise_floor(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the variance that rounding alone leaves of a constant image with such bins."""
    return np.square(CONSTANT * np.abs(means).max(axis=(-1, -2)))


def _whitening_matrix(
    covariance: NDArray[np.float64],
    *,
    epsilon: float = 0.0,
    max_gain: float = np.inf,
    floor: float | NDArray[np.float64] = 0.0,
    n_variables: int | None = None,
) -> NDArray[np.float64]:
    """Give the symmetric matrix that whitens variables of these covariances.

    Parameters
    ----------
    covariance : ndarray (..., d, d)
        Covariance matrices, or anything with the same eigenvalues above 0.
    epsilon : float >= 0, default=0.0
        Added to the eigenvalues, relative to their mean.
    max_gain : float > 0, default=inf
        Bound of the amplification, relative to that of an eigenvalue of mean size.
    floor : float >= 0 or ndarray (...,), default=0.0
        Up to this mean eigenvalue there is nothing to whiten: the result is the identity.
    n_variables : int or None, default=None
        Number of eigenvalues that the mean goes over; `None` is d.

    Returns
    -------
    ndarray (..., d, d)
        W with W @ covariance @ W = identity, as far as the bounds allow.
    """
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 0)
    mean = values.sum(axis=-1) / (n_variables or covariance.shape[-1])
    varies = mean > floor
    mean = np.where(varies, mean, 1)[..., None]
    # An axis without variance has the bounded gain too; without any bound, it has none.
    spread = np.maximum(np.sqrt(values / mean + epsilon), 1 / max_gain)
    gains = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0) / np.sqrt(mean)
    gains = np.where(varies[..., None], gains, 1)
    return (vectors * gains[..., None, :]) @ vectors.swapaxes(-1, -2)
