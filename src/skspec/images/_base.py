"""What all transformers from waveforms to images share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec._jobs import count_jobs
from skspec._progress import progress_bar
from skspec._validation import (
    Waveforms,
    check_clips,
    check_parameters,
    clip_name,
    holds_paths,
)
from skspec.audio import check_sound_files, for_each_block, iter_blocks, read_clip
from skspec.exceptions import InputError
from skspec.images._device_drawing import (
    Drawer,
    check_device,
    draw_rows,
    find_device,
    row_blocks,
)
from skspec.signal import fix_length

if TYPE_CHECKING:
    import torch

Images = NDArray[np.float32]
Clips = Sequence[NDArray[np.float32]]
Painter = Callable[[Clips, Images], None]
WaveformsLike = ArrayLike | Sequence[Any]

# Of waveforms that are painted at once, and how many at most. The frames of more would not stay in
# a core's cache; with those of fewer, threads wait more often for Python's lock.
PAINTED_SAMPLES = 2**17
PAINTED_CLIPS = 16


class WaveformImageTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers that draw one image of each waveform.

    A subclass has the parameters `sr`, `duration_s`, `pad`, `crop`, `device`, `n_jobs` and
    `verbose` besides its own, and says what shape an image has, how some are painted at once,
    and how many are drawn on a torch device. No image may depend on another, to the bit.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sr": [Interval(Real, 0, None, closed="neither")],
        "duration_s": [Interval(Real, 0, None, closed="neither"), None],
        "pad": [StrOptions({"zero", "wrap", "reflect"})],
        "crop": [StrOptions({"start", "center"})],
        "device": [str],
        "n_jobs": [Integral, None],
        "verbose": [Interval(Integral, 0, None, closed="left"), "boolean"],
    }

    @abstractmethod
    def _check_relations(self) -> None:
        """Raise a `ParameterError` for parameters that do not go together."""

    @abstractmethod
    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        """Give (n_channels, n_bins, n_frames)."""

    @abstractmethod
    def _make_painter(self) -> Painter:
        """Give the function that writes the images of some waveforms into an array.

        Every thread asks for its own, so it may have working memory. It takes a sequence of
        waveforms (n_timepoints,) and an array (n_clips, n_channels, n_bins, n_frames).
        """

    @abstractmethod
    def _make_drawer(self, device: torch.device) -> Drawer:
        """Give the function that draws the images of many waveforms at once on a torch device.

        It takes and gives tensors there. No image may depend on another.
        """

    @abstractmethod
    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give what each row of a channel is, an array of shape (n_bins,).

        The centre in Hz, or the number that `get_row_label` names.
        """

    @abstractmethod
    def get_times(self) -> NDArray[np.float64]:
        """Give the centre of each frame in seconds, an array of shape (n_frames,)."""

    @abstractmethod
    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of a channel's values, for labels."""

    def get_row_label(self, channel: int = 0) -> str:
        """Say what `get_frequencies` gives for a channel, for labels."""
        return "frequency (Hz)"

    def _warn_of_oddities(self) -> None:
        """Warn of parameters that are allowed but look wrong; `fit` calls it directly."""

    def _check_clips(self, X: WaveformsLike, *, reset: bool) -> Waveforms:
        """Validate a batch, and for tables the number and names of their columns."""
        return check_clips(
            self,
            X,
            reset=reset,
            any_width=self.duration_s is not None,
            remedy="Set duration_s to pad or crop clips to one length.",
        )

    def _learn_n_timepoints(self, clips: Waveforms) -> int:
        if holds_paths(clips):
            check_sound_files(clips)
        if self.duration_s is not None:
            return max(1, round(self.duration_s * self.sr))
        _, first = next(iter_blocks(clips[:1], self.sr))
        n_timepoints = len(first[0])
        if not holds_paths(clips):
            for index, clip in enumerate(clips):
                self._check_length(clip, n_timepoints, index, clips)
        return n_timepoints

    def _check_length(
        self, clip: NDArray[Any], n_timepoints: int, index: int, clips: Waveforms
    ) -> None:
        if len(clip) != n_timepoints:
            raise InputError(
                f"{clip_name(type(self).__name__, index, clips)}: {len(clip)} samples at "
                f"{self.sr} Hz, expected {n_timepoints} as in the first clip of fit. "
                "Set duration_s to pad or crop clips to one length."
            )

    def _fix_length(self, clip: NDArray[Any], index: int, clips: Waveforms) -> NDArray[np.float32]:
        if self.duration_s is None:
            self._check_length(clip, self.n_timepoints_, index, clips)
        fixed = fix_length(clip, self.n_timepoints_, pad=self.pad, crop=self.crop)
        return np.ascontiguousarray(fixed, dtype=np.float32)

    def fit(self, X: WaveformsLike, y: Any = None) -> Self:
        """Check the parameters and learn the length of the clips.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1. Of paths only the first is decoded, and that only
            with `duration_s=None`; the others are checked to be files.
        y : Ignored
            For the sake of scikit-learn.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        check_parameters(self)
        check_device(self.device)
        count_jobs(self.n_jobs)
        self._check_relations()
        self._warn_of_oddities()
        clips = self._check_clips(X, reset=True)
        return self._set_length(self._learn_n_timepoints(clips))

    def _set_length(self, n_timepoints: int) -> Self:
        """Learn the length of clips, which is all that there is to learn."""
        self.n_timepoints_ = n_timepoints
        self.image_shape_ = self._get_image_shape(n_timepoints)
        return self

    def transform(self, X: WaveformsLike) -> Images:
        """Draw an image of every clip.

        Parameters
        ----------
        X : array-like (n_clips, n_timepoints), sequence of 1-D arrays, or sequence of paths
            Waveforms at `sr`, full scale 1; files are resampled to it.

        Returns
        -------
        images : ndarray (n_clips, n_channels, n_bins, n_frames) of float32
            One image per clip, in the order of `X`.
        """
        check_is_fitted(self)
        clips = self._check_clips(X, reset=False)
        images = np.empty((len(clips), *self.image_shape_), np.float32)
        if (device := find_device(self.device)) is not None:
            self._draw_all(clips, images, device)
            return images

        def make_worker() -> Callable[[int, Iterable[NDArray[Any]]], None]:
            paint = self._make_painter()

            def work(start: int, block: Iterable[NDArray[Any]]) -> None:
                fixed = [self._fix_length(clip, i, clips) for i, clip in enumerate(block, start)]
                paint(fixed, images[start : start + len(fixed)])

            return work

        for_each_block(
            make_worker,
            clips,
            self.sr,
            block_size=self._count_painted_at_once(),
            n_jobs=self.n_jobs,
            label=type(self).__name__,
            verbose=self.verbose,
        )
        return images

    def _count_painted_at_once(self) -> int:
        return max(1, min(PAINTED_CLIPS, PAINTED_SAMPLES // self.n_timepoints_))

    def _draw_all(self, clips: Waveforms, images: Images, device: torch.device) -> None:
        """Draw on a torch device, a block of clips after the other."""

        def read(row: int) -> NDArray[np.float32]:
            return self._fix_length(read_clip(clips, self.sr, row), row, clips)

        label = type(self).__name__
        with progress_bar(len(clips), label, verbose=self.verbose, unit="clip") as bar:
            for rows in row_blocks(len(clips), self.n_timepoints_):
                drawn = draw_rows(self, read, rows, device)
                images[rows.start : rows.stop] = drawn.cpu().numpy()
                bar.update(len(rows))

    def set_output(self, *, transform: str | None = None) -> Self:
        """Accept any output setting and keep giving arrays: images have no columns.

        Parameters
        ----------
        transform : str, default=None
            Not used; here so that `set_output` of a whole pipeline works.

        Returns
        -------
        self : object
            The transformer.
        """
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
