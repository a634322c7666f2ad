"""Waveforms of zero mean and unit variance."""

from __future__ import annotations

from skspec.signal import standardize
from skspec.waveforms._base import Waveform, WaveformTransformer


class WaveformStandardizer(WaveformTransformer):
    """Each clip with its mean removed and divided by its standard deviation.

    An offset of the microphone goes, and all clips become equally loud on average, so that
    neither tells recordings apart. Every clip is its own measure: nothing is learned in `fit`.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_timepoints_ : None
        Clips keep their lengths.
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
    (x - mean(x)) / std(x) in float64, rounded to float32; the deviation is that of the
    population. Silence, and any other constant, becomes zero. Peaks rise above 1: a file of
    integer samples cannot hold the result.

    References
    ----------
    .. [1] "Emotive Classification of Audio Recordings Using Transfer Learning" (herron): every
       signal's mean removed, then normalised.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import WaveformStandardizer
    >>> WaveformStandardizer().fit_transform([[0.1, 0.3], [0.5, 0.5]])
    array([[-1.,  1.],
           [ 0.,  0.]], dtype=float32)
    """

    def __init__(self, *, sr: float = 22050, verbose: int = 0) -> None:
        self.sr = sr
        self.verbose = verbose

    def _change(self, clip: Waveform) -> Waveform:
        return standardize(clip)
