"""CREMA-D: acted emotions of 91 actors."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial

from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.datasets._layout import About, Row, check_folder, load_named
from skspec.datasets._tables import check_columns, read_table

ABOUT = About(
    name="CREMA-D, the Crowd-sourced Emotional Multimodal Actors Dataset",
    example="1001_DFA_ANG_XX.wav",
    citation=(
        'H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma, "CREMA-D: '
        'Crowd-sourced Emotional Multimodal Actors Dataset", IEEE Transactions on Affective '
        "Computing 5(4), 377-390, 2014"
    ),
    licence="Open Database License 1.0",
    home="https://github.com/CheyneyComputerScience/CREMA-D",
    sr=16_000,
)
CODES = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
# One file was published as 1040_ITH_SAD_X.wav.
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified", "X": "unspecified"}
NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{1,2})", re.IGNORECASE)
DEMOGRAPHICS = "VideoDemographics.csv"
COLUMNS = {"Sex": "gender", "Age": "age", "Race": "race", "Ethnicity": "ethnicity"}


def load_cremad(folder: AnyPath) -> Bunch:
    """Give the clips of CREMA-D with their emotion and actor, as the file names tell them.

    48 actors and 43 actresses speak 12 sentences in six emotions, 7442 clips. What the actors
    meant is the label; what listeners heard is not in the names.

    Parameters
    ----------
    folder : path-like
        Where the set is: the whole of it, or its folder ``AudioWAV``. In a clone of its
        repository, sound files that were not fetched with Git LFS are there and cannot be read.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The emotion: ``"angry"``, ``"disgust"``, ``"fearful"``, ``"happy"``, ``"neutral"`` or
            ``"sad"``.
        groups : ndarray of str, shape (n_clips,)
            The actor, ``"1001"`` to ``"1091"``.
        metadata : DataFrame
            ``file``, ``emotion``, ``speaker``, ``code``, ``sentence`` (three letters),
            ``intensity``; and ``gender``, ``age``, ``race`` and ``ethnicity`` where
            ``VideoDemographics.csv`` stands in `folder` or in the folder above it.
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used.
        sr : int
            16000 Hz.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder, or no clip in it, or the demographics lack a column.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skspec.datasets import load_cremad
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("1001_DFA_ANG_XX.wav", "1002_IEO_HAP_HI.wav"):
    ...         Path(folder, name).touch()
    ...     data = load_cremad(folder)
    >>> [str(emotion) for emotion in data.y], [str(name) for name in data.groups]
    (['angry', 'happy'], ['1001', '1002'])
    """
    root = check_folder(folder)
    parse = partial(_parse, actors=_read_actors(root))
    return load_named(root, ABOUT, parse, label="emotion", beside=(DEMOGRAPHICS,))


def _read_actors(root: str) -> dict[str, Row]:
    """Give what is known of each actor, if the table is there."""
    places = [os.path.join(root, DEMOGRAPHICS), os.path.join(root, os.pardir, DEMOGRAPHICS)]
    table = next((path for path in places if os.path.isfile(path)), None)
    if table is None:
        return {}
    frame = read_table(table, text=["ActorID"])
    check_columns(frame, ["ActorID", *COLUMNS], table)
    frame["Sex"] = frame["Sex"].str.lower()
    return frame.set_index("ActorID")[list(COLUMNS)].rename(columns=COLUMNS).to_dict("index")


def _parse(stem: str, parents: Sequence[str], *, actors: dict[str, Row]) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    speaker, sentence, code, intensity = match.group(0).upper().split("_")
    if code not in CODES:
        return f"{code!r} is no emotion"
    if intensity not in INTENSITIES:
        return f"{intensity!r} is no intensity"
    return {
        "emotion": CODES[code],
        "speaker": speaker,
        "code": code,
        "sentence": sentence,
        "intensity": INTENSITIES[intensity],
        **actors.get(speaker, {}),
    }
