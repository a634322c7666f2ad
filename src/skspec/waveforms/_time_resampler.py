"""Waveforms of one length, stretched or squeezed to it."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import scipy.signal

from skspec._compat import Interval
from skspec._validation import Waveforms
from skspec.waveforms._base import Waveform, WaveformTransformer


class TimeResampler(WaveformTransformer):
    """Each clip, whatever its length, as exactly so many points.

    All clips come out equally long without cutting or padding: the whole of a sentence is in
    every image, at a tempo and pitch of its own. That suits clips that are comparable as wholes;
    where pitch matters, use `FixedLength`.

    Parameters
    ----------
    n_timepoints : int > 0, default=100000
        Points per clip.
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to first.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_timepoints_ : int
        Points per clip.
    n_features_in_ : int
        Samples per clip seen in `fit`, where `X` was a 2-D table of numbers.
    feature_names_in_ : ndarray (`n_features_in_`,)
        Its column names, where it had any.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed.
    InputError, InputTypeError
        For clips that cannot be used; the message names the clip.
    AudioReadError
        For a file that cannot be read.

    Notes
    -----
    Fourier resampling: the spectrum of the whole clip is cut off or filled up with zeros, as
    `scipy.signal.resample` does, in float64. It keeps what fits below the new Nyquist frequency
    exactly, and treats the clip as one period: where its first and last sample differ, both ends
    ring, which a clip that begins and ends in silence does not show. A clip of n samples at `sr`
    has the rate ``sr * n_timepoints / n`` afterwards, so there is no one rate for the steps that
    follow; their `sr` only names the frequency axis.

    References
    ----------
    .. [1] "Emotive Classification of Audio Recordings Using Transfer Learning" (herron): every
       signal resampled to 100,000 points.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import TimeResampler
    >>> clips = [np.sin(np.linspace(0, 20, n)) for n in (900, 1500)]
    >>> TimeResampler(1000).fit_transform(clips).shape
    (2, 1000)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WaveformTransformer._parameter_constraints,
        "n_timepoints": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, n_timepoints: int = 100_000, *, sr: float = 22050, verbose: int = 0) -> None:
        self.n_timepoints = n_timepoints
        self.sr = sr
        self.verbose = verbose

    def _learn_n_timepoints(self, clips: Waveforms) -> int:
        return self.n_timepoints

    def _change(self, clip: Waveform) -> Waveform:
        return scipy.signal.resample(clip, self.n_timepoints_)
