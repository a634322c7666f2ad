"""Random grouped splits."""

import numpy as np
import pytest

GROUPS = np.repeat(np.arange(8), [5, 7, 20, 9, 11, 6, 13, 8])
Y = np.arange(len(GROUPS)) % 3


@pytest.fixture
def splits(benchmark_module):
    return benchmark_module("_splits")


def test_splits_are_what_they_promise(splits):
    found = splits.random_grouped_splits(Y, GROUPS, 12, 0.3, tolerance=0.1)
    for train, test in found:
        assert not set(GROUPS[train]) & set(GROUPS[test])
        assert sorted([*train, *test]) == list(range(len(Y)))
        assert 0.2 <= len(test) / len(Y) <= 0.4
    assert len({tuple(np.unique(GROUPS[test])) for _, test in found}) == 12


def test_every_class_stands_in_both_parts(splits):
    y = np.where(np.isin(GROUPS, [1, 4, 6]), 1, 0)
    for train, test in splits.random_grouped_splits(y, GROUPS, 8):
        assert set(y[train]) == set(y[test]) == {0, 1}


def test_seeded_and_more_splits_begin_with_the_same(splits):
    few, many, other = (
        [test.tolist() for _, test in splits.random_grouped_splits(Y, GROUPS, n, seed=seed)]
        for n, seed in [(4, 0), (9, 0), (4, 1)]
    )
    assert few == many[:4]
    assert few != other


def test_impossible_splits_are_an_error(splits):
    y = np.where(GROUPS == 2, 1, 0)  # a class that only one group has
    with pytest.raises(SystemExit, match="among 8 groups only 0 different ones have all 2 classes"):
        splits.random_grouped_splits(y, GROUPS, 1, tries=50)
    with pytest.raises(SystemExit, match="but 100 are wanted"):
        splits.random_grouped_splits(Y, GROUPS, 100, tries=300)


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
