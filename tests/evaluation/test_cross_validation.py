"""Systems compared on the same splits: scores, their interval, the table."""

import math
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.validation import check_is_fitted

from skspec.evaluation import (
    SystemResult,
    corrected_interval,
    cross_validate_systems,
    scores_table,
)
from skspec.exceptions import InputError, ParameterError


@pytest.fixture(scope="module")
def data():
    """Give X, y and splits of two classes of unequal size, ten speakers."""
    rng = np.random.default_rng(0)
    y = np.tile(["cat", "cat", "dog"], 20)
    X = rng.normal(size=(60, 3)) + (y == "dog")[:, None]
    return X, y, list(StratifiedGroupKFold(4).split(X, y, np.repeat(np.arange(10), 6)))


SYSTEMS = {"majority": DummyClassifier(), "bayes": GaussianNB()}


@pytest.fixture(scope="module")
def results(data):
    return cross_validate_systems(SYSTEMS, *data)


class TestCrossValidateSystems:
    def test_scores_are_those_of_scikit_learn(self, data, results):
        X, y, splits = data
        for result in results:
            for name, scoring in [
                ("accuracy", "accuracy"),
                ("balanced_accuracy", "balanced_accuracy"),
                ("macro_f1", "f1_macro"),
            ]:
                expected = cross_val_score(SYSTEMS[result.name], X, y, cv=splits, scoring=scoring)
                assert_allclose(result.scores[name], expected)

    def test_order_and_predictions(self, data, results):
        X, y, splits = data
        assert [result.name for result in results] == ["majority", "bayes"]
        for result in results:
            for (rows, predicted), (train, test) in zip(result.predictions, splits, strict=True):
                assert_array_equal(rows, test)
                alone = SYSTEMS[result.name].__class__().fit(X[train], y[train])
                assert_array_equal(predicted, alone.predict(X[test]))

    def test_the_share_of_test_clips_is_the_mean_over_splits(self, data, results):
        shares = [len(test) / len(train) for train, test in data[2]]
        assert len(set(shares)) > 1
        assert results[0].test_share == pytest.approx(sum(shares) / len(shares))

    def test_each_system_is_cloned(self, data, results):
        for result in results:
            check_is_fitted(result.estimator)
            assert result.estimator is not SYSTEMS[result.name]
        assert not hasattr(SYSTEMS["bayes"], "classes_")
        assert all(result.seconds > 0 for result in results)

    def test_paths_and_splits_that_can_be_read_once(self, data):
        _, y, splits = data
        paths = [f"{label}.wav" for label in y]

        class ByName(DummyClassifier):
            def predict(self, X):
                return np.array([path.removesuffix(".wav") for path in X])

        (result,) = cross_validate_systems({"name": ByName()}, paths, list(y), iter(splits))
        assert_array_equal(result.scores["accuracy"], np.ones(4))

    def test_a_class_that_is_never_predicted_counts_as_zero_without_a_warning(self, recwarn):
        X, y = np.zeros((6, 1)), np.array([0, 0, 0, 0, 1, 1])
        splits = [(np.array([0, 1, 2, 4]), np.array([3, 5]))]
        (result,) = cross_validate_systems({"majority": DummyClassifier()}, X, y, splits)
        assert result.scores["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
        assert len(recwarn) == 0

    def test_a_generator_of_splits_that_is_used_up(self, data):
        X, y, splits = data
        again = iter(splits)
        cross_validate_systems(SYSTEMS, X, y, again)
        with pytest.raises(InputError, match="There are no splits"):
            cross_validate_systems(SYSTEMS, X, y, again)

    @pytest.mark.parametrize("verbose", [0, 1])
    def test_progress(self, data, capsys, verbose):
        cross_validate_systems({"majority": DummyClassifier()}, *data, verbose=verbose)
        assert ("majority" in capsys.readouterr().err) == bool(verbose)


def nadeau_bengio(scores, n_train, n_test, level):
    """Give the interval of equation (9) of the paper, and Student's t, by scipy."""
    n = len(scores)
    mean = math.fsum(scores) / n
    variance = math.fsum((score - mean) ** 2 for score in scores) / (n - 1)
    scale = math.sqrt((1 / n + n_test / n_train) * variance)
    return mean, stats.t(df=n - 1, loc=mean, scale=scale).interval(level)


class TestCorrectedInterval:
    @pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
    @pytest.mark.parametrize(("n", "n_train", "n_test"), [(2, 50, 50), (5, 80, 20), (15, 90, 10)])
    def test_it_is_that_of_the_paper(self, n, n_train, n_test, level):
        scores = np.random.default_rng(n).uniform(0.6, 0.9, size=n)
        mean, half_width = corrected_interval(scores, n_test / n_train, level)
        expected, (low, high) = nadeau_bengio(scores, n_train, n_test, level)
        assert_allclose([mean, mean - half_width, mean + half_width], [expected, low, high])

    def test_without_overlap_it_is_the_plain_interval_and_else_wider(self):
        scores = [0.7, 0.8, 0.75, 0.9]
        plain = stats.t.interval(0.95, 3, loc=np.mean(scores), scale=stats.sem(scores))
        mean, half_width = corrected_interval(scores, 0.0)
        assert_allclose([mean - half_width, mean + half_width], plain)
        assert corrected_interval(scores, 0.25)[1] == pytest.approx(half_width * math.sqrt(2))

    def test_equal_scores_have_no_width_and_one_score_no_interval(self):
        assert corrected_interval([0.5, 0.5, 0.5], 0.5) == (0.5, 0.0)
        mean, half_width = corrected_interval([0.5], 0.5)
        assert mean == 0.5
        assert math.isnan(half_width)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"test_share": 0.5, "level": 95}, r"Got level=95, but expected a number in \(0, 1\)"),
            ({"test_share": -0.5}, "Got test_share=-0.5, but expected a number >= 0"),
        ],
    )
    def test_what_is_no_level_or_share(self, settings, message):
        with pytest.raises(ParameterError, match=message):
            corrected_interval([0.7, 0.8], **settings)

    def test_that_of_a_result_takes_its_own_share(self, results):
        for result in results:
            expected = corrected_interval(result.scores["macro_f1"], result.test_share, 0.9)
            assert result.interval("macro_f1", 0.9) == expected


def made_up(name, scores, seconds=1.25):
    by_metric = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"), np.array(scores))
    return SystemResult(name, by_metric, seconds, [], DummyClassifier(), 0.5)


class TestScoresTable:
    def test_cells(self):
        table = scores_table([made_up("one", [0.7, 0.8, 0.75]), made_up("two", [0.5, 0.5], 100)])
        head, _, first, second = ([c.strip() for c in row.split("|")[1:-1]] for row in _rows(table))
        assert head == ["system", "accuracy", "balanced accuracy", "macro F1", "seconds"]
        assert first == ["one", *["0.75 ± 0.20"] * 3, "1.2"]
        assert second == ["two", *["0.50 ± 0.00"] * 3, "100.0"]

    def test_one_split_has_no_interval(self):
        assert "±" not in scores_table([made_up("one", [0.7])])

    def test_it_is_markdown_with_columns_in_line(self):
        table = scores_table([made_up("a system with a long name", [0.7, 0.8]), made_up("b", [1])])
        rows = _rows(table)
        assert len({len(row) for row in rows}) == 1
        assert re.fullmatch(r"\| -+ (\| -+: ){4}\|", rows[1])
        bars = [[m.start() for m in re.finditer(r"\|", row)] for row in rows]
        assert all(row == bars[0] for row in bars)

    @pytest.mark.parametrize("name", ["", "-", "--- a long name that begins with a rule", "a|b"])
    def test_any_name(self, name):
        rows = _rows(scores_table([made_up(name, [0.7, 0.8])]))
        assert len({len(row) for row in rows}) == 1
        assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
        assert rows[2].split(" | ")[0].removeprefix("| ").strip().replace("\\", "") == name

    def test_scores_of_a_real_comparison(self, data, results):
        y, (rows, predicted) = data[1], results[1].predictions[0]
        scores = {
            "accuracy": accuracy_score(y[rows], predicted),
            "balanced_accuracy": balanced_accuracy_score(y[rows], predicted),
            "macro_f1": f1_score(y[rows], predicted, average="macro"),
        }
        for metric, score in scores.items():
            assert results[1].scores[metric][0] == pytest.approx(score)
        mean = results[1].scores["balanced_accuracy"].mean()
        assert f"{mean:.2f} ±" in scores_table(results)


def _rows(table):
    return table.split("\n")
