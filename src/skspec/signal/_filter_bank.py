"""Sums of a spectrum's bins by the weights of a filter bank, in bits that no thread changes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from skspec.signal._stft import scratch

FilterBank: TypeAlias = "scipy.sparse.csr_array | NDArray[np.float32]"

# OpenBLAS shares larger products of matrices out among its threads, and so gives sums other bits
# for each number of them.
ONE_THREAD = 2**18


def sum_bins(
    values: NDArray[np.float32],
    filters: FilterBank,
    *,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Sum the bins of each frame into the bands of a filter bank.

    Parameters
    ----------
    values : ndarray (n_clips, n_frames, n_bins) of float32
        A spectrum in each row.
    filters : sparse array or ndarray (n_bands, n_bins) of float32
        Weights: sparse for narrow bands, dense for bands that cover most bins.
    out : ndarray (n_clips, n_bands, n_frames) of float32, default=None
        Written to where given.

    Returns
    -------
    ndarray (n_clips, n_bands, n_frames) of float32
        The same bits for every number of BLAS threads, and of clips.
    """
    n_clips, n_frames, n_bins = values.shape
    out = np.empty((n_clips, filters.shape[0], n_frames), np.float32) if out is None else out
    if isinstance(filters, np.ndarray):
        for clip, sums in zip(values, out, strict=True):
            _sum_dense(clip, filters, sums)
    else:
        bins = scratch("bins", n_bins, n_clips * n_frames)
        # A sparse product of rows in one piece is far faster.
        bins[:] = values.reshape(-1, n_bins).T
        out[:] = (filters @ bins).reshape(-1, n_clips, n_frames).swapaxes(0, 1)
    return out


def _sum_dense(
    values: NDArray[np.float32], filters: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Multiply in blocks of frames that stay on one thread, and then what is left over."""
    n_bands, n_bins = filters.shape
    size = ONE_THREAD // filters.size if n_bands > 1 else 0
    whole = len(values) // size * size if size > 1 else 0
    if whole:
        blocks = values[:whole].reshape(-1, size, n_bins).swapaxes(1, 2)
        out[:, :whole] = (filters @ blocks).swapaxes(0, 1).reshape(n_bands, whole)
    left, sums = values[whole:], out[:, whole:]
    if size > 1 and len(left) > 1:
        sums[:] = filters @ left.T
    else:  # BLAS has other routines for vectors, which have other limits
        np.einsum("cb,fb->cf", filters, left, out=sums)
