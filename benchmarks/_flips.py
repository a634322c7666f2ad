"""Single bits flipped in what is stored: each must be noticed, and the result must stay right.

Model files must be refused. A training that finds its checkpoint damaged, and a cache that finds
its rows damaged, must say so and give what they give without damage.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import skspec
from skspec import DeepFeatures, FrozenCache, PretrainedCNNClassifier, SmallCNNClassifier, Stage
from skspec.exceptions import CheckpointWarning, ModelFileError

IMAGES = np.random.default_rng(0).random((4, 1, 16, 16)).astype(np.float32)
LABELS = np.array([0, 1, 0, 1])


def count_flips(n: int, seed: int = 0) -> dict[str, dict[str, int]]:
    """Flip n bits in each kind of file, one at a time.

    Returns
    -------
    dict
        For ``model``, ``checkpoint`` and ``cache``: ``flips``, ``bits`` of all files in question,
        and how many flips were ``unnoticed``.
    """
    found = {}
    for name, (make, notices) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder))
            found[name] = _flip_each(Path(folder), n, np.random.default_rng(seed), notices)
    return found


def _flip_each(
    folder: Path, n: int, draw: np.random.Generator, notices: Callable[[Path], bool]
) -> dict[str, int]:
    """Flip bits of the files below a folder, which is put in order again after each."""
    whole = {path.relative_to(folder): path.read_bytes() for path in _stored(folder)}
    ends = np.cumsum([8 * len(data) for data in whole.values()])
    unnoticed = 0
    for bit in draw.integers(ends[-1], size=n):
        i = int(np.searchsorted(ends, bit, side="right"))
        name, data = list(whole.items())[i]
        (folder / name).write_bytes(_flip(data, int(bit - ends[i] + 8 * len(data))))
        unnoticed += not notices(folder)
        _restore(folder, whole)
    return {"flips": n, "bits": int(ends[-1]), "unnoticed": unnoticed}


def _stored(folder: Path) -> list[Path]:
    """Give the files that results depend on: no locks, no description for readers."""
    names = ("lock", "training.json")
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in names)


def _flip(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def _restore(folder: Path, whole: dict[Path, bytes]) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, data in whole.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _save_model(folder: Path) -> None:
    cnn = SmallCNNClassifier(stages="full", random_state=0).set_params(full__epochs=1)
    skspec.save(cnn.fit(IMAGES, LABELS), folder / "model.skspec")


def _refuses_model(folder: Path) -> bool:
    try:
        skspec.load(folder / "model.skspec")
    except ModelFileError:
        return True
    return False


@functools.cache
def _undamaged(make: Callable[[None], np.ndarray]) -> np.ndarray:
    return make(None)


def _fit(checkpoint: Path | None) -> np.ndarray:
    stages = [("full", Stage("all", epochs=2))]
    cnn = PretrainedCNNClassifier(
        "tiny", weights=None, stages=stages, checkpoint=checkpoint, random_state=0, device="cpu"
    )
    return cnn.fit(IMAGES, LABELS).predict_proba(IMAGES)


def _goes_on_right(folder: Path) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = _fit(folder)
    said = any(issubclass(w.category, CheckpointWarning) for w in caught)
    return said and np.array_equal(given, _undamaged(_fit))


def _features(folder: Path | None) -> np.ndarray:
    cache = None if folder is None else FrozenCache(folder)
    deep = DeepFeatures("tiny", weights=None, cache=cache, random_state=0, device="cpu")
    return deep.fit(IMAGES).transform(IMAGES)


def _computes_anew(folder: Path) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = _features(folder)
    said = any("Damage in a cache" in str(w.message) for w in caught)
    return said and np.array_equal(given, _undamaged(_features))


KINDS = {
    "model": (_save_model, _refuses_model),
    "checkpoint": (_fit, _goes_on_right),
    "cache": (_features, _computes_anew),
}
