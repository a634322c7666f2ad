"""Tables of windows or segments as files that other programs open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd

from skspec._storage import write_whole
from skspec._validation import check_choice
from skspec.exceptions import ParameterError


def write_windows(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    format: Literal["csv", "audacity", "raven"] = "csv",
    *,
    fmax: float | None = None,
) -> None:
    """Write windows or segments for a spreadsheet, for Audacity or for Raven.

    The file is there as a whole or not at all, and replaces an older one.

    Parameters
    ----------
    frame : DataFrame
        Of `predict_recording`, `smooth_windows` or `merge_windows`.
    path : str or path-like
        The file. Audacity and Raven expect a name that ends in ``.txt``.
    format : {"csv", "audacity", "raven"}, default="csv"
        All columns and rows as comma-separated values; a label track; or a selection table. The
        latter two leave out rows without a label.
    fmax : float > 0, default=None
        Upper edge in Hz of the boxes in Raven, which reach down to 0; None is half of
        ``frame.attrs["sr"]``.

    Raises
    ------
    ParameterError
        The format is not known, or nothing says how high the boxes of Raven are.

    Notes
    -----
    All are UTF-8. Audacity: start and end in seconds and the label, separated by tabs [1]_. Raven:
    tabs as well, with the columns that it needs, ``Label`` and ``Probability`` [2]_.

    References
    ----------
    .. [1] Audacity manual, "Importing and Exporting Labels".
    .. [2] K. Lisa Yang Center for Conservation Bioacoustics, Raven Pro User's Manual, "Selection
       tables".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from skspec.recordings import write_windows
    >>> frame = pd.DataFrame({"start": [0.0, 2.5], "end": [2.5, 4.0], "label": ["cat", "dog"],
    ...                       "probability": [0.9, 0.8]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "labels.txt")
    ...     write_windows(frame, path, "audacity")
    ...     print(path.read_text().expandtabs(12))
    0.000000    2.500000    cat
    2.500000    4.000000    dog
    """
    check_choice("format", format, sorted(_FORMATS))
    write_whole(Path(path), _FORMATS[format](frame, fmax).encode())


def _csv(frame: pd.DataFrame, _: float | None) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _audacity(frame: pd.DataFrame, _: float | None) -> str:
    return _tabbed(_with_text(frame)[["start", "end", "label"]], header=False)


def _raven(frame: pd.DataFrame, fmax: float | None) -> str:
    if fmax is None and "sr" not in frame.attrs:
        raise ParameterError(
            "Got fmax=None, but frame.attrs has no 'sr': expected the upper edge in Hz of the "
            "boxes in Raven."
        )
    rows = _with_text(frame)
    table = {
        "Selection": range(1, len(rows) + 1),
        "View": "Spectrogram 1",
        "Channel": 1,
        "Begin Time (s)": rows["start"].to_numpy(),
        "End Time (s)": rows["end"].to_numpy(),
        "Low Freq (Hz)": 0.0,
        "High Freq (Hz)": float(frame.attrs["sr"] / 2 if fmax is None else fmax),
        "Label": rows["label"].to_numpy(),
        "Probability": rows["probability"].to_numpy(),
    }
    return _tabbed(pd.DataFrame(table), header=True)


def _with_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the rows that have a label; tabs and line ends in it would end a field."""
    rows = frame[frame["label"].notna()]
    text = [" ".join(str(label).split()) for label in rows["label"]]
    return rows.assign(start=rows["start"].astype(float), end=rows["end"].astype(float), label=text)


def _tabbed(table: pd.DataFrame, *, header: bool) -> str:
    """Give lines of fields between tabs, as they are: neither program knows quotes."""
    columns = [
        [f"{value:.6f}" if isinstance(value, float) else str(value) for value in table[name]]
        for name in table
    ]
    names = [list(map(str, table.columns))] if header else []
    lines = [*names, *zip(*columns, strict=True)]
    return "".join("\t".join(line) + "\n" for line in lines)


_FORMATS: dict[str, Callable[[pd.DataFrame, float | None], str]] = {
    "csv": _csv,
    "audacity": _audacity,
    "raven": _raven,
}
