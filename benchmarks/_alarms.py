"""Every sound file of four Debian packages scanned, and each alarm held against another look.

These are files that people made, in no way damaged here: an alarm about one of them is either
right about that file or a false alarm. `evidence` looks again, by code that shares nothing with the
package: pages of Ogg taken apart by hand, samples by soundfile and numpy in one go. What a person
found, who listed the pages and decoded with FFmpeg as well, stands in `VERDICTS`; an alarm that
fits none of them counts as not examined.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from _debian import unpacked

from skspec import scan_audio

PACKAGES = ("fillets-ng-data-cs", "klettres-data", "hydrogen-drumkits", "sonic-pi-samples")
SOUNDS = {".aiff", ".flac", ".ogg", ".wav"}
END, FULL_PAGE = 4, 4096  # the flag of a stream's last page; libogg ends a page from here on

# Folder and finding, as patterns, and what looking at those files by hand has shown.
VERDICTS = {
    (r"klettres/(ar|ml)/", "truncated: its last page does not end the stream"): (
        "right: the encoder never wrote its last page; most files end within a packet"
    ),
    (r"klettres/cs/syllab/", "damaged: another stream begins at byte"): (
        "right: one or two more streams of 1 s each follow, which libsndfile leaves out and FFmpeg "
        "refuses"
    ),
    (r"klettres/tn/", "peak"): "right: FFmpeg decodes the same peaks, 7 to 61 times full scale",
    (r"HardElectro1/emptySample|Millo-Drums_v.1/emptySample", "silent"): (
        "right: made as an empty place in a drum kit"
    ),
    (r"sonic-pi/buffers/rand-stream", "offset from zero"): (
        "right: no sound, but random numbers from 0 to 1"
    ),
    (r"", "offset from zero"): "right: the mean of a channel is that far from zero",
    (r"", "clipped"): "right: samples stand still at the top of their range",
}


def scan_packages(folder: Path | None) -> dict[str, Any]:
    """Scan all sound files of the packages; count the alarms, and say of each whether it is right.

    Parameters
    ----------
    folder : Path or None
        Where the packages lie or are downloaded to.
    """
    found: dict[str, Any] = {"files": 0, "refused": 0, "alarms": 0, "false": 0, "unexamined": 0}
    found["by_finding"], found["list"] = {}, {}
    for package in PACKAGES:
        root = unpacked(package, folder)
        table = scan_audio(sound_files(root))
        found["files"] += len(table)
        found["refused"] += int((~table["readable"]).sum())
        for row in table[table["finding"] != ""].itertuples():
            _note(found, Path(row.path), f"{package}/{row.path.split('/usr/share/')[-1]}", row)
    return found


def sound_files(root: Path) -> list[Path]:
    """Give all sound files below a folder."""
    return sorted(p for p in root.rglob("*") if p.suffix.lower() in SOUNDS and p.is_file())


def _note(found: dict[str, Any], path: Path, name: str, row: Any) -> None:
    """Count the alarms about one file, and put them down with what another look says."""
    said = []
    for alarm in row.finding.split("; "):
        kind = re.sub(r"[\d.]+%?", "N", alarm)
        verdict, measured = verdict_of(name, alarm), evidence(path, alarm)
        found["alarms"] += 1
        found["by_finding"][kind] = found["by_finding"].get(kind, 0) + 1
        found["unexamined"] += verdict is None
        found["false"] += measured is None or not str(verdict).startswith("right")
        said.append(f"{alarm} | {measured or 'FALSE'} | {verdict or 'NOT EXAMINED'}")
    found["list"][name] = " || ".join(said)


def verdict_of(name: str, alarm: str) -> str | None:
    """Give what was found by hand about alarms of this kind in this folder."""
    for (place, finding), verdict in VERDICTS.items():
        if re.search(place, name) and alarm.startswith(finding):
            return verdict
    return None


def evidence(path: Path, alarm: str) -> str | None:
    """Look again, in another way; give what was seen if the alarm is right, else None."""
    for start, look in LOOKS.items():
        if alarm.startswith(start):
            return look(path, alarm)
    return None


def ogg_pages(data: bytes) -> list[tuple[int, int, int, list[int]]]:
    """Give offset, flags, number of the stream and packet lengths of each page of an Ogg file."""
    pages, at = [], 0
    while data[at : at + 4] == b"OggS":
        flags, (serial,), n = data[at + 5], struct.unpack_from("<I", data, at + 14), data[at + 26]
        lengths = list(data[at + 27 : at + 27 + n])
        pages.append((at, flags, serial, lengths))
        at += 27 + n + sum(lengths)
    return pages


def _no_end(path: Path, _: str) -> str | None:
    """Tell a last page without its mark that was meant to be followed by another."""
    _, flags, _, lengths = ogg_pages(path.read_bytes())[-1]
    if flags & END or not (lengths[-1] == 255 or sum(lengths) >= FULL_PAGE):
        return None
    packet = "ends within a packet" if lengths[-1] == 255 else "ends with a packet"
    return f"no page has the mark of the end; the last one is full and {packet}"


def _another_stream(path: Path, alarm: str) -> str | None:
    """Tell streams by their numbers, and that libsndfile decodes no more than the first."""
    pages = ogg_pages(path.read_bytes())
    after = [page for page in pages if page[2] != pages[0][2]]
    if not after or after[0][0] != int(alarm.rsplit(" ", 1)[1]):
        return None
    streams = len({page[0] for page in pages if page[1] & 2})
    return f"{streams} streams; {path.stat().st_size - after[0][0]} bytes come after the first"


def _offset(path: Path, alarm: str) -> str | None:
    mean = float(np.abs(_samples(path).mean(axis=0)).max())
    return f"mean {mean:.4f}" if _agrees(mean, alarm, 0.0005) and mean > 0.01 else None


def _peak(path: Path, alarm: str) -> str | None:
    peak = float(np.abs(_samples(path)).max())
    return f"largest sample {peak:.2f}" if peak > 4 and _agrees(peak, alarm, peak / 100) else None


def _clipped(path: Path, alarm: str) -> str | None:
    """Count samples in a run of equal ones at the top, whichever channel has the most."""
    shares = []
    for channel in _samples(path).T:
        edges = np.flatnonzero(np.diff(channel)) + 1
        runs = np.diff(np.concatenate([[0], edges, [len(channel)]]))
        level = np.abs(channel[np.concatenate([[0], edges])])
        shares.append((runs[level >= 0.99] - 1).sum() / len(channel))
    share = 100 * float(np.mean(shares))
    return f"{share:.2f}% stand still" if _agrees(share, alarm, 0.006) else None


def _silent(path: Path, _: str) -> str | None:
    return "every sample is 0" if not _samples(path).any() else None


LOOKS = {
    "truncated: its last page": _no_end,
    "damaged: another stream": _another_stream,
    "offset from zero": _offset,
    "peak": _peak,
    "clipped": _clipped,
    "silent": _silent,
}


def _samples(path: Path) -> np.ndarray:
    return soundfile.read(path, always_2d=True)[0]


def _agrees(value: float, alarm: str, tolerance: float) -> bool:
    """Compare with the number that the alarm names."""
    (named,) = re.findall(r"[\d.]+", alarm.partition(",")[0])
    return abs(value - float(named)) <= tolerance
