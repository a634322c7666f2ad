"""What all transformers from waveforms to waveforms share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval
from skspec._validation import Waveforms, check_clips, check_parameters, holds_paths
from skspec.audio import check_sound_files, iter_clips

Waveform = NDArray[np.float64]
WaveformsLike = ArrayLike | Sequence[Any]


class WaveformTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers that make one waveform of each waveform.

    A subclass has the parameters `sr` and `verbose` besides its own, and says what becomes of
    one clip. Each clip is changed by itself, so it cannot depend on the batch.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sr": [Interval(Real, 0, None, closed="neither")],
        "verbose": [Interval(Integral, 0, None, closed="left"), "boolean"],
    }

    n_timepoints_: Any  # int, or None where it depends on the clip

    @abstractmethod
    def _change(self, clip: Waveform) -> Waveform:
        """Give what becomes of one clip, at least one sample; the clip itself is not changed."""

    def _learn_n_timepoints(self, clips: Waveforms) -> int | None:
        """Give the samples of every clip that comes out, where that is one number."""
        return None

    def _takes_any_width(self) -> bool:
        """Tell whether tables may be of another width than in fit."""
        return False

    def _check_clips(self, X: WaveformsLike, *, reset: bool) -> Waveforms:
        """Validate a batch, and for tables the number and names of their columns."""
        # One clip alone is a table whatever its length, so its width says nothing.
        any_width = self._takes_any_width() or (isinstance(X, np.ndarray) and len(X) == 1)
        return check_clips(self, X, reset=reset, any_width=any_width)

    def fit(self, X: WaveformsLike, y: Any = None) -> Self:
        """Check the parameters and the clips, and learn what the parameters ask for.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1.
        y : Ignored
            For the sake of scikit-learn.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        check_parameters(self)
        clips = self._check_clips(X, reset=True)
        if holds_paths(clips):
            check_sound_files(clips)
        self.n_timepoints_ = self._learn_n_timepoints(clips)
        return self

    def transform(self, X: WaveformsLike) -> NDArray[Any]:
        """Change every clip.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1; files are resampled to it.

        Returns
        -------
        waveforms : ndarray (n_clips, n_timepoints) of float32
            One clip per row, in the order of `X`. Where lengths differ, an object array
            (n_clips,) of 1-D float32 arrays.
        """
        check_is_fitted(self)
        clips = self._check_clips(X, reset=False)
        return gather(self._iter_changed(clips), len(clips))

    def _iter_changed(self, clips: Waveforms) -> Iterator[Waveform]:
        label = type(self).__name__
        for clip in iter_clips(clips, self.sr, label=label, verbose=self.verbose):
            yield self._change(np.ascontiguousarray(clip, dtype=np.float64))

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: waveforms are arrays, whatever output is asked of a Pipeline."""
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def gather(waveforms: Iterable[NDArray[Any]], n_clips: int) -> NDArray[Any]:
    """Put waveforms into one array, as they come; none of them is kept besides.

    Parameters
    ----------
    waveforms : iterable of ndarrays (n_timepoints,)
        As many as `n_clips`, at least one.
    n_clips : int > 0
        How many.

    Returns
    -------
    ndarray (n_clips, n_timepoints) of float32, or of object (n_clips,)
        An object array of 1-D float32 arrays where lengths differ.
    """
    coming = iter(waveforms)
    first = next(coming)
    table = np.empty((n_clips, len(first)), np.float32)
    for index, waveform in enumerate(chain([first], coming)):
        if len(waveform) != table.shape[1]:
            return _gather_ragged(chain(table[:index], [waveform], coming), n_clips)
        table[index] = waveform
    return table


def _gather_ragged(waveforms: Iterable[NDArray[Any]], n_clips: int) -> NDArray[np.object_]:
    clips = np.empty(n_clips, object)
    for index, waveform in enumerate(waveforms):
        clips[index] = np.array(waveform, np.float32)
    return clips
