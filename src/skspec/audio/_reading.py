"""One sound file as one mono waveform."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from skspec.audio._files import check_regular_file, explain_undecodable
from skspec.exceptions import AudioReadError, AudioWarning

_ANTI_PHASE = 1e-4  # the mix has lost 40 dB against its channels


def read_audio(
    path: str | os.PathLike[str], sr: float | None = None
) -> tuple[NDArray[np.float32], float]:
    """Read a sound file as a mono float32 waveform, full scale 1.

    Parameters
    ----------
    path : str or path-like
        WAV, FLAC, Ogg, MP3, or whatever else libsndfile decodes.
    sr : float > 0, default=None
        Rate in Hz to resample to (soxr, high quality); `None` keeps the rate of the file.

    Returns
    -------
    waveform : ndarray (n_timepoints,) of float32
        Mean of the channels.
    sr : float
        Its sampling rate in Hz.

    Raises
    ------
    AudioReadError
        Whatever keeps the file from being read, with the reason and what to do.

    Warns
    -----
    AudioWarning
        The channels cancel each other out in the mono mix.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from skspec.audio import read_audio
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros(44_100), 44_100)
    ...     waveform, sr = read_audio(file.name, sr=16_000)
    >>> waveform.shape, sr
    ((16000,), 16000)
    """
    check_regular_file(path)
    channels, native = _decode(path)
    waveform = _mix(channels, path)
    if sr is not None and sr != native:
        waveform = soxr.resample(waveform, native, sr)
    if waveform.size == 0:
        raise AudioReadError(path, f"holds no sample at {sr or native} Hz", "Leave this clip out.")
    if not np.isfinite(waveform).all():
        raise AudioReadError(path, "holds NaN or infinity", "Write the file again.")
    return waveform, native if sr is None else sr


def _decode(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], int]:
    """Give the samples (n_timepoints, n_channels) and their rate."""
    # A name that is not valid text reaches the decoder only as the bytes it is.
    name: Any = os.fsencode(path) if os.name == "posix" else os.fspath(path)
    try:
        return soundfile.read(name, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise explain_undecodable(path, error) from error


def _mix(channels: NDArray[np.float32], path: str | os.PathLike[str]) -> NDArray[np.float32]:
    if channels.shape[1] == 1:
        return channels[:, 0]
    waveform = channels.mean(axis=1)
    if np.square(waveform).sum() < _ANTI_PHASE * np.square(channels).mean(axis=1).sum():
        warnings.warn(
            f"path {os.fspath(path)!r}: its channels are in anti-phase and cancel out in the "
            "mono mix; keep one channel or invert one of them.",
            AudioWarning,
            stacklevel=3,
        )
    return waveform
