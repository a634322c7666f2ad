"""Common Voice: read sentences of volunteers, with what they say of themselves."""

from __future__ import annotations

import csv
import os
import warnings
from collections.abc import Sequence
from numbers import Integral

import pandas as pd
from sklearn.utils import Bunch

from skspec._validation import AnyPath, check_choice
from skspec.datasets._layout import (
    About,
    Skipped,
    check_folder,
    make_dataset,
    nothing_found,
    walk,
)
from skspec.datasets._tables import check_columns, read_table, screen
from skspec.exceptions import GroupsWarning, InputError, ParameterError

ABOUT = About(
    name="Common Voice",
    example="clips/common_voice_en_1.mp3",
    citation=(
        "R. Ardila, M. Branson, K. Davis, M. Henretty, M. Kohler, J. Meyer, R. Morais, "
        'L. Saunders, F. M. Tyers, G. Weber, "Common Voice: a massively-multilingual speech '
        'corpus", LREC, 4218-4222, 2020'
    ),
    licence="CC0 1.0",
    home="https://commonvoice.mozilla.org",
)
#: What the parts of a newer and of the first release are called.
TABLES = ("{}.tsv", "cv-valid-{}.csv")
GENDERS = {"female_feminine": "female", "male_masculine": "male"}


def load_common_voice(
    folder: AnyPath,
    *,
    label: str = "gender",
    parts: Sequence[str] = ("train", "dev", "test"),
    n_files: int | None = None,
    labels: Sequence[str] | None = None,
) -> Bunch:
    r"""Give clips of Common Voice with the gender, age or accent of who speaks.

    The parts of the release are joined. With `n_files`, the clips that listeners agreed with most
    often are taken, equally many of each label.

    Parameters
    ----------
    folder : path-like
        Where one language was unpacked: ``train.tsv``, ``dev.tsv``, ``test.tsv`` and ``clips``;
        or, of the first release (2017), ``cv-valid-train.csv`` and ``cv-valid-train`` and so on.
    label : {"gender", "age", "accent"}, default="gender"
        What `y` is.
    parts : sequence of str, default=("train", "dev", "test")
        The tables, without ending and ``cv-valid-``. Clips that stand in two are taken once.
    n_files : int > 0, default=None
        How many clips to take, the same number of each label: the whole part of `n_files` divided
        by the number of labels, or as many as the rarest label has. None takes all.
    labels : sequence of str, default=None
        Labels to take. None is ``("female", "male")`` for gender and all that occur otherwise.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files (MP3), in the order of the tables.
        y : ndarray of str, shape (n_clips,)
            The label. Gender is ``"female"`` or ``"male"`` in all releases.
        groups : ndarray of str, shape (n_clips,), or None
            The speaker's ``client_id``; the first release has none.
        metadata : DataFrame
            The columns of the tables, and ``part`` and ``label``.
        skipped : DataFrame
            ``path`` and ``reason`` of every clip that is not used.
        sr : None
            Not known; files may differ.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder or table, a column is missing, or no clip is left.
    ParameterError
        If `label` or `n_files` is not what is said above.

    Warns
    -----
    GroupsWarning
        The release does not tell who speaks, so that a split may put one speaker on both sides.

    Notes
    -----
    Votes rank clips as in [1]_: those with the most up-votes first, and of equal ones the first
    in the tables.

    References
    ----------
    .. [1] C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender".

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skspec.datasets import load_common_voice
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "client_id": ["a", "b", "b"],
    ...         "path": ["1.mp3", "2.mp3", "3.mp3"],
    ...         "up_votes": [2, 5, 9],
    ...         "gender": ["male_masculine", "female_feminine", None],
    ...     }
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     table.to_csv(Path(folder, "train.tsv"), sep="\t", index=False)
    ...     Path(folder, "clips").mkdir()
    ...     for name in table["path"]:
    ...         Path(folder, "clips", name).touch()
    ...     data = load_common_voice(folder, parts=["train"], n_files=2)
    >>> [str(label) for label in data.y], [str(name) for name in data.groups]
    (['male', 'female'], ['a', 'b'])
    >>> data.skipped["reason"][0]
    'its row has no gender'
    """
    check_choice("label", label, ["gender", "age", "accent"])
    _check_sizes(parts, labels, n_files)
    root = check_folder(folder)
    rows = _read_parts(root, parts, label)
    if labels is None:
        labels = ("female", "male") if label == "gender" else rows["label"].dropna().unique()
    rows, skipped = _usable(root, rows, label, labels)
    if n_files is not None and not rows.empty:
        rows, unused = _most_voted(rows, n_files, len(labels))
        skipped += unused
    if rows.empty:
        wanted = f"clips whose {label} is one of {list(labels)}"
        raise nothing_found(ABOUT.name, root, wanted, skipped)
    groups = rows.get("client_id")
    if groups is None:
        _warn_of_speakers(root)
    return make_dataset(
        rows["clip"],
        rows["label"],
        groups,
        rows.drop(columns="clip"),
        skipped,
        sr=ABOUT.sr,
        description=ABOUT.description,
    )


def _check_sizes(parts: object, labels: object, n_files: object) -> None:
    for name, value in (("parts", parts), ("labels", labels)):
        if isinstance(value, str) or (isinstance(value, Sequence) and not value):
            raise ParameterError(f"Got {name}={value!r}, but expected a list of at least one name.")
    if n_files is not None and not (isinstance(n_files, Integral) and int(n_files) > 0):
        raise ParameterError(f"Got n_files={n_files!r}, but expected an integer > 0 or None.")


def _read_parts(root: str, parts: Sequence[str], label: str) -> pd.DataFrame:
    """Give the rows of all parts, with the columns ``part`` and ``label``."""
    rows = pd.concat([_read_part(root, part, label) for part in parts], ignore_index=True)
    if label == "gender":
        rows["label"] = rows["label"].replace(GENDERS)
    return rows


def _read_part(root: str, part: str, label: str) -> pd.DataFrame:
    """Give the rows of one part; ``clip`` is the innermost folder and name of the file."""
    places = [os.path.join(root, table.format(part)) for table in TABLES]
    table = next((path for path in places if os.path.isfile(path)), None)
    if table is None:
        names = " or ".join(repr(os.path.basename(path)) for path in places)
        there = sorted(name for name in os.listdir(root) if name.endswith((".tsv", ".csv")))
        raise InputError(f"Found no {names} in {root!r}. The tables there are {there}.")
    newer = table.endswith(".tsv")
    # Sentences of the newer tables hold single quotation marks that quote nothing.
    quoting = csv.QUOTE_NONE if newer else csv.QUOTE_MINIMAL
    text = ["client_id", "path", "filename", "gender", "age", "accent", "accents"]
    rows = read_table(table, text=text, quoting=quoting)
    column = "accents" if label == "accent" and "accents" in rows else label
    path = "path" if newer else "filename"
    check_columns(rows, [path, "up_votes", column, *(["client_id"] if newer else [])], table)
    clip = rows[path]
    if newer:  # the release of February 2019 leaves the ending out
        clip = "clips/" + clip.str.replace(r"^[^.]+$", r"\g<0>.mp3", regex=True)
    return rows.assign(part=part, label=rows[column], clip=clip)


def _usable(
    root: str, rows: pd.DataFrame, label: str, labels: Sequence[str]
) -> tuple[pd.DataFrame, Skipped]:
    """Give the rows with a label that is wanted and a file that is there; ``clip`` is its path."""
    files, skipped = walk(root)
    skipped += _not_named(root, files, rows)
    found = {_innermost(file): os.path.join(root, file) for file in files}
    paths = rows["clip"].map(found)
    checks = {
        "no such file": paths.isna(),
        f"its row has no {label}": rows["label"].isna(),
        f"its {label} is not one of {list(map(str, labels))}": ~rows["label"].isin(labels),
        "in an earlier row as well": rows["clip"].duplicated(),
    }
    as_named = paths.fillna(root + os.sep + rows["clip"].fillna(""))
    usable, unused = screen(as_named, checks)
    return rows.assign(clip=paths)[usable], skipped + unused


def _innermost(file: str) -> str:
    """Give a file's name and folder: cv-valid-train may stand in a folder of its own name."""
    return "/".join(file.split("/")[-2:])


def _not_named(root: str, files: Sequence[str], rows: pd.DataFrame) -> Skipped:
    """Give the files that are no clip of a row and no table with rows."""
    named = {*rows["clip"], *(name.format(part) for name in TABLES for part in set(rows["part"]))}
    others = [file for file in files if _innermost(file) not in named]
    return [(os.path.join(root, file), "in no row of the tables") for file in others]


def _most_voted(rows: pd.DataFrame, n_files: int, n_labels: int) -> tuple[pd.DataFrame, Skipped]:
    """Give equally many rows of each label, those with the most up-votes, in their old order."""
    counts = rows["label"].value_counts()
    n_each = min(n_files // n_labels, counts.min()) if len(counts) == n_labels else 0
    if n_each == 0:
        raise InputError(
            f"Got n_files={n_files}, but expected as many as {n_labels} labels, each of which has "
            f"clips; there are {counts.to_dict()}."
        )
    ranked = rows.sort_values("up_votes", ascending=False, kind="stable")
    kept = ranked.groupby("label").head(n_each).index
    reason = f"not among the {n_each} with the most up-votes of its label"
    usable, unused = screen(rows["clip"], {reason: ~rows.index.isin(kept)})
    return rows[usable], unused


def _warn_of_speakers(root: str) -> None:
    warnings.warn(
        f"The release in {root!r} does not tell who speaks, so groups is None and a split may put "
        "clips of one speaker on both sides. Newer releases have a client_id.",
        GroupsWarning,
        stacklevel=3,
    )
