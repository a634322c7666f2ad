"""Recorded drum hits that come with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from skspec.datasets._layout import make_dataset

SR = 16_000


def load_percussion() -> Bunch:
    """Give 76 real drum hits with their instrument and author, from files in the package.

    Use it where a few seconds must suffice and the sound must be real: in tests, in examples, to
    see a pipeline run. The classes are instruments and the groups authors, so that grouped
    cross-validation asks whether an instrument is known again in somebody else's recording.
    All files are in the public domain (CC0 1.0); nothing is downloaded.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files: FLAC, mono, 16 bit, 0.03 to 1 s long.
        y : ndarray of str, shape (n_clips,)
            The instrument: ``"cymbal"``, ``"kick"``, ``"skin"`` (tom or tabla) or ``"snare"``.
        groups : ndarray of str, shape (n_clips,)
            The author of each clip, 20 in all.
        sr : int
            The sampling rate of all files, 16000 Hz.
        metadata : DataFrame
            The table beside the files: ``file``, ``label``, ``author``, ``source_package``,
            ``original_file``, ``licence``, ``sha256``.
        skipped : DataFrame
            ``path`` and ``reason``: empty, all files are used.
        description : str
            Origin, licence, counts by author, what to keep in mind, how to rebuild.

    See Also
    --------
    make_voices : As many synthetic voices as needed.

    Notes
    -----
    `StratifiedGroupKFold(n_splits=3)`, plain or shuffled, puts every class in every training and
    test part. More parts cannot: skins are by three authors only. All 26 tabla strokes are by one
    of them, who has nothing else, so author and instrument are partly confounded for skins; the
    description says more. The classes are unequal: score with balanced accuracy.

    Examples
    --------
    >>> from skspec.datasets import load_percussion
    >>> data = load_percussion()
    >>> len(data.paths), data.sr
    (76, 16000)
    >>> {str(label): int((data.y == label).sum()) for label in sorted(set(data.y))}
    {'cymbal': 12, 'kick': 17, 'skin': 36, 'snare': 11}

    Paths are what cross-validation splits, so it needs no more than this:

    >>> from sklearn.model_selection import StratifiedGroupKFold
    >>> cv = StratifiedGroupKFold(n_splits=3)
    >>> [len(test) for train, test in cv.split(data.paths, data.y, data.groups)]
    [36, 26, 14]
    """
    folder = Path(str(resources.files("skspec.datasets"))) / "data" / "percussion"
    metadata = pd.read_csv(folder / "percussion.csv", dtype=str, keep_default_na=False)
    return make_dataset(
        [str(folder / name) for name in metadata["file"]],
        metadata["label"],
        metadata["author"],
        metadata,
        skipped=[],
        sr=SR,
        description=(folder / "DATA.md").read_text(encoding="utf-8"),
    )
