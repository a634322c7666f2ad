"""`predict_recording`: what a classifier hears in a long recording, and when."""

from __future__ import annotations

import os
from typing import Literal

import pandas as pd
from sklearn.base import BaseEstimator

from skspec.recordings._arguments import check_arguments, check_classifier, find_sr
from skspec.recordings._grid import Grid
from skspec.recordings._journal import open_journal
from skspec.recordings._reading import Recording
from skspec.recordings._run import add_windows, describe_run, gather_windows, unread_part
from skspec.recordings._segments import labelled, merge_windows, smooth_windows


def predict_recording(
    estimator: BaseEstimator,
    path: str | os.PathLike[str],
    window_s: float,
    hop_s: float | None = None,
    *,
    sr: float | None = None,
    channel: Literal["mix"] | int = "mix",
    start_s: float = 0.0,
    end_s: float | None = None,
    batch_size: int = 64,
    journal: str | os.PathLike[str] | None = None,
    smooth: int | None = None,
    threshold: float | None = None,
    merge: bool = False,
    on_error: Literal["raise", "skip", "nan"] = "raise",
    verbose: int = 0,
) -> pd.DataFrame:
    """Classify a recording of any length, window by window.

    Memory holds one batch of windows, however long the recording is.

    Parameters
    ----------
    estimator : fitted classifier
        Of waveforms, with `predict_proba`: a Pipeline that was fitted on clips or on paths.
    path : str or path-like
        The recording: WAV, FLAC, Ogg, MP3, or whatever else libsndfile decodes.
    window_s : float > 0
        Length of a window in seconds, best that of the clips the estimator was fitted on.
    hop_s : float > 0, default=None
        From the start of one window to that of the next, in seconds; None is `window_s`.
    sr : float > 0, default=None
        Rate in Hz of the waveforms that the estimator takes; None is the `sr` among its parameters.
    channel : "mix" or int >= 0, default="mix"
        Mean of the channels, or one of them.
    start_s : float >= 0, default=0.0
        Where the first window starts.
    end_s : float > 0, default=None
        Where to end; None is the end of the recording.
    batch_size : int > 0, default=64
        Windows that are classified at once.
    journal : str or path-like, default=None
        A file of its own for this run, to which each batch is added. A run that was killed goes on
        from there when it is started again, to bitwise the same table.
    smooth : odd int > 0, default=None
        Over how many windows `smooth_windows` takes the mean; None leaves it out.
    threshold : float in [0, 1], default=None
        Windows whose probability is below it get no label.
    merge : bool, default=False
        Whether `merge_windows` joins neighbours of the same label.
    on_error : {"raise", "skip", "nan"}, default="raise"
        What to do from where the recording cannot be read: raise an error, leave the windows out,
        or give them neither label nor probability. The latter two warn.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    DataFrame
        One row for each window, with

        - ``start``, ``end``: seconds from the start of the recording
        - ``label``: the most probable class, as text
        - ``probability``: of that class
        - ``p_NAME``: of the class NAME, for each class

        and with ``merge`` as `merge_windows` gives it. In ``attrs``, ``sr`` and ``unread``: None,
        or a dict of ``start``, ``end`` (seconds, None where not known) and ``reason`` of what could
        not be read.

    Raises
    ------
    AudioReadError
        The recording cannot be read, or only in part and ``on_error="raise"``, or it has nothing
        at `start_s`.
    ParameterError
        A parameter has a value that is not allowed, `sr` is not known or not the estimator's, or
        `journal` is of another run.
    InputError
        The estimator gives probabilities that are NaN.

    Warns
    -----
    AudioWarning
        A part could not be read, or as `AudioStream` does.
    CheckpointWarning
        Lines of the journal are damaged; they are computed again.

    See Also
    --------
    skspec.recordings.write_windows : Tables for spreadsheets, Audacity and Raven.
    skspec.SegmentedClassifier : One label for each clip, from its segments.

    Notes
    -----
    Window k starts at the sample ``round((start_s + k * hop_s) * sr)``, so that nothing adds up
    over hours. The last window is the first that reaches the end; it is filled up with silence to
    `window_s`, and its ``end`` is that of the recording. A recording shorter than a window is one
    window.

    A window is whole or not there: one that damage reaches into counts as not read.

    The journal is of one run. It holds the SHA-256 of the recording and a hash of the estimator,
    its parameters and all that `fit` has set, without what only says how it runs (`n_jobs`,
    `verbose` and the like). A journal of another recording, estimator, grid, `channel`,
    `batch_size` or `on_error` is an error. Smoothing, threshold and merging come after it and can
    be changed. "Bitwise" is for the same machine, device, number of threads and versions of
    packages.

    Examples
    --------
    >>> import tempfile
    >>> import soundfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skspec import MelSpectrogramImage, make_voices, predict_recording, time_statistics
    >>> X, y, _ = make_voices(24, n_speakers=8, random_state=0)
    >>> features = FunctionTransformer(time_statistics)
    >>> mel = MelSpectrogramImage(sr=16_000)
    >>> fitted = make_pipeline(mel, features, LogisticRegression(max_iter=1000)).fit(X, y)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, X[:4].ravel(), 16_000)
    ...     table = predict_recording(fitted, file.name, window_s=1.0)
    >>> table[["start", "end"]].to_numpy().tolist()
    [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]
    """
    check_arguments(locals())
    labels = check_classifier(estimator)
    sr = find_sr(estimator, sr)
    grid = Grid(sr, window_s, window_s if hop_s is None else hop_s, start_s, end_s)
    with Recording(path, sr, channel=channel, tolerant=on_error != "raise") as recording:
        picked = channel if channel == "mix" else int(channel)
        settings = {"channel": picked, "batch_size": int(batch_size), "on_error": on_error}
        run = {} if journal is None else describe_run(estimator, recording, grid, settings)
        with open_journal(journal, run) as log:
            add_windows(log, estimator, recording, grid, batch_size, verbose)
    start, end, probability = gather_windows(log, grid, len(labels), with_nan=on_error == "nan")
    table = labelled(start / sr, end / sr, probability, labels, threshold)
    table.attrs = {"sr": sr, "unread": unread_part(log, path, sr)}
    if smooth is not None:
        table = smooth_windows(table, smooth, threshold=threshold)
    return merge_windows(table) if merge else table
