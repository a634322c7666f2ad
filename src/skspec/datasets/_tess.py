"""TESS: acted emotions of two women."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.datasets._layout import About, Row, load_named

ABOUT = About(
    name="TESS, the Toronto emotional speech set",
    example="OAF_back_angry.wav",
    citation=(
        'M. K. Pichora-Fuller, K. Dupuis, "Toronto emotional speech set (TESS)", Borealis, 2020, '
        "doi:10.5683/SP2/E8H2MF"
    ),
    licence="CC BY-NC-ND 4.0",
    home="https://doi.org/10.5683/SP2/E8H2MF",
    sr=24_414,
)
CODES = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprised",
    "sad": "sad",
}
AGES = {"OAF": 64, "YAF": 26}
# One file was published as OA_bite_neutral.wav.
NAME = re.compile(r"([OY]A)F?_([A-Z-]+)_([A-Z]+)", re.IGNORECASE)


def load_tess(folder: AnyPath) -> Bunch:
    """Give the clips of TESS with their emotion and speaker, as the file names tell them.

    Two actresses, 26 and 64 years old, say "Say the word ..." with 200 words in seven emotions:
    2800 clips. With two speakers a grouped split leaves one to learn from, so the set is better
    added to others (`mix`) than used alone.

    Parameters
    ----------
    folder : path-like
        Where the set was unpacked: all files in it, or in folders such as ``OAF_angry``.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The emotion: ``"angry"``, ``"disgust"``, ``"fearful"``, ``"happy"``, ``"neutral"``,
            ``"sad"`` or ``"surprised"`` (the set's pleasant surprise).
        groups : ndarray of str, shape (n_clips,)
            The speaker: ``"OAF"`` (the older one) or ``"YAF"``.
        metadata : DataFrame
            ``file``, ``emotion``, ``speaker``, ``gender``, ``age``, ``code``, ``word``.
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used.
        sr : int
            24414 Hz.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder, or no clip in it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skspec.datasets import load_tess
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("OAF_back_angry.wav", "YAF_dog_ps.wav"):
    ...         Path(folder, name).touch()
    ...     data = load_tess(folder)
    >>> [str(emotion) for emotion in data.y], [str(name) for name in data.groups]
    (['angry', 'surprised'], ['OAF', 'YAF'])
    """
    return load_named(folder, ABOUT, _parse, label="emotion")


def _parse(stem: str, parents: Sequence[str]) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    speaker, code = match.group(1).upper() + "F", match.group(3).lower()
    if code not in CODES:
        return f"{code!r} is no emotion"
    return {
        "emotion": CODES[code],
        "speaker": speaker,
        "gender": "female",
        "age": AGES[speaker],
        "code": code,
        "word": match.group(2).lower(),
    }
