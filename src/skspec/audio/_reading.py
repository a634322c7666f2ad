"""One sound file as one mono waveform."""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skspec.audio._stream import AudioStream
from skspec.exceptions import AudioReadError

LONGEST_S = 7200.0


def read_audio(
    path: str | os.PathLike[str],
    sr: float | None = None,
    *,
    channel: Literal["mix"] | int = "mix",
    truncated: Literal["raise", "warn", "accept"] = "raise",
    max_duration_s: float | None = LONGEST_S,
) -> tuple[NDArray[np.float32], float]:
    """Read a sound file as a mono float32 waveform, full scale 1.

    The file is held against what its header says: a part that is missing or broken is never passed
    over in silence, and where only the header is wrong, the length of the file counts.

    Parameters
    ----------
    path : str or path-like
        WAV, FLAC, Ogg, MP3, or whatever else libsndfile decodes.
    sr : float > 0, default=None
        Rate in Hz to resample to (soxr, high quality); `None` keeps the rate of the file.
    channel : "mix" or int >= 0, default="mix"
        Mean of the channels, or one of them.
    truncated : {"raise", "warn", "accept"}, default="raise"
        What to do about a file of which a part is missing or broken: an error, or what there is,
        with or without a warning.
    max_duration_s : float > 0, default=7200.0
        Longer files are an error, so that a small file that unpacks to days of sound does not fill
        the memory; `None` sets no limit. `AudioStream` reads files of any length in parts.

    Returns
    -------
    waveform : ndarray (n_timepoints,) of float32
        Mean of the channels, or the one asked for.
    sr : float
        Its sampling rate in Hz.

    Raises
    ------
    AudioReadError
        Whatever keeps the file from being read, with the reason and what to do.
    ParameterError
        A parameter has a value that is not allowed.

    Warns
    -----
    AudioWarning
        The channels cancel each other out in the mono mix, the peak is above 4, a size in the
        header is wrong and was corrected, or with ``truncated="warn"``.

    See Also
    --------
    AudioStream : The same in parts, for long recordings.
    scan_audio : What is wrong with many files, as a table.

    Notes
    -----
    What tells that something is missing: the sizes of chunks in WAV, AIFF, AU, W64 and CAF; the
    number of samples and the CRC of frames in FLAC; the numbers and CRC of pages and the mark of
    the last one in Ogg; the number of frames in MP3, or where none is stated a last frame that is
    cut. An MP3 file without that number, or a FLAC file from a pipe, that ends just between two
    frames looks like a whole one.

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
    with AudioStream(
        path, sr, channel=channel, truncated=truncated, max_duration_s=max_duration_s
    ) as stream:
        waveform = stream.read_rest()
    if waveform.size == 0:
        raise AudioReadError(path, f"holds no sample at {stream.sr} Hz", "Leave this clip out.")
    return waveform, stream.sr
