"""Zero mean and unit variance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CONSTANT = 1e-12  # what float64 leaves of the deviation of a constant, relative to its value


def standardize(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Subtract the mean along the last axis and divide by the deviation.

    Parameters
    ----------
    values : ndarray (..., n)
        Numbers up to 1e150 or so.

    Returns
    -------
    ndarray (..., n) of float64
        What was constant, but for rounding, is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import standardize
    >>> standardize(np.array([[1.0, 2.0, 1.0, 2.0], [3.0, 3.0, 3.0, 3.0]]))
    array([[-1.,  1., -1.,  1.],
           [ 0.,  0.,  0.,  0.]])
    """
    exact = np.ascontiguousarray(values, dtype=np.float64)
    mean = exact.mean(axis=-1, keepdims=True)
    centred = exact - mean
    deviation = np.sqrt(np.mean(np.square(centred), axis=-1, keepdims=True))
    varies = deviation > CONSTANT * np.abs(mean)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=varies)
