"""What the transformers from images to images share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval
from skspec._image_batch import ImageBatch
from skspec._image_checks import check_images
from skspec._progress import progress_bar
from skspec._validation import check_parameters
from skspec.exceptions import InputError

BLOCK = 32  # images at a time: their float64 copies and covariances stay in the cache
LARGEST = 1e30  # far from float32's overflow, and from float64's for squares

Images = NDArray[np.floating[Any]]


class ImageToImageTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers that make one image of each image.

    A subclass has the parameter `verbose` besides its own, and says what it learns and what it
    makes of a block of images. An `ImageBatch` comes out as one, with its policies.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "verbose": [Interval(Integral, 0, None, closed="left"), "boolean"],
    }

    @abstractmethod
    def _learn(self, images: Images) -> None:
        """Set the attributes that depend on the training images."""

    @abstractmethod
    def _change(self, images: NDArray[np.float64]) -> NDArray[Any]:
        """Give what becomes of a block of images, each of them by itself."""

    def _get_image_shape(self) -> tuple[int, int, int]:
        """Give the shape of the images that come out."""
        return self.image_shape_in_

    def _check_range(self, images: Images) -> None:
        axes = (1, 2, 3)
        peaks = np.maximum(images.max(axis=axes), -images.min(axis=axes))
        if peaks.max() > LARGEST:
            index = int(np.argmax(peaks > LARGEST))
            raise InputError(
                f"{type(self).__name__}, clip {index}: values up to {peaks[index]:.3g}, "
                f"expected at most {LARGEST:g}."
            )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters, and learn from the images what they ask for.

        Parameters
        ----------
        X : ImageBatch or array-like (n_clips, n_channels, n_bins, n_frames)
            Training images.
        y : Ignored
            For the sake of scikit-learn.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        check_parameters(self)
        images = check_images(self, X, reset=True).values
        self._check_range(images)
        self._learn(images)
        return self

    def transform(self, X: Any) -> ImageBatch | NDArray[np.float32]:
        """Change every image.

        Parameters
        ----------
        X : ImageBatch or array-like (n_clips, n_channels, n_bins, n_frames)
            Images of the shape seen in `fit`.

        Returns
        -------
        images : ndarray (n_clips, n_channels, n_bins, n_frames) of float32
            One image per clip, in the order of `X`; an `ImageBatch` with the policies of `X`
            where that is one.
        """
        check_is_fitted(self)
        batch = check_images(self, X, reset=False)
        self._check_range(batch.values)
        changed = np.empty((len(batch), *self._get_image_shape()), np.float32)
        label = type(self).__name__
        with progress_bar(len(batch), label, verbose=self.verbose, unit="clip") as bar:
            for rows, block in iter_float64(batch.values):
                changed[rows] = self._change(block)
                bar.update(len(block))
        return batch.with_values(changed) if isinstance(X, ImageBatch) else changed

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: images are arrays, whatever output is asked of a Pipeline."""
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def iter_float64(images: Images) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the rows of each block of images, and the block in float64."""
    for start in range(0, len(images), BLOCK):
        rows = slice(start, min(start + BLOCK, len(images)))
        yield rows, np.ascontiguousarray(images[rows], dtype=np.float64)


def mean_over(
    images: Images,
    axes: tuple[int, ...],
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda block: block,
) -> NDArray[np.float64]:
    """Give the mean of a function of the images over `axes`, the first among them.

    Parameters
    ----------
    images : ndarray (n_clips, n_channels, n_bins, n_frames)
        Images; of a memory map a block at a time is read.
    axes : tuple of int
        Axes that the mean goes over.
    function : callable, default=identity
        Takes and gives blocks (n_clips, n_channels, n_bins, n_frames) in float64.

    Returns
    -------
    ndarray of float64
        Without the first axis; the others of `axes` stay, with length 1, so that it broadcasts
        against one image.
    """
    sums = (
        function(block).mean(axis=axes, keepdims=True)[0] * len(block)
        for _, block in iter_float64(images)
    )
    return np.asarray(sum(sums)) / len(images)
