"""Tables of clips: read them, and tell the rows that can be used from the others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skspec._optional import import_optional
from skspec._validation import AnyPath
from skspec.datasets._layout import Skipped
from skspec.exceptions import InputError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
#: What must be installed for a kind of file, and what then reads it.
READERS = {".parquet": ("pyarrow", "read_parquet"), ".xlsx": ("openpyxl", "read_excel")}


def read_table(
    table: pd.DataFrame | AnyPath, *, text: Collection[str], **options: Any
) -> pd.DataFrame:
    """Give a table, the columns `text` as str where they are not empty.

    Only an empty cell is missing: labels such as "NA" and "None" stay.

    Parameters
    ----------
    table : DataFrame or path-like
        A path ends in ``.csv``, ``.tsv``, ``.parquet`` or ``.xlsx``.
    text : collection of str
        Columns; those that the table lacks are passed over.
    **options
        Further ones of `pandas.read_csv`.
    """
    if isinstance(table, pd.DataFrame):
        frame = table.reset_index(drop=True)
    else:
        frame = _read_file(os.fspath(table), text, options)
    for name in frame.columns.intersection(list(text)):
        column = frame[name].astype(object)
        frame[name] = column.astype(str).astype(object).where(column.notna() & (column != ""), None)
    return frame


def _read_file(path: str, text: Collection[str], options: dict[str, Any]) -> pd.DataFrame:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in {*SEPARATORS, *READERS}:
        expected = ", ".join([*SEPARATORS, *READERS])
        raise InputError(f"Got table={path!r}, but expected a name that ends in {expected}.")
    try:
        if suffix in READERS:
            package, reader = READERS[suffix]
            import_optional(package, extra="tables")
            return getattr(pd, reader)(path)
        kinds = dict.fromkeys(text, str)
        options = {"sep": SEPARATORS[suffix], "dtype": kinds, **options}
        return pd.read_csv(path, keep_default_na=False, na_values=[""], **options)
    except (OSError, ValueError, BadZipFile) as error:
        raise InputError(f"Table {path!r} cannot be read: {error}") from error


def check_columns(frame: pd.DataFrame, names: Iterable[str], table: pd.DataFrame | AnyPath) -> None:
    """Say which columns a table lacks."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        which = "The table" if isinstance(table, pd.DataFrame) else f"Table {os.fspath(table)!r}"
        raise InputError(f"{which} has no column {missing}; its columns are {list(frame.columns)}.")


def screen(
    paths: Iterable[str], checks: Mapping[str, ArrayLike]
) -> tuple[NDArray[np.bool_], Skipped]:
    """Tell which clips no check takes out, and why the others are not used.

    `checks` is reason -> boolean for each clip; the first that holds is a clip's reason.
    """
    reasons = np.select(
        [np.asarray(rows, dtype=bool) for rows in checks.values()], list(checks), default=""
    )
    skipped = [(path, str(why)) for path, why in zip(paths, reasons, strict=True) if why]
    return reasons == "", skipped
