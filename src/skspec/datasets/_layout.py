"""What the loaders share: walk a folder, read file names, put a dataset together."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.exceptions import InputError

#: Name endings of what libsndfile decodes.
SOUND_SUFFIXES = frozenset(
    {
        ".aif",
        ".aifc",
        ".aiff",
        ".au",
        ".caf",
        ".flac",
        ".mp3",
        ".oga",
        ".ogg",
        ".opus",
        ".rf64",
        ".snd",
        ".sph",
        ".voc",
        ".w64",
        ".wav",
        ".wave",
    }
)

Row = dict[str, Any]
Skipped = list[tuple[str, str]]  # path, reason
Parse = Callable[[str, Sequence[str]], Row | str | None]


class About(NamedTuple):
    """What stands to be said about a data set."""

    name: str
    example: str  # one file, as the set names it
    citation: str
    licence: str
    home: str
    sr: int | None = None  # Hz, where all files have the same

    @property
    def description(self) -> str:
        """Citation, licence and home page as text."""
        return (
            f"{self.name}\n\nCitation: {self.citation}\nLicence: {self.licence}\n"
            f"Home page: {self.home}\n"
        )


def load_named(
    folder: AnyPath,
    about: About,
    parse: Parse,
    *,
    label: str,
    beside: Collection[str] = (),
) -> Bunch:
    """Give the dataset of a folder whose file names say all that is known.

    Parameters
    ----------
    folder : path-like
        Read with all folders in it.
    about : About
        The data set.
    parse : callable
        Takes a file's name without its ending and the names of the folders above it, outermost
        first. Gives a row (``speaker`` and the label in it) that no other clip has, or a sentence
        why the file is not used, or None where the name says nothing.
    label : str
        The column that is `y`.
    beside : collection of str
        Names of files that belong to the set and are no clips: neither used nor skipped.
    """
    root = check_folder(folder)
    files, skipped = walk(root)
    rows: dict[tuple[Any, ...], Row] = {}
    for file in files:
        *parents, name = file.split("/")
        row = _read_name(name, parents, about, parse)
        if isinstance(row, dict):
            known = rows.setdefault(tuple(row.values()), {"file": file, **row})
            row = "" if known["file"] == file else f"the same clip as {known['file']!r}"
        if row and name not in beside:
            skipped.append((os.path.join(root, file), row))
    if not rows:
        raise nothing_found(about.name, root, f"files such as {about.example!r}", skipped)
    metadata = pd.DataFrame(list(rows.values()))
    paths = [os.path.join(root, file) for file in metadata["file"]]
    y, groups = metadata[label], metadata["speaker"]
    return make_dataset(
        paths, y, groups, metadata, skipped, sr=about.sr, description=about.description
    )


def _read_name(name: str, parents: Sequence[str], about: About, parse: Parse) -> Row | str:
    """Give the row of a file, or why there is none."""
    stem, suffix = os.path.splitext(name)
    expected = os.path.splitext(about.example)[1]
    if suffix.lower() != expected:
        return f"its name ends in {suffix!r}, not in {expected!r}"
    row = parse(stem, parents)
    return f"its name is not like {about.example!r}" if row is None else row


def check_folder(folder: AnyPath) -> str:
    """Give a folder as str, or say that there is none."""
    root = os.fspath(folder)
    if not os.path.isdir(root):
        raise InputError(f"Got folder={root!r}, but there is no such folder.")
    return root


def walk(root: str) -> tuple[list[str], Skipped]:
    """Give all files in a folder, relative to it and with slashes, and what is hidden."""
    files: list[str] = []
    skipped: Skipped = []
    seen = set()

    def unreadable(error: OSError) -> None:
        skipped.append((str(error.filename), f"cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(root, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            skipped.append((folder, "leads to a folder that was read already"))
            folders.clear()
            continue
        seen.add(real)
        odd = {name: reason for name in sorted(folders + names) if (reason := _oddness(name))}
        skipped += [(os.path.join(folder, name), reason) for name, reason in odd.items()]
        folders[:] = sorted(name for name in folders if name not in odd)
        above = os.path.relpath(folder, root).replace(os.sep, "/") + "/"
        above = "" if above == "./" else above
        files += [above + name for name in sorted(names) if name not in odd]
    return files, skipped


def _oddness(name: str) -> str:
    """Give why a file or folder is passed over for its name alone, or nothing."""
    if name.startswith("."):
        return "hidden"
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no text; a table could not hold them
        return "its name is not text in UTF-8"
    return ""


def nothing_found(what: str, root: str, expected: str, skipped: Skipped) -> InputError:
    """Give the error of a folder without a usable clip: what was expected and what is there."""
    seen = "".join(f"\n  {path}: {reason}" for path, reason in skipped[:5])
    more = f"\n  and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    there = f"Not used:{seen}{more}" if skipped else "There is no file in it."
    return InputError(f"Found no clip of {what} in {root!r}, but expected {expected}. {there}")


def make_dataset(
    paths: Iterable[str],
    y: Iterable[str],
    groups: Iterable[str] | None,
    metadata: pd.DataFrame,
    skipped: Skipped,
    *,
    sr: int | None,
    description: str,
) -> Bunch:
    """Give a dataset: what every loader returns."""
    return Bunch(
        paths=_as_strings(paths),
        y=_as_strings(y),
        groups=None if groups is None else _as_strings(groups),
        metadata=metadata.reset_index(drop=True),
        skipped=pd.DataFrame(skipped, columns=["path", "reason"], dtype=object),
        sr=sr,
        description=description,
    )


def _as_strings(values: Iterable[str]) -> NDArray[np.str_]:
    """Give an array of str, which cross-validation can index."""
    return np.array([str(value) for value in values], dtype=str)
