"""RAVDESS: acted emotions in speech and song."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pooch
from sklearn.utils import Bunch

from skspec._validation import AnyPath, check_choice
from skspec.datasets._download import fetch_zip
from skspec.datasets._layout import About, Row, load_named

ABOUT = About(
    name="RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song",
    example="03-01-06-01-02-01-12.wav",
    citation=(
        "S. R. Livingstone, F. A. Russo, PLoS ONE 13(5), e0196391, 2018, "
        "doi:10.1371/journal.pone.0196391"
    ),
    licence="CC BY-NC-SA 4.0",
    home="https://zenodo.org/records/1188976",
    sr=48_000,
)
NAME = re.compile("-".join([r"(\d\d)"] * 7))
#: The seven numbers of a name, in their order, and what each says.
FIELDS: dict[str, dict[str, Any]] = {
    "modality": {"01": "audio-video", "02": "video-only", "03": "audio-only"},
    "channel": {"01": "speech", "02": "song"},
    "emotion": {
        "01": "neutral",
        "02": "calm",
        "03": "happy",
        "04": "sad",
        "05": "angry",
        "06": "fearful",
        "07": "disgust",
        "08": "surprised",
    },
    "intensity": {"01": "normal", "02": "strong"},
    "statement": {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"},
    "repetition": {"01": 1, "02": 2},
    "speaker": {f"{actor:02d}": f"{actor:02d}" for actor in range(1, 25)},
}
#: Archives of the audio-only files, and their SHA-256.
ARCHIVES = {
    "speech": (
        f"{ABOUT.home}/files/Audio_Speech_Actors_01-24.zip?download=1",
        "5d208e01632cc3e5242106fa2af3273e6dc5239fb8143131979ac74c4aa40657",
    ),
    "song": (
        f"{ABOUT.home}/files/Audio_Song_Actors_01-24.zip?download=1",
        "89f3df66cc67ebb70c8af6f72f3f359bee497f6f763a9d863b6477619716d428",
    ),
}


def load_ravdess(
    folder: AnyPath, *, channel: str | None = "speech", modality: str | None = "audio-only"
) -> Bunch:
    """Give the clips of RAVDESS with their emotion and actor, as the file names tell them.

    24 professional actors speak or sing two sentences in eight emotions (six in song), each but
    neutral in two intensities: 1440 clips of speech, 1012 of song.

    Parameters
    ----------
    folder : path-like
        Where the set was unpacked. Folders in it, such as ``Actor_01``, may be of any depth.
    channel : {"speech", "song"}, default="speech"
        What to take; None takes both.
    modality : {"audio-only", "audio-video"}, default="audio-only"
        What to take; None takes both. The sound of ``.mp4`` files must have been written to
        ``.wav`` files of the same name.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes:

        paths : ndarray of str, shape (n_clips,)
            The sound files.
        y : ndarray of str, shape (n_clips,)
            The emotion: ``"neutral"``, ``"calm"``, ``"happy"``, ``"sad"``, ``"angry"``,
            ``"fearful"``, ``"disgust"`` or ``"surprised"``.
        groups : ndarray of str, shape (n_clips,)
            The actor, ``"01"`` to ``"24"``.
        metadata : DataFrame
            ``file``, ``modality``, ``channel``, ``emotion``, ``intensity``, ``statement``,
            ``repetition``, ``speaker``, ``gender``, ``code`` (that of the emotion).
        skipped : DataFrame
            ``path`` and ``reason`` of every file that was found and not used; a second copy of a
            clip is one of them.
        sr : int
            48000 Hz.
        description : str
            Citation and licence.

    Raises
    ------
    InputError
        There is no such folder, or no clip in it.
    ParameterError
        If `channel` or `modality` is not what is said above.

    See Also
    --------
    fetch_ravdess : The same, downloaded.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skspec.datasets import load_ravdess
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("03-01-06-01-02-01-12.wav", "03-02-03-01-01-01-07.wav"):
    ...         Path(folder, name).touch()
    ...     data = load_ravdess(folder)
    >>> str(data.y[0]), str(data.groups[0]), data.metadata["gender"][0]
    ('fearful', '12', 'female')
    >>> data.skipped["reason"][0]
    "song, but channel='speech' was asked for"
    """
    check_choice("channel", channel, [*FIELDS["channel"].values(), None])
    check_choice("modality", modality, ["audio-only", "audio-video", None])
    parse = partial(_parse, channel=channel, modality=modality)
    return load_named(folder, ABOUT, parse, label="emotion")


def _parse(
    stem: str, parents: Sequence[str], *, channel: str | None, modality: str | None
) -> Row | str | None:
    match = NAME.fullmatch(stem)
    if match is None:
        return None
    row: Row = {}
    for (field, meanings), code in zip(FIELDS.items(), match.groups(), strict=True):
        if code not in meanings:
            return f"{code!r} is no {field}"
        row[field] = meanings[code]
    if row["modality"] == "video-only":
        return "video without sound"
    for field, wanted in (("channel", channel), ("modality", modality)):
        if wanted not in (None, row[field]):
            return f"{row[field]}, but {field}={wanted!r} was asked for"
    gender = "male" if int(row["speaker"]) % 2 else "female"
    return {**row, "gender": gender, "code": match.group(3)}


def fetch_ravdess(
    data_home: AnyPath | None = None, *, channel: str = "speech", verbose: int = 0
) -> Bunch:
    """Download the audio-only part of RAVDESS once, and load it.

    About 210 MB (speech) or 225 MB (song) come from Zenodo, are checked by SHA-256 and unpacked. A
    download that was cut goes on where it stopped at the next call. The licence, CC BY-NC-SA 4.0,
    allows no commercial use.

    Parameters
    ----------
    data_home : path-like, default=None
        Folder for data; the set has folders of its own in it. None is the cache folder of the
        operating system's user.
    channel : {"speech", "song"}, default="speech"
        Which archive.
    verbose : int, default=0
        Whether there is a progress bar.

    Returns
    -------
    data : Bunch
        As `load_ravdess` gives it.

    Raises
    ------
    DownloadError
        The archive could not be had, or is not the one that was published.
    ParameterError
        If `channel` is not what is said above.

    See Also
    --------
    load_ravdess : The same from a folder.

    Examples
    --------
    >>> from skspec.datasets import fetch_ravdess
    >>> data = fetch_ravdess(verbose=1)  # doctest: +SKIP
    >>> len(data.paths)  # doctest: +SKIP
    1440
    """
    check_choice("channel", channel, list(ARCHIVES))
    home = Path(pooch.os_cache("skspec") if data_home is None else data_home).expanduser()
    url, sha256 = ARCHIVES[channel]
    folder = fetch_zip(url, home / f"ravdess_{channel}", sha256=sha256, verbose=verbose)
    return load_ravdess(folder, channel=channel)
