"""Peak memory of fitting 10,000 clips by path, less that of fitting 100, in fresh processes.

Stored images may cost their compact float32 array and little more; images on demand must not grow
with the number of clips. Random sound of one second at 16 kHz, a tiny network, one epoch.

    python benchmarks/memory.py
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

SR, FEW, MANY = 16_000, 100, 10_000


def make_files(folder: Path, n_clips: int) -> None:
    """Write noise of another seed into each file."""
    for i in range(n_clips):
        noise = np.random.default_rng(i).standard_normal(SR, dtype=np.float32)
        soundfile.write(folder / f"{i:05d}.wav", 0.1 * noise, SR, subtype="PCM_16")


def fit(folder: Path, n_clips: int, on_demand: bool) -> dict[str, float]:
    """Fit once, in this process, and tell its peak memory."""
    paths = sorted(str(path) for path in folder.iterdir())[:n_clips]
    mel = MelSpectrogramImage(sr=SR, duration_s=1.0, n_fft=1024, hop_length=256)
    images = OnDemandImages(mel) if on_demand else mel
    stages = [("one", Stage("all", epochs=1))]
    cnn = PretrainedCNNClassifier("tiny", weights=None, stages=stages, random_state=0, device="cpu")
    start = time.perf_counter()
    batch = images.fit_transform(paths)
    cnn.fit(batch, np.arange(n_clips) % 2)
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mb": peak_mb(),
        "image_array_mb": 4 * float(np.prod(batch.shape)) / 2**20,
    }


def in_fresh_process(folder: Path, n_clips: int, on_demand: bool) -> dict[str, Any]:
    """Run `fit` in a process of its own."""
    command = [sys.executable, __file__, "--child", str(folder), str(n_clips), str(int(on_demand))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure both kinds and write results/memory.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "CLIPS", "ON_DEMAND"))
    child = parser.parse_args().child
    if child:
        print(json.dumps(fit(Path(child[0]), int(child[1]), child[2] == "1")))
        return
    figures: dict[str, Any] = {"clips": [FEW, MANY], "limits": {"stored": 1.3, "on_demand_mb": 200}}
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder), MANY)
        for name, on_demand in (("stored", False), ("on_demand", True)):
            few, many = (in_fresh_process(Path(folder), n, on_demand) for n in (FEW, MANY))
            growth = many["peak_mb"] - few["peak_mb"]
            figures[name] = {
                "growth_mb": round(growth, 1),
                "growth_over_image_array": round(growth / many["image_array_mb"], 3),
                "image_array_mb": round(many["image_array_mb"], 1),
                "seconds": many["seconds"],
            }
    write_result("memory", figures)


if __name__ == "__main__":
    main()
