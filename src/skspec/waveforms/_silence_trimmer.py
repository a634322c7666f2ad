"""Waveforms without their silence."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.waveforms._base import Waveform, WaveformTransformer

_FLOOR = 1e-5**2  # mean square that counts as 0, 100 dB below full scale, as in librosa


class SilenceTrimmer(WaveformTransformer):
    """Each clip without the silence at its ends, or without any of its silences.

    What is left is what was said or played, so padding or wrapping it fills the image with
    sound, and pauses of a recording cannot tell its class. Intervals are those of librosa's
    `effects.trim` and `effects.split`.

    Parameters
    ----------
    top_db : float > 0, default=60.0
        Frames so many dB below `ref`, or lower, are silent.
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to.
    frame_length : int > 0, default=2048
        Samples over which the level is taken.
    hop_length : int > 0, default=512
        Samples between frames, and the grain of what is removed.
    ref : "max" or float > 0, default="max"
        What is 0 dB: the level of the clip's loudest frame, or an amplitude (root mean square).
    remove : {"ends", "all"}, default="ends"
        Silence before the first and after the last sound, or every silent interval; what was
        on both sides of it is then joined.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_timepoints_ : None
        Lengths are those of the sounds.
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
    Frame t is centred on sample t * hop_length, with zeros beyond the clip's ends, and stands
    for the samples from t * hop_length to (t + 1) * hop_length. It is silent where

        10 * log10(max(m(t), 1e-10) / max(r, 1e-10)) <= -top_db

    with m its mean square and r that of the loudest frame, or ``ref ** 2``. A clip in which
    nothing would be left is kept whole, as silent as it is: a clip without samples has no image.
    With ``ref="max"`` that is a clip of zeros, and all that stays below -100 dB throughout.

    References
    ----------
    .. [1] "Deep Learning Methods to Classify Audio Segment Speaker Gender" (threadgold): silence
       removed by librosa's `top_db`.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import SilenceTrimmer
    >>> sound = np.sin(np.arange(10_000))
    >>> clip = np.concatenate([np.zeros(20_000), sound, np.zeros(20_000), sound])
    >>> [len(SilenceTrimmer(remove=r).fit_transform([clip])[0]) for r in ("ends", "all")]
    [40544, 22624]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WaveformTransformer._parameter_constraints,
        "top_db": [Interval(Real, 0, None, closed="neither")],
        "frame_length": [Interval(Integral, 1, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "ref": [StrOptions({"max"}), Interval(Real, 0, None, closed="neither")],
        "remove": [StrOptions({"ends", "all"})],
    }

    def __init__(
        self,
        top_db: float = 60.0,
        *,
        sr: float = 22050,
        frame_length: int = 2048,
        hop_length: int = 512,
        ref: float | Literal["max"] = "max",
        remove: Literal["ends", "all"] = "ends",
        verbose: int = 0,
    ) -> None:
        self.top_db = top_db
        self.sr = sr
        self.frame_length = frame_length
        self.hop_length = hop_length
        self.ref = ref
        self.remove = remove
        self.verbose = verbose

    def _find_sound(self, clip: Waveform) -> NDArray[np.bool_]:
        """Tell which frames are not silent."""
        powers = np.maximum(_mean_squares(clip, self.frame_length, self.hop_length), _FLOOR)
        ref = powers.max() if self.ref == "max" else max(self.ref**2, _FLOOR)
        # A difference of logarithms: librosa's last bit, where a level lies on the threshold.
        return 10 * np.log10(powers) - 10 * np.log10(ref) > -self.top_db

    def _change(self, clip: Waveform) -> Waveform:
        sounds = self._find_sound(clip)
        if self.remove == "ends" and sounds.any():
            first, last = np.flatnonzero(sounds)[[0, -1]]
            sounds[first:last] = True
        kept = clip[np.repeat(sounds, min(self.hop_length, len(clip)))[: len(clip)]]
        return kept if len(kept) else clip


def _mean_squares(clip: Waveform, frame_length: int, hop_length: int) -> NDArray[np.float64]:
    """Give the mean square of each centred frame."""
    padded = np.pad(clip, frame_length // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]
    return np.einsum("ij,ij->i", frames, frames) / frame_length
