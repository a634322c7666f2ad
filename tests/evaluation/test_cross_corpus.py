"""Training on one corpus, testing on another."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import Bunch

from skspec import evaluate
from skspec.evaluation import cross_corpus
from skspec.exceptions import InputError, ParameterError


def corpus(seed, labels, shift=0.0):
    draw = np.random.default_rng(seed)
    y = np.tile(labels, 20)
    X = draw.normal(size=(len(y), 2)) + 2 * (y == "dog")[:, None] + shift
    return X, y, np.repeat([f"speaker {i}" for i in range(10)], len(y) // 10)


CORPORA = {
    "field": corpus(0, ["cat", "dog", "owl"]),
    "studio": corpus(1, ["cat", "dog"]),
    "street": corpus(2, ["cat", "dog", "car"], shift=1.0),
}
BOTH = ["cat", "dog"]


@pytest.fixture(scope="module")
def result():
    return cross_corpus(GaussianNB(), CORPORA, cv=5)


def common(name):
    X, y, groups = CORPORA[name]
    rows = np.isin(y, BOTH)
    return X[rows], y[rows], groups[rows]


def test_labels_of_all_are_kept_and_others_reported(result):
    assert result.labels.tolist() == BOTH
    assert result.left_out.to_dict("records") == [
        {"corpus": "field", "label": "owl", "n_clips": 20},
        {"corpus": "street", "label": "car", "n_clips": 20},
    ]
    assert set(result.scores["label"].dropna()) == set(BOTH)


def test_each_cell_is_what_one_would_write_by_hand(result):
    matrix = result.matrix("accuracy")
    assert matrix.index.tolist() == matrix.columns.tolist() == list(CORPORA)
    for train in CORPORA:
        X, y, groups = common(train)
        fitted = GaussianNB().fit(X, y)
        for test in CORPORA:
            others, true, _ = common(test)
            expected = accuracy_score(true, fitted.predict(others))
            if test == train:
                within = evaluate(GaussianNB(), (X, y, groups), cv=5)
                expected = within.split_scores("GaussianNB", "accuracy").mean()
            assert matrix.loc[train, test] == pytest.approx(expected)


def test_the_diagonal_has_its_splits(result):
    rows = result.scores[result.scores["metric"] == "balanced_accuracy"]
    counts = rows.groupby(["train", "test"]).size()
    assert counts["studio", "studio"] == 5
    assert counts["studio", "field"] == 1
    assert list(result.scores.columns) == ["train", "test", "split", "metric", "label", "value"]


class Grouped(ClassifierMixin, BaseEstimator):
    """Refuse to be fitted without groups."""

    def fit(self, X, y, groups=None):
        if groups is None or len(groups) != len(y):
            raise ValueError("groups are missing")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_bunches_and_groups():
    bunches = {name: Bunch(paths=X, y=y, groups=groups) for name, (X, y, groups) in CORPORA.items()}
    assert cross_corpus(Grouped(), bunches, cv=2).matrix().shape == (3, 3)


def test_what_cannot_be_compared(result):
    with pytest.raises(InputError, match="Got 1 corpora, but expected two or more"):
        cross_corpus(GaussianNB(), {"field": CORPORA["field"]})
    birds = corpus(3, ["owl", "cat"])
    with pytest.raises(
        InputError,
        match=r"have 1 labels in common.* studio: \['cat', 'dog'\]; birds: \['cat', 'owl'",
    ):
        cross_corpus(GaussianNB(), {"studio": CORPORA["studio"], "birds": birds})
    with pytest.raises(ParameterError, match="Got metric='f2'"):
        result.matrix("f2")
    with pytest.raises(ParameterError, match=r"Got metric='recall', but expected .*'accuracy'"):
        result.matrix("recall")  # there is one for each class
