"""Short-time Fourier transform in float32, by scipy's FFT over blocks of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

# Of windowed frames in a block, about twice a core's second-level cache. Half as much is as fast
# on one thread, but then a second one waits more often for Python's lock; an eighth costs 15 %
# more, and four times as much a third. Without blocks a long recording would not fit in memory.
BLOCK_BYTES = 2**21

# Rows that one vector of the FFT holds: 4 in scipy as it is handed out, 8 in builds for AVX. What
# is left of a block after whole vectors goes through other code, one row at a time, and could so
# get other bits than in another block.
VECTOR_ROWS = 8


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

    def frames(self, waveforms: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Give the overlapping frames of waveforms of one length, not yet windowed.

        An array (n_clips, n_frames, n_fft), a view of working memory that holds until the next
        call.
        """
        longer = self._extended(waveforms)
        step = longer.itemsize
        shape = len(waveforms), self.n_frames(len(waveforms[0])), self.n_fft
        # What sliding_window_view gives in twenty times the time.
        strides = longer.strides[0], self.hop_length * step, step
        frames = np.ndarray(shape, longer.dtype, longer, strides=strides)
        frames.flags.writeable = False
        return frames

    def _extended(self, waveforms: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Give the waveforms as rows, padded on both sides, and to a frame where shorter."""
        n, pad = len(waveforms[0]), self.n_fft // 2 if self.center else 0
        longer = scratch("extended", len(waveforms), max(n + 2 * pad, self.n_fft))
        longer[:, :pad] = longer[:, pad + n :] = 0
        for row, waveform in zip(longer, waveforms, strict=True):
            if self.pad_mode == "constant":  # as np.pad does it, in a quarter of the time
                row[pad : pad + n] = waveform
            else:
                row[: n + 2 * pad] = np.pad(waveform, pad, mode=self.pad_mode)
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
    waveforms: Sequence[NDArray[np.float32]], stft: STFT
) -> Iterator[tuple[slice, slice, NDArray[np.complex64]]]:
    """Yield the spectra of waveforms a block at a time: some whole clips, or a part of one.

    Parameters
    ----------
    waveforms : sequence of ndarrays (n_timepoints,) of float32
        One or more, of one length of at least one sample.
    stft : STFT
        Frames and window.

    Yields
    ------
    clips : slice
        Which clips these are.
    frames : slice
        Which frames of them.
    spectrum : ndarray (n_clips_in_block, n_frames_in_block, n_bins) of complex64
        Rows are frames here: an FFT and a filter bank both want them contiguous. Their bits do
        not depend on what else is in the block.
    """
    frames = stft.frames(waveforms)
    n_clips, n_frames, n_fft = frames.shape
    size = max(1, BLOCK_BYTES // (4 * n_fft))
    at_once = max(1, size // n_frames)
    for clip in range(0, n_clips, at_once):
        for start in range(0, n_frames, size):
            part = frames[clip : clip + at_once, start : start + size]
            clips, rows = slice(clip, clip + part.shape[0]), slice(start, start + part.shape[1])
            yield clips, rows, _windowed_spectra(part, stft.window)


def _windowed_spectra(
    frames: NDArray[np.float32], window: NDArray[np.float32]
) -> NDArray[np.complex64]:
    """Give the spectra (n_clips, n_frames, n_bins) of some frames."""
    n_clips, n_frames, n_fft = frames.shape
    n_rows = n_clips * n_frames
    windowed = scratch("windowed", n_rows + -n_rows % VECTOR_ROWS, n_fft)
    np.multiply(frames, window, out=windowed[:n_rows].reshape(frames.shape))
    windowed[n_rows:] = 0
    return scipy.fft.rfft(windowed)[:n_rows].reshape(n_clips, n_frames, -1)


def magnitude(
    spectrum: NDArray[np.complex64], power: float, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Give the amplitude of a spectrum to a power: 1 for amplitude, 2 for power."""
    amplitude = np.abs(spectrum, out=out)
    if power == 2:
        return np.multiply(amplitude, amplitude, out=amplitude)
    return amplitude if power == 1 else np.power(amplitude, np.float32(power), out=amplitude)
