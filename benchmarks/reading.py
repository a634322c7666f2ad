"""Reading 500 files beside bare soundfile and soxr, and whether it overlaps with the transform.

The files are noise of one second at 44.1 kHz, as 16-bit FLAC; all are resampled to 16 kHz. The bare
loop decodes, resamples and keeps nothing. Then MelSpectrogramImage draws the same files from paths,
which may cost little more than the longer of reading and drawing, where two cores are free. All
take turns; of two calls in a row the faster counts.

    python benchmarks/reading.py
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from _result import faster, spread, write_result

from skspec import MelSpectrogramImage
from skspec.audio import iter_blocks

FILE_SR, SR = 44_100, 16_000


def make_files(folder: Path, n_files: int) -> list[str]:
    """Write noise of another seed into each file."""
    paths = [str(folder / f"{i:03d}.flac") for i in range(n_files)]
    for i, path in enumerate(paths):
        noise = np.random.default_rng(i).standard_normal(FILE_SR, dtype=np.float32)
        soundfile.write(path, 0.1 * noise, FILE_SR, subtype="PCM_16")
    return paths


def bare(paths: list[str]) -> None:
    """Decode and resample, one file after the other."""
    for path in paths:
        waveform, sr = soundfile.read(path, dtype="float32")
        soxr.resample(waveform, sr, SR)


def ours(paths: list[str]) -> None:
    """Read the same by what every estimator reads with."""
    for _ in iter_blocks(paths, SR):
        pass


def main() -> None:
    """Take turns, and write results/reading.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_files(Path(folder), given.files)
        waveforms = np.stack([clip for _, block in iter_blocks(paths, SR) for clip in block])
        mel = MelSpectrogramImage(sr=SR, n_fft=1024, hop_length=128).fit(waveforms)
        rows = [
            {
                "bare_s": faster(lambda: bare(paths)),
                "ours_s": faster(lambda: ours(paths)),
                "draw_s": faster(lambda: mel.transform(waveforms)),
                "read_and_draw_s": faster(lambda: mel.transform(paths)),
            }
            for _ in range(given.rounds)
        ]
    figures = {key: spread([row[key] for row in rows]) for key in rows[0]}
    ratio = [row["ours_s"] / row["bare_s"] for row in rows]
    together = [row["read_and_draw_s"] / (row["ours_s"] + row["draw_s"]) for row in rows]
    write_result(
        "reading",
        {
            "files": given.files,
            "limit": 1.1,
            **figures,
            "ours_over_bare": spread(ratio),
            "together_over_sum_of_parts": spread(together),
        },
    )


if __name__ == "__main__":
    main()
