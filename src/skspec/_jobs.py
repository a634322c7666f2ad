"""One loop over many clips, shared out among threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

import joblib

from skspec.exceptions import ParameterError


def count_jobs(n_jobs: int | None) -> int:
    """Give the threads that `n_jobs` means, as joblib would.

    Parameters
    ----------
    n_jobs : int or None
        So many; None is 1, or what a surrounding `joblib.parallel_config` says; -1 is one for
        each core, -2 one less, and so on.

    Raises
    ------
    ParameterError
        For 0.
    """
    if n_jobs == 0:
        raise ParameterError("Got n_jobs=0, but expected another int, such as 2, or None.")
    if n_jobs is not None and n_jobs > 0:
        return int(n_jobs)
    # A cluster may have more cores than this machine, where the threads are.
    return min(joblib.effective_n_jobs(n_jobs), joblib.cpu_count())


def cut(n: int, size: int) -> list[range]:
    """Cut 0, 1, ..., n - 1 into runs of `size` neighbours, of which the last may be shorter."""
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def share_out(
    make_worker: Callable[[], Callable[[int], None]],
    n: int,
    *,
    n_jobs: int | None,
    done: Callable[[range], object] = lambda run: None,
) -> None:
    """Call workers with 0, 1, ..., n - 1, each worker in a thread of its own.

    Parameters
    ----------
    make_worker : callable
        Gives what is called with each number; each thread has its own.
    n : int >= 0
        How many calls there are in all.
    n_jobs : int or None
        Threads, as `count_jobs` understands it. Each takes runs of neighbours, one after the
        other, so that all are done at about the same time.
    done : callable, default=nothing
        Told which calls have ended, now and then, by one thread at a time.

    Raises
    ------
    Exception
        What the first call that fails raises, first by its number and not in time: the error of
        a plain loop. Calls after it may not take place.
    """
    jobs = max(1, min(count_jobs(n_jobs), n))
    runs = _Runs(_shrinking_runs(n, jobs))
    tasks = [partial(_work, make_worker(), runs, done) for _ in range(jobs)]
    failures = [tasks[0]()] if jobs == 1 else _in_threads(tasks, runs)
    failed = [failure for failure in failures if failure is not None]
    if failed:
        raise min(failed, key=lambda failure: failure[0])[1]


def _shrinking_runs(n: int, jobs: int) -> Iterator[range]:
    """Cut 0, 1, ..., n - 1 into runs that get shorter towards the end.

    Long ones, because neighbours write to the same pages of memory, and what two threads touch
    first at once is cleared twice; short ones last, so that no thread waits long for another.
    """
    start = 0
    while start < n:
        size = max(1, min(16, (n - start) // (2 * jobs)))
        yield range(start, start + size)
        start += size


Failure = tuple[int, Exception]


def _work(
    worker: Callable[[int], None], runs: _Runs, done: Callable[[range], object]
) -> Failure | None:
    """Go through runs until there are no more, or give which call failed, and how."""
    while (run := runs.take()) is not None:
        for index in run:
            try:
                worker(index)
            except Exception as error:
                runs.stop()
                return index, error
        with runs.lock:
            done(run)
    return None


def _in_threads(tasks: Sequence[Callable[[], Failure | None]], runs: _Runs) -> list[Failure | None]:
    with ThreadPoolExecutor(len(tasks), thread_name_prefix="skspec-job") as pool:
        coming = [pool.submit(task) for task in tasks]
        try:
            return [each.result() for each in coming]
        finally:
            runs.stop()  # or an interrupt would wait for all that is left


class _Runs:
    """Runs of numbers, handed out in order, until one is told to stop."""

    def __init__(self, runs: Iterator[range]) -> None:
        self.lock = Lock()
        self._runs = runs

    def take(self) -> range | None:
        with self.lock:
            return next(self._runs, None)

    def stop(self) -> None:
        with self.lock:
            self._runs = iter(())
