"""Damaged files read in a process of its own, so that a crash is counted and not suffered."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audio"))

from _memory import peak_mb
from _mutants import mutant_outcomes

HANG_S, GROWTH_MB = 5.0, 512
START_S = 300.0  # importing and encoding the files that are damaged, on a busy machine
ORDERLY = ("read", "warned", "refused")
_PROCESSES = multiprocessing.get_context("spawn")

Outcomes = Callable[[range], Iterator[str]]


def count_outcomes(
    n: int, outcomes: Outcomes | None = None, *, seed: int = 0, hang_s: float = HANG_S
) -> dict[str, Any]:
    """Count what comes of reading n damaged files.

    A process that crashes, or that is silent for too long, is replaced by another, which goes on
    with the next file.

    Parameters
    ----------
    n : int > 0
        How many.
    outcomes : callable, default=None
        Takes numbers and gives in turn what came of each file; None reads mutants.
    seed : int, default=0
        Of the damage.
    hang_s : float, default=5.0
        After how many seconds a file counts as one that hangs.

    Returns
    -------
    dict
        How many were ``read``, ``warned`` of, ``refused``; ``crashes``, ``hangs``, ``too_large``:
        that took 512 MB or more, and ``other_errors``; the numbers and names of the latter four in
        ``cases``; the largest growth of memory in ``growth_mb``.
    """
    outcomes = partial(mutant_outcomes, seed=seed) if outcomes is None else outcomes
    found: Counter[str] = Counter(dict.fromkeys(ORDERLY, 0))
    cases: dict[str, str] = {}
    growth, first = 0.0, 0
    while first < n:
        for i, outcome, grown in _from_process(outcomes, range(first, n), hang_s):
            kind = _kind(outcome, grown)
            found[kind] += 1
            growth = max(growth, grown)
            if kind not in ORDERLY:
                cases[str(i)] = outcome
            first = i + 1
    kinds = dict.fromkeys(("crashes", "hangs", "too_large", "other_errors"), 0)
    return {"files": n, **kinds, **found, "growth_mb": round(growth, 1), "cases": cases}


def _kind(outcome: str, grown: float) -> str:
    """Sort what came of a file."""
    if outcome == "too much memory" or outcome.startswith("MemoryError") or grown > GROWTH_MB:
        return "too_large"
    if outcome in ("crashes", "hangs", *ORDERLY):
        return outcome
    return "other_errors"


def _from_process(
    outcomes: Outcomes, numbers: range, hang_s: float
) -> Iterator[tuple[int, str, float]]:
    """Give number, outcome and growth of memory for each file, until the process must end."""
    mine, its = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_work, args=(its, outcomes, numbers), daemon=True)
    process.start()
    its.close()
    grown, wait = 0.0, START_S
    try:
        for i in numbers:
            if not mine.poll(wait):
                yield i, "hangs", grown
                return
            outcome, grown = mine.recv()
            yield i, outcome, grown
            if grown > GROWTH_MB:
                return  # the peak of a process never falls
            wait = hang_s
    except EOFError:
        process.join()
        yield i, "crashes", grown
    finally:
        process.kill()
        process.join()


def _work(pipe: Any, outcomes: Outcomes, numbers: range) -> None:
    """Send what came of each file; the memory that can be had is limited."""
    results = outcomes(numbers)
    before = peak_mb()
    _limit_memory(4 * GROWTH_MB)
    for outcome in results:
        pipe.send((outcome, peak_mb() - before))


def _limit_memory(more_mb: int) -> None:
    """Let this process have so much more address space than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
