"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.exceptions import ParameterError
from skspec.images._base import Clips, Drawer, Images, Painter
from skspec.images._mel_bands import MEL_CONSTRAINTS, MEL_NORM, MelBandsMixin
from skspec.images._stft_image import DECIBEL_CONSTRAINTS, STFTImageTransformer
from skspec.signal import DeltaMode, Window, cepstrum, delta, mel_spectrograms, scratch, to_decibel

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class MFCCImage(MelBandsMixin, STFTImageTransformer):
    """Mel-frequency cepstral coefficients of each clip, and how fast they change.

    The cosine transform of a mel spectrogram's columns puts the coarse shape of the spectrum,
    which tells vowels and voices apart, into its first rows, and leaves fine structure such as
    pitch out. With `deltas` the image has one channel more for each derivative over time. The
    numbers are those of `librosa.feature.mfcc` and `librosa.feature.delta`.

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
    n_mfcc : int in [1, n_mels], default=20
        Coefficients, the rows of the image.
    deltas : {0, 1, 2}, default=0
        Derivatives over time that follow as channels: none, the slope, or slope and curvature.
    delta_width : odd int >= 3, default=9
        Frames that a derivative is fitted to.
    delta_mode : {"interp", "nearest", "mirror", "constant", "wrap"}, default="interp"
        Derivatives of the first and last delta_width // 2 frames: from the first and last
        `delta_width` frames, or from an image extended as `scipy.ndimage` does. "interp" needs
        clips of at least `delta_width` frames.
    dct_type : {1, 2, 3}, default=2
        Type of the cosine transform.
    norm : "ortho" or None, default="ortho"
        Whether the cosine transform is orthonormal.
    lifter : float >= 0, default=0
        Coefficient n >= 0 is multiplied by 1 + lifter / 2 * sin(pi * (n + 1) / lifter), which
        raises the middle ones; 0 leaves all alone.
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
    n_mels : int > 0, default=128
        Mel bands that are transformed.
    fmin : float >= 0, default=0.0
        Lower edge of the lowest band in Hz.
    fmax : float in (fmin, sr / 2] or None, default=None
        Upper edge of the highest band in Hz; `None` is sr / 2.
    htk : bool, default=False
        Whether to use HTK's mel formula in place of Slaney's.
    mel_norm : "slaney", float > 0 or None, default="slaney"
        Bands of equal area, of this vector norm, or of equal height.
    ref : "max" or float > 0, default=1.0
        Power of a band that is 0 dB: this one, or the largest of the clip, with which loudness
        drops out of coefficient 0; the others do not change.
    amin : float > 0, default=1e-10
        Floor below which decibels are not counted, as a power.
    top_db : float >= 0 or None, default=80.0
        Range in dB below the largest value of the clip at which bands are cut off.
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
    image_shape_ : tuple (1 + deltas, n_mfcc, n_frames)
        Shape of an image: channels, coefficients, frames.
    n_features_in_ : int
        Samples per clip seen in `fit`, where `X` was a 2-D table of numbers.
    feature_names_in_ : ndarray (`n_features_in_`,)
        Its column names, where it had any.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed, and for clips of fewer frames than
        `delta_width`.
    InputError, InputTypeError
        For clips that cannot be used; the message names the clip.
    AudioReadError
        For a file that cannot be read.

    Warns
    -----
    AudioWarning
        Some band is so narrow that no FFT bin falls into it: it is always silent.

    Notes
    -----
    With a mel spectrogram L(m, t) in dB (power 2), orthonormal type 2 is

        C(n, t) = s(n) * sum over m of L(m, t) * cos(pi * n * (m + 1/2) / n_mels)

    with s(0) = sqrt(1 / n_mels), and sqrt(2 / n_mels) for the others. Derivatives are per frame
    and frame squared, by the filters of Savitzky and Golay; the k-th one fits polynomials of
    degree k.

    References
    ----------
    .. [1] S. Davis, P. Mermelstein, "Comparison of parametric representations for monosyllabic
       word recognition in continuously spoken sentences", IEEE Trans. ASSP 28, 357 (1980).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import MFCCImage
    >>> X = np.random.default_rng(0).normal(scale=0.1, size=(2, 16_000))
    >>> MFCCImage(sr=16_000, n_mfcc=13, deltas=2).fit_transform(X).shape
    (2, 3, 13, 32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **STFTImageTransformer._parameter_constraints,
        **MEL_CONSTRAINTS,
        **DECIBEL_CONSTRAINTS,
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
        "deltas": [Interval(Integral, 0, 2, closed="both")],
        "delta_width": [Interval(Integral, 3, None, closed="left")],
        "delta_mode": [StrOptions({"interp", "nearest", "mirror", "constant", "wrap"})],
        "dct_type": [Interval(Integral, 1, 3, closed="both")],
        "norm": [StrOptions({"ortho"}), None],
        "lifter": [Interval(Real, 0, None, closed="left")],
        "mel_norm": MEL_NORM,
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        duration_s: float | None = None,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        n_mfcc: int = 20,
        deltas: int = 0,
        delta_width: int = 9,
        delta_mode: DeltaMode = "interp",
        dct_type: int = 2,
        norm: Literal["ortho"] | None = "ortho",
        lifter: float = 0,
        n_fft: int = 2048,
        hop_length: int = 512,
        win_length: int | None = None,
        window: Window = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        n_mels: int = 128,
        fmin: float = 0.0,
        fmax: float | None = None,
        htk: bool = False,
        mel_norm: Literal["slaney"] | float | None = "slaney",
        ref: float | Literal["max"] = 1.0,
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
        self.n_mfcc = n_mfcc
        self.deltas = deltas
        self.delta_width = delta_width
        self.delta_mode = delta_mode
        self.dct_type = dct_type
        self.norm = norm
        self.lifter = lifter
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.win_length = win_length
        self.window = window
        self.center = center
        self.pad_mode = pad_mode
        self.n_mels = n_mels
        self.fmin = fmin
        self.fmax = fmax
        self.htk = htk
        self.mel_norm = mel_norm
        self.ref = ref
        self.amin = amin
        self.top_db = top_db
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_relations(self) -> None:
        super()._check_relations()
        if self.n_mfcc > self.n_mels:
            raise ParameterError(
                f"Got n_mfcc={self.n_mfcc!r}, but expected at most n_mels={self.n_mels!r}."
            )
        if self.delta_width % 2 == 0:
            raise ParameterError(
                f"Got delta_width={self.delta_width!r}, but expected an odd number of frames."
            )
        if self.dct_type == 1 and self.n_mels == 1:
            raise ParameterError("Got n_mels=1, but expected at least 2 with dct_type=1.")

    def _get_mel_norm(self) -> Literal["slaney"] | float | None:
        return self.mel_norm

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        n_frames = self._make_stft().n_frames(n_timepoints)
        if self.deltas and self.delta_mode == "interp" and n_frames < self.delta_width:
            raise ParameterError(
                f"Got delta_width={self.delta_width!r}, but clips of {n_timepoints} samples have "
                f"{n_frames} frames and delta_mode='interp' expects at least delta_width; lower "
                "delta_width or hop_length, or set delta_mode='nearest'."
            )
        return (1 + self.deltas, self.n_mfcc, n_frames)

    def _make_painter(self) -> Painter:
        stft, filters = self._make_stft(), self._make_filters()

        def paint(waveforms: Clips, images: Images) -> None:
            bands = scratch("decibels", len(images), self.n_mels, images.shape[3])
            mel_spectrograms(waveforms, stft, filters, out=bands)
            to_decibel(bands, ref=self.ref, amin=self.amin, top_db=self.top_db)
            images[:, 0] = cepstrum(
                bands, self.n_mfcc, dct_type=self.dct_type, norm=self.norm, lifter=self.lifter
            )
            width, mode = self.delta_width, self.delta_mode
            for image in images:
                for order in range(1, 1 + self.deltas):
                    delta(image[0], width=width, order=order, mode=mode, out=image[order])

        return paint

    def _make_drawer(self, device: torch.device) -> Drawer:
        from skspec.signal import _torch_transforms as batched

        stft = batched.BatchSTFT.on(device, self._make_stft())
        filters = batched.to_dense(self._make_filters(), device)
        cosines = batched.cepstrum_matrix(
            self.n_mels,
            self.n_mfcc,
            device,
            dct_type=self.dct_type,
            norm=self.norm,
            lifter=self.lifter,
        )

        def draw(waveforms: Tensor) -> Tensor:
            bands = batched.mel_spectrograms(waveforms, stft, filters)
            levels = batched.to_decibels(bands, ref=self.ref, amin=self.amin, top_db=self.top_db)
            return self._with_deltas(batched.exact_product(cosines, levels))

        return draw

    def _with_deltas(self, coefficients: Tensor) -> Tensor:
        """Give coefficients (n_clips, n_mfcc, n_frames) and their derivatives as channels."""
        import torch

        from skspec.signal._torch_transforms import deltas

        slopes = [
            deltas(coefficients, width=self.delta_width, order=order, mode=self.delta_mode)
            for order in range(1, 1 + self.deltas)
        ]
        return torch.stack([coefficients, *slopes], dim=1)

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the number of each coefficient, an array 0, 1, ... of shape (n_mfcc,)."""
        return np.arange(self.n_mfcc, dtype=np.float64)

    def get_row_label(self, channel: int = 0) -> str:
        """Say what the rows are, for labels."""
        return "coefficient"

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of a channel's values, for labels."""
        return ("dB", "dB / frame", "dB / frame ** 2")[channel]
