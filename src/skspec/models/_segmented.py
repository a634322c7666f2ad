"""`SegmentedClassifier`: classify clips by their overlapping segments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Bunch, Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions, check_sample_weight
from skspec._fit_groups import groups_for_fit, not_taken, takes_weights
from skspec._validation import Waveforms, check_clips, check_parameters
from skspec.audio import iter_blocks
from skspec.exceptions import ParameterError
from skspec.models._targets import check_groups, check_labels
from skspec.signal import fix_length

AGGREGATES = ("mean_probability", "mean_logit", "vote", "max")


class SegmentedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train on segments of clips, decide on whole clips.

    Clips are cut inside `fit`, so no cross-validation around it can put segments of one clip on
    both sides. That is the leak one gets by cutting first and splitting then: scores that tell
    how well the network knows the recording, not the class.

    Parameters
    ----------
    estimator : classifier
        Of waveforms that are `segment_s` long, with `predict_proba`; for example a Pipeline of
        `MelSpectrogramImage` and `PretrainedCNNClassifier`.
    segment_s : float > 0, default=1.0
        Length of a segment in seconds.
    hop_s : float > 0, default=None
        From the start of one segment to that of the next, in seconds; None is half of
        `segment_s`.
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it.
    aggregate : {"mean_probability", "mean_logit", "vote", "max"}, default="mean_probability"
        How segments make a clip's probabilities: their mean; the normalised exponential of their
        mean logarithm; the share of segments whose most probable class it is; the normalised
        maximum.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on segments.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Samples per clip, where `X` was a 2-D array.

    Notes
    -----
    Segments start every `hop_s`; a last one is set at the clip's end, so that nothing is left
    out. A clip shorter than a segment is one segment, padded with silence. In `fit` every segment
    weighs one over the number of its clip's segments where `estimator` takes `sample_weight`, so
    that each clip counts the same; a Pipeline does not take it, nor does what is built around
    one, and long clips count more there.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skspec import MelSpectrogramImage, SegmentedClassifier, make_voices, time_statistics
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> mel = MelSpectrogramImage(sr=16_000)
    >>> features = FunctionTransformer(time_statistics)
    >>> pipe = make_pipeline(mel, features, LogisticRegression(max_iter=1000))
    >>> clf = SegmentedClassifier(pipe, segment_s=0.4, sr=16_000).fit(X, y)
    >>> clf.predict_proba(X).shape, len(clf.predict_segments(X).start_s)
    ((12, 2), 48)
    """

    _parameter_constraints = {  # noqa: RUF012
        "estimator": [BaseEstimator],
        "segment_s": [Interval(Real, 0, None, closed="neither")],
        "hop_s": [Interval(Real, 0, None, closed="neither"), None],
        "sr": [Interval(Real, 0, None, closed="neither")],
        "aggregate": [StrOptions(set(AGGREGATES))],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        segment_s: float = 1.0,
        hop_s: float | None = None,
        *,
        sr: float = 22_050,
        aggregate: str = "mean_probability",
    ) -> None:
        self.estimator = estimator
        self.segment_s = segment_s
        self.hop_s = hop_s
        self.sr = sr
        self.aggregate = aggregate

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> SegmentedClassifier:
        """Cut the clips and fit the estimator on their segments.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms.
        y : array-like of shape (n_clips,)
            Labels.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip; `estimator` must take it.
        groups : array-like of shape (n_clips,), default=None
            Given on to whatever part of the estimator takes groups (with metadata routing: to what
            asks for them by ``set_fit_request(groups=True)``), so that its validation split keeps
            them together; None makes each clip a group.

        Returns
        -------
        self
        """
        check_parameters(self)
        self._segment_length()
        clips = check_clips(self, X, reset=True)
        labels = check_labels(y, len(clips), type(self).__name__)
        segments, owner, _ = self._cut(clips)
        params = self._fit_params(sample_weight, groups, owner, len(clips))
        self.estimator_ = clone(self.estimator).fit(segments, labels[owner], **params)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_segments(self, X: Any) -> Bunch:
        """Give the probabilities of each segment.

        Returns
        -------
        Bunch
            Arrays with one entry for each segment: ``clip`` (index), ``start_s`` and ``end_s`` in
            seconds, ``label``, and ``probability`` of shape (n_segments, n_classes).
        """
        check_is_fitted(self)
        segments, owner, starts = self._cut(check_clips(self, X, reset=False))
        probability = self.estimator_.predict_proba(segments)
        return Bunch(
            clip=owner,
            start_s=starts / self.sr,
            end_s=(starts + self._segment_length()) / self.sr,
            label=self.classes_[probability.argmax(axis=1)],
            probability=probability,
        )

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the probability of each class for each clip, in the order of `classes_`."""
        segments = self.predict_segments(X)
        firsts = np.flatnonzero(np.diff(segments.clip, prepend=-1))
        return aggregate_segments(segments.probability, firsts, self.aggregate)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each clip."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _segment_length(self) -> int:
        """Give the samples of a segment; at least one, and the hop no longer than it."""
        length = max(1, round(self.segment_s * self.sr))
        if self.hop_s is not None and self.hop_s > self.segment_s:
            raise ParameterError(
                f"Got hop_s={self.hop_s!r}, but expected at most segment_s={self.segment_s!r}: "
                "what lies between segments would be left out."
            )
        return length

    def _cut(self, clips: Waveforms) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
        """Give all segments, the clip each is of, and the sample it starts at."""
        cut = list(self._segments(clips))
        segments = np.stack([segment for _, _, segment in cut])
        owner = np.array([index for index, _, _ in cut], dtype=np.intp)
        return segments, owner, np.array([start for _, start, _ in cut], dtype=np.intp)

    def _segments(self, clips: Waveforms) -> Iterator[tuple[int, int, NDArray[Any]]]:
        length = self._segment_length()
        hop = max(1, round((self.segment_s / 2 if self.hop_s is None else self.hop_s) * self.sr))
        for first, block in iter_blocks(clips, self.sr):
            for index, clip in enumerate(block, first):
                for start in segment_starts(len(clip), length, hop):
                    yield index, start, fix_length(clip[start : start + length], length)

    def _fit_params(
        self,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        owner: NDArray[np.intp],
        n_clips: int,
    ) -> dict[str, NDArray[Any]]:
        params = {}
        if takes_weights(self.estimator):
            weights = check_sample_weight(sample_weight, np.empty((n_clips, 1)), dtype=np.float64)
            params["sample_weight"] = (weights / np.bincount(owner, minlength=n_clips))[owner]
        elif sample_weight is not None:
            raise ParameterError(not_taken(self.estimator, "sample_weight"))
        clips = owner if groups is None else check_groups(groups, n_clips)[owner]
        return {**params, **groups_for_fit(self.estimator, clips)}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


def segment_starts(n_timepoints: int, length: int, hop: int) -> list[int]:
    """Give where segments start: every `hop`, and once so that the last ends with the clip."""
    last = max(0, n_timepoints - length)
    return [*range(0, math.ceil(last / hop) * hop, hop), last]


def aggregate_segments(
    probability: NDArray[Any], firsts: NDArray[np.intp], aggregate: str
) -> NDArray[Any]:
    """Give one row of probabilities for each clip, whose segments begin at the rows `firsts`."""
    counts = np.diff(firsts, append=len(probability))[:, None]
    if aggregate == "max":
        largest = np.maximum.reduceat(probability, firsts)
        return largest / largest.sum(axis=1, keepdims=True)
    if aggregate == "mean_logit":
        tiny = np.finfo(probability.dtype).tiny
        means = np.add.reduceat(np.log(np.maximum(probability, tiny)), firsts) / counts
        powers = np.exp(means - means.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if aggregate == "vote":
        probability = np.eye(probability.shape[1])[probability.argmax(axis=1)]
    return np.add.reduceat(probability, firsts) / counts
