"""Rebuild the sound clips that `skspec.datasets.load_percussion` gives, from two Debian packages.

The script downloads `sonic-pi-samples` and `hydrogen-drumkits` with `apt-get download`, unpacks
them with `dpkg -x` in a temporary folder, reads author and licence of every chosen file from the
packages' copyright files, refuses whatever is not CC0, and writes one FLAC file per clip (mono,
16 kHz, at most 1 s, same peak) and the table `percussion.csv`. With the same libsndfile the files
come out bit for bit the same, with another one the samples do.

    python tools/build_percussion.py            # write the folder anew
    python tools/build_percussion.py --check    # compare with the folder, write nothing
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

SR = 16_000
MAX_SAMPLES = SR  # one second
FADE_SAMPLES = SR // 100  # where a longer sound is cut
PEAK = 0.9
TWIN_CORRELATION = 0.9  # no two authors may share clips that are this alike
FOLDER = Path(__file__).parents[1] / "src/skspec/datasets/data/percussion"
TABLE = "percussion.csv"
COLUMNS = ("file", "label", "author", "source_package", "original_file", "licence", "sha256")

SONIC_PI, HYDROGEN = "sonic-pi-samples", "hydrogen-drumkits"
KIT = "drumkits/Audiophob.h2drumkit"
# Where a package's sounds and copyright file lie once it is unpacked.
SOUNDS = {
    SONIC_PI: "usr/share/sonic-pi/samples",
    HYDROGEN: "usr/share/hydrogen/data/drumkits/Audiophob",
}

# What is what. Left out, though CC0: drum rolls and loops (not one hit), hand clap, stick,
# cowbell, shaker and sound effects (not these instruments), `elec_bong`, `elec_wood` and the
# like (name and sound do not say which instrument), `elec_filt_snare` (a noise sweep without a
# drum's body) and zgump's `tom-0105`, which the kit uses as a kick. Files that the copyright
# file does not list one by one count as not CC0.
CHOICE = {
    (SONIC_PI, "kick"): """bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus bd_klub bd_pure bd_sone
        bd_tek bd_zome bd_zum drum_bass_hard drum_bass_soft drum_heavy_kick elec_hollow_kick
        elec_soft_kick""",
    (SONIC_PI, "snare"): """drum_snare_hard drum_snare_soft elec_hi_snare elec_lo_snare
        elec_mid_snare elec_snare sn_dolf sn_dub sn_zome""",
    (SONIC_PI, "cymbal"): """drum_cymbal_closed drum_cymbal_hard drum_cymbal_open
        drum_cymbal_pedal drum_cymbal_soft drum_splash_hard drum_splash_soft elec_cymbal""",
    (SONIC_PI, "skin"): """drum_tom_hi_hard drum_tom_hi_soft drum_tom_lo_hard drum_tom_lo_soft
        drum_tom_mid_hard drum_tom_mid_soft elec_fuzz_tom tabla_dhec tabla_ghe1 tabla_ghe2
        tabla_ghe3 tabla_ghe4 tabla_ghe5 tabla_ghe6 tabla_ghe7 tabla_ghe8 tabla_ke1 tabla_ke2
        tabla_ke3 tabla_na tabla_na_o tabla_na_s tabla_re tabla_tas1 tabla_tas2 tabla_tas3
        tabla_te1 tabla_te2 tabla_te_m tabla_te_ne tabla_tun1 tabla_tun2 tabla_tun3""",
    (HYDROGEN, "snare"): """124382__cubix__8bit-snare
        25671__walter-odington__garage-city-snare-snappy""",
    (HYDROGEN, "cymbal"): """104227__minorr__hhat-paiste-302-14-open-p
        116973__cbeeching__hat-light 124101__connersaw8__crash 15590__lewis__sabmute""",
    (HYDROGEN, "skin"): """101450__menegass__tomh 99930__menegass__noise-tom0
        99931__menegass__noise-tom1""",
}


class Terms(NamedTuple):
    """Who holds the copyright of a file, and under which licence it is given."""

    holder: str
    licence: str


def parse_copyright(text: str) -> list[tuple[str, Terms]]:
    """Give (file pattern, terms) pairs from a Debian copyright file, in its order."""
    pairs = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Z][\w-]*):((?:.*)(?:\n[ \t].*)*)", paragraph, re.M))
        if "Files" not in fields:
            continue
        terms = Terms(fields["Copyright"].strip(), fields["License"].strip().split("\n")[0])
        pairs += [(pattern, terms) for pattern in fields["Files"].split()]
    return pairs


def terms_of(pairs: list[tuple[str, Terms]], name: str) -> Terms:
    """Give the terms of a file: those of the last pattern that it matches, as Debian has it."""
    matching = [terms for pattern, terms in pairs if fnmatchcase(name, pattern)]
    if not matching or matching[-1].licence != "CC0":
        raise SystemExit(f"{name} is not under CC0: {matching[-1:]}")
    return matching[-1]


def author_of(package: str, stem: str, terms: Terms) -> str:
    """Give the author: the copyright holder, or in the kit the name inside the file's name.

    The kit is a collection, and its files keep the `number__author__title` names that
    freesound.org gives, so their authors are those, not the one who put the kit together.
    """
    if package == HYDROGEN:
        return stem.split("__")[1]
    return re.sub(r"^\d{4}(-\d{4})?\s+", "", terms.holder)


def to_clip(waveform: np.ndarray, sr: int) -> np.ndarray:
    """Make a clip (int16, mono, 16 kHz, at most 1 s, peak 0.9) of (n_timepoints, n_channels)."""
    mono = soxr.resample(waveform.mean(axis=1), sr, SR, quality="VHQ")
    if len(mono) > MAX_SAMPLES:
        mono = mono[:MAX_SAMPLES].copy()
        mono[-FADE_SAMPLES:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, FADE_SAMPLES))
    return np.rint(mono * (PEAK / np.abs(mono).max()) * 32767).astype(np.int16)


def unpack(package: str, folder: Path, debs: Path | None) -> Path:
    """Download a package, or take it from `debs`, and unpack it in `folder`."""
    if debs is None:
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    (deb,) = (debs or folder).glob(f"{package}_*.deb")
    subprocess.run(["dpkg", "-x", str(deb), str(folder / package)], check=True)
    return folder / package


def build_package(root: Path, package: str, folder: Path) -> list[dict[str, str]]:
    """Write the chosen clips of an unpacked package to `folder` and give their table rows."""
    pairs = parse_copyright((root / "usr/share/doc" / package / "copyright").read_text("utf-8"))
    rows = []
    for (chosen_from, label), stems in CHOICE.items():
        for stem in stems.split() if chosen_from == package else ():
            (source,) = (root / SOUNDS[package]).glob(f"{stem}.*")
            terms = terms_of(pairs, KIT if package == HYDROGEN else f"etc/samples/{source.name}")
            target = folder / f"{stem}.flac"
            clip = to_clip(*soundfile.read(source, always_2d=True))
            soundfile.write(target, clip, SR, subtype="PCM_16", compression_level=1.0)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            author = author_of(package, stem, terms)
            original = str(source.relative_to(root))
            values = (target.name, label, author, package, original, terms.licence, digest)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Give the largest normalised cross-correlation of two clips over all shifts, 0 to 1."""
    spectra = [np.fft.rfft(clip.astype(np.float64), 2 * MAX_SAMPLES) for clip in (a, b)]
    norms = [np.linalg.norm(clip.astype(np.float64)) for clip in (a, b)]
    return float(np.abs(np.fft.irfft(spectra[0] * spectra[1].conj())).max() / np.prod(norms))


def refuse_twins(rows: list[dict[str, str]], folder: Path) -> None:
    """Stop where two clips are equal, or where clips of two authors are nearly so."""
    clips = [soundfile.read(folder / row["file"], dtype="int16")[0] for row in rows]
    for (row, clip), (other, twin) in itertools.combinations(zip(rows, clips, strict=True), 2):
        crosses = row["author"] != other["author"]
        if np.array_equal(clip, twin) or (crosses and correlation(clip, twin) > TWIN_CORRELATION):
            raise SystemExit(f"{row['file']} and {other['file']} are the same sound")


def build(folder: Path, debs: Path | None) -> None:
    """Write all clips and their table to `folder`."""
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for package in (SONIC_PI, HYDROGEN):
            root = unpack(package, Path(temporary).resolve(), debs)
            rows += build_package(root, package, folder)
    rows.sort(key=lambda row: (row["label"], row["file"]))
    refuse_twins(rows, folder)
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(folder: Path) -> list[dict[str, str]]:
    """Read the table without the digests, which depend on the encoder."""
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        return [{**row, "sha256": ""} for row in csv.DictReader(file)]


def differences(built: Path, kept: Path) -> list[str]:
    """Say, a line each, where two folders hold other files, rows or samples."""
    names = {path.name for folder in (built, kept) for path in folder.glob("*.flac")}
    lines = [] if read_table(built) == read_table(kept) else [f"{TABLE}: other rows"]
    for name in sorted(names):
        if not ((built / name).exists() and (kept / name).exists()):
            lines.append(f"{name}: only in one of the two")
            continue
        ours, theirs = (soundfile.read(folder / name, dtype="int16") for folder in (built, kept))
        if ours[1] != theirs[1] or not np.array_equal(ours[0], theirs[0]):
            lines.append(f"{name}: other samples")
    return lines


def report(built: Path, kept: Path) -> int:
    """Print how two folders differ and give the exit status: 0 where rows and samples agree."""
    lines = differences(built, kept)
    pairs = [(path, kept / path.name) for path in built.iterdir()]
    same = sum(other.exists() and path.read_bytes() == other.read_bytes() for path, other in pairs)
    print(*lines, f"{same} of {len(pairs)} files are bit for bit the same", sep="\n")
    return 1 if lines else 0


def replace(built: Path, kept: Path) -> int:
    """Put the built files in the place of the kept ones, print their size and give 0."""
    kept.mkdir(parents=True, exist_ok=True)
    for old in [*kept.glob("*.flac"), *kept.glob(TABLE)]:
        old.unlink()
    for path in built.iterdir():
        shutil.copyfile(path, kept / path.name)
    size = sum(path.stat().st_size for path in built.iterdir())
    print(f"{len(list(built.iterdir()))} files, {size} bytes, in {kept}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: in the source tree")
    parser.add_argument("--debs", type=Path, help="take the .deb files from here, not from apt")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        build(Path(temporary), options.debs)
        return (report if options.check else replace)(Path(temporary), options.folder)


if __name__ == "__main__":
    sys.exit(main())
