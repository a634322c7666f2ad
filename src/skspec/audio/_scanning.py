"""What is in many sound files and what is wrong with them, as a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
import xxhash

from skspec._jobs import share_out
from skspec._progress import progress_bar
from skspec.audio._containers import read_digest
from skspec.audio._decoder import Decoder
from skspec.audio._files import list_paths, reason_of
from skspec.audio._reading import LONGEST_S
from skspec.audio._statistics import Statistics
from skspec.exceptions import AudioReadError

_READ = 1 << 20


def scan_audio(
    paths: Sequence[str | os.PathLike[str]],
    *,
    max_duration_s: float | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Decode many sound files and tabulate what is in them and what is wrong with them.

    A file that cannot be read is a row, not an error: look at a data set before training on it.

    Parameters
    ----------
    paths : sequence of str or path-like
        The files. Each is decoded once, in blocks.
    max_duration_s : float > 0, default=None
        Where to stop in each file, with a finding that says so.
    n_jobs : int, default=None
        Threads; `None` is 1, -1 all cores. The table is the same.
    verbose : int, default=0
        Whether there is a progress bar.

    Returns
    -------
    DataFrame
        One row for each path, in their order, with the columns

        - `path`
        - `readable`: whether `read_audio` would read it with its defaults
        - `duration_s`, `sr`, `channels`, `format`: of what could be decoded
        - `peak`: the largest absolute sample of any channel, full scale 1
        - `rms_db`: power of all channels, dB below full scale; -inf for zeros
        - `silent_share`: of samples whose channels are all below -80 dB
        - `clipped_share`: of samples at 0.99 of full scale or more that repeat the one before
        - `dc`: the largest absolute mean of a channel
        - `duplicate_of`: the first path with the same bytes or the same samples, or ""
        - `finding`: what is wrong, in words, separated by "; ", or ""

    See Also
    --------
    read_audio : One file.
    read_clips : Many files, with those that cannot be read left out on request.

    Notes
    -----
    FLAC files are also checked against the MD5 of their samples, where they hold one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, soundfile
    >>> from skspec import scan_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [pathlib.Path(folder, name) for name in ("a.wav", "b.wav", "c.wav")]
    ...     soundfile.write(paths[0], 0.5 * np.sin(np.arange(16_000)), 16_000)
    ...     _ = paths[1].write_bytes(paths[0].read_bytes()[:10_044])
    ...     _ = paths[2].write_text("no sound")
    ...     table = scan_audio(paths)
    >>> print(table[["readable", "duration_s", "finding"]].to_string())
       readable  duration_s                                                   finding
    0      True      1.0000
    1     False      0.3125  truncated: 10000 of 32000 bytes of sound are there
    2     False         NaN                                        is text, not sound
    """
    paths = list_paths(paths)
    rows: list[_Row] = [_Row("")] * len(paths)

    def make_scanner() -> Callable[[int], None]:
        def scan(index: int) -> None:
            rows[index] = _scan(paths[index], max_duration_s)

        return scan

    with progress_bar(len(paths), "Scanning", verbose=verbose, unit="file") as bar:
        share_out(make_scanner, len(paths), n_jobs=n_jobs, done=lambda run: bar.update(len(run)))
    _mark_duplicates(rows)
    table = pd.DataFrame([asdict(row) for row in rows], columns=[f.name for f in fields(_Row)])
    return table.drop(columns=["bytes_key", "samples_key"])


@dataclass
class _Row:
    path: str
    readable: bool = False
    duration_s: float = np.nan
    sr: float = np.nan
    channels: float = np.nan
    format: str = ""
    peak: float = np.nan
    rms_db: float = np.nan
    silent_share: float = np.nan
    clipped_share: float = np.nan
    dc: float = np.nan
    duplicate_of: str = ""
    finding: str = ""
    bytes_key: str = ""
    samples_key: str = ""


def _scan(path: str | os.PathLike[str], max_duration_s: float | None) -> _Row:
    row = _Row(os.fspath(path))
    try:
        with Decoder(path) as decoder:
            _describe(row, decoder, max_duration_s)
        row.bytes_key = _hash_bytes(path)
    except AudioReadError as error:
        row.finding = error.reason
    except OSError as error:
        row.readable, row.finding = False, reason_of(error)
    return row


def _describe(row: _Row, decoder: Decoder, max_duration_s: float | None) -> None:
    """Decode a file and fill its row."""
    statistics = Statistics()
    digest = read_digest(decoder.path) if decoder.format.startswith("FLAC") else None
    longest = np.inf if max_duration_s is None else max_duration_s * decoder.sr
    for block in decoder.blocks():
        statistics.update(block)
        if digest is not None:
            digest.update(block)
        if decoder.position >= longest:
            break
    is_whole = decoder.is_done or decoder.position < longest
    row.duration_s, row.sr = statistics.n / decoder.sr, decoder.sr
    row.channels, row.format = decoder.n_channels, decoder.format
    row.samples_key = f"{statistics.key.hexdigest()} {decoder.sr} {decoder.n_channels}"
    for name, value in statistics.levels().items():
        setattr(row, name, value)
    faults = [decoder.damage] if decoder.damage else []
    if is_whole and not faults and digest is not None and not digest.matches():
        faults.append("damaged: its samples are not those that its MD5 was made of")
    faults += statistics.faults()
    if row.duration_s > LONGEST_S:
        faults.append(f"is longer than {LONGEST_S:g} s, the most that is read at once")
    looked = "" if is_whole else f"looked at its first {row.duration_s:g} s"
    remarks = [decoder.layout.correction, looked]
    row.readable = not faults
    row.finding = "; ".join(filter(None, [*faults, *remarks, *statistics.remarks()]))


def _hash_bytes(path: str | os.PathLike[str]) -> str:
    key = xxhash.xxh3_128()
    with open(path, "rb") as file:
        while block := file.read(_READ):
            key.update(block)
    return key.hexdigest()


def _mark_duplicates(rows: Sequence[_Row]) -> None:
    """Name the first of all that have the same bytes or, if they can be read, samples."""
    first: dict[str, str] = {}
    for row in rows:
        keys = [key for key in (row.bytes_key, row.readable and row.samples_key) if key]
        known = [first[key] for key in keys if key in first]
        if known:
            row.duplicate_of = known[0]
        for key in keys:
            first.setdefault(key, row.path)
