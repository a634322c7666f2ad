"""ReliefSelector: ReliefF's weights by their definition, and what is kept."""

import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skspec import ReliefSelector
from skspec.exceptions import InputError, MissingDependencyError, ParameterError


@pytest.fixture
def table():
    """Eighty rows: columns 0 and 1 tell the classes only together, 2 alone, the rest nothing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 10))
    y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
    X[:, 2] += 2.0 * (y == "same")
    return X, y


def relief_by_definition(X, y, n_neighbors):
    """Mean difference to the near misses, of all other classes, minus that to the near hits."""
    scaled = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    weights = np.zeros(X.shape[1])
    for i, row in enumerate(scaled):
        order = np.argsort(np.abs(scaled - row).sum(axis=1), kind="stable")
        order = order[order != i]
        near = {label: order[y[order] == label][:n_neighbors] for label in np.unique(y)}
        hits = near.pop(y[i])
        misses = np.concatenate(list(near.values()))
        weights += np.abs(scaled[misses] - row).mean(axis=0)
        weights -= np.abs(scaled[hits] - row).mean(axis=0)
    return weights / len(X)


def test_weights_of_two_classes(table):
    X, y = table
    selector = ReliefSelector(3, n_neighbors=10).fit(X, y)
    assert_allclose(selector.scores_, relief_by_definition(X, y, 10), atol=1e-9)


def test_weights_of_many_classes(table):
    X, _ = table
    y = np.arange(80) % 12
    X[:, 4] += y
    selector = ReliefSelector(3, n_neighbors=4).fit(X, y)
    assert_allclose(selector.scores_, relief_by_definition(X, y, 4), atol=1e-9)
    assert selector.scores_.argmax() == 4


def test_what_tells_classes_only_together_is_found(table):
    X, y = table
    selector = ReliefSelector(3).fit(X, y)
    assert selector.get_support(indices=True).tolist() == [0, 1, 2]
    assert_array_equal(selector.transform(X), X[:, :3])
    assert selector.get_feature_names_out().tolist() == ["x0", "x1", "x2"]


def test_few_clips_are_numbers_and_no_categories():
    X = np.array([[0.0, 5.0], [0.1, 1.0], [0.9, 5.1], [1.0, 1.1]])
    selector = ReliefSelector(1, n_neighbors=1).fit(X, [0, 0, 1, 1])
    assert selector.get_support().tolist() == [True, False]


def test_a_constant_column_weighs_nothing(table):
    X, y = table
    X[:, 5] = 1.0
    assert ReliefSelector().fit(X, y).scores_[5] == 0


def test_all_are_kept_where_there_are_not_more(table):
    X, y = table
    assert_array_equal(ReliefSelector(99).fit_transform(X, y), X)


def test_clone_and_pickle(table):
    selector = ReliefSelector(2, n_neighbors=5).fit(*table)
    assert clone(selector).get_params() == {"n_features": 2, "n_neighbors": 5}
    again = pickle.loads(pickle.dumps(selector))
    assert_array_equal(again.transform(table[0]), selector.transform(table[0]))


def test_one_class_is_refused(table):
    with pytest.raises(InputError, match=r"at least two classes.*only one class: 'a'"):
        ReliefSelector().fit(table[0], ["a"] * 80)


@pytest.mark.parametrize("name", ["n_features", "n_neighbors"])
def test_parameters_are_checked(name, table):
    with pytest.raises(ParameterError, match=name):
        ReliefSelector().set_params(**{name: 0}).fit(*table)


def test_without_skrebate(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "skrebate", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'skspec\[relief\]'"):
        ReliefSelector().fit(*table)
