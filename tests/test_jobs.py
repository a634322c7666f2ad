"""Sharing calls out among threads: all of them once, and the errors of a plain loop."""

import itertools
import os
import threading
import time
from contextlib import nullcontext
from unittest.mock import MagicMock

import joblib
import numpy as np
import pytest
import soundfile
from numpy.testing import assert_array_equal

from skspec._jobs import count_jobs, share_out
from skspec.audio import for_each_block
from skspec.exceptions import AudioReadError, ParameterError


def test_number_of_jobs_is_that_of_joblib():
    cores = joblib.cpu_count()
    assert [count_jobs(n) for n in (None, 1, 3, np.int64(2), -1)] == [1, 1, 3, 2, cores]
    assert count_jobs(-2) == max(1, cores - 1)
    assert count_jobs(-1000) == 1
    with joblib.parallel_config("threading", n_jobs=-1):
        assert count_jobs(None) == cores
        assert count_jobs(1) == 1


def test_no_jobs_are_an_error():
    with pytest.raises(ParameterError, match="Got n_jobs=0, but expected"):
        count_jobs(0)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 4, 200])
def test_every_number_is_called_once_in_runs(n_jobs, n):
    calls, done = [], []

    def make_worker():
        mine = []
        calls.append(mine)
        return mine.append

    share_out(make_worker, n, n_jobs=n_jobs, done=done.append)
    assert sorted(itertools.chain(*calls)) == list(range(n))
    assert all(mine == sorted(mine) for mine in calls)
    assert sorted(itertools.chain(*done)) == list(range(n))
    assert all(1 <= len(run) <= 16 for run in done)
    assert len(calls) == max(1, min(n_jobs, n))


def test_each_worker_has_a_thread_of_its_own():
    meeting = threading.Barrier(2, timeout=30)  # passes only where both are there at once
    threads = {}

    def make_worker():
        mine = object()

        def work(index):
            threads.setdefault(mine, set()).add(threading.get_ident())
            if len(threads[mine]) == 1 and index < 2:
                meeting.wait()

        return work

    share_out(make_worker, 2, n_jobs=2)
    assert len(threads) == 2
    assert all(len(each) == 1 for each in threads.values())


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_first_call_that_fails_gives_the_error(n_jobs):
    def work(index):
        if index == 37:
            time.sleep(0.01)  # later in time, and still first
        if index >= 37:
            raise ValueError(f"call {index}")

    with pytest.raises(ValueError, match=r"^call 37$"):
        share_out(lambda: work, 100, n_jobs=n_jobs)


def test_failure_ends_the_work():
    seen = []

    def work(index):
        seen.append(index)
        if index == 0:
            raise ValueError("no")
        time.sleep(0.001)

    with pytest.raises(ValueError, match="no"):
        share_out(lambda: work, 10_000, n_jobs=2)
    assert len(seen) < 200


@pytest.fixture
def paths(tmp_path):
    names = [str(tmp_path / f"{i:02d}.wav") for i in range(40)]
    for i, name in enumerate(names):
        soundfile.write(name, np.full(100, i / 64), 8000, subtype="FLOAT")
    return names


@pytest.mark.parametrize("n_jobs", [None, 1, 3])
@pytest.mark.parametrize("block_size", [1, 7, 100])
def test_clips_come_with_their_positions_whether_files_or_not(paths, n_jobs, block_size):
    table = np.repeat(np.arange(40)[:, None] / 64, 100, axis=1)
    for clips in (paths, table, list(table)):
        found = np.empty((40, 100))

        def work(start, block, found=found):
            block = list(block)
            assert 1 <= len(block) <= block_size
            found[start : start + len(block)] = block

        options = {"block_size": block_size, "n_jobs": n_jobs, "label": "x", "verbose": 0}
        for_each_block(lambda work=work: work, clips, 8000, **options)
        assert_array_equal(found, table)


@pytest.mark.parametrize("n_jobs", [None, 2, 3])
@pytest.mark.parametrize(("unreadable", "failing"), [(21, 25), (25, 21), (3, 39), (39, 0)])
@pytest.mark.parametrize("block_size", [1, 6])
def test_error_is_that_of_the_first_bad_clip_of_whatever_kind(
    paths, n_jobs, unreadable, failing, block_size
):
    os.remove(paths[unreadable])

    def work(start, block):
        for index, _ in enumerate(block, start):
            if index >= failing:
                raise ValueError(f"clip {index} does not please")

    options = {"block_size": block_size, "n_jobs": n_jobs, "label": "x", "verbose": 0}
    with pytest.raises((AudioReadError, ValueError), match=rf"clip {min(unreadable, failing)}\b"):
        for_each_block(lambda: work, paths, 8000, **options)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bar_goes_on_to_the_number_of_clips(monkeypatch, n_jobs):
    bars = []

    def bar(*args, **kwargs):
        bars.append((args, kwargs, MagicMock()))
        return nullcontext(bars[-1][2])

    monkeypatch.setattr("skspec.audio._blocks.progress_bar", bar)
    worker = MagicMock()
    options = {"block_size": 3, "n_jobs": n_jobs, "label": "Painter", "verbose": 1}
    for_each_block(lambda: worker, np.zeros((50, 10)), 8000, **options)
    [(args, kwargs, shown)] = bars
    assert args == (50, "Painter")
    assert kwargs == {"verbose": 1, "unit": "clip"}
    assert sum(call.args[0] for call in shown.update.call_args_list) == 50
    assert shown.update.call_count > 3
    assert worker.call_count == (17 if n_jobs == 2 else 19)  # 16, 16, 16 and 2 by threes
