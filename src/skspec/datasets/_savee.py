"""SAVEE: acted emotions of four men."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sklearn.utils import Bunch

from skspec._validation import AnyPath
from skspec.datasets._layout import About, Row, load_named

ABOUT = About(
    name="SAVEE, the Surrey Audio-Visual Expressed Emotion database",
    example="DC_a01.wav",
    citation=(
        'S. Haq, P. J. B. Jackson, "Multimodal Emotion Recognition", in W. Wang (ed.), "Machine '
        'Audition: Principles, Algorithms and Systems", IGI Global, 398-423, 2010'
    ),
    licence="free for research, on registration",
    home="http://kahlan.eps.surrey.ac.uk/savee/",
    sr=44_100,
)
SPEAKERS = ("DC", "JE", "JK", "KL")
CODES = {
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprised",
}
NAME = re.compile(r"(?:([A-Z]{2})_)?(a|d|f|h|n|sa|su)(\d\d)", re.IGNORECASE)


def load_savee(folder: AnyPath) -> Bunch:
    """Give the clips of SAVEE with their emotion and speaker, as the file names tell them.

    Four Englishmen speak 120 sentences each: 15 in each of six emotions and 30 neutral ones, 480
    clips in all. Who speaks stands in the file name (``DC_a01.wav``) or is the folder
    (``DC/a01.wav``, as it was published).

    Parameters
    ----------
    folder : path-like
        Where the set was unpacked.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The emotion: ``"angry"``, ``"disgust"``, ``"fearful"``, ``"happy"``, ``"neutral"``,
            ``"sad"`` or ``"surprised"``.
        groups : ndarray of str, shape (n_clips,)
            The speaker: ``"DC"``, ``"JE"``, ``"JK"`` or ``"KL"``.
        metadata : DataFrame
            ``file``, ``emotion``, ``speaker``, ``gender``, ``code``, ``sentence`` (its number).
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used.
        sr : int
            44100 Hz.
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
    >>> from skspec.datasets import load_savee
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("DC_a01.wav", "KL_su15.wav"):
    ...         Path(folder, name).touch()
    ...     data = load_savee(folder)
    >>> [str(emotion) for emotion in data.y], [str(name) for name in data.groups]
    (['angry', 'surprised'], ['DC', 'KL'])
    """
    return load_named(folder, ABOUT, _parse, label="emotion")


def _parse(stem: str, parents: Sequence[str]) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    speaker = (match.group(1) or (parents[-1] if parents else "")).upper()
    if speaker not in SPEAKERS:
        return f"neither its name nor its folder is one of the speakers {', '.join(SPEAKERS)}"
    code = match.group(2).lower()
    return {
        "emotion": CODES[code],
        "speaker": speaker,
        "gender": "male",
        "code": code,
        "sentence": int(match.group(3)),
    }
