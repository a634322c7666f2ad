"""Mel spectrograms of several resolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skspec.exceptions import ParameterError
from skspec.images._base import Clips, Drawer, Images, Painter, WaveformImageTransformer
from skspec.images._mel_bands import MEL_CONSTRAINTS, MEL_NORM, MelBandsMixin
from skspec.images._resizing import (
    ResizeWeights,
    check_size,
    even_times,
    is_pair,
    make_resize_weights,
)
from skspec.images._stft_image import FRAME_CONSTRAINTS, SCALE_CONSTRAINTS, ScaleMixin
from skspec.signal import STFT, Window, even_positions, make_stft, mel_spectrograms, resize

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class MultiResSpectrogram(MelBandsMixin, ScaleMixin, WaveformImageTransformer):
    """Mel spectrograms of each clip with windows of several lengths, one for each channel.

    A short window shows when something happens, a long one at which frequency. With one of each
    in the three channels that networks pretrained on pictures have, none of the three is wasted.
    The default is the setting of [1]_.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it; arrays must have it.
    duration_s : float > 0 or None, default=None
        Length in seconds that clips are padded or cropped to. `None`: all clips must be as long
        as the first one seen in `fit`.
    pad : {"zero", "wrap", "reflect"}, default="zero"
        What follows a clip shorter than `duration_s`: silence, the clip again, or the clip back
        and forth.
    crop : {"start", "center"}, default="start"
        Part that is kept of a clip longer than `duration_s`.
    resolutions : sequence of (win_length, hop_length), default=((1024, 256), (2048, 512), \
(4096, 1024))
        Samples in the window, at most `n_fft`, and samples between frames, for each channel.
    n_fft : int > 0, default=4096
        Samples in a frame; windows lie in the middle of it.
    size : (int > 0, int > 0), default=(128, 256)
        Bins and frames that all channels are resized to.
    window : str or tuple, default="hann"
        What `scipy.signal.get_window` takes, as "hamming" or ("kaiser", 14.0).
    center : bool, default=True
        Whether frame t is centred on sample t * hop_length, rather than starts there. A clip
        shorter than a frame is padded with zeros either way.
    pad_mode : {"constant", "edge", "reflect", "symmetric"}, default="constant"
        How `numpy.pad` extends both ends of the clip for that; "constant" is silence.
    power : float in (0, 2], default=2.0
        Exponent of the amplitudes before they are summed into bands: 1 for amplitude, 2 for
        power.
    n_mels : int > 0, default=128
        Mel bands, before they are resized.
    fmin : float >= 0, default=0.0
        Lower edge of the lowest band in Hz.
    fmax : float in (fmin, sr / 2] or None, default=None
        Upper edge of the highest band in Hz; `None` is sr / 2.
    htk : bool, default=False
        Whether to use HTK's mel formula in place of Slaney's.
    norm : "slaney", float > 0 or None, default="slaney"
        Bands of equal area, of this vector norm, or of equal height.
    scale : {"db", "linear"}, default="db"
        Decibels, or the band sums as they are.
    ref : "max" or float > 0, default="max"
        What is 0 dB: the largest value of the channel, or a value in the units of the linear
        image.
    amin : float > 0, default=1e-10
        Floor below which decibels are not counted, as a power.
    top_db : float >= 0 or None, default=80.0
        Range in dB below the largest value of the channel at which it is cut off.
    device : {"cpu", "cuda", "cuda:N", "auto"}, default="cpu"
        Where images are drawn; "auto" is CUDA where there is one. There they are within 1e-4 of
        the clip's maximum, and 0.01 dB, of those of the CPU.
    n_jobs : int or None, default=None
        Threads that share out the clips; `None` is 1 unless a `joblib.parallel_config` says
        otherwise, -1 is one for each core. Results are the same to the bit.
    verbose : int, default=0
        1 shows a progress bar over clips, with the time left.

    Attributes
    ----------
    n_timepoints_ : int
        Samples per clip.
    image_shape_ : tuple (n_resolutions, n_bins, n_frames)
        Shape of an image: channels, bins, frames.
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
        Some band is so narrow that no FFT bin falls into it: its row is always silent.

    Notes
    -----
    Each channel is a mel spectrogram M(m, t) as `MelSpectrogramImage` makes it with
    ``scale="linear"``, then resized, then turned into decibels. Column j of a clip of T seconds
    shows the time (j + 1/2) * T / n_frames in every channel: linear between the two frames
    nearest to it, and before the first and after the last what that one shows. Where there are
    more frames than columns, frames up to one column away are averaged with weights that fall
    linearly, so that none is skipped. Rows likewise, where n_mels is not the number of bins.

    The paper's text gives (hop, window) as (1024, 256) and so on. Windows shorter than their
    hops would leave sound out, and its 25 % fit the other reading: the default here.

    References
    ----------
    .. [1] "Emotive classification of audio recordings using transfer learning": three
       spectrograms of 128 bins and 4096 Fourier components, resized to (128, 256), log.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import MultiResSpectrogram
    >>> X = np.random.default_rng(0).normal(scale=0.1, size=(2, 48_000))
    >>> MultiResSpectrogram(sr=16_000).fit_transform(X).shape
    (2, 3, 128, 256)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WaveformImageTransformer._parameter_constraints,
        **FRAME_CONSTRAINTS,
        **MEL_CONSTRAINTS,
        **SCALE_CONSTRAINTS,
        "resolutions": ["array-like"],
        "size": ["array-like"],
        "window": [str, tuple],
        "norm": MEL_NORM,
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        duration_s: float | None = None,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        resolutions: Sequence[tuple[int, int]] = ((1024, 256), (2048, 512), (4096, 1024)),
        n_fft: int = 4096,
        size: tuple[int, int] = (128, 256),
        window: Window = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        power: float = 2.0,
        n_mels: int = 128,
        fmin: float = 0.0,
        fmax: float | None = None,
        htk: bool = False,
        norm: Literal["slaney"] | float | None = "slaney",
        scale: Literal["db", "linear"] = "db",
        ref: float | Literal["max"] = "max",
        amin: float = 1e-10,
        top_db: float | None = 80.0,
        device: str = "cpu",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.sr = sr
        self.duration_s = duration_s
        self.pad = pad
        self.crop = crop
        self.resolutions = resolutions
        self.n_fft = n_fft
        self.size = size
        self.window = window
        self.center = center
        self.pad_mode = pad_mode
        self.power = power
        self.n_mels = n_mels
        self.fmin = fmin
        self.fmax = fmax
        self.htk = htk
        self.norm = norm
        self.scale = scale
        self.ref = ref
        self.amin = amin
        self.top_db = top_db
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_relations(self) -> None:
        check_size(self.size)
        if len(self.resolutions) == 0 or not all(is_pair(pair) for pair in self.resolutions):
            raise ParameterError(
                f"Got resolutions={self.resolutions!r}, but expected one or more pairs "
                "(win_length, hop_length) of integers > 0."
            )
        self._make_stfts()
        super()._check_relations()

    def _make_stfts(self) -> list[STFT]:
        return [
            make_stft(self.window, win_length, self.n_fft, hop_length, self.center, self.pad_mode)
            for win_length, hop_length in self.resolutions
        ]

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        return (len(self.resolutions), *self.size)

    def _make_painter(self) -> Painter:
        stfts, filters = self._make_stfts(), self._make_filters()
        weights = [self._make_weights(stft) for stft in stfts]

        def paint(waveforms: Clips, images: Images) -> None:
            for channel, (stft, (rows, frames)) in enumerate(zip(stfts, weights, strict=True)):
                drawn = mel_spectrograms(waveforms, stft, filters, power=self.power)
                for image, bands in zip(images, drawn, strict=True):
                    image[channel] = resize(bands, rows, frames)
                self._apply_scale(images[:, channel])

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        import torch

        from skspec.signal import _torch_transforms as batched

        filters = batched.to_dense(self._make_filters(), device)
        parts = [
            (batched.BatchSTFT.on(device, stft), batched.make_resizer(*weights, device))
            for stft in self._make_stfts()
            for weights in [self._make_weights(stft)]
        ]

        def draw(waveforms: Tensor) -> Tensor:
            channels = [
                resized(batched.mel_spectrograms(waveforms, stft, filters, power=self.power))
                for stft, resized in parts
            ]
            return self._scaled(torch.stack(channels, dim=1))

        return draw

    def _make_weights(self, stft: STFT) -> ResizeWeights:
        times = stft.times(self.n_timepoints_, self.sr)
        return make_resize_weights(self.n_mels, times, self.size[0], self.get_times())

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the centre of each row in Hz, an array of shape (n_bins,)."""
        centers = self._get_mel_centers()
        rows = even_positions(self.n_mels, self.size[0])
        return np.interp(rows, np.arange(self.n_mels), centers)

    def get_times(self) -> NDArray[np.float64]:
        """Give the centre of each column in seconds, an array of shape (n_frames,)."""
        check_is_fitted(self)
        return even_times(self.n_timepoints_, self.sr, self.size[1])
