"""A sound file as one mono waveform, a part at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skspec._validation import check_choice
from skspec.audio._decoder import Decoder
from skspec.audio._levels import Levels
from skspec.audio._resampling import Resampler
from skspec.exceptions import AudioReadError, AudioWarning, ParameterError

Waveform = NDArray[np.float32]
_POLICIES = ("raise", "warn", "accept")


class AudioStream:
    """A sound file of any length, read as a mono waveform a part at a time.

    Memory holds a block of the file and what was asked for. The parts put together are bitwise
    what `read_audio` gives at once, and also after `seek_s`.

    Parameters
    ----------
    path : str or path-like
        WAV, FLAC, Ogg, MP3, or whatever else libsndfile decodes.
    sr : float > 0, default=None
        Rate in Hz to resample to (soxr, high quality); `None` keeps the rate of the file.
    channel : "mix" or int >= 0, default="mix"
        Mean of the channels, or one of them.
    truncated : {"raise", "warn", "accept"}, default="raise"
        What to do about a file of which a part is missing or broken. What is found before
        decoding is said when it is opened, the rest when its end is reached.
    max_duration_s : float > 0, default=None
        Longer files are an error.

    Attributes
    ----------
    sr : float
        Rate in Hz of what is read.
    native_sr : int
        Rate in Hz of the file.
    n_channels : int
        Channels of the file.
    duration_s : float or None
        Seconds that the file should last; `None` where nothing in it says so.
    position : int
        Timepoints read or skipped so far, at `sr`.

    Raises
    ------
    AudioReadError
        Whatever keeps the file from being read, with the reason and what to do.
    ParameterError
        A parameter has a value that is not allowed.

    Warns
    -----
    AudioWarning
        As `read_audio` does.

    See Also
    --------
    read_audio : The whole of it at once.

    Notes
    -----
    A resampler's output depends on all that went into it. So going back starts the file anew, and
    going on reads what lies between; only samples that are neither resampled nor compressed are
    gone to directly. This is why a recording that is taken up again gives the same bits.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from skspec.audio import AudioStream
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros(441_000), 44_100)
    ...     with AudioStream(file.name, sr=16_000) as stream:
    ...         stream.seek_s(8.5)
    ...         lengths = [len(block) for block in stream.blocks(16_000)]
    >>> stream.duration_s, lengths
    (10.0, [16000, 8000])
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sr: float | None = None,
        *,
        channel: Literal["mix"] | int = "mix",
        truncated: Literal["raise", "warn", "accept"] = "raise",
        max_duration_s: float | None = None,
    ) -> None:
        _check_options(sr, channel, truncated, max_duration_s)
        self.path = os.fspath(path)
        self._left: Waveform
        self._coming: Iterator[Waveform]
        self._channel = channel
        self._truncated = truncated
        self._max_duration_s = max_duration_s
        self._is_settled = False
        self._decoder = Decoder(path)
        self.native_sr = self._decoder.sr
        self.n_channels = self._decoder.n_channels
        self.sr = self.native_sr if sr is None else sr
        n_frames = self._decoder.n_frames
        self.duration_s = None if n_frames is None else n_frames / self.native_sr
        try:
            self._check_opened()
        except (AudioReadError, Warning):
            self.close()
            raise
        self._begin()

    def __enter__(self) -> AudioStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def read(self, n_timepoints: int) -> Waveform:
        """Read on.

        Parameters
        ----------
        n_timepoints : int >= 0
            How much, at `sr`.

        Returns
        -------
        waveform : ndarray (n_timepoints,) of float32
            Shorter at the end of the file, and empty after it.
        """
        parts = list(self._take(n_timepoints))
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def read_rest(self) -> Waveform:
        """Read all that is left."""
        parts = [self._left, *self._coming]
        self._left = np.zeros(0, np.float32)
        is_one = len(parts) == 2 and not len(parts[0])  # most files: nothing to copy
        waveform = parts[1] if is_one else np.concatenate(parts)
        self.position += len(waveform)
        return waveform

    def blocks(self, n_timepoints: int) -> Iterator[Waveform]:
        """Yield waveforms of `n_timepoints`, the last one shorter, up to the end of the file."""
        while len(block := self.read(n_timepoints)):
            yield block

    def seek_s(self, start_s: float) -> None:
        """Go to a time, in seconds from the start of the file; what follows is bitwise the same.

        Parameters
        ----------
        start_s : float >= 0
            Rounded to the nearest timepoint at `sr`.
        """
        if not start_s >= 0:
            raise ParameterError(f"Got start_s={start_s!r}, but expected seconds >= 0.")
        target = round(start_s * self.sr)
        if self.sr == self.native_sr and self._decoder.seeks_exactly:
            self._decoder.seek(target)
            self._begin(target)
            return
        if target < self.position:
            self._decoder.close()
            self._decoder = Decoder(self.path)
            self._begin()
        for _ in self._take(target - self.position):
            pass

    def _begin(self, position: int = 0) -> None:
        self.position = position
        self._left = np.zeros(0, np.float32)
        self._coming = self._waveforms()

    def _take(self, n: int) -> Iterator[Waveform]:
        """Yield what comes, up to `n` timepoints in all."""
        while n > 0:
            if not len(self._left):
                following = next(self._coming, None)
                if following is None:
                    return
                self._left = following
            part, self._left = self._left[:n], self._left[n:]
            self.position += len(part)
            n -= len(part)
            yield part

    def _waveforms(self) -> Iterator[Waveform]:
        """Yield the waveform at `sr`, as it comes from the decoder."""
        levels = Levels(self.path)
        resample = Resampler(self.native_sr, self.sr)
        for channels in self._decoder.blocks():
            self._check_duration(self._decoder.position)
            waveform = self._pick(channels)
            levels.update(channels if self._channel == "mix" else channels[:, :1], waveform)
            yield resample(waveform, last=self._decoder.is_done)
        if not resample.is_done:
            yield resample(np.zeros(0, np.float32), last=True)
        if self._decoder.damage and not self._is_settled:
            self._settle(self._decoder.damage)
        levels.check()

    def _pick(self, channels: Waveform) -> Waveform:
        if self._channel != "mix":
            return np.ascontiguousarray(channels[:, self._channel])
        return channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1)

    def _check_opened(self) -> None:
        if self._channel != "mix" and self._channel >= self.n_channels:
            reason = f"has no channel {self._channel}; it has {self.n_channels}, from 0 on"
            raise AudioReadError(self.path, reason, "Give another channel, or 'mix'.")
        if self._decoder.damage:
            self._settle(self._decoder.damage)
        elif self._decoder.layout.correction:
            _warn(self.path, f"{self._decoder.layout.correction}.")
        self._check_duration(self._decoder.n_frames or 0)

    def _check_duration(self, n_frames: int) -> None:
        if self._max_duration_s is not None and n_frames > self._max_duration_s * self.native_sr:
            raise AudioReadError(
                self.path,
                f"is longer than max_duration_s={self._max_duration_s}",
                "Split it, read it in parts with AudioStream, or allow more.",
            )

    def _settle(self, damage: str) -> None:
        """Raise, warn or accept, as asked, once for each file."""
        self._is_settled = True
        if self._truncated == "raise":
            remedy = "Fetch it again, or take what there is with truncated='warn'."
            raise AudioReadError(self.path, damage, remedy)
        if self._truncated == "warn":
            _warn(self.path, f"{damage}; what there is was read.")


def _warn(path: str, text: str) -> None:
    warnings.warn(f"path {path!r}: {text}", AudioWarning, stacklevel=4)


def _check_options(
    sr: float | None, channel: Literal["mix"] | int, truncated: str, max_duration_s: float | None
) -> None:
    for name, value in (("sr", sr), ("max_duration_s", max_duration_s)):
        if value is not None and not value > 0:
            raise ParameterError(f"Got {name}={value!r}, but expected a number > 0 or None.")
    if channel != "mix" and (isinstance(channel, str | bool) or channel < 0):
        raise ParameterError(f"Got channel={channel!r}, but expected 'mix' or an int >= 0.")
    check_choice("truncated", truncated, _POLICIES)
