"""What goes wrong in practice, done on purpose and counted: files, kills, bits, disks, memory.

    python benchmarks/faults.py                            # all sections, some hours
    python benchmarks/faults.py --sections named cuts      # two of them; the others are kept

Each section is written to results/faults.json when it ends, and has lines that must hold; the
table at the end shows all. The exit code is 1 if one does not hold.

- named: bad files and odd ones, made one by one, under each way to deal with errors
- cuts: files of each format cut at random places
- alarms: files of four Debian packages, fetched where they are not there; every alarm is examined
- mutants: files with random damage, in processes of their own
- flips: single bits of model files, checkpoints and cache entries
- kills: SIGKILL at random moments of a training, which then goes on
- cache: processes that share a cache, killed one after the other
- disk: tests of full disks
- hostile: model files made to do harm
- long: a recording of many hours whose header is wrong, its run killed and resumed
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _alarms import scan_packages
from _apart import count_outcomes
from _flips import count_flips
from _kills import hammer_cache, run_training_with_kills
from _named_files import count_named_files
from _recordings import SHORT_S, kill_and_resume
from _result import RESULTS, write_result

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audio"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "persistence"))

from _faulty_files import CODED
from _hostile_files import count_refused
from _mutants import count_cuts

TESTS = Path(__file__).parents[1] / "tests"
# Of each section: the largest value that each count may have.
LIMITS: dict[str, dict[str, float]] = {
    "named": {"silent": 0, "unnamed": 0, "other_exceptions": 0, "refused_though_right": 0},
    "cuts": {"unnoticed": 0},
    "alarms": {"false": 0, "unexamined": 0},
    "mutants": {"crashes": 0, "hangs": 0, "too_large": 0, "other_errors": 0},
    "flips": {"unnoticed": 0},
    "kills": {"unequal": 0, "unusable": 0, "epochs_lost": 0},
    "cache": {"wrong": 0, "damaged": 0, "stuck": 0},
    "disk": {"failed": 0},
    "hostile": {"taken": 0, "ran": 0, "growth_mb": 512},
    "long": {"growth_mb": 300, "wrong_durations": 0, "unequal_tables": 0},
}
DISK_TESTS = "full_disk or FullDisk or disk_is_full"


def named(_: argparse.Namespace) -> dict[str, Any]:
    """Read every named file between two good ones."""
    found = count_named_files()
    return {"tries": found["readings"], **found}


def cuts(given: argparse.Namespace) -> dict[str, Any]:
    """Cut a file of each format at random places."""
    with tempfile.TemporaryDirectory() as folder:
        lost = count_cuts(folder, given.cuts, seed=1, names=CODED)
    unnoticed = sum(map(len, lost.values()))
    return {"tries": given.cuts * len(lost), "unnoticed": unnoticed, "offsets": lost}


def alarms(given: argparse.Namespace) -> dict[str, Any]:
    """Scan what people made, and examine each alarm."""
    found = scan_packages(given.data)
    return {"tries": found["files"], **found}


def mutants(given: argparse.Namespace) -> dict[str, Any]:
    """Read files with random damage."""
    return {"tries": given.mutants, **count_outcomes(given.mutants, seed=1)}


def flips(given: argparse.Namespace) -> dict[str, Any]:
    """Flip bits in each kind of stored file."""
    found = count_flips(given.flips, seed=1)
    totals = {name: sum(kind[name] for kind in found.values()) for name in ("flips", "unnoticed")}
    return {"tries": totals["flips"], "unnoticed": totals["unnoticed"], **found}


def kills(given: argparse.Namespace) -> dict[str, Any]:
    """Kill trainings, which go on."""
    return {"tries": given.kills, **run_training_with_kills(given.kills, seed=1)}


def cache(given: argparse.Namespace) -> dict[str, Any]:
    """Kill processes that share a cache."""
    found = hammer_cache(8, given.seconds, seed=1)
    return {"tries": found["kills"], "processes": 8, "seconds": given.seconds, **found}


def disk(_: argparse.Namespace) -> dict[str, Any]:
    """Run the tests in which disks are full: loud, and what was there before stays."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", DISK_TESTS]
    folders = [str(TESTS / name) for name in ("nn", "persistence")]
    run = subprocess.run(command + folders, capture_output=True, text=True, cwd=TESTS.parent)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|errors?)", run.stdout)}
    passed = counts.pop("passed", 0)
    failed = sum(counts.values()) or int(run.returncode != 0)
    return {"tries": passed + failed, "passed": passed, "failed": failed}


def hostile(_: argparse.Namespace) -> dict[str, Any]:
    """Load model files that are made to do harm."""
    with tempfile.TemporaryDirectory() as folder:
        found = count_refused(folder)
    return {"tries": found["kinds"], "taken": len(found["not_refused"]), **found}


def long(given: argparse.Namespace) -> dict[str, Any]:
    """Predict a recording of many hours, and kill and resume a run."""
    script = Path(__file__).parent / "_recordings.py"  # apart: a large parent counts as a peak
    run = subprocess.run(
        [sys.executable, str(script), "--hours", str(given.hours)],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(run.stdout)
    runs = {name: found.pop(name) for name in ("short", "long")}
    wrong = sum(not run["is_right_duration"] for run in runs.values())
    resumed = kill_and_resume(SHORT_S, n_entries=3)
    in_time = resumed["entries_at_kill"] < resumed["entries"]
    return {
        "tries": 3,
        **found,
        **runs,
        "wrong_durations": wrong,
        "unequal_tables": int(not (resumed["is_equal"] and in_time)),
        "resumed": resumed,
    }


SECTIONS = {
    section.__name__: section
    for section in (named, cuts, alarms, mutants, flips, kills, cache, disk, hostile, long)
}


def beyond(name: str, figures: dict[str, Any]) -> list[str]:
    """Give the counts of a section that are larger than they may be; nothing tried is no proof."""
    wrong = [count for count, limit in LIMITS[name].items() if figures[count] > limit]
    return wrong if figures["tries"] else [*wrong, "tries"]


def summary(sections: dict[str, dict[str, Any]]) -> str:
    """Give a table: how often each section tried, its judged counts, and whether they hold."""
    rows = [f"{'section':9} {'tries':>6}  holds  counts (at most)"]
    for name, figures in sections.items():
        counts = [f"{count} {figures[count]} ({top})" for count, top in LIMITS[name].items()]
        holds = "NO" if beyond(name, figures) else "yes"
        rows.append(f"{name:9} {figures['tries']:6}  {holds:5}  {', '.join(counts)}")
    return "\n".join(rows)


def earlier(path: Path) -> dict[str, dict[str, Any]]:
    """Give the sections that an earlier run has written."""
    return json.loads(path.read_text())["sections"] if path.exists() else {}


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--data", type=Path, help="where the Debian packages lie or go to")
    parser.add_argument("--cuts", type=int, default=50, help="of a file of each format")
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--flips", type=int, default=1000, help="of each kind of file")
    parser.add_argument("--kills", type=int, default=50, help="of trainings")
    parser.add_argument("--seconds", type=float, default=60.0, help="of kills around a cache")
    parser.add_argument("--hours", type=float, default=10.0, help="of the long recording")
    return parser.parse_args(words)


def main() -> int:
    """Run the sections, write each when it ends, and tell whether all lines hold."""
    given = arguments()
    path, sections = RESULTS / "faults.json", {}
    for name in given.sections:
        print(f"--- {name}", flush=True)
        figures = SECTIONS[name](given)
        sections = {**earlier(path), name: figures}
        sections = {name: sections[name] for name in SECTIONS if name in sections}
        write_result("faults", {"limits": LIMITS, "sections": sections})
    print(summary(sections))
    return int(any(beyond(name, figures) for name, figures in sections.items()))


if __name__ == "__main__":
    sys.exit(main())
