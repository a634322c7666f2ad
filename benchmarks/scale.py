"""Memory and time of fitting 3,000 and 30,000 clips by path, frozen maps cached on disk.

Images are made on demand and nothing is held: memory must not grow with the number of clips, and
time must grow as it does. Random sound of half a second at 16 kHz, a tiny network whose head
learns for two epochs, each size in a fresh process with an empty cache. What 300,000 clips need is
told by the bytes each clip adds, in memory and on the disk.

    python benchmarks/scale.py
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from _memory import peak_mb
from _result import write_result

from skspec import MelSpectrogramImage, OnDemandImages, PretrainedCNNClassifier, Stage

SR, FEW, MANY = 16_000, 3_000, 30_000
LIMITS = {"memory_growth_mb": 100, "time_per_clip_ratio": 1.15}


def make_files(folder: Path, n_clips: int) -> None:
    """Write noise of another seed into each file."""
    for i in range(n_clips):
        noise = np.random.default_rng(i).standard_normal(SR // 2, dtype=np.float32)
        soundfile.write(folder / f"{i:06d}.wav", 0.1 * noise, SR, subtype="PCM_16")


def fit(folder: Path, n_clips: int) -> dict[str, float]:
    """Fit once, in this process, and tell its peak memory, its time and the cache's size."""
    paths = sorted(str(path) for path in folder.iterdir())[:n_clips]
    mel = MelSpectrogramImage(sr=SR, duration_s=0.5, n_fft=512, hop_length=256, n_mels=64)
    with tempfile.TemporaryDirectory() as cache:
        cnn = PretrainedCNNClassifier(
            "tiny",
            weights=None,
            stages=[("frozen", Stage("head", epochs=2))],
            cache=cache,
            random_state=0,
            device="cpu",
        )
        start = time.perf_counter()
        cnn.fit(OnDemandImages(mel).fit_transform(paths), np.arange(n_clips) % 2)
        seconds = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(cache).rglob("*") if file.is_file())
    return {
        "seconds": round(seconds, 1),
        "peak_mb": peak_mb(),
        "cache_bytes": size,
    }


def in_fresh_process(folder: Path, n_clips: int) -> dict[str, Any]:
    """Run `fit` in a process of its own."""
    command = [sys.executable, __file__, "--child", str(folder), str(n_clips)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure both sizes and write results/scale.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "CLIPS"))
    parser.add_argument("--many", type=int, default=MANY)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(fit(Path(given.child[0]), int(given.child[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder), given.many)
        few, many = (in_fresh_process(Path(folder), n) for n in (FEW, given.many))
    growth = many["peak_mb"] - few["peak_mb"]
    per_clip = [run["seconds"] / n for run, n in ((few, FEW), (many, given.many))]
    figures = {
        "limits": LIMITS,
        "clips": [FEW, given.many],
        "seconds": [few["seconds"], many["seconds"]],
        "time_per_clip_ratio": round(per_clip[1] / per_clip[0], 3),
        "memory_growth_mb": round(growth, 1),
        "memory_bytes_per_clip": round(growth * 2**20 / (given.many - FEW)),
        "cache_bytes_per_clip": round(many["cache_bytes"] / given.many),
    }
    write_result("scale", figures)


if __name__ == "__main__":
    main()
