"""Rows that are trained on and never tested on."""

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)

from skspec.datasets import TrainOnly, load_percussion, mix
from skspec.exceptions import InputError, ParameterError, SkspecError

N = 40
EXTRA = np.arange(N) % 4 == 0
Y = np.array(["owl", "wren"] * (N // 2))
X = np.random.default_rng(0).normal(size=(N, 3)) + (Y == "owl")[:, None]
GROUPS = np.array([f"bird {number % 7}" for number in range(N)])


@pytest.mark.parametrize("cv", [5, KFold(4), StratifiedKFold(3), ShuffleSplit(3, random_state=0)])
def test_parts_of_the_own_rows_are_those_of_the_inner_splitter(cv):
    own = np.flatnonzero(~EXTRA)
    inner = StratifiedKFold(5) if cv == 5 else cv
    expected = list(inner.split(X[own], Y[own]))
    splits = list(TrainOnly(cv, EXTRA).split(X, Y))
    assert len(splits) == len(expected) == TrainOnly(cv, EXTRA).get_n_splits(X, Y)
    for (train, test), (train_own, test_own) in zip(splits, expected, strict=True):
        np.testing.assert_array_equal(test, own[test_own])
        np.testing.assert_array_equal(train[~EXTRA[train]], own[train_own])
        np.testing.assert_array_equal(train[EXTRA[train]], np.flatnonzero(EXTRA))


@pytest.mark.parametrize("cv", [GroupKFold(3), LeaveOneGroupOut()])
def test_supplements_by_a_speaker_under_test_are_left_out(cv):
    for train, test in TrainOnly(cv, EXTRA).split(X, Y, GROUPS):
        assert not set(GROUPS[train]) & set(GROUPS[test])
        others = EXTRA & ~np.isin(GROUPS, GROUPS[test])
        np.testing.assert_array_equal(np.sort(train[EXTRA[train]]), np.flatnonzero(others))
        assert not EXTRA[test].any()


def test_the_number_of_splits_may_depend_on_the_groups():
    cv = TrainOnly(LeaveOneGroupOut(), EXTRA)
    groups = np.where(EXTRA, "elsewhere", GROUPS)
    assert cv.get_n_splits(X, Y, groups) == len(list(cv.split(X, Y, groups))) == 7


def test_without_supplements_it_is_the_inner_splitter():
    splits = TrainOnly(KFold(4), np.zeros(N, dtype=bool)).split(X)
    for (train, test), (train_inner, test_inner) in zip(splits, KFold(4).split(X), strict=True):
        np.testing.assert_array_equal(train, train_inner)
        np.testing.assert_array_equal(test, test_inner)


@pytest.mark.parametrize(
    "data", [X, list(X), [f"{row}.wav" for row in range(N)], X.reshape(N, 3, 1)]
)
def test_arrays_lists_and_paths(data):
    assert (
        len(list(TrainOnly(GroupKFold(5), EXTRA.tolist()).split(data, Y.tolist(), GROUPS.tolist())))
        == 5
    )


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers how many rows it was fitted and scored on."""

    def __init__(self, a=0):
        self.a = a

    def fit(self, X, y):
        self.classes_, self.n_fitted_ = np.unique(y), len(X)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_cross_validate_fits_on_all_supplements():
    result = cross_validate(Seen(), X, Y, cv=TrainOnly(KFold(5), EXTRA), return_estimator=True)
    assert [e.n_fitted_ for e in result["estimator"]] == [24 + 10] * 5


def test_a_search_takes_it_with_groups():
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, cv=TrainOnly(GroupKFold(3), EXTRA)
    )
    search = clone(search).fit(X, Y, groups=GROUPS)
    assert search.n_splits_ == 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_groups_come_with_metadata_routing():
    cv = TrainOnly(GroupKFold(3), EXTRA)
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=cv)
        search.fit(X, Y, groups=GROUPS)
        cross_validate(LogisticRegression(), X, Y, params={"groups": GROUPS}, cv=cv)
    assert search.n_splits_ == 3


def test_it_reads_like_a_splitter():
    text = repr(TrainOnly(KFold(3), np.array([True, False])))
    assert text.startswith("TrainOnly(cv=KFold(n_splits=3")
    assert "mask=array([ True, False])" in text


def test_a_mix_gives_the_mask():
    drums = load_percussion()
    data = mix({"own": drums, "extra": drums}, samples_per_set={"extra": 30}, random_state=0)
    cv = TrainOnly(StratifiedGroupKFold(3), data.metadata["dataset"] != "own")
    for train, test in cv.split(data.paths, data.y, data.groups):
        assert set(data.metadata["dataset"][test]) == {"own"}
        assert (data.metadata["dataset"][train] == "extra").sum() == 30


def test_a_search_within_a_cross_validation_is_an_error_that_says_so():
    cv = TrainOnly(3, EXTRA)
    with pytest.raises(InputError, match=r"mask is for 40 rows, but X has 10\. Within another"):
        list(cv.split(X[:10], Y[:10]))
    with pytest.raises(InputError, match="mask is True for all rows"):
        list(TrainOnly(3, np.ones(N, dtype=bool)).split(X, Y))


@pytest.mark.parametrize("mask", [None, [0, 1], np.zeros((2, 2), dtype=bool), "no"])
def test_a_mask_is_a_list_of_bool(mask):
    with pytest.raises(
        ParameterError, match=r"(?s)Got mask=.*, but expected a 1-D array of bool\."
    ) as e:
        TrainOnly(3, mask).get_n_splits(X)
    assert isinstance(e.value, SkspecError)
