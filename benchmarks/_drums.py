"""Drum hits of the kits in the Debian package `hydrogen-drumkits`.

A kit is a folder with a `drumkit.xml` that names its instruments and the files of each. The class
of a file is read from the instrument's name, with what stands in brackets (makers and sizes) left
out, by `CLASSES`. Nothing is dropped in silence: the report lists names that no rule knows (sticks,
splashes, congas, ...), names that two rules claim (``Crash/Ride``), files that the kit lists and
does not have, and files that nobody names.

Groups are kits, joined where one could tell the other: kits by one holder of copyright (as
the package's copyright file has it, else the author in `drumkit.xml`), and kits that have a sound
in common, or nearly so.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import Bunch

from skspec import FixedLength

PACKAGE = "hydrogen-drumkits"
KITS = Path("usr/share/hydrogen/data/drumkits")
COPYRIGHT = Path("usr/share/doc") / PACKAGE / "copyright"

# The patterns are searched for in the name in lower case. The odd ones: "BassDrum" is a kick,
# "redo super opaco" (Spanish, redoblante) a snare, "OHH" an open hi-hat, "ride-cup" a ride.
CLASSES = {
    "kick": r"kick|bass ?drum",
    "snare": r"snare|\bredo\b",
    "hi-hat": r"\bhi[ -]?hat|\bhat\b|\bo?hh\b",
    "tom": r"\btom",
    "crash": r"crash",
    "ride": r"\bride",
    "clap": r"clap",
    "cowbell": r"cowbell",
}

SR = 16_000
ONSET_DB = -40.0  # a hit begins where it first comes so near its peak
TWIN_S = 0.25
TWIN_CORRELATION = 0.999
# Shifts are tried sample by sample first. A twin that is off by half a sample still reaches 2 / pi
# there, in white noise, the worst case; those are tried again in steps of 1/32 of a sample.
CANDIDATE_CORRELATION = 0.6
FINER = 32


class Layer(NamedTuple):
    """One file under one instrument of a kit."""

    kit: str
    instrument: str
    path: Path


def load_drums(root: Path) -> Bunch:
    """Give `paths`, `y` (class), `groups` (cluster of kits) and a `report` of a package."""
    kits = sorted(path.parent for path in (root / KITS).glob("*/drumkit.xml"))
    if not kits:
        raise SystemExit(f"No kit lies in {root / KITS}: no */drumkit.xml.")
    layers = [layer for kit in kits for layer in read_kit(kit)]
    label_of, report = label_files(layers)
    holders = read_holders((root / COPYRIGHT).read_text("utf-8"), kits)
    pairs, report["twins"] = find_twins(sorted(label_of))  # duplicates are twins, too
    cluster = clusters([kit.name for kit in kits], [*same(holders), *pairs])
    label_of, report["exact_duplicates"] = without_duplicates(label_of, root / KITS)
    paths = sorted(label_of)
    own = [path.parent.name for path in paths]
    y, groups = np.array([label_of[path] for path in paths]), np.array([cluster[k] for k in own])
    unnamed = {path for kit in kits for path in sound_files(kit)} - {x.path for x in layers}
    report = {
        "package": root.name,
        "kits": len(kits),
        "kits_with_clips": len(set(own)),
        "clips": len(paths),
        "groups": {
            name: [k for k in cluster if cluster[k] == name] for name in np.unique(groups).tolist()
        },
        "counts": count(y, groups),
        **report,
        "files_without_instrument": len(unnamed),
    }
    return Bunch(paths=[str(path) for path in paths], y=y, groups=groups, report=report)


def read_kit(kit: Path) -> list[Layer]:
    """Give every (kit, instrument, file) that a `drumkit.xml` lists."""
    layers = []
    for node in ElementTree.parse(kit / "drumkit.xml").getroot().iter():
        if _tag(node) == "instrument":
            name = next((child.text or "" for child in node if _tag(child) == "name"), "")
            files = [part.text for part in node.iter() if _tag(part) == "filename"]
            layers += [Layer(kit.name, name.strip(), kit / file) for file in files if file]
    return layers


def _tag(node: ElementTree.Element) -> str:
    """Give a tag without its namespace, which some kits have and some have not."""
    return node.tag.split("}")[-1]


def classes_of(instrument: str) -> list[str]:
    """Give all classes whose rule an instrument's name fits."""
    name = re.sub(r"\(.*?\)", "", instrument).lower()
    return [label for label, pattern in CLASSES.items() if re.search(pattern, name)]


def label_files(layers: Sequence[Layer]) -> tuple[dict[Path, str], dict[str, Any]]:
    """Give the class of each file of one class, and what became of all others."""
    labels: dict[Path, set[str]] = defaultdict(set)
    unmapped: dict[str, set[str]] = defaultdict(set)
    ambiguous: dict[str, set[str]] = defaultdict(set)
    missing, listed = set(), 0
    for kit, instrument, path in layers:
        found = classes_of(instrument)
        if not path.is_file():
            missing.add(f"{kit}/{path.name}")
        elif len(found) == 1:
            labels[path].add(found[0])
            listed += 1
        else:
            (ambiguous if found else unmapped)[kit].add(instrument)
    report = {
        "listed_under_several_instruments": listed - len(labels),
        "of_two_classes": sorted(f"{p.parent.name}/{p.name}" for p in labels if len(labels[p]) > 1),
        "names_of_two_classes": _sorted_lists(ambiguous),
        "names_of_no_class": _sorted_lists(unmapped),
        "missing_files": sorted(missing),
    }
    return {path: next(iter(found)) for path, found in labels.items() if len(found) == 1}, report


def _sorted_lists(names: dict[str, set[str]]) -> dict[str, list[str]]:
    return {kit: sorted(names[kit]) for kit in sorted(names)}


def without_duplicates(
    label_of: dict[Path, str], root: Path
) -> tuple[dict[Path, str], list[list[str]]]:
    """Keep one file of those with the same samples; none where their classes differ."""
    alike: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(label_of):
        alike[_samples_digest(path)].append(path)
    kept = [files[0] for files in alike.values() if len({label_of[file] for file in files}) == 1]
    same = [[str(p.relative_to(root)) for p in files] for files in alike.values() if len(files) > 1]
    return {path: label_of[path] for path in kept}, same


def _samples_digest(path: Path) -> str:
    samples, sr = soundfile.read(path, dtype="float32", always_2d=True)
    return hashlib.sha256(f"{sr} {samples.shape}".encode() + samples.tobytes()).hexdigest()


def read_holders(text: str, kits: Sequence[Path]) -> dict[str, str]:
    """Give who holds each kit's copyright, from a Debian copyright file or its `drumkit.xml`."""
    holder = {}
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Z][\w-]*):((?:.*)(?:\n[ \t].*)*)", paragraph, re.M))
        for pattern in fields.get("Files", "").split():
            holder[pattern] = fields["Copyright"].strip()
    return {
        kit.name: next(
            (
                who
                for what, who in holder.items()
                if fnmatchcase(f"drumkits/{kit.name}.h2drumkit", what)
            ),
            author(kit),
        )
        for kit in kits
    }


def author(kit: Path) -> str:
    """Give the author that a `drumkit.xml` names; the kit's own name where there is none."""
    nodes = ElementTree.parse(kit / "drumkit.xml").getroot()
    return next((node.text for node in nodes if _tag(node) == "author" and node.text), kit.name)


def same(holders: dict[str, str]) -> list[tuple[str, str]]:
    """Give the pairs of kits with one holder."""
    return [(a, b) for a, b in itertools.combinations(holders, 2) if holders[a] == holders[b]]


def find_twins(paths: Sequence[Path]) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Give pairs of kits that have a sound in common but for its loudness, and the files."""
    own = np.array([path.parent.name for path in paths])
    spectra = fft.rfft(onsets(paths), 2 * round(TWIN_S * SR), axis=1)
    kits, files = set(), []
    for i, spectrum in enumerate(spectra):
        others = np.arange(i + 1, len(paths))
        others = others[own[others] != own[i]]
        alike = fft.irfft(spectra[others].conj() * spectrum, axis=1).max(axis=1, initial=0.0)
        for j in others[alike > CANDIDATE_CORRELATION]:
            if _finest(spectra[j].conj() * spectrum) > TWIN_CORRELATION:
                kits.add((str(own[i]), str(own[j])))
                files.append([f"{path.parent.name}/{path.name}" for path in (paths[i], paths[j])])
    return sorted(kits), files


def _finest(product: NDArray[np.complex128]) -> float:
    """Give the largest cross-correlation over shifts by parts of a sample, of its spectrum."""
    return float(fft.irfft(product, FINER * 2 * (len(product) - 1)).max() * FINER)


def onsets(paths: Sequence[Path]) -> NDArray[np.float64]:
    """Give the first quarter second of each hit from its onset on, as vectors of length 1."""
    clips = FixedLength(4.0, sr=SR).fit_transform([str(path) for path in paths])
    starts = np.zeros((len(paths), round(TWIN_S * SR)))
    for start, clip in zip(starts, clips, strict=True):
        first = np.argmax(np.abs(clip) > 10 ** (ONSET_DB / 20) * np.abs(clip).max())
        part = clip[first : first + starts.shape[1]]
        start[: len(part)] = part / max(np.linalg.norm(part), np.finfo(np.float64).tiny)
    return starts


def clusters(kits: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give the cluster of each kit, named after the first of those that pairs hold together."""
    place = {kit: i for i, kit in enumerate(kits)}
    rows, columns = np.array([(place[a], place[b]) for a, b in pairs], dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(kits), len(kits)))
    numbers = connected_components(graph, directed=False)[1]
    return {
        kit: kits[int(np.argmax(numbers == number))]
        for kit, number in zip(kits, numbers, strict=True)
    }


def count(y: NDArray, groups: NDArray) -> dict[str, dict[str, int]]:
    """Give how many clips of each class every group has."""
    return {
        label: dict(sorted(Counter(groups[y == label].tolist()).items()))
        for label in np.unique(y).tolist()
    }


def sound_files(kit: Path) -> list[Path]:
    """Give all sound files in the folder of a kit."""
    return [path for path in kit.iterdir() if path.suffix in (".aiff", ".flac", ".wav")]
