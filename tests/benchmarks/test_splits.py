"""Fewer clips of a part."""

import numpy as np
import pytest

GROUPS = np.repeat(np.arange(8), [5, 7, 20, 9, 11, 6, 13, 8])
Y = np.arange(len(GROUPS)) % 3


@pytest.fixture
def splits(benchmark_module):
    return benchmark_module("_splits")


@pytest.mark.parametrize("n_clips", [1, 16, 40, 78])
def test_thinned_keeps_the_shares_of_groups(splits, n_clips):
    kept = splits.thinned(np.arange(len(Y)), GROUPS, n_clips)
    assert len(kept) == len(set(kept)) == n_clips
    share = n_clips / len(Y)
    counts = np.bincount(GROUPS[kept], minlength=8)
    assert np.all(np.abs(counts - share * np.bincount(GROUPS)) <= 1)


def test_thinned_is_seeded_and_may_leave_all(splits):
    rows = np.arange(10, 60)
    first, same, other = (splits.thinned(rows, GROUPS, 20, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert splits.thinned(rows, GROUPS, None) is rows
    assert splits.thinned(rows, GROUPS, 50) is rows
