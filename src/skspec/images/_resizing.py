"""Channels of one size that show the same moments, from images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from skspec.exceptions import ParameterError
from skspec.signal import even_positions, resize_weights

ResizeWeights = tuple[scipy.sparse.csr_array | None, scipy.sparse.csr_array | None]


def is_pair(pair: Any) -> bool:
    """Tell whether this is a pair of integers > 0."""
    is_two = isinstance(pair, Sequence | np.ndarray) and len(pair) == 2
    return is_two and all(isinstance(n, Integral) and int(n) > 0 for n in pair)


def check_size(size: Any) -> None:
    """Check the parameter `size`."""
    if not is_pair(size):
        raise ParameterError(f"Got size={size!r}, but expected (n_bins, n_frames), integers > 0.")


def even_times(n_timepoints: int, sr: float, n_frames: int) -> NDArray[np.float64]:
    """Give the centres in seconds of `n_frames` frames that share a clip out among them."""
    return (np.arange(n_frames, dtype=np.float64) + 0.5) * (n_timepoints / sr / n_frames)


def make_resize_weights(
    n_bins: int, times: NDArray[np.float64], out_bins: int, out_times: NDArray[np.float64]
) -> ResizeWeights:
    """Give the weights that bring a channel (n_bins, n_frames) to another size.

    Rows are shared out evenly. Frames are interpolated at the times asked for, so that channels
    show the same moment in the same column, whatever their hops.

    Parameters
    ----------
    n_bins : int > 0
        Rows there are.
    times : ndarray (n_frames,)
        Centre of each frame in seconds, evenly spaced.
    out_bins : int > 0
        Rows wanted.
    out_times : ndarray (n_frames_out,)
        Centres wanted, in seconds, evenly spaced.

    Returns
    -------
    row_weights, frame_weights : sparse array or None
        As `resize` takes them.
    """
    step = times[1] - times[0] if len(times) > 1 else np.inf
    rows = resize_weights(n_bins, even_positions(n_bins, out_bins))
    return rows, resize_weights(len(times), (out_times - times[0]) / step)
