"""Archives from the network: pinned, resumed where they were cut, unpacked as a whole."""

from __future__ import annotations

import os
import shutil
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pooch
import requests

from skspec._progress import progress_bar
from skspec._storage import UNFINISHED, locked
from skspec.exceptions import DownloadError

#: Bytes that are written at a time; a cut loses less than this.
PIECE = 1 << 16
TIMEOUT_S = 30


def fetch_zip(url: str, folder: Path, *, sha256: str, verbose: int = 0) -> Path:
    """Give a folder with the members of an archive, downloaded and unpacked unless it is there.

    Parameters
    ----------
    url : str
        Where the archive is.
    folder : Path
        Where its members go. It exists only when all of them are in it.
    sha256 : str
        What the archive must have.
    verbose : int, default=0
        Whether there is a progress bar.

    Raises
    ------
    DownloadError
        The transfer failed (what has come is kept, and the next call goes on from there), the
        archive is another one, or a member would be written outside of the folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            archive = _retrieve(url, folder.with_name(f"{folder.name}.zip"), sha256, verbose)
            unfinished = folder.with_name(folder.name + UNFINISHED)
            shutil.rmtree(unfinished, ignore_errors=True)
            unpack(archive, unfinished)
            unfinished.rename(folder)
            archive.unlink()
    return folder


def _retrieve(url: str, archive: Path, sha256: str, verbose: int) -> Path:
    """Give the path of a file with the right SHA-256."""
    partial_file = archive.with_name(archive.name + UNFINISHED)
    downloader = partial(resume, partial_file=partial_file, verbose=verbose)
    try:
        pooch.retrieve(
            url, f"sha256:{sha256}", fname=archive.name, path=archive.parent, downloader=downloader
        )
    except requests.RequestException as error:
        raise DownloadError(
            f"{url} could not be downloaded: {error} Call again to go on from what has come, or "
            "download it by other means and load the unpacked folder."
        ) from error
    except ValueError as error:
        raise DownloadError(
            f"{url} is not the file with SHA-256 {sha256}; what came was deleted. Call again; "
            "where it happens again, the file there was changed."
        ) from error
    return archive


def resume(
    url: str, output_file: str, downloader: Any, *, partial_file: Path, verbose: int = 0
) -> None:
    """Download a file for pooch, beginning where `partial_file` ends."""
    start = partial_file.stat().st_size if partial_file.exists() else 0
    # Without it a server may send the file compressed, and no position would be one in the file.
    headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        # There is nothing from `start` on: all has come, and the checksum tells whether it is it.
        if response.status_code != requests.codes.requested_range_not_satisfiable:
            response.raise_for_status()
            goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            _append(response, partial_file, start if goes_on else 0, verbose)
    os.replace(partial_file, output_file)


def _append(response: requests.Response, path: Path, start: int, verbose: int) -> None:
    """Write what is sent into a file from a position on."""
    total = start + int(response.headers.get("Content-Length", 0))
    with (
        path.open("ab" if start else "wb") as file,
        progress_bar(total, path.stem, verbose=verbose, unit="B") as bar,
    ):
        bar.update(start)
        for piece in response.iter_content(PIECE):
            file.write(piece)
            bar.update(len(piece))


def unpack(archive: Path, folder: Path) -> None:
    """Write the members of a zip archive below a folder, or nothing if one would not be there."""
    root = folder.resolve()
    with zipfile.ZipFile(archive) as content:
        targets = {m: (root / m.filename).resolve() for m in content.infolist() if not m.is_dir()}
        for member, target in targets.items():
            if not target.is_relative_to(root):
                raise DownloadError(
                    f"{str(archive)!r} has a member {member.filename!r} that would be written "
                    "outside of its folder; nothing was unpacked."
                )
        for member, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            with content.open(member) as source, target.open("xb") as file:
                shutil.copyfileobj(source, file)
