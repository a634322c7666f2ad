"""Short-time Fourier transform in float32, by scipy's FFT over blocks of frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import ArrayLike, NDArray

from skspec._scratch import scratch
from skspec.exceptions import ParameterError

Window = str | tuple[Any, ...] | ArrayLike

# Of windowed frames in a block, about a core's second-level cache. Half or twice as much is as
# fast; an eighth costs 15 % more, and without blocks a long recording would not fit in memory.
BLOCK_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class STFT:
    """How a waveform is cut into windowed frames; the names and meanings are librosa's.

    Parameters
    ----------
    window : ndarray (n_fft,) of float32
        As `make_window` gives it.
    hop_length : int > 0
        Samples between frames.
    center : bool, default=True
        Pad by half a window on both sides, so that frame t is centred on sample
        t * hop_length.
    pad_mode : str, default="constant"
        How `numpy.pad` does that.
    """

    window: NDArray[np.float32]
    hop_length: int
    center: bool = True
    pad_mode: Any = "constant"

    @property
    def n_fft(self) -> int:
        """Samples in a frame."""
        return len(self.window)

    @property
    def n_bins(self) -> int:
        """Frequencies from 0 to half the sampling rate."""
        return self.n_fft // 2 + 1

    def n_frames(self, n_timepoints: int) -> int:
        """Count the frames of a waveform; one that is shorter than a frame has one."""
        padded = n_timepoints + (2 * (self.n_fft // 2) if self.center else 0)
        return 1 + (max(padded, self.n_fft) - self.n_fft) // self.hop_length

    def times(self, n_timepoints: int, sr: float) -> NDArray[np.float64]:
        """Give the centre of each frame in seconds."""
        first = 0 if self.center else self.n_fft // 2
        starts = np.arange(self.n_frames(n_timepoints), dtype=np.float64) * self.hop_length
        return (first + starts) / sr

    def frames(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the overlapping frames (n_frames, n_fft), not yet windowed, as a view.

        It may be of working memory, and then holds until the next call.
        """
        if self.center:
            waveform = self._extended(waveform, self.n_fft // 2)
        if len(waveform) < self.n_fft:
            waveform = np.pad(waveform, (0, self.n_fft - len(waveform)))
        waveform = np.ascontiguousarray(waveform)
        step = waveform.itemsize
        shape = 1 + (len(waveform) - self.n_fft) // self.hop_length, self.n_fft
        # What sliding_window_view gives in twenty times the time.
        frames = np.ndarray(shape, waveform.dtype, waveform, strides=(self.hop_length * step, step))
        frames.flags.writeable = False
        return frames

    def _extended(self, waveform: NDArray[np.float32], n: int) -> NDArray[np.float32]:
        """Give the waveform with `n` samples more on both sides."""
        if self.pad_mode != "constant":
            return np.pad(waveform, n, mode=self.pad_mode)
        # As np.pad does, in a quarter of the time.
        longer = scratch("extended", len(waveform) + 2 * n)
        longer[:n] = longer[n + len(waveform) :] = 0
        longer[n : n + len(waveform)] = waveform
        return longer


def make_window(window: Window, win_length: int, n_fft: int) -> NDArray[np.float32]:
    """Give a periodic window of `win_length` samples with zeros on both sides up to `n_fft`.

    Parameters
    ----------
    window : str, tuple or array-like (win_length,)
        What `scipy.signal.get_window` takes, or the values themselves.
    win_length : int > 0
        Samples, at most `n_fft`.
    n_fft : int > 0
        Samples in a frame.

    Returns
    -------
    ndarray (n_fft,) of float32
    """
    if isinstance(window, str):
        values = _named_window(window, win_length)
    elif isinstance(window, tuple):
        values = scipy.signal.get_window(window, win_length, fftbins=True)
    else:
        values = np.asarray(window, dtype=np.float64)
    if values.shape != (win_length,):
        raise ValueError(f"a window of shape {values.shape} where {(win_length,)} was expected")
    if not np.isfinite(values).all():
        raise ValueError("NaN or infinity in the window")
    left = (n_fft - win_length) // 2
    return np.pad(values, (left, n_fft - win_length - left)).astype(np.float32)


@lru_cache(maxsize=32)
def _named_window(window: str, win_length: int) -> NDArray[np.float64]:
    """Give a window; computing one takes as long as a third of a clip's transform."""
    return scipy.signal.get_window(window, win_length, fftbins=True)


def make_stft(
    window: Window,
    win_length: int | None,
    n_fft: int,
    hop_length: int,
    center: bool,
    pad_mode: str,
) -> STFT:
    """Build the transform of an estimator's parameters, or say which of them is wrong."""
    if win_length is not None and win_length > n_fft:
        raise ParameterError(
            f"Got win_length={win_length!r}, but expected at most n_fft={n_fft!r}."
        )
    win_length = n_fft if win_length is None else win_length
    try:
        values = make_window(window, win_length, n_fft)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"Got window={window!r}, but expected a window that scipy.signal.get_window "
            f"knows, or {win_length} values: {error}."
        ) from error
    return STFT(values, hop_length, center, pad_mode)


def spectrum_blocks(
    waveform: NDArray[np.float32], stft: STFT
) -> Iterator[tuple[slice, NDArray[np.complex64]]]:
    """Yield the spectrum of a waveform a block of frames at a time.

    Parameters
    ----------
    waveform : ndarray (n_timepoints,) of float32
        At least one sample.
    stft : STFT
        Frames and window.

    Yields
    ------
    frames : slice
        Which frames these are.
    spectrum : ndarray (n_frames_in_block, n_bins) of complex64
        Rows are frames here: an FFT and a filter bank both want them contiguous.
    """
    frames = stft.frames(waveform)
    size = max(1, BLOCK_BYTES // (4 * stft.n_fft))
    for start in range(0, len(frames), size):
        part = frames[start : start + size]
        windowed = np.multiply(part, stft.window, out=scratch("windowed", *part.shape))
        yield slice(start, start + len(part)), scipy.fft.rfft(windowed)


def magnitude(
    spectrum: NDArray[np.complex64], power: float, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Give the amplitude of a spectrum to a power: 1 for amplitude, 2 for power."""
    amplitude = np.abs(spectrum, out=out)
    if power == 2:
        return np.multiply(amplitude, amplitude, out=amplitude)
    return amplitude if power == 1 else np.power(amplitude, np.float32(power), out=amplitude)
