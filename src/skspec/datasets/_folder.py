"""A data set of one's own: folders named by label, or a table."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.datasets._layout import (
    SOUND_SUFFIXES,
    Skipped,
    check_folder,
    make_dataset,
    nothing_found,
    walk,
)
from skspec.datasets._tables import check_columns, read_table, screen
from skspec.exceptions import ParameterError


def load_folder(
    folder: AnyPath,
    *,
    table: pd.DataFrame | AnyPath | None = None,
    path: str = "path",
    label: str = "label",
    group: str | None = None,
) -> Bunch:
    """Give the sound files of a folder with labels from the folders' names or from a table.

    Without a table the label of a clip is the name of the outermost folder it stands in:
    ``kick/deep/01.wav`` is a ``"kick"``. A table has a row for each clip, and may also tell who or
    what it is from, so that cross-validation can keep such clips together.

    Parameters
    ----------
    folder : path-like
        Read with all folders in it.
    table : DataFrame or path-like, default=None
        One row for each clip. A path ends in ``.csv``, ``.tsv``, ``.parquet`` or ``.xlsx``.
    path : str, default="path"
        Column of the table with the sound files, relative to `folder` or absolute.
    label : str, default="label"
        Column of the table with the labels. They become text.
    group : str, default=None
        Column of the table with what must not be divided between training and test: the speaker,
        the animal, the machine. None: not known.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The labels.
        groups : ndarray of str, shape (n_clips,), or None
            The groups, where the table has them.
        metadata : DataFrame
            The rows of the table; without one, ``file`` (relative to `folder`) and ``label``.
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found, or named by the table, and is not
            used: hidden, no sound file, in no label's folder, in no row, missing, named by two
            rows, without label or group.
        sr : None
            Not known; files may differ.
        description : str
            Where the data are from.

    Raises
    ------
    InputError
        There is no such folder or no clip in it, or the table cannot be read or lacks a column.
    MissingDependencyError
        The table is ``.parquet`` or ``.xlsx`` and the package that reads it is not installed.
    ParameterError
        A `group` without a table.

    Notes
    -----
    Without a table groups are None. Where the names of the files tell them, set them:
    ``data.groups = np.array([Path(path).name.split("_")[0] for path in data.paths])``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from skspec.datasets import load_folder
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("owl/a.wav", "wren/b.wav", "wren/notes.txt"):
    ...         Path(folder, name).parent.mkdir(exist_ok=True)
    ...         Path(folder, name).touch()
    ...     data = load_folder(folder)
    ...     table = pd.DataFrame({"path": ["owl/a.wav"], "label": ["owl"], "bird": [7]})
    ...     owls = load_folder(folder, table=table, group="bird")
    >>> [str(label) for label in data.y], data.skipped["reason"][0]
    (['owl', 'wren'], 'no sound file')
    >>> str(owls.groups[0]), len(owls.skipped)
    ('7', 2)
    """
    root = check_folder(folder)
    if table is not None:
        return _load_table(root, table, path, label, group)
    if group is not None:
        raise ParameterError(f"Got group={group!r} without a table, which would have that column.")
    return _load_folders(root)


def _load_folders(root: str) -> Bunch:
    """Give the sound files in folders, the outermost folder being the label."""
    files, skipped = walk(root)
    rows = pd.DataFrame({"file": files, "label": [file.split("/")[0] for file in files]})
    paths = np.array([os.path.join(root, file) for file in files], dtype=object)
    suffixes = [os.path.splitext(file)[1].lower() for file in files]
    checks = {
        "no sound file": [suffix not in SOUND_SUFFIXES for suffix in suffixes],
        "in no folder that would be its label": ["/" not in file for file in files],
    }
    usable, unused = screen(paths, checks)
    return _make(root, paths[usable], rows[usable], skipped + unused, "label", None)


def _load_table(
    root: str, table: pd.DataFrame | AnyPath, path: str, label: str, group: str | None
) -> Bunch:
    """Give the clips of the rows of a table."""
    needed = [path, label] if group is None else [path, label, group]
    rows = read_table(table, text=needed)
    check_columns(rows, needed, table)
    files, skipped = walk(root)
    here = [os.path.normpath(os.path.join(root, file)) for file in files]
    present = {os.path.abspath(file): file for file in here}
    paths = rows[path].map(lambda name: os.path.normpath(os.path.join(root, name or "")))
    places = paths.map(os.path.abspath)  # a row may say otherwise than `folder` where a file is
    checks = {f"its row has no {name}": rows[name].isna() for name in needed}
    checks["in an earlier row as well"] = places.duplicated()
    checks["no such file"] = [p not in present and not os.path.isfile(p) for p in places]
    usable, unused = screen(paths, checks)
    own = [] if isinstance(table, pd.DataFrame) else [os.path.abspath(os.fspath(table))]
    unnamed = sorted(present[place] for place in present.keys() - {*places, *own})
    skipped += unused + [(file, "in no row of the table") for file in unnamed]
    return _make(root, paths[usable], rows[usable], skipped, label, group)


def _make(
    root: str,
    paths: Sequence[str] | pd.Series,
    rows: pd.DataFrame,
    skipped: Skipped,
    label: str,
    group: str | None,
) -> Bunch:
    if not len(paths):
        raise nothing_found("a data set", root, "sound files with labels", skipped)
    groups = None if group is None else rows[group]
    description = f"{len(paths)} sound files of {root}\n"
    return make_dataset(paths, rows[label], groups, rows, skipped, sr=None, description=description)
