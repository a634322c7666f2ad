"""What images made of a short-time Fourier transform share: frames, and decibels."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec.exceptions import ParameterError
from skspec.images._base import WaveformImageTransformer
from skspec.signal import STFT, make_stft, to_decibel

if TYPE_CHECKING:
    from torch import Tensor

FRAME_CONSTRAINTS: dict[str, list[Any]] = {
    "n_fft": [Interval(Integral, 1, None, closed="left")],
    "window": [str, tuple, "array-like"],
    "center": ["boolean"],
    "pad_mode": [StrOptions({"constant", "edge", "reflect", "symmetric"})],
}
DECIBEL_CONSTRAINTS: dict[str, list[Any]] = {
    "ref": [StrOptions({"max"}), Interval(Real, 0, None, closed="neither")],
    "amin": [Interval(Real, 0, None, closed="neither")],
    "top_db": [Interval(Real, 0, None, closed="left"), None],
}
SCALE_CONSTRAINTS: dict[str, list[Any]] = {
    "power": [Interval(Real, 0, 2, closed="right")],
    "scale": [StrOptions({"db", "linear"})],
    **DECIBEL_CONSTRAINTS,
}


def check_band(sr: float, fmin: float, fmax: float | None) -> None:
    """Check that `fmin` and `fmax` in Hz are a range below half the sampling rate."""
    nyquist = sr / 2
    top = nyquist if fmax is None else fmax
    if top > nyquist:
        raise ParameterError(f"Got fmax={fmax!r}, but expected at most sr / 2 = {nyquist!r} Hz.")
    if fmin >= top:
        raise ParameterError(f"Got fmin={fmin!r}, but expected less than fmax={top!r}.")


class STFTImageTransformer(WaveformImageTransformer):
    """Base of the images that have one column for each frame of one transform."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WaveformImageTransformer._parameter_constraints,
        **FRAME_CONSTRAINTS,
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "win_length": [Interval(Integral, 1, None, closed="left"), None],
    }

    def _check_relations(self) -> None:
        self._make_stft()

    def _make_stft(self) -> STFT:
        return make_stft(
            self.window, self.win_length, self.n_fft, self.hop_length, self.center, self.pad_mode
        )

    def get_times(self) -> NDArray[np.float64]:
        """Give the centre of each frame in seconds, an array of shape (n_frames,)."""
        check_is_fitted(self)
        return self._make_stft().times(self.n_timepoints_, self.sr)


class ScaleMixin:
    """Decibels or linear values, by the parameters `power`, `scale`, `ref`, `amin`, `top_db`."""

    power: float
    scale: Literal["db", "linear"]
    ref: float | Literal["max"]
    amin: float
    top_db: float | None

    def _apply_scale(self, values: NDArray[np.float32]) -> None:
        """Turn amplitudes to the power `power` into what `scale` says, in place."""
        if self.scale == "db":
            to_decibel(values, power=self.power, ref=self.ref, amin=self.amin, top_db=self.top_db)

    def _scaled(self, values: Tensor) -> Tensor:
        """Give amplitudes of many images as `scale` says, (..., n_bins, n_frames)."""
        if self.scale == "linear":
            return values
        from skspec.signal._torch_transforms import to_decibels

        return to_decibels(
            values, power=self.power, ref=self.ref, amin=self.amin, top_db=self.top_db
        )

    def get_unit(self, channel: int = 0) -> str:
        """Give the unit of the values, for labels."""
        return "dB" if self.scale == "db" else f"amplitude ** {self.power:g}"
