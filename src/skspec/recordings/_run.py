"""A recording's windows, classified batch by batch into a journal."""

from __future__ import annotations

import os
import warnings
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skspec._progress import progress_bar
from skspec._storage import file_sha256
from skspec.exceptions import AudioReadError, AudioWarning, InputError
from skspec.recordings._fingerprint import fingerprint
from skspec.recordings._grid import Grid, cut_windows, padded
from skspec.recordings._journal import Entry, Journal
from skspec.recordings._reading import Recording

_ENDING = "unread"  # what only the last entry has


def describe_run(
    estimator: BaseEstimator, recording: Recording, grid: Grid, settings: dict[str, Any]
) -> dict[str, Any]:
    """Give what tells a run from others whose predictions could differ in a bit."""
    return {
        "recording": file_sha256(Path(recording.path)) if recording.is_open else "",
        "estimator": fingerprint(estimator),
        **{name: None if value is None else float(value) for name, value in asdict(grid).items()},
        **settings,
    }


def add_windows(
    log: Journal,
    estimator: BaseEstimator,
    recording: Recording,
    grid: Grid,
    batch_size: int,
    verbose: int,
) -> None:
    """Classify the windows that are not in the journal yet, and add them and how it ended.

    Batches start at the same windows whenever a run is taken up, so they hold the same windows.
    """
    if log.entries and _ENDING in log.entries[-1]:
        return
    n_done = sum(len(entry["start"]) for entry in log.entries)
    n_windows = sum(1 for _ in grid.within(0, recording.expected or 0)) if verbose else 0
    windows = cut_windows(recording, grid, n_done)
    with progress_bar(n_windows, "predict_recording", verbose=verbose, unit="window") as bar:
        bar.update(n_done)
        while batch := list(islice(windows, batch_size)):
            log.add(_classified(estimator, batch, grid))
            bar.update(len(batch))
    if not log.entries and recording.unread_from is None:
        raise AudioReadError(recording.path, f"has no sample from {grid.start_s} s on")
    log.add({_ENDING: _unread(recording, grid)})


def gather_windows(
    log: Journal, grid: Grid, n_classes: int, *, with_nan: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Give start, end and probabilities of all windows of a journal that is complete.

    Where `with_nan`, those that could not be read follow with NaN.
    """
    *batches, ending = log.entries
    unread = ending[_ENDING]
    if with_nan and unread is not None:
        n_read = sum(len(batch["start"]) for batch in batches)
        missing = list(grid.within(n_read, unread["end"] or unread["start"]))
        edges = np.array(missing, dtype=np.int64).reshape(-1, 2)
        nothing = np.full((len(missing), n_classes), np.nan)
        batches.append({"start": edges[:, 0], "end": edges[:, 1], "probability": nothing})
    empty = {"start": np.empty(0), "end": np.empty(0), "probability": np.empty((0, n_classes))}
    start, end, probability = (
        np.concatenate([empty[name], *(batch[name] for batch in batches)]) for name in empty
    )
    return start, end, probability


def unread_part(log: Journal, path: str | os.PathLike[str], sr: float) -> dict[str, Any] | None:
    """Give what could not be read, in seconds, and warn of it."""
    unread = log.entries[-1][_ENDING]
    if unread is None:
        return None
    start = unread["start"] / sr
    end = None if unread["end"] is None else unread["end"] / sr
    warnings.warn(
        f"path {os.fspath(path)!r}: not read from {start:.3f} s on: {unread['reason']}.",
        AudioWarning,
        stacklevel=3,
    )
    return {"start": start, "end": end, "reason": unread["reason"]}


def _classified(
    estimator: BaseEstimator, windows: list[tuple[int, NDArray[np.float32]]], grid: Grid
) -> Entry:
    start = np.array([start for start, _ in windows], dtype=np.int64)
    waveforms = [waveform for _, waveform in windows]
    probability = np.asarray(estimator.predict_proba(padded(waveforms, grid.length)), np.float64)
    if np.isnan(probability).any():
        index = int(np.isnan(probability).any(axis=1).argmax())
        raise InputError(
            f"The window at {start[index] / grid.sr:.3f} s: {type(estimator).__name__} gives NaN "
            "as probabilities."
        )
    return {
        "start": start,
        "end": start + [len(waveform) for waveform in waveforms],
        "probability": probability,
    }


def _unread(recording: Recording, grid: Grid) -> Entry | None:
    """Give from where to where a recording could not be read, in timepoints, and why."""
    start = recording.unread_from
    if start is None:
        return None
    end = None
    if recording.expected is not None and recording.expected > start:
        last = np.inf if grid.end_s is None else round(grid.end_s * grid.sr)
        end = int(min(recording.expected, last))
    return {"start": start, "end": end, "reason": recording.reason}
