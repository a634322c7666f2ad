"""Chroma: the notes of the scale."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.images._base import Clips, Drawer, Images, Painter
from skspec.images._stft_image import STFTImageTransformer
from skspec.signal import (
    STFT,
    Window,
    chroma_filters,
    estimate_tuning,
    mel_spectrograms,
    normalize_frames,
    scratch,
    spectrograms,
    sum_bins,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ChromaImage(STFTImageTransformer):
    """How strong each note of the scale is in each clip over time, all octaves together.

    Music shows its harmony in it, and voices their pitch and their strongest overtones. It is a
    small image, on which small networks have done well. The numbers are those of
    `librosa.feature.chroma_stft`.

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
    n_chroma : int > 0, default=12
        Notes in an octave, the rows of the image; the first is C.
    tuning : float or "estimate", default=0.0
        How far the notes lie off A = 440 Hz, in notes, or that it is estimated for each clip.
    norm : float > 0, inf or None, default=inf
        Which vector norm is 1 in each frame: inf is the maximum; `None` leaves energies.
    ctroct : float, default=5.0
        Octave above 27.5 Hz that counts most.
    octwidth : float > 0 or None, default=2.0
        Deviation in octaves of the bell curve about it; `None` lets all octaves count alike.
    n_fft : int > 1, default=2048
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
    image_shape_ : tuple (1, n_chroma, n_frames)
        Shape of an image: channels, notes, frames.
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
    With the short-time Fourier transform S(k, t), and a filter bank W(c, k) of bells, one per
    octave about each note c::

        C(c, t) = sum over k of W(c, k) * |S(k, t)| ** 2

    divided by its norm over c. Frames of silence stay 0. The tuning is found as in
    `librosa.estimate_tuning`, to 0.01 notes: the most frequent distance of a spectral peak from
    a note. It is found in float32, so where two distances are about as frequent librosa's
    float64 may take the other one.

    References
    ----------
    .. [1] M. A. Bartsch, G. H. Wakefield, "To catch a chorus: using chroma-based representations
       for audio thumbnailing", IEEE WASPAA (2001).
    .. [2] D. P. W. Ellis, "Chroma feature analysis and synthesis", Columbia University (2007).

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ChromaImage
    >>> seconds = np.arange(22_050) / 22_050
    >>> X = np.stack([np.sin(2 * np.pi * pitch * seconds) for pitch in (440, 880, 523.25)])
    >>> images = ChromaImage().fit_transform(X)
    >>> images.shape
    (3, 1, 12, 44)
    >>> images[:, 0, :, 20].argmax(axis=1)  # A, A, C
    array([9, 9, 0])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **STFTImageTransformer._parameter_constraints,
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "n_chroma": [Interval(Integral, 1, None, closed="left")],
        "tuning": [StrOptions({"estimate"}), Interval(Real, None, None, closed="neither")],
        "norm": [Interval(Real, 0, None, closed="right"), None],
        "ctroct": [Interval(Real, None, None, closed="neither")],
        "octwidth": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        sr: float = 22050,
        *,
        duration_s: float | None = None,
        pad: Literal["zero", "wrap", "reflect"] = "zero",
        crop: Literal["start", "center"] = "start",
        n_chroma: int = 12,
        tuning: float | Literal["estimate"] = 0.0,
        norm: float | None = np.inf,
        ctroct: float = 5.0,
        octwidth: float | None = 2.0,
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
        self.n_chroma = n_chroma
        self.tuning = tuning
        self.norm = norm
        self.ctroct = ctroct
        self.octwidth = octwidth
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.win_length = win_length
        self.window = window
        self.center = center
        self.pad_mode = pad_mode
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _make_filters(self, tuning: float) -> NDArray[np.float32]:
        return chroma_filters(
            self.sr,
            self.n_fft,
            n_chroma=self.n_chroma,
            tuning=tuning,
            ctroct=self.ctroct,
            octwidth=self.octwidth,
        )

    def _get_image_shape(self, n_timepoints: int) -> tuple[int, int, int]:
        return (1, self.n_chroma, self._make_stft().n_frames(n_timepoints))

    def _make_painter(self) -> Painter:
        stft = self._make_stft()

        def paint(waveforms: Clips, images: Images) -> None:
            energies = images[:, 0]
            if self.tuning == "estimate":
                self._sum_tuned(waveforms, stft, energies)
            else:
                mel_spectrograms(waveforms, stft, self._make_filters(self.tuning), out=energies)
            normalize_frames(energies, self.norm)

        return paint

    def _sum_tuned(self, waveforms: Clips, stft: STFT, out: NDArray[np.float32]) -> None:
        powers = scratch("powers", len(out), stft.n_bins, out.shape[2])
        spectrograms(waveforms, stft, out=powers)
        for clip, energies in zip(powers, out, strict=True):
            tuning = estimate_tuning(clip, self.sr, self.n_fft, bins_per_octave=self.n_chroma)
            sum_bins(clip.T[None], self._make_filters(tuning), out=energies[None])

    def _make_drawer(self, device: torch.device) -> Drawer:
        from skspec.signal import _torch_transforms as batched

        stft = batched.BatchSTFT.on(device, self._make_stft())
        tuning, filters = self.tuning, None
        if tuning != "estimate":
            filters = batched.to_dense(self._make_filters(tuning), device)

        def draw(waveforms: Tensor) -> Tensor:
            if filters is None:
                powers = batched.spectrograms(waveforms, stft)
                energies = batched.exact_product(self._tune_filters(powers), powers)
            else:
                energies = batched.mel_spectrograms(waveforms, stft, filters)
            return batched.normalized_frames(energies, self.norm)[:, None]

        return draw

    def _tune_filters(self, powers: Tensor) -> Tensor:
        """Give filters for each of many spectrograms; their tuning is estimated on the CPU."""
        import torch

        from skspec.signal._torch_transforms import to_dense

        tunings = [
            estimate_tuning(clip, self.sr, self.n_fft, bins_per_octave=self.n_chroma)
            for clip in powers.cpu().numpy()
        ]
        filters = [to_dense(self._make_filters(tuning), powers.device) for tuning in tunings]
        return torch.stack(filters)

    def get_frequencies(self, channel: int = 0) -> NDArray[np.float64]:
        """Give the number of each note from C, an array 0, 1, ... of shape (n_chroma,)."""
        return np.arange(self.n_chroma, dtype=np.float64)

    def get_row_label(self, channel: int = 0) -> str:
        """Say what the rows are, for labels."""
        return "note (0 is C)"

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of the values, for labels."""
        return "amplitude ** 2" if self.norm is None else "share"
