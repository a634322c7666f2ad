"""A folder of your own sound files, from a first look to a saved model.

    python examples/own_folder.py [FOLDER]

The folder is made here of the embedded drum hits, one folder for each label. With yours, begin at
`load_folder`. Writes ``sounds/`` and ``model.skspec``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from skspec import baselines, evaluate, load, load_folder, load_percussion, save, scan_audio
from skspec.evaluation import Evaluation
from skspec.recipes import recommended


def make_folder(folder: Path) -> None:
    """Copy the embedded sounds as ``LABEL/AUTHOR_NUMBER.flac``."""
    drums = load_percussion()
    for i, (path, label, author) in enumerate(zip(drums.paths, drums.y, drums.groups, strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / label / f"{author}_{i}.flac")


def main(folder: Path) -> tuple[Evaluation, Pipeline]:
    """Load, look, compare, train, save."""
    make_folder(folder / "sounds")

    dataset = load_folder(folder / "sounds")
    # Who recorded a sound stands before the last "_" of its name. Without it, scores are too good.
    dataset.groups = np.array([Path(path).stem.rpartition("_")[0] for path in dataset.paths])
    print(f"{len(dataset.paths)} files, {len(set(dataset.groups))} authors")
    print(f"not used: {dataset.skipped.to_dict('records')}")

    report = scan_audio(dataset.paths)
    print(report["duration_s"].describe()[["min", "mean", "max"]].round(2).to_dict())
    print(report.loc[report["finding"] != "", ["path", "finding"]].to_string(index=False))

    # Half a second shows most of a drum hit; for speech take about 3.
    start = recommended(sr=16_000, duration_s=0.5, random_state=0)
    simple = baselines(sr=16_000, duration_s=0.5, random_state=0)
    systems = {"recommended": start} | {
        name: simple[name] for name in ("majority", "mel statistics + SVM")
    }
    result = evaluate(systems, dataset, cv=3)
    print(result.to_markdown(["accuracy", "balanced_accuracy", "macro_f1"]))

    start.fit(dataset.paths, dataset.y)
    card = {"description": "Which drum?", "metrics": result.summary("balanced_accuracy")}
    save(start, folder / "model.skspec", card=card)
    return result, load(folder / "model.skspec")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
