"""Spectral contrast."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval
from skspec.exceptions import ParameterError
from skspec.images._base import Clips, Drawer, Images, Painter
from skspec.images._stft_image import STFTImageTransformer
from skspec.signal import ContrastBand, Window, contrast_bands, spectral_contrasts

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class SpectralContrastImage(STFTImageTransformer):
    """How far peaks stand above valleys of the spectrum, octave by octave over time.

    High where harmonics stand alone, low where there is noise: it tells voiced from whispered
    sound and tones from wind, and adds to what a mel spectrogram or chroma shows. The numbers
    are those of `librosa.feature.spectral_contrast`.

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
    fmin : float > 0, default=200.0
        Upper edge of the lowest band in Hz.
    n_bands : int > 0, default=6
        Octaves above it, so the image has n_bands + 1 rows; the last one goes on to sr / 2. It
        must begin below that.
    quantile : float in (0, 1), default=0.02
        Share of a band's bins that is its peak, and its valley; at least one bin.
    linear : bool, default=False
        Difference of peak and valley as amplitudes, rather than in decibels.
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
    image_shape_ : tuple (1, n_bands + 1, n_frames)
        Shape of an image: channels, bands, frames.
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
    Of the n amplitudes ``|S(k, t)|`` of a band, with a = max(1, round(quantile * n))::

        peak = mean of the a largest,   valley = mean of the a smallest,
        contrast = 10 * log10(peak) - 10 * log10(valley)

    where both levels are cut off 80 dB below the clip's largest, and at -100 dB. As in librosa
    these are levels of amplitudes, half of what decibels mostly are. Agreement with librosa's
    float64 is 0.01 dB, but less where a valley is under 1e-4 of the loudest amplitude of the
    clip: such a valley is made of rounding.

    References
    ----------
    .. [1] D.-N. Jiang, L. Lu, H.-J. Zhang, J.-H. Tao, L.-H. Cai, "Music type classification by
       spectral contrast feature", IEEE ICME (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import SpectralContrastImage
    >>> noise = np.random.default_rng(0).normal(scale=0.01, size=22_050)
    >>> tone = noise + np.sin(2 * np.pi * 1000 * np.arange(22_050) / 22_050)
    >>> images = SpectralContrastImage().fit_transform(np.stack([noise, tone]))
    >>> images.shape
    (2, 1, 7, 44)
    >>> bool(images[1, 0, 3].mean() > 10 + images[0, 0, 3].mean())  # 800 to 1600 Hz
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **STFTImageTransformer._parameter_constraints,
        "fmin": [Interval(Real, 0, None, closed="neither")],
        "n_bands": [Interval(Integral, 1, None, closed="left")],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
        "linear": ["boolean"],
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        duration_s: float | None = None,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        fmin: float = 200.0,
        n_bands: int = 6,
        quantile: float = 0.02,
        linear: bool = False,
        n_fft: int = 2048,
        hop_length: int = 512,
        win_length: int | None = None,
        window: Window = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        device: str = "cpu",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.sr = sr
        self.duration_s = duration_s
        self.pad = pad
        self.crop = crop
        self.fmin = fmin
        self.n_bands = n_bands
        self.quantile = quantile
        self.linear = linear
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.win_length = win_length
        self.window = window
        self.center = center
        self.pad_mode = pad_mode
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_relations(self) -> None:
        super()._check_relations()
        self._make_bands()

    def _make_bands(self) -> list[ContrastBand]:
        try:
            return contrast_bands(
                self.sr, self.n_fft, fmin=self.fmin, n_bands=self.n_bands, quantile=self.quantile
            )
        except ValueError as error:
            raise ParameterError(
                f"Got fmin={self.fmin!r}, n_bands={self.n_bands!r}, n_fft={self.n_fft!r}, but "
                f"{error}; expected other bands, or a larger n_fft."
            ) from error

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        return (1, self.n_bands + 1, self._make_stft().n_frames(n_timepoints))

    def _make_painter(self) -> Painter:
        stft, bands = self._make_stft(), self._make_bands()

        def paint(waveforms: Clips, images: Images) -> None:
            spectral_contrasts(waveforms, stft, bands, linear=self.linear, out=images[:, 0])

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        from skspec.signal import _torch_transforms as batched

        stft, bands = batched.BatchSTFT.on(device, self._make_stft()), self._make_bands()

        def draw(waveforms: Tensor) -> Tensor:
            contrasts = batched.spectral_contrasts(waveforms, stft, bands, linear=self.linear)
            return contrasts[:, None]

        return draw

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the centre of each band in Hz, an array of shape (n_bands + 1,).

        That is the geometric mean of its edges, and for the lowest, which begins at 0, half of
        its upper one.
        """
        bands = self._make_bands()
        centers = [np.sqrt(band.low * band.high) for band in bands]
        return np.array([bands[0].high / 2, *centers[1:]])

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of the values, for labels."""
        return "amplitude" if self.linear else "dB"
