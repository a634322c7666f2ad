"""Images in another size, by bilinear interpolation."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray


def even_positions(n_in: int, n_out: int) -> NDArray[np.float64]:
    """Give where the centres of `n_out` cells lie, in units of `n_in` cells on the same length.

    Cell i of the input has its centre at i. This is what image libraries do where they do not
    align corners.
    """
    return (np.arange(n_out, dtype=np.float64) + 0.5) * (n_in / n_out) - 0.5


def resize_weights(n_in: int, positions: NDArray[np.float64]) -> scipy.sparse.csr_array | None:
    """Give the matrix that interpolates linearly between `n_in` values.

    Parameters
    ----------
    n_in : int > 0
        Values there are, at 0, 1, 2, ...
    positions : ndarray (n_out,)
        Where values are wanted: evenly spaced, ascending. Outside of the values, the first or
        the last counts.

    Returns
    -------
    sparse array (n_out, n_in) of float32, or None
        None where positions are 0, 1, 2, ... and there is nothing to do.

    Notes
    -----
    The weight of value i at position p is max(0, 1 - abs(i - p) / s), divided by the sum of
    weights. s is the distance of positions where that is above 1, so that every value counts
    when an image gets smaller, and otherwise 1.
    """
    n_out = len(positions)
    if n_out == n_in and np.allclose(positions, np.arange(n_in), atol=1e-6):
        return None
    width = max(1.0, (positions[-1] - positions[0]) / (n_out - 1) if n_out > 1 else n_in)
    centers = np.clip(positions, -0.5, n_in - 0.5)
    reach = np.arange(-np.ceil(width), np.ceil(width) + 1, dtype=np.intp)
    columns = np.floor(centers).astype(np.intp)[:, None] + reach
    weights = np.maximum(0, 1 - np.abs(columns - centers[:, None]) / width)
    weights[(columns < 0) | (columns >= n_in)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    rows, kept = np.nonzero(weights)
    places = rows, columns[rows, kept]
    values = weights[rows, kept].astype(np.float32)
    return scipy.sparse.csr_array((values, places), shape=(n_out, n_in))


def resize(
    image: NDArray[np.float32],
    row_weights: scipy.sparse.csr_array | None,
    frame_weights: scipy.sparse.csr_array | None,
) -> NDArray[np.float32]:
    """Interpolate along both axes of an image.

    Parameters
    ----------
    image : ndarray (n_bins, n_frames) of float32
        One channel.
    row_weights, frame_weights : sparse array or None
        As `resize_weights` gives them; None leaves the axis alone.

    Returns
    -------
    ndarray (n_bins_out, n_frames_out) of float32
        `image` itself where both are None.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import even_positions, resize, resize_weights
    >>> resize(np.float32([[0, 1]]), None, resize_weights(2, even_positions(2, 4)))
    array([[0.  , 0.25, 0.75, 1.  ]], dtype=float32)
    """
    if row_weights is not None:
        image = row_weights @ image
    if frame_weights is not None:
        image = (frame_weights @ np.ascontiguousarray(image.T)).T
    return image
