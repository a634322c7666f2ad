"""Sound that Debian packages carry: fetched by package name, unpacked once, nothing installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """Give the folder for downloads: ``skspec`` in the user's cache, as XDG has it."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "skspec"


def unpacked(package: str, folder: Path | None = None) -> Path:
    """Give the folder of an unpacked package, named after package and version.

    What is there already is used again. Otherwise the package is taken from ``PACKAGE_*.deb`` in
    `folder`, or from ``apt-get download``.
    """
    folder = cache_folder() if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(path for path in folder.glob(f"{package}_*") if path.is_dir())
    if found:
        print(f"{package}: unpacked already, in {found[-1]}")
        return found[-1]
    # Unpacked beside its place and renamed, so that a run cut short leaves nothing half there.
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as temporary:
        debs = sorted(folder.glob(f"{package}_*.deb")) or [_download(package, Path(temporary))]
        _run(["dpkg", "-x", str(debs[-1]), str(Path(temporary) / "files")], package, folder)
        return _keep(Path(temporary) / "files", folder / debs[-1].stem)


def _download(package: str, folder: Path) -> Path:
    """Download a package; the lists of packages are only renewed where that does not work."""
    download = ["apt-get", "download", package]
    print(f"{package}: apt-get download")
    try:
        _run(download, package, folder.parent, cwd=folder)
    except SystemExit:
        print(f"{package}: not there, so apt-get update and once more")
        _run(["apt-get", "update"], package, folder.parent)
        _run(download, package, folder.parent, cwd=folder)
    (deb,) = folder.glob(f"{package}_*.deb")
    return deb


def _run(command: list[str], package: str, folder: Path, cwd: Path | None = None) -> None:
    """Run a command, or end with what is missing and what can be done."""
    name = " ".join(command[:2])
    remedy = (
        f"The Debian package {package!r} is needed. With a network, on Debian or Ubuntu: run "
        f"`apt-get update` as root and try again. Without: get {package}_*.deb from any Debian "
        f"mirror and put it in {folder}; only dpkg is needed then."
    )
    if shutil.which(command[0]) is None:
        raise SystemExit(f"There is no {command[0]} here. {remedy}")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise SystemExit(f"`{name}` failed: {(said or [done.stderr.strip()])[-1]}\n{remedy}")


def _keep(files: Path, target: Path) -> Path:
    """Put the unpacked files in their place; where another run was faster, its are the same."""
    try:
        files.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    print(f"{target.name}: unpacked in {target}")
    return target
