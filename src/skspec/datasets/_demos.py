"""DEMoS: induced emotions in Italian speech."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from sklearn.utils import Bunch

from skspec._validation import AnyPath, check_choice
from skspec.datasets._layout import About, Row, load_named

ABOUT = About(
    name="DEMoS, the Database of Elicited Mood in Speech",
    example="PR_f_01_col01.wav",
    citation=(
        "E. Parada-Cabaleiro, G. Costantini, A. Batliner, M. Schmitt, B. W. Schuller, "
        '"DEMoS: an Italian emotional speech corpus", Language Resources and Evaluation 54, '
        "341-383, 2020"
    ),
    licence="for academic research, by a signed agreement",
    home="https://zenodo.org/records/2544829",
)
CODES = {
    "col": "guilty",
    "dis": "disgust",
    "gio": "happy",
    "neu": "neutral",
    "pau": "fearful",
    "rab": "angry",
    "sor": "surprised",
    "tri": "sad",
}
GENDERS = {"f": "female", "m": "male"}
NAME = re.compile(r"(?:([A-Z]+)_)?([FM])_(\d+)_([A-Z]{3})_?(\w*)", re.IGNORECASE)


def load_demos(folder: AnyPath, *, neutral: bool = True, prototypical: bool | None = None) -> Bunch:
    """Give the clips of DEMoS with their emotion and speaker, as the file names tell them.

    68 native speakers of Italian, 23 of them women, were brought into seven moods: 9365 clips of
    emotions and 332 neutral ones. A name is made of ``PR`` or ``NP`` (prototypical of its emotion
    or not), the speaker's gender, the speaker's number, the emotion and the clip's number.

    Parameters
    ----------
    folder : path-like
        Where the set was unpacked. Folders in it may be of any depth.
    neutral : bool, default=True
        Whether to take neutral clips.
    prototypical : bool, default=None
        True takes ``PR`` clips, False the others (``NP`` ones), None both. Neutral clips, which
        are neither, are taken as `neutral` says.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The emotion: ``"angry"``, ``"disgust"``, ``"fearful"``, ``"guilty"``, ``"happy"``,
            ``"neutral"``, ``"sad"`` or ``"surprised"``.
        groups : ndarray of str, shape (n_clips,)
            The speaker's gender and number, such as ``"f_01"``.
        metadata : DataFrame
            ``file``, ``emotion``, ``speaker``, ``gender``, ``code``, ``selection`` (``"PR"``,
            ``"NP"`` or empty), ``clip`` (its number as text).
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used.
        sr : None
            Not known; files may differ.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder, or no clip in it.
    ParameterError
        If `neutral` or `prototypical` is not what is said above.

    Notes
    -----
    The set is given out on request only, and the loader was written after its legend of file
    names. What comes before the gender is optional, because neutral clips may have nothing there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skspec.datasets import load_demos
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("PR_f_01_col01.wav", "NP_m_02_gio03.wav", "m_02_neu01.wav"):
    ...         Path(folder, name).touch()
    ...     data = load_demos(folder, neutral=False)
    >>> [str(emotion) for emotion in data.y], [str(name) for name in data.groups]
    (['happy', 'guilty'], ['m_02', 'f_01'])
    >>> data.skipped["reason"][0]
    'neutral, but neutral=False was asked for'
    """
    check_choice("neutral", neutral, [True, False])
    check_choice("prototypical", prototypical, [True, False, None])
    parse = partial(_parse, neutral=neutral, prototypical=prototypical)
    return load_named(folder, ABOUT, parse, label="emotion")


def _parse(
    stem: str, parents: Sequence[str], *, neutral: bool, prototypical: bool | None
) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    selection, gender, number, code, clip = (part.lower() for part in match.groups(default=""))
    if code not in CODES:
        return f"{code!r} is no emotion"
    if code == "neu" and not neutral:
        return "neutral, but neutral=False was asked for"
    if code != "neu" and prototypical not in (None, selection == "pr"):
        return f"{selection.upper()!r}, but prototypical={prototypical!r} was asked for"
    return {
        "emotion": CODES[code],
        "speaker": f"{gender}_{number}",
        "gender": GENDERS[gender],
        "code": code,
        "selection": selection.upper(),
        "clip": clip,
    }
