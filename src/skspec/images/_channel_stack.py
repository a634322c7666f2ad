"""Different pictures of a clip as the channels of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.images._base import Clips, Drawer, Images, Painter, WaveformImageTransformer
from skspec.images._named_transformers import Named, NamedTransformersMixin
from skspec.images._resizing import ResizeWeights, check_size, even_times, make_resize_weights
from skspec.signal import even_positions, resize

# What transformers must agree on, because each clip is read and brought to length once for all.
SHARED = ("sr", "duration_s", "pad", "crop")

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ChannelStack(NamedTransformersMixin, WaveformImageTransformer):
    """The images that several transformers make of each clip, as channels of one image.

    A network then sees, say, a mel spectrogram, MFCC and their slopes at once. Files are read
    once, not once for each transformer. Parameters of a transformer are reached by its name, as
    in a Pipeline: ``stack__mfcc__n_mfcc`` in a search.

    Parameters
    ----------
    transformers : list of (str, transformer)
        Names and transformers from waveforms to images, in the order of their channels; one
        with several channels keeps them all. They must have the same `sr`, `duration_s`, `pad`
        and `crop`. They are not changed: `fit` works on clones.
    size : (int > 0, int > 0) or None, default=None
        Bins and frames that all channels are resized to; `None` is the size of the first
        transformer's images.
    device : {"cpu", "cuda", "cuda:N", "auto"}, default="cpu"
        Where images are drawn, whatever `device` the transformers have; "auto" is CUDA where
        there is one. There they are within 1e-4 of the clip's maximum, and 0.01 dB, of those of
        the CPU.
    n_jobs : int or None, default=None
        Threads that share out the clips; `None` is 1 unless a `joblib.parallel_config` says
        otherwise, -1 is one for each core. Results are the same to the bit.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    transformers_ : list of (str, transformer)
        The fitted clones.
    n_timepoints_ : int
        Samples per clip.
    image_shape_ : tuple (n_channels, n_bins, n_frames)
        Shape of an image; n_channels is the sum of theirs.
    n_features_in_ : int
        Samples per clip seen in `fit`, where `X` was a 2-D table of numbers.
    feature_names_in_ : ndarray (`n_features_in_`,)
        Its column names, where it had any.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed, also one of a transformer, and for
        transformers that do not agree; the message names them.
    InputError, InputTypeError
        For clips that cannot be used; the message names the clip.
    AudioReadError
        For a file that cannot be read.

    Notes
    -----
    Frames are interpolated linearly at the times of the columns: those of the first
    transformer's frames, or with `size` (j + 1/2) * T / n_frames for a clip of T seconds. So a
    column is the same moment in every channel. Rows are shared out evenly and interpolated
    likewise, the first on the first and the last on the last, whatever they mean. Where an image
    gets smaller, all of it is averaged with weights that fall linearly, so that nothing is
    skipped. Values are not rescaled: put an `ImageScaler` with ``per="channel"`` behind it.

    Setting a parameter of a transformer by its name gives this stack a clone of it, so other
    stacks made with the same list do not change.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ChannelStack, MelSpectrogramImage, MFCCImage
    >>> stack = ChannelStack(
    ...     [
    ...         ("mel", MelSpectrogramImage(sr=16_000)),
    ...         ("mfcc", MFCCImage(sr=16_000, deltas=1)),
    ...     ]
    ... )
    >>> X = np.random.default_rng(0).normal(scale=0.1, size=(2, 16_000))
    >>> stack.set_params(mfcc__n_mfcc=13).fit_transform(X).shape
    (2, 3, 128, 32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "transformers": [list, tuple],
        "size": ["array-like", None],
        **{
            name: WaveformImageTransformer._parameter_constraints[name]
            for name in ("device", "n_jobs", "verbose")
        },
    }

    def __init__(
        self,
        transformers: list[Named],
        *,
        size: tuple[int, int] | None = None,
        device: str = "cpu",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.transformers = transformers
        self.size = size
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def sr(self) -> float:
        """Sampling rate of all transformers in Hz."""
        return self.transformers[0][1].sr

    @property
    def duration_s(self) -> float | None:
        """Length that all transformers bring clips to, in seconds, if any."""
        return self.transformers[0][1].duration_s

    @property
    def pad(self) -> str:
        """What follows a short clip, in all transformers."""
        return self.transformers[0][1].pad

    @property
    def crop(self) -> str:
        """Part that is kept of a long clip, in all transformers."""
        return self.transformers[0][1].crop

    def _check_relations(self) -> None:
        self._check_names()
        if self.size is not None:
            check_size(self.size)
        for name, part in self.transformers:
            try:
                check_parameters(part)
                part._check_relations()
            except ParameterError as error:
                raise ParameterError(f"ChannelStack, transformer {name!r}: {error}") from error
        self._check_agreement()

    def _check_names(self) -> None:
        own, names = super().get_params(deep=False), list(self._get_parts())
        if not names or len(names) != len(self.transformers):
            raise ParameterError(
                f"Got transformers={self.transformers!r}, but expected a list of one or more "
                "(name, transformer) pairs with names that differ."
            )
        for name, part in self.transformers:
            if not isinstance(part, WaveformImageTransformer):
                raise ParameterError(
                    f"Got the transformer {part!r} for {name!r}, but expected one from waveforms "
                    "to images, such as MelSpectrogramImage()."
                )
            if name in own or "__" in name:
                raise ParameterError(
                    f"Got the name {name!r}, but expected one without '__' that is not "
                    f"among {sorted(own)}."
                )

    def _check_agreement(self) -> None:
        first = self.transformers[0][0]
        for name, part in self.transformers[1:]:
            for param in SHARED:
                if getattr(part, param) != getattr(self, param):
                    raise ParameterError(
                        f"Got {param}={getattr(part, param)!r} for {name!r}, but "
                        f"{param}={getattr(self, param)!r} for {first!r}; transformers of a "
                        f"ChannelStack must agree on {', '.join(SHARED)}."
                    )

    def _warn_of_oddities(self) -> None:
        for _, part in self.transformers:
            part._warn_of_oddities()

    def _set_length(self, n_timepoints: int) -> Self:
        self.transformers_ = [
            (name, clone(part)._set_length(n_timepoints)) for name, part in self.transformers
        ]
        return super()._set_length(n_timepoints)

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        shapes = [part._get_image_shape(n_timepoints) for _, part in self.transformers]
        n_bins, n_frames = shapes[0][1:] if self.size is None else self.size
        return (sum(n_channels for n_channels, _, _ in shapes), n_bins, n_frames)

    def _make_painter(self) -> Painter:
        parts = [part for _, part in self.transformers_]
        painters = [part._make_painter() for part in parts]
        weights = [self._make_weights(part) for part in parts]

        def paint(waveforms: Clips, images: Images) -> None:
            first = 0
            for part, paint_part, (rows, frames) in zip(parts, painters, weights, strict=True):
                drawn = np.empty((len(images), *part.image_shape_), np.float32)
                paint_part(waveforms, drawn)
                for image, channels in zip(images, drawn, strict=True):
                    for channel, values in enumerate(channels, first):
                        image[channel] = resize(values, rows, frames)
                first += part.image_shape_[0]

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        import torch

        from skspec.signal._torch_transforms import make_resizer

        parts = [
            (part._make_drawer(device), make_resizer(*self._make_weights(part), device))
            for _, part in self.transformers_
        ]

        def draw(waveforms: Tensor) -> Tensor:
            drawn = [resized(draw_part(waveforms)) for draw_part, resized in parts]
            return torch.cat(drawn, dim=1)

        return draw

    def _make_weights(self, part: WaveformImageTransformer) -> ResizeWeights:
        return make_resize_weights(
            part.image_shape_[1], part.get_times(), self.image_shape_[1], self.get_times()
        )

    def _get_part(self, channel: int) -> tuple[WaveformImageTransformer, int]:
        """Give the transformer that makes a channel, and which of its channels it is."""
        check_is_fitted(self)
        left = channel
        for _, part in self.transformers_:
            if 0 <= left < part.image_shape_[0]:
                return part, left
            left -= part.image_shape_[0]
        raise ParameterError(
            f"Got channel={channel!r}, but expected 0 to {self.image_shape_[0] - 1}."
        )

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give what each row of a channel is, an array of shape (n_bins,).

        What the transformer that makes it says of its rows, interpolated as they are.
        """
        part, channel = self._get_part(channel)
        rows = part.get_frequencies(channel)
        positions = even_positions(len(rows), self.image_shape_[1])
        return np.interp(positions, np.arange(len(rows)), rows)

    def get_times(self) -> NDArray[np.float64]:
        """Give the centre of each column in seconds, an array of shape (n_frames,)."""
        check_is_fitted(self)
        if self.size is None:
            return self.transformers_[0][1].get_times()
        return even_times(self.n_timepoints_, self.sr, self.image_shape_[2])

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of a channel's values, for labels."""
        part, channel = self._get_part(channel)
        return part.get_unit(channel)

    def get_row_label(self, channel: int = 0) -> str:
        """Say what the rows of a channel are, for labels."""
        part, channel = self._get_part(channel)
        return part.get_row_label(channel)
