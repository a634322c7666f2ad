"""`AcousticFunctionals`: what is measured in the frames of a clip, summed up over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval
from skspec._jobs import count_jobs
from skspec._validation import Waveforms, check_clips, check_parameters, holds_paths
from skspec.audio import check_sound_files, for_each_block
from skspec.features._clip_describer import ClipDescriber
from skspec.features._frame_descriptors import (
    FEATURES,
    FrameDescriptors,
    check_names,
    make_frame_descriptors,
)
from skspec.features._voiced_pitch import VoicedPitch
from skspec.signal import FUNCTIONALS, Window, make_stft, warn_of_silent_bands

WaveformsLike = ArrayLike | Sequence[Any]


class AcousticFunctionals(TransformerMixin, BaseEstimator):
    """Turn clips into vectors of named acoustic features: statistics over time of each.

    Loudness, timbre, brightness, harmony and pitch, each by its mean, deviation and so on over
    the clip: the classical description of a sound, which needs no training and no network. Put a
    scaler and an `SVC` behind it for a baseline, or join it to `DeepFeatures` in a
    `FeatureUnion`. Clips may be of any length; a clip's vector never depends on its batch.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it; arrays must have it.
    n_fft : int > 1, default=2048
        Samples in a frame. Shorter clips are padded with zeros to one.
    hop_length : int > 0, default=512
        Samples between frames.
    win_length : int in [1, n_fft] or None, default=None
        Samples in the window, in the middle of the frame; `None` is `n_fft`.
    window : str, tuple or array-like (win_length,), default="hann"
        What `scipy.signal.get_window` takes, as "hamming" or ("kaiser", 14.0), or its values.
    n_mfcc : int in [1, n_mels], default=20
        Mel-frequency cepstral coefficients.
    n_mels : int > 0, default=128
        Mel bands that they are made of.
    delta_width : odd int >= 3, default=9
        Frames that their slope is fitted to.
    roll_percent : float in (0, 1), default=0.85
        Share of the amplitudes that lies below the roll-off.
    pitch_fmin : float > 0, default=65.0
        Lowest pitch in Hz.
    pitch_fmax : float in (pitch_fmin, sr / 2], default=1000.0
        Highest pitch in Hz.
    voicing_threshold : float > 0, default=0.25
        Frames less aperiodic than this are voiced: 0 is periodic, about 1 noise.
    voicing_db : float >= 0, default=40.0
        Voiced frames are at most so many dB below the loudest frame of the clip.
    features : sequence of str, default=all of them
        What is measured, in the order of the columns: "rms", "zero_crossing_rate", "mfcc",
        "mfcc_delta", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff",
        "spectral_flatness", "spectral_contrast", "chroma" and "pitch".
    statistics : sequence of str, default=("mean", "std", "min", "median", "max")
        What is given of each over time: those, "range", the quantiles "q10", "q25", "q75" and
        "q90", "skewness" and "kurtosis" (3 for a normal distribution).
    n_jobs : int or None, default=None
        Threads that share out the clips; `None` is 1 unless a `joblib.parallel_config` says
        otherwise, -1 is one for each core. Results are the same to the bit.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_features_out_ : int
        Length of a vector.
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

    Warns
    -----
    AudioWarning
        Some mel band is so narrow that no FFT bin falls into it: it is always silent.

    Notes
    -----
    Frames are centred and the ends padded as librosa does by default, and the numbers are those
    of `librosa.feature`: `rms`, `zero_crossing_rate`, `mfcc`, `delta` of it, `spectral_centroid`,
    `spectral_bandwidth`, `spectral_rolloff`, `spectral_flatness`, `spectral_contrast` and
    `chroma_stft` with tuning 0. Contrast has a band below 200 Hz and one for each of six octaves
    above, without those that begin above sr / 2. A clip of fewer frames than `delta_width` goes
    on as its first and last ones, for the slope.

    Pitch is that of `librosa.yin`, in frames as long as four periods of `pitch_fmin`, rounded up
    to a power of two. With its aperiodicity a(tau) = d(tau) / mean of d(1), ..., d(tau), of the
    difference d between a frame and itself tau samples later, a frame is voiced where

    - a at the period is less than `voicing_threshold`, and a minimum within the range of pitch;
    - the level is not more than `voicing_db` below that of the clip's loudest frame, and not 0.

    Statistics of pitch are over voiced frames, in Hz, and 0 where there are none; the column
    `pitch_voiced_share` is the share of voiced frames. Skewness and kurtosis of values that are
    all alike are 0. In silence everything is finite.

    References
    ----------
    .. [1] F. Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice
       research and affective computing", IEEE Trans. Affective Computing 7, 190 (2016).
    .. [2] A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and
       music", J. Acoust. Soc. Am. 111, 1917 (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import AcousticFunctionals
    >>> seconds = np.arange(16_000) / 16_000
    >>> X = np.stack([np.sin(2 * np.pi * pitch * seconds) for pitch in (110, 220)])
    >>> acoustic = AcousticFunctionals(
    ...     sr=16_000, features=("spectral_centroid", "pitch"), statistics=("median",)
    ... )
    >>> acoustic.fit_transform(X).round()
    array([[110., 110.,   1.],
           [220., 220.,   1.]], dtype=float32)
    >>> acoustic.get_feature_names_out().tolist()
    ['spectral_centroid_median', 'pitch_median', 'pitch_voiced_share']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sr": [Interval(Real, 0, None, closed="neither")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "win_length": [Interval(Integral, 1, None, closed="left"), None],
        "window": [str, tuple, "array-like"],
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "delta_width": [Interval(Integral, 3, None, closed="left")],
        "roll_percent": [Interval(Real, 0, 1, closed="neither")],
        "pitch_fmin": [Interval(Real, 0, None, closed="neither")],
        "pitch_fmax": [Interval(Real, 0, None, closed="neither")],
        "voicing_threshold": [Interval(Real, 0, None, closed="neither")],
        "voicing_db": [Interval(Real, 0, None, closed="left")],
        "features": [list, tuple],
        "statistics": [list, tuple],
        "n_jobs": [Integral, None],
        "verbose": [Interval(Integral, 0, None, closed="left"), "boolean"],
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        n_fft: int = 2048,
        hop_length: int = 512,
        win_length: int | None = None,
        window: Window = "hann",
        n_mfcc: int = 20,
        n_mels: int = 128,
        delta_width: int = 9,
        roll_percent: float = 0.85,
        pitch_fmin: float = 65.0,
        pitch_fmax: float = 1000.0,
        voicing_threshold: float = 0.25,
        voicing_db: float = 40.0,
        features: Sequence[str] = FEATURES,
        statistics: Sequence[str] = ("mean", "std", "min", "median", "max"),
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.win_length = win_length
        self.window = window
        self.n_mfcc = n_mfcc
        self.n_mels = n_mels
        self.delta_width = delta_width
        self.roll_percent = roll_percent
        self.pitch_fmin = pitch_fmin
        self.pitch_fmax = pitch_fmax
        self.voicing_threshold = voicing_threshold
        self.voicing_db = voicing_db
        self.features = features
        self.statistics = statistics
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _make_describer(self) -> ClipDescriber:
        return ClipDescriber(
            self._make_descriptors(),
            self._make_pitch() if "pitch" in self.features else None,
            tuple(self.features),
            tuple(self.statistics),
        )

    def _make_descriptors(self) -> FrameDescriptors:
        return make_frame_descriptors(
            self.sr,
            make_stft(self.window, self.win_length, self.n_fft, self.hop_length, True, "constant"),
            n_mfcc=self.n_mfcc,
            n_mels=self.n_mels,
            delta_width=self.delta_width,
            roll_percent=self.roll_percent,
            contrast="spectral_contrast" in self.features,
        )

    def _make_pitch(self) -> VoicedPitch:
        return VoicedPitch(
            self.sr,
            self.hop_length,
            fmin=self.pitch_fmin,
            fmax=self.pitch_fmax,
            threshold=self.voicing_threshold,
            top_db=self.voicing_db,
        )

    def _check_clips(self, X: WaveformsLike, *, reset: bool) -> Waveforms:
        one = isinstance(X, np.ndarray) and len(X) == 1  # a table whatever its length
        return check_clips(self, X, reset=reset, any_width=one)

    def fit(self, X: WaveformsLike, y: Any = None) -> Self:
        """Check the parameters and the clips; there is nothing to learn.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1. Paths are only checked to be files.
        y : Ignored
            For the sake of scikit-learn.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        check_parameters(self)
        count_jobs(self.n_jobs)
        check_names("features", self.features, FEATURES)
        check_names("statistics", self.statistics, FUNCTIONALS)
        describer = self._make_describer()
        clips = self._check_clips(X, reset=True)
        if holds_paths(clips):
            check_sound_files(clips)
        self._warn_of_oddities(describer)
        self.n_features_out_ = len(describer.names())
        return self

    def _warn_of_oddities(self, describer: ClipDescriber) -> None:
        if {"mfcc", "mfcc_delta"} & set(self.features):
            warn_of_silent_bands(describer.descriptors.mel, self.n_fft, type(self).__name__)

    def transform(self, X: WaveformsLike) -> NDArray[np.float32]:
        """Describe every clip.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1; files are resampled to it.

        Returns
        -------
        vectors : ndarray (n_clips, n_features_out) of float32
            One vector per clip, in the order of `X`.
        """
        check_is_fitted(self)
        clips = self._check_clips(X, reset=False)
        vectors = np.empty((len(clips), self.n_features_out_), np.float32)

        def make_worker() -> Callable[[int, Iterable[NDArray[Any]]], None]:
            describe = self._make_describer().describe

            def work(start: int, block: Iterable[NDArray[Any]]) -> None:
                for index, clip in enumerate(block, start):
                    vectors[index] = describe(np.ascontiguousarray(clip, dtype=np.float32))

            return work

        for_each_block(
            make_worker,
            clips,
            self.sr,
            n_jobs=self.n_jobs,
            label=type(self).__name__,
            verbose=self.verbose,
        )
        return vectors

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Give a name for each column: feature, its row where it has many, and statistic.

        Parameters
        ----------
        input_features : Ignored
            For the sake of scikit-learn.

        Returns
        -------
        names : ndarray (n_features_out,) of object
            As "rms_mean", "mfcc_0_std" or "pitch_voiced_share".
        """
        check_is_fitted(self)
        return np.array(self._make_describer().names(), dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
