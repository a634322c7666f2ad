"""Waveforms of one length, padded or cropped to it."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Literal

from skspec._compat import Interval, StrOptions
from skspec._validation import Waveforms
from skspec.audio import iter_blocks
from skspec.signal import fix_length
from skspec.waveforms._base import Waveform, WaveformTransformer


class FixedLength(WaveformTransformer):
    """Each clip padded at its end, or cropped, to one length.

    Images need one number of frames. Short clips can be followed by silence, or by a part of
    themselves, so that no image shows where the sound ends. The image transformers do the same
    by their `duration_s`; this step is for a length that is learned, and for steps between.

    Parameters
    ----------
    duration_s : float > 0 or "longest", default="longest"
        Length in seconds; "longest" is that of the longest clip seen in `fit`.
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it; arrays must have it.
    pad : {"zero", "wrap", "reflect"}, default="zero"
        What follows a shorter clip: silence, the clip again from its start, or the clip back
        and forth.
    crop : {"start", "center"}, default="start"
        Part that is kept of a longer clip.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_timepoints_ : int
        Samples per clip: ``round(duration_s * sr)`` and at least 1, or those of the longest.
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
    ``duration_s="longest"`` decodes all files once more in `fit`: what a header says of its
    length need not be true. In cross-validation the length is that of each training part, so
    longer clips of the test part are cropped.

    References
    ----------
    .. [1] "Speech Emotion Recognition using pre-trained and fine-tuned transfer learning
       approaches" (chakhtouna): short clips padded with a part of themselves to the length of
       the longest, here ``pad="wrap"``.

    Examples
    --------
    >>> from skspec import FixedLength
    >>> clips = [[0.1, 0.2], [0.1, 0.2, 0.3, 0.4, 0.5]]
    >>> FixedLength("longest", pad="wrap").fit_transform(clips)
    array([[0.1, 0.2, 0.1, 0.2, 0.1],
           [0.1, 0.2, 0.3, 0.4, 0.5]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WaveformTransformer._parameter_constraints,
        "duration_s": [Interval(Real, 0, None, closed="neither"), StrOptions({"longest"})],
        "pad": [StrOptions({"zero", "wrap", "reflect"})],
        "crop": [StrOptions({"start", "center"})],
    }

    def __init__(
        self,
        duration_s: float | Literal["longest"] = "longest",
        *,
        sr: float = 22050,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        verbose: int = 0,
    ) -> None:
        self.duration_s = duration_s
        self.sr = sr
        self.pad = pad
        self.crop = crop
        self.verbose = verbose

    def _takes_any_width(self) -> bool:
        return self.duration_s != "longest"

    def _learn_n_timepoints(self, clips: Waveforms) -> int:
        if self.duration_s == "longest":
            return max(len(clip) for _, block in iter_blocks(clips, self.sr) for clip in block)
        return max(1, round(self.duration_s * self.sr))

    def _change(self, clip: Waveform) -> Waveform:
        return fix_length(clip, self.n_timepoints_, pad=self.pad, crop=self.crop)
