"""Waveforms of one length."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Pad = Literal["zero", "wrap", "reflect"]
Crop = Literal["start", "center"]
Float = TypeVar("Float", bound=np.floating[Any])


def fix_length(
    waveform: NDArray[Float], n_timepoints: int, *, pad: Pad = "zero", crop: Crop = "start"
) -> NDArray[Float]:
    """Pad a waveform at its end, or crop it, to `n_timepoints` samples.

    Parameters
    ----------
    waveform : ndarray (n,)
        At least one sample.
    n_timepoints : int > 0
        Samples wanted.
    pad : {"zero", "wrap", "reflect"}, default="zero"
        What follows a short clip: silence, the clip again from its start, or the clip back and
        forth without its end samples doubled.
    crop : {"start", "center"}, default="start"
        Which part of a long clip is kept.

    Returns
    -------
    ndarray (n_timepoints,)
        A view where nothing had to be added.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec.signal import fix_length
    >>> fix_length(np.array([1.0, 2.0, 3.0]), 7, pad="reflect")
    array([1., 2., 3., 2., 1., 2., 3.])
    """
    surplus = len(waveform) - n_timepoints
    if surplus >= 0:
        start = surplus // 2 if crop == "center" else 0
        return waveform[start : start + n_timepoints]
    if pad == "wrap":
        return np.resize(waveform, n_timepoints)
    if pad == "reflect":
        # One period of the movement forth and back, its end samples not doubled.
        return np.resize(np.concatenate([waveform, waveform[-2:0:-1]]), n_timepoints)
    longer = np.zeros(n_timepoints, waveform.dtype)
    longer[: len(waveform)] = waveform
    return longer
