"""Spectrograms on a linear frequency axis."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.exceptions import ParameterError
from skspec.images._base import Clips, Drawer, Images, Painter
from skspec.images._stft_image import (
    SCALE_CONSTRAINTS,
    ScaleMixin,
    STFTImageTransformer,
    check_band,
)
from skspec.signal import Scaling, Window, spectrograms, spectrum_factors

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class SpectrogramImage(ScaleMixin, STFTImageTransformer):
    """Spectrogram of each clip with evenly spaced frequencies, as an image of one channel.

    Nothing is summed into bands, so neighbouring harmonics stay apart at high frequencies, where
    a mel spectrogram blurs them: what one wants for calls of animals and for machines. The
    numbers are those of `librosa.stft`, or with ``scaling="density"`` those that matplotlib's
    `specgram` draws.

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
        Exponent of the amplitudes: 1 for amplitude, 2 for power. In decibels it makes no
        difference.
    scaling : {"magnitude", "spectrum", "density"}, default="magnitude"
        The transform as it is; power of the sine that would cause the bin; power per Hz. The
        last two do not change with `n_fft` and `window`, for tones and for noise respectively.
    fmin : float >= 0, default=0.0
        Frequencies below this, in Hz, are left out.
    fmax : float in (fmin, sr / 2] or None, default=None
        Frequencies above this, in Hz, are left out; `None` is sr / 2.
    scale : {"db", "linear"}, default="db"
        Decibels, or the values as they are.
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
    image_shape_ : tuple (1, n_bins, n_frames)
        Shape of an image; n_bins is 1 + n_fft // 2 where nothing is left out.
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
    With the short-time Fourier transform S(k, t) of the windowed frames the image is::

        (c(k) * |S(k, t)| ** 2) ** (power / 2)

    where c is 1 for "magnitude", 2 / sum(w) ** 2 for "spectrum" and 2 / (sr * sum(w ** 2)) for
    "density" with the window w, half as much at 0 Hz and, for even `n_fft`, at sr / 2, which
    have no negative twin. Decibels are (20 / power) * log10 of it as in `MelSpectrogramImage`.

    `matplotlib.mlab.specgram(x, NFFT, Fs, window=w, noverlap=NFFT - hop)` is
    ``scaling="density"``, its ``scale_by_freq=False`` is ``scaling="spectrum"``; both with
    ``n_fft=NFFT, hop_length=hop, window=w, center=False, scale="linear"``. The picture drawn of
    it is ``scale="db", ref=1.0, top_db=None`` with `amin` below anything in it. Give `w` as an
    array for NumPy's symmetric ``numpy.hamming(NFFT)``; "hamming" is the periodic window.

    References
    ----------
    .. [1] G. Heinzel, A. Rüdiger, R. Schilling, "Spectrum and spectral density estimation by the
       discrete Fourier transform (DFT)", Max Planck Institute for Gravitational Physics (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import SpectrogramImage
    >>> seconds = np.arange(8000) / 8000
    >>> X = np.sin(2 * np.pi * 1000 * seconds)[None, :]
    >>> drawing = SpectrogramImage(sr=8000, n_fft=256, hop_length=128, window="hamming")
    >>> images = drawing.fit_transform(X)
    >>> images.shape
    (1, 1, 129, 63)
    >>> float(drawing.get_frequencies()[images[0, 0, :, 30].argmax()])
    1000.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **STFTImageTransformer._parameter_constraints,
        **SCALE_CONSTRAINTS,
        "scaling": [StrOptions({"magnitude", "spectrum", "density"})],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [Interval(Real, 0, None, closed="neither"), None],
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
        scaling: Scaling = "magnitude",
        fmin: float = 0.0,
        fmax: float | None = None,
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
        self.scaling = scaling
        self.fmin = fmin
        self.fmax = fmax
        self.scale = scale
        self.ref = ref
        self.amin = amin
        self.top_db = top_db
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_relations(self) -> None:
        super()._check_relations()
        check_band(self.sr, self.fmin, self.fmax)
        if len(self.get_frequencies()) == 0:
            raise ParameterError(
                f"Got fmin={self.fmin!r} and fmax={self.fmax!r}, but expected a range that holds "
                f"a multiple of sr / n_fft = {self.sr / self.n_fft:g} Hz."
            )
        if not np.isfinite(self._make_factors()).all():
            raise ParameterError(
                f"Got window={self.window!r}, but scaling={self.scaling!r} divides by its sum, "
                "which is 0; expected another window, or scaling='magnitude'."
            )

    def _get_bins(self) -> slice:
        """Give the bins from `fmin` to `fmax`, both included."""
        every = np.fft.rfftfreq(self.n_fft, 1 / self.sr)
        top = np.inf if self.fmax is None else self.fmax
        return slice(
            int(np.searchsorted(every, self.fmin, "left")),
            int(np.searchsorted(every, top, "right")),
        )

    def _make_factors(self) -> NDArray[np.float64]:
        """Give what the amplitude of each kept bin, to the power `power`, is multiplied by."""
        with np.errstate(divide="ignore"):
            factors = spectrum_factors(self._make_stft(), self.sr, self.scaling)
        return np.ones(1) if factors is None else factors[self._get_bins()] ** (self.power / 2)

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        return (1, len(self.get_frequencies()), self._make_stft().n_frames(n_timepoints))

    def _make_painter(self) -> Painter:
        stft, bins = self._make_stft(), self._get_bins()
        factors = self._make_factors().astype(np.float32)[:, None]

        def paint(waveforms: Clips, images: Images) -> None:
            values = spectrograms(waveforms, stft, power=self.power, bins=bins, out=images[:, 0])
            if self.scaling != "magnitude":
                values *= factors
            self._apply_scale(values)

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        from skspec.signal import _torch_transforms as batched

        stft, bins = batched.BatchSTFT.on(device, self._make_stft()), self._get_bins()
        factors = batched.to_dense(self._make_factors(), device).float()[:, None]

        def draw(waveforms: Tensor) -> Tensor:
            values = batched.spectrograms(waveforms, stft, power=self.power, bins=bins)
            return self._scaled(values * factors)[:, None]

        return draw

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the centre of each row in Hz, an array of shape (n_bins,)."""
        every = np.fft.rfftfreq(self.n_fft, 1 / self.sr)
        return every[self._get_bins()].astype(np.float64)

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of the values, for labels."""
        if self.scale == "db" or self.scaling != "density":
            return super().get_unit(channel)
        return "power / Hz" if self.power == 2 else f"(power / Hz) ** {self.power / 2:g}"
