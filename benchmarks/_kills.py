"""Trainings and caches whose processes are killed at random moments, and what became of them."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from skspec._storage import write_whole
from skspec.exceptions import CheckpointWarning
from skspec.models import Head, PretrainedCNNClassifier, Stage, StepSchedule
from skspec.nn import FrozenCache
from skspec.nn._cached_rows import image_keys

# Children are forked off a process that has imported much and run nothing: they start at once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["skspec.models._pretrained_cnn", "skspec.nn._cache"])


class Log(Callback):
    """Notes each batch's epoch."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def on_batch_begin(self, net: Any, training: bool = False, **_: Any) -> None:
        if training:
            _note(self.log, len(net.run.history))


def run_training_with_kills(n: int, seed: int = 0) -> dict[str, int]:
    """Kill a training n times at random moments; each time it goes on, or the next one begins.

    Parameters
    ----------
    n : int > 0
        How often.
    seed : int, default=0
        Of the moments, and of the trainings.

    Returns
    -------
    dict
        ``kills``; ``trainings`` that came to their end; ``unequal``: those of other weights or
        history than the same training undisturbed; ``unusable``: checkpoints that were damaged;
        ``epochs_lost``: whole epochs that had to be trained again, beside those in progress.
    """
    draw = np.random.default_rng(seed)
    counts = {"kills": 0, "trainings": 0, "unequal": 0, "unusable": 0, "epochs_lost": 0}
    with tempfile.TemporaryDirectory() as folder:
        while counts["kills"] < n:
            place = Path(folder, f"training{counts['trainings']}")
            training_seed = seed + counts["trainings"]
            _train_to_the_end(place, training_seed, n, draw, counts)
            expected = place / "undisturbed.json"
            _finish(_start(_train, None, training_seed, place / "undisturbed.log", expected))
            counts["trainings"] += 1
            result = place / "result.json"
            counts["unequal"] += result.read_text() != expected.read_text()
    return counts


def _train_to_the_end(
    place: Path, seed: int, n: int, draw: np.random.Generator, counts: dict[str, int]
) -> None:
    """Start a training until it ends by itself, with kills between."""
    place.mkdir()
    log, result = place / "log", place / "result.json"
    while not result.exists():
        before = _events(log)
        process = _start(_train, place / "checkpoints", seed, log, result)
        _kill_after(process, draw.uniform(0.05, 1.5) if counts["kills"] < n else None, counts)
        events = _events(log)[len(before) :]
        counts["unusable"] += events.count("damaged")
        epochs = [event for event in events if isinstance(event, int)]
        reached = [event for event in before if isinstance(event, int)]
        if epochs and reached:
            counts["epochs_lost"] += max(0, reached[-1] - epochs[0])


def _train(checkpoint: Path | None, seed: int, log: Path, result: Path) -> None:
    """Train a small network, note each batch's epoch in the log, and write what came out."""
    torch.set_num_threads(1)
    draw = np.random.default_rng(seed)
    images, y = draw.standard_normal((24, 1, 16, 16)).astype(np.float32), np.arange(24) % 2
    classifier = PretrainedCNNClassifier(
        "tiny",
        weights=None,
        head=Head(hidden=(64,), dropout=0.3),
        stages=[
            ("warmup", Stage("head", epochs=6, lr=1e-3)),
            ("all", Stage(epochs=24, lr=1e-3, schedule=StepSchedule(8))),
        ],
        batch_size=4,
        validation=np.arange(6),
        checkpoint=checkpoint,
        checkpoint_every_s=0.01,
        callbacks=[Log(log)],
        device="cpu",
        random_state=seed,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CheckpointWarning)
        classifier.fit(images, y)
    for warning in caught:
        if issubclass(warning.category, CheckpointWarning):
            _note(log, "damaged")
    weights = {name: value.tolist() for name, value in classifier.network_.state_dict().items()}
    content = {"weights": weights, "history": classifier.history_}
    write_whole(result, json.dumps(content).encode())


def hammer_cache(n_processes: int = 8, seconds: float = 30.0, seed: int = 0) -> dict[str, int]:
    """Let processes fill and read one cache for a while, killing one after the other.

    Returns
    -------
    dict
        ``kills``; ``rows`` that were read; ``wrong`` rows among them; ``damaged`` files that were
        noticed; ``stuck`` processes that did not end by themselves after the last kill.
    """
    draw = np.random.default_rng(seed)
    counts = {"kills": 0, "rows": 0, "wrong": 0, "damaged": 0, "stuck": 0}
    with tempfile.TemporaryDirectory() as folder:
        log, stop = Path(folder, "log"), Path(folder, "stop")
        arguments = (Path(folder, "cache"), log, stop)
        workers = [_start(_use_cache, *arguments, seed + i) for i in range(n_processes)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            i = int(draw.integers(n_processes))
            _kill_after(workers[i], draw.uniform(0.02, 0.4), counts)
            workers[i] = _start(_use_cache, *arguments, seed + n_processes + counts["kills"])
        stop.touch()
        for worker in workers:
            worker.join(60)
            counts["stuck"] += worker.is_alive()
            worker.kill()
        for event in _events(log):
            for name, count in event.items():
                counts[name] += count
    return counts


def _use_cache(folder: Path, log: Path, stop: Path, seed: int) -> None:
    """Ask a cache for random rows, compare each with what it must be, until told to stop."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    draw = np.random.default_rng(seed)
    while not stop.exists():
        cache = FrozenCache(folder)  # a new one verifies the files again
        n_rows = int(draw.integers(50, 5000))
        wrong, total = 0, 0
        for _ in range(20):
            numbers = draw.integers(n_rows, size=40).astype(np.float32)
            images = np.tile(numbers[:, None, None, None], (1, 1, 2, 2))
            expected = torch.from_numpy(numbers)[:, None] * torch.arange(1.0, 100.0)
            rows = cache.rows({"n": n_rows // 1000})
            slots = rows.fill(image_keys(images), lambda new: expected[new])  # noqa: B023
            stored = np.flatnonzero(slots >= 0)
            found = rows.read(slots[stored])
            if found is not None:
                total += len(stored)
                wrong += int((found != expected[stored]).any(dim=1).sum())
        _note(log, {"rows": total, "wrong": wrong, "damaged": cache.n_damaged})


def _start(target: Any, *arguments: Any) -> Any:
    process = _PROCESSES.Process(target=target, args=arguments)
    process.start()
    return process


def _finish(process: Any) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError(f"A process ended with code {process.exitcode}.")


def _kill_after(process: Any, seconds: float | None, counts: dict[str, int]) -> None:
    """Send SIGKILL after some seconds, and count it, unless the process has ended in order."""
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        counts["kills"] += 1
    else:
        _finish(process)


def _note(log: Path, event: Any) -> None:
    """Append a line, in one write."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, (json.dumps(event) + "\n").encode())
    finally:
        os.close(handle)


def _events(log: Path) -> list[Any]:
    return list(_parsed(log.read_text().splitlines())) if log.exists() else []


def _parsed(lines: list[str]) -> Iterator[Any]:
    for line in lines:
        with contextlib.suppress(ValueError):  # of a killed writer
            yield json.loads(line)
