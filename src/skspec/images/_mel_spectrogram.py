"""Mel spectrograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec.images._base import Clips, Drawer, Images, Painter
from skspec.images._mel_bands import MEL_CONSTRAINTS, MEL_NORM, MelBandsMixin
from skspec.images._stft_image import SCALE_CONSTRAINTS, ScaleMixin, STFTImageTransformer
from skspec.signal import Window, mel_spectrograms

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class MelSpectrogramImage(MelBandsMixin, ScaleMixin, STFTImageTransformer):
    """Mel spectrogram of each clip, as an image of one channel.

    Mel bands are narrow where hearing is sharp and wide where it is not, so the image spends its
    rows where speech and most natural sounds differ. The numbers are librosa's. By default they
    are decibels below the loudest point of the clip, so loudness of the recording drops out, and
    a clip's image never depends on the clips around it.

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
    n_fft : int > 0, default=2048
        Samples in a frame.
    hop_length : int > 0, default=512
        Samples between frames.
    win_length : int in [1, n_fft] or None, default=None
        Samples in the window, in the middle of the frame; `None` is `n_fft`.
    window : str, tuple or array-like (win_length,), default="hann"
        What `scipy.signal.get_window` takes, as "hamming" or ("kaiser", 14.0), or its values.
    center : bool, default=True
        Whether frame t is centred on sample t * hop_length, rather than starts there. A clip
        shorter than a frame is padded with zeros either way.
    pad_mode : {"constant", "edge", "reflect", "symmetric"}, default="constant"
        How `numpy.pad` extends both ends of the clip for that; "constant" is silence.
    power : float in (0, 2], default=2.0
        Exponent of the amplitudes before they are summed into bands: 1 for amplitude, 2 for
        power.
    n_mels : int > 0, default=128
        Mel bands, the rows of the image.
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
        What is 0 dB: the largest value of the clip, or a value in the units of the linear image.
    amin : float > 0, default=1e-10
        Floor below which decibels are not counted, as a power.
    top_db : float >= 0 or None, default=80.0
        Range in dB below the largest value of the clip at which the image is cut off.
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
    image_shape_ : tuple (1, n_mels, n_frames)
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
    With the short-time Fourier transform S(k, t) and the triangular mel filters F(m, k)::

        M(m, t) = sum over k of F(m, k) * |S(k, t)| ** power

    and in decibels (20 / power) * log10(max(M, a) / max(ref, a)), a = amin ** (power / 2), cut
    off at `top_db` below the maximum. This is `librosa.feature.melspectrogram`, followed by
    `librosa.power_to_db` for power 2 and `librosa.amplitude_to_db` for power 1. All of it is
    float32, within 1e-4 of the clip's maximum of librosa's float64 FFT, and 0.01 dB.

    References
    ----------
    .. [1] S. S. Stevens, J. Volkmann, E. B. Newman, "A scale for the measurement of the
       psychological magnitude pitch", J. Acoust. Soc. Am. 8, 185 (1937).
    .. [2] M. Slaney, "Auditory Toolbox, version 2", Interval Research, report 1998-010 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import MelSpectrogramImage
    >>> seconds = np.arange(16_000) / 16_000
    >>> X = np.stack([np.sin(2 * np.pi * pitch * seconds) for pitch in (220, 440)])
    >>> images = MelSpectrogramImage(sr=16_000, n_mels=64).fit_transform(X)
    >>> images.shape
    (2, 1, 64, 32)
    >>> float(images.max()), float(images.min())
    (0.0, -80.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **STFTImageTransformer._parameter_constraints,
        **MEL_CONSTRAINTS,
        **SCALE_CONSTRAINTS,
        "norm": MEL_NORM,
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        duration_s: float | None = None,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        n_fft: int = 2048,
        hop_length: int = 512,
        win_length: int | None = None,
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
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.win_length = win_length
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

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        return (1, self.n_mels, self._make_stft().n_frames(n_timepoints))

    def _make_painter(self) -> Painter:
        stft, filters = self._make_stft(), self._make_filters()

        def paint(waveforms: Clips, images: Images) -> None:
            power, out = self.power, images[:, 0]
            self._apply_scale(mel_spectrograms(waveforms, stft, filters, power=power, out=out))

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        from skspec.signal import _torch_transforms as batched

        stft = batched.BatchSTFT.on(device, self._make_stft())
        filters = batched.to_dense(self._make_filters(), device)

        def draw(waveforms: Tensor) -> Tensor:
            bands = batched.mel_spectrograms(waveforms, stft, filters, power=self.power)
            return self._scaled(bands)[:, None]

        return draw

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the centre of each mel band in Hz, an array of shape (n_mels,)."""
        return self._get_mel_centers()
