"""Acted speech of two voices: the dialogues of the Debian package `fillets-ng-data-cs`.

Two fish comment on every level of a game, in Czech. The small one is spoken by a woman, the big
one by a man. The second part of a file's name says who speaks (``vit-m-hlava.ogg``,
``agenti-m.ogg``), the folder is the level. Other speakers are left out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

PACKAGE = "fillets-ng-data-cs"
SOUNDS = Path("usr/share/games/fillets-ng/sound")
SPEAKERS = {"m": "woman", "v": "man"}


def load_dialogues(root: Path) -> Bunch:
    """Give `paths`, `y` (woman or man), `groups` (level) and a `report` of an unpacked package."""
    paths = sorted((root / SOUNDS).rglob("*.ogg"))
    labels = [SPEAKERS.get(speaker(path)) for path in paths]
    if not any(labels):
        raise SystemExit(f"No dialogue NAME-m-*.ogg or NAME-v-*.ogg lies in {root / SOUNDS}.")
    kept = [(path, label) for path, label in zip(paths, labels, strict=True) if label]
    y = np.array([label for _, label in kept])
    groups = np.array([level(path, root / SOUNDS) for path, _ in kept])
    report = {
        "package": root.name,
        "clips": dict(sorted(Counter(y.tolist()).items())),
        "levels": len(np.unique(groups)),
        "left_out_other_speakers": labels.count(None),
    }
    return Bunch(paths=[str(path) for path, _ in kept], y=y, groups=groups, report=report)


def speaker(path: Path) -> str:
    """Give the second part of a file's name; an empty one where there is only one part."""
    return [*path.stem.split("-"), ""][1]


def level(path: Path, sounds: Path) -> str:
    """Give the folder of a level, without that of the language at its end."""
    return path.relative_to(sounds).parent.parent.as_posix()
