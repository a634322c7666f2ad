"""What images made of mel bands share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

import librosa
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from skspec._compat import Interval, StrOptions
from skspec.images._stft_image import check_band
from skspec.signal import mel_filters, warn_of_silent_bands

MEL_NORM: list[Any] = [StrOptions({"slaney"}), Interval(Real, 0, None, closed="right"), None]
MEL_CONSTRAINTS: dict[str, list[Any]] = {
    "n_mels": [Interval(Integral, 1, None, closed="left")],
    "fmin": [Interval(Real, 0, None, closed="left")],
    "fmax": [Interval(Real, 0, None, closed="neither"), None],
    "htk": ["boolean"],
}


class MelBandsMixin:
    """A mel filter bank, by the parameters `n_mels`, `fmin`, `fmax`, `htk` and `norm`."""

    sr: float
    n_fft: int
    n_mels: int
    fmin: float
    fmax: float | None
    htk: bool
    norm: Any

    def _get_mel_norm(self) -> Literal["slaney"] | float | None:
        return self.norm

    def _check_relations(self) -> None:
        check_band(self.sr, self.fmin, self.fmax)
        super()._check_relations()  # type: ignore[misc]

    def _warn_of_oddities(self) -> None:
        warn_of_silent_bands(self._make_filters(), self.n_fft, type(self).__name__)

    def _make_filters(self) -> scipy.sparse.csr_array:
        return mel_filters(
            self.sr,
            self.n_fft,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
            htk=self.htk,
            norm=self._get_mel_norm(),
        )

    def _get_mel_centers(self) -> NDArray[np.float64]:
        """Give the centre of each mel band in Hz, an array of shape (n_mels,)."""
        fmax = self.sr / 2 if self.fmax is None else self.fmax
        edges = librosa.mel_frequencies(self.n_mels + 2, fmin=self.fmin, fmax=fmax, htk=self.htk)
        return edges[1:-1]
