"""Many sound files as waveforms, with a list of those that could not be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skspec._jobs import share_out
from skspec._progress import progress_bar
from skspec._validation import check_choice
from skspec.audio._files import list_paths
from skspec.audio._reading import LONGEST_S, read_audio
from skspec.exceptions import AudioReadError

_POLICIES = ("raise", "skip", "nan")


def read_clips(
    paths: Sequence[str | os.PathLike[str]],
    sr: float,
    *,
    on_error: Literal["raise", "skip", "nan"] = "raise",
    channel: Literal["mix"] | int = "mix",
    truncated: Literal["raise", "warn", "accept"] = "raise",
    max_duration_s: float | None = LONGEST_S,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> tuple[list[NDArray[np.float32]], pd.DataFrame]:
    """Read sound files, and say which of them could not be read.

    For loaders and long recordings. Estimators read by themselves and never leave a clip out, as
    the labels of all clips after it would be wrong.

    Parameters
    ----------
    paths : sequence of str or path-like
        The files.
    sr : float > 0
        Rate in Hz that all are resampled to.
    on_error : {"raise", "skip", "nan"}, default="raise"
        What a file that cannot be read gives: an error, nothing, or a waveform of one NaN, which
        keeps the positions and which every estimator refuses.
    channel : "mix" or int >= 0, default="mix"
        Mean of the channels, or one of them.
    truncated : {"raise", "warn", "accept"}, default="raise"
        What to do about a file of which a part is missing or broken, as for `read_audio`.
    max_duration_s : float > 0, default=7200.0
        Longer files cannot be read; `None` sets no limit.
    n_jobs : int, default=None
        Threads; `None` is 1, -1 all cores.
    verbose : int, default=0
        Whether there is a progress bar.

    Returns
    -------
    waveforms : list of ndarrays (n_timepoints,) of float32
        In the order of `paths`.
    report : DataFrame
        One row for each file that could not be read, with `index`, `path`, `reason`, `remedy`.

    Raises
    ------
    AudioReadError
        With ``on_error="raise"``: that of the first file that cannot be read, whatever `n_jobs`.
    ParameterError
        A parameter has a value that is not allowed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, soundfile
    >>> from skspec.audio import read_clips
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [pathlib.Path(folder, name) for name in ("good.wav", "bad.wav")]
    ...     soundfile.write(paths[0], np.zeros(16_000), 16_000)
    ...     _ = paths[1].write_text("no sound")
    ...     waveforms, report = read_clips(paths, sr=8000, on_error="skip")
    >>> len(waveforms), list(report["index"]), list(report["reason"])
    (1, [1], ['is text, not sound'])
    """
    check_choice("on_error", on_error, _POLICIES)
    paths = list_paths(paths)
    results: list[NDArray[np.float32] | AudioReadError | None] = [None] * len(paths)

    def read(index: int) -> None:
        try:
            results[index], _ = read_audio(
                paths[index],
                sr,
                channel=channel,
                truncated=truncated,
                max_duration_s=max_duration_s,
            )
        except AudioReadError as error:
            named = AudioReadError(error.path, error.reason, error.remedy, index)
            if on_error == "raise":
                raise named from error
            results[index] = named

    def make_reader() -> Callable[[int], None]:
        return read

    with progress_bar(len(paths), "Reading", verbose=verbose, unit="file") as bar:
        share_out(make_reader, len(paths), n_jobs=n_jobs, done=lambda run: bar.update(len(run)))
    return _sort_out(results, on_error)


def _sort_out(
    results: Sequence[NDArray[np.float32] | AudioReadError | None], on_error: str
) -> tuple[list[NDArray[np.float32]], pd.DataFrame]:
    columns = ["index", "path", "reason", "remedy"]
    errors = [result for result in results if isinstance(result, AudioReadError)]
    report = pd.DataFrame([[getattr(e, name) for name in columns] for e in errors], columns=columns)
    if on_error == "nan":
        missing = np.full(1, np.nan, np.float32)
        return [r if isinstance(r, np.ndarray) else missing.copy() for r in results], report
    return [result for result in results if isinstance(result, np.ndarray)], report
