"""A recording of many hours: memory, duration under a wrapped header, kill and resume.

Recordings are sparse files of silence with a sound now and then, whose header is written by hand:
from 4 GiB on its 32-bit sizes wrap around, as those of simple recorders do.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _memory import peak_mb
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import MelSpectrogramImage, make_voices, predict_recording, time_statistics
from skspec.recordings import write_windows

SR, CHANNELS, ESTIMATOR_SR = 48_000, 2, 16_000
SHORT_S = 600.0


def write_sparse_wav(
    path: Path,
    n_samples: int,
    *,
    sr: int = SR,
    n_channels: int = CHANNELS,
    sound: NDArray[Any],
    every: int | None = None,
) -> None:
    """Write silence as a WAV of 16 bits with a mono sound at its end and at every so many samples.

    The silence takes no space on the disk, and the sizes in the header are those modulo 2^32.
    """
    width = 2 * n_channels
    samples = np.repeat(np.rint(np.asarray(sound) * 2**15).astype("<i2"), n_channels).tobytes()
    last = n_samples - len(sound)
    with path.open("wb") as file:
        file.write(_header(n_samples * width, sr, n_channels))
        file.truncate(44 + n_samples * width)
        for start in [*range(0, last, every or n_samples), last]:
            file.seek(44 + start * width)
            file.write(samples[: (n_samples - start) * width])


def _header(n_bytes: int, sr: int, n_channels: int) -> bytes:
    width, wrapped = 2 * n_channels, 1 << 32
    meaning = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, n_channels, sr, sr * width, width, 16)
    head = struct.pack("<4sI4s", b"RIFF", (n_bytes + 36) % wrapped, b"WAVE")
    return head + meaning + struct.pack("<4sI", b"data", n_bytes % wrapped)


def make_recording(path: Path, seconds: float) -> None:
    """Write a recording with a voice in every ten minutes and at its end."""
    voices, _, _ = make_voices(4, n_speakers=2, sr=SR, random_state=1)
    n_samples = round(seconds * SR)
    write_sparse_wav(path, n_samples, sound=0.5 * voices.ravel(), every=600 * SR)


def predict(recording: Path, table: Path, journal: Path) -> dict[str, Any]:
    """Predict a recording in this process and tell what that took."""
    X, y, _ = make_voices(48, n_speakers=8, random_state=0)
    mel = MelSpectrogramImage(sr=ESTIMATOR_SR)
    features = FunctionTransformer(time_statistics)
    fitted = make_pipeline(mel, features, LogisticRegression(max_iter=1000)).fit(X, y)
    start = time.perf_counter()
    windows = predict_recording(fitted, recording, window_s=1.0, journal=journal)
    write_windows(windows, table)
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mb": peak_mb(),
        "windows": len(windows),
        "duration_s": float(windows["end"].iloc[-1]),
    }


def in_fresh_process(*paths: Path) -> dict[str, Any]:
    """Run `predict` in a process of its own."""
    command = [sys.executable, __file__, "--child", *map(str, paths)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_memory(hours: float, short_s: float = SHORT_S) -> dict[str, Any]:
    """Give the peak memory on a recording of so many hours, and how far it is over a short one's.

    Expected: a growth under 300 MB, and the right duration.
    """
    figures: dict[str, Any] = {"hours": hours}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length, seconds in (("short", short_s), ("long", 3600 * hours)):
            recording = folder / f"{length}.wav"
            make_recording(recording, seconds)
            files = (recording, folder / f"{length}.csv", folder / f"{length}.journal")
            figures[length] = in_fresh_process(*files)
            figures[length]["file_gb"] = round(recording.stat().st_size / 1e9, 3)
            figures[length]["is_right_duration"] = figures[length]["duration_s"] == seconds
    figures["growth_mb"] = round(figures["long"]["peak_mb"] - figures["short"]["peak_mb"], 1)
    return figures


def kill_and_resume(seconds: float, n_entries: int) -> dict[str, Any]:
    """Kill a run once its journal has so many entries, resume it, and compare it with another.

    Expected: the same bytes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording, journal = folder / "recording.wav", folder / "killed.journal"
        make_recording(recording, seconds)
        in_fresh_process(recording, folder / "undisturbed.csv", folder / "undisturbed.journal")
        _kill(recording, folder / "killed.csv", journal, n_entries)
        kept = _n_lines(journal) - 1
        in_fresh_process(recording, folder / "killed.csv", journal)
        tables = [(folder / f"{kind}.csv").read_bytes() for kind in ("undisturbed", "killed")]
        return {"entries_at_kill": kept, "entries": _n_lines(journal) - 1,
                "is_equal": tables[0] == tables[1]}  # fmt: skip


def _kill(recording: Path, table: Path, journal: Path, n_entries: int) -> None:
    command = [sys.executable, __file__, "--child", *map(str, (recording, table, journal))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None and _n_lines(journal) <= n_entries:
            time.sleep(0.01)
        child.kill()


def _n_lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def main() -> None:
    """Print what is asked for: a child's figures, or those of a recording of some hours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=3, type=Path, metavar=("RECORDING", "TABLE", "JOURNAL"))
    parser.add_argument("--hours", type=float, default=10.0)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(predict(*arguments.child)))
    else:
        print(json.dumps(measure_memory(arguments.hours), indent=2))


if __name__ == "__main__":
    main()
