"""Random choices of groups for the test part."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit, cross_validate

from skspec.evaluation import RandomGroupedSplit
from skspec.exceptions import InputError

GROUPS = np.repeat(np.arange(8), [5, 7, 20, 9, 11, 6, 13, 8])
Y = np.arange(len(GROUPS)) % 3


def test_splits_are_what_they_promise():
    found = list(RandomGroupedSplit(12, 0.3, tolerance=0.1).split(None, Y, GROUPS))
    for train, test in found:
        assert not set(GROUPS[train]) & set(GROUPS[test])
        assert sorted([*train, *test]) == list(range(len(Y)))
        assert 0.2 <= len(test) / len(Y) <= 0.4
    assert len({tuple(np.unique(GROUPS[test])) for _, test in found}) == 12


def test_they_are_the_draws_of_scikit_learn_that_fit():
    drawn = GroupShuffleSplit(30, test_size=0.3, random_state=0).split(Y, Y, GROUPS)
    fitting = [test for _, test in drawn if 0.2 <= len(test) / len(Y) <= 0.4]
    first = {tuple(test): test for test in fitting}
    for (_, found), test in zip(
        RandomGroupedSplit(8).split(Y, Y, GROUPS), first.values(), strict=False
    ):
        assert_array_equal(found, test)


def test_every_class_stands_in_both_parts():
    y = np.where(np.isin(GROUPS, [1, 4, 6]), 1, 0)
    for train, test in RandomGroupedSplit(8).split(y, y, GROUPS):
        assert set(y[train]) == set(y[test]) == {0, 1}


def test_seeded_and_more_splits_begin_with_the_same():
    few, many, other = (
        [t.tolist() for _, t in RandomGroupedSplit(n, random_state=seed).split(Y, Y, GROUPS)]
        for n, seed in [(4, 0), (9, 0), (4, 1)]
    )
    assert few == many[:4]
    assert few != other


def test_impossible_splits_are_an_error():
    y = np.where(GROUPS == 2, 1, 0)  # a class that only one group has
    with pytest.raises(InputError, match="among 8 groups only 0 different ones have all 2 classes"):
        list(RandomGroupedSplit(1, max_draws=50).split(y, y, GROUPS))
    with pytest.raises(InputError, match="but 100 are wanted"):
        list(RandomGroupedSplit(100, max_draws=300).split(Y, Y, GROUPS))
    with pytest.raises(InputError, match="needs groups"):
        next(RandomGroupedSplit().split(Y, Y))


def test_it_is_a_splitter_of_scikit_learn():
    cv = RandomGroupedSplit(6, tolerance=0.2)
    assert cv.get_n_splits() == 6
    assert repr(cv).startswith("RandomGroupedSplit(")
    scores = cross_validate(DummyClassifier(), Y[:, None], Y, groups=GROUPS, cv=cv)
    assert len(scores["test_score"]) == 6
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "uniform"]}, cv=cv)
    assert search.fit(Y[:, None], Y, groups=GROUPS).n_splits_ == 6
    assert cv.get_metadata_routing().split.requests == {"groups": True}
