"""BVC: English and native-language utterances of students in Nigeria."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.datasets._layout import About, Row, check_folder, load_named
from skspec.datasets._tables import check_columns, read_table

ABOUT = About(
    name="BVC Voice, voice biodata of 526 people",
    example="S_01_4001_VE1.wav",
    citation=(
        "O. Iloanusi, U. Ejiogu, I. Okoye, I. J. F. Ezika, S. Ezichi, C. Osuagwu, E. Ejiogu, "
        '"Voice Recognition and Gender Classification in the Context of Native Languages and '
        'Lingua Franca", 6th International Conference on Soft Computing and Machine '
        "Intelligence, 175-179, 2019"
    ),
    licence="see the page that the set was taken from",
    home="https://ieeexplore.ieee.org/document/9004306",
)
NAME = re.compile(r"S_(\d+)_(\d+)_([A-Z]+)(\d*)", re.IGNORECASE)
TABLES = ("BVC_Voice_Bio_Public.xlsx", "BVC_Voice_Bio_Public.csv")
COLUMNS = {"Sex": "gender", "Age": "age", "Ethnicity": "ethnicity"}
GENDERS = ("female", "male")


def load_bvc(folder: AnyPath, *, table: pd.DataFrame | AnyPath | None = None) -> Bunch:
    """Give the clips of BVC Voice with the gender and the number of who speaks.

    336 men and 190 women speak English or their native language, in one or two sessions: 2149 and
    1815 clips. The file name tells who speaks, a table their gender, age and ethnicity.

    Parameters
    ----------
    folder : path-like
        Where the set was unpacked: ``one_sentence``, ``multiple_sentences`` and ``S_02_voice``,
        each with folders in it of any depth.
    table : DataFrame or path-like, default=None
        The table of speakers, with the columns ``New_ID``, ``Sex``, ``Age`` and ``Ethnicity``; a
        path ends in ``.xlsx``, ``.csv``, ``.tsv`` or ``.parquet``. None takes
        ``BVC_Voice_Bio_Public.xlsx`` or ``.csv`` in `folder`. Where there is none, a clip's gender
        is the name of a folder above it, ``male`` or ``female``.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The gender: ``"female"`` or ``"male"``.
        groups : ndarray of str, shape (n_clips,)
            The speaker's number, from ``"4001"`` on.
        metadata : DataFrame
            ``file``, ``gender``, ``age``, ``ethnicity`` (these two from the table),
            ``speaker``, ``session`` (``"S_01"`` or ``"S_02"``), ``folder`` (the innermost:
            ``"one_sentence"`` or ``"multiple_sentences"``), ``code`` (``"VE"`` is English),
            ``clip`` (its number, or empty).
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used.
        sr : None
            Not known; files may differ.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder, or no clip in it, or the table lacks a column.
    MissingDependencyError
        The table is ``.xlsx`` or ``.parquet`` and the package that reads it is not installed.

    Notes
    -----
    Layout and names are those that public code which reads the set relies on.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from skspec.datasets import load_bvc
    >>> people = pd.DataFrame(
    ...     {"New_ID": [4001], "Sex": ["'Male'"], "Age": [19], "Ethnicity": ["'Igbo'"]}
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "S_01_4001_VE1.wav").touch()
    ...     data = load_bvc(folder, table=people)
    >>> str(data.y[0]), str(data.groups[0]), data.metadata["ethnicity"][0]
    ('male', '4001', 'Igbo')
    """
    root = check_folder(folder)
    if table is None:
        places = [os.path.join(root, name) for name in TABLES]
        table = next((path for path in places if os.path.isfile(path)), None)
    people = None if table is None else _read_people(table)
    beside = TABLES if isinstance(table, pd.DataFrame | None) else (os.path.basename(table),)
    return load_named(root, ABOUT, partial(_parse, people=people), label="gender", beside=beside)


def _read_people(table: pd.DataFrame | AnyPath) -> Mapping[str, Row]:
    """Give what is known of each speaker by number; the table has its texts in quotes."""
    frame = read_table(table, text=["New_ID"], sep=None, engine="python")
    check_columns(frame, ["New_ID", *COLUMNS], table)
    frame = frame[frame["New_ID"].notna()].drop_duplicates("New_ID")
    # A column with an empty cell is one of floats.
    frame.index = pd.Index(frame["New_ID"].str.removesuffix(".0"))
    for column in ("Sex", "Ethnicity"):
        frame[column] = frame[column].str.strip("' ")
    frame["Sex"] = frame["Sex"].str.lower()
    return frame[list(COLUMNS)].rename(columns=COLUMNS).to_dict("index")


def _parse(
    stem: str, parents: Sequence[str], *, people: Mapping[str, Row] | None
) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    session, speaker, code, clip = match.groups()
    folders = [name.lower() for name in parents]
    known = {"gender": next((name for name in folders if name in GENDERS), None)}
    if people is not None:
        known = people.get(speaker, {"gender": None})
    if known["gender"] not in GENDERS:
        where = "folder above it" if people is None else "row of the table"
        return f"no {where} tells whether speaker {speaker!r} is female or male"
    return {
        **known,
        "speaker": speaker,
        "session": f"S_{session}",
        "folder": parents[-1] if parents else "",
        "code": code.upper(),
        "clip": clip,
    }
