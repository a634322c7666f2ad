"""A fitted model on other clips: scikit-learn's scores, and what it cannot know."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, recall_score

from skspec.evaluation import evaluate_fitted
from skspec.exceptions import InputError


def clips(n=40, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["a", "b", "c"])[np.arange(n) % 3]
    return rng.standard_normal((n, 3)) + np.eye(3)[np.arange(n) % 3], y, np.arange(n) // 4


def test_scores_are_those_of_scikit_learn():
    X, y, _ = clips()
    fitted = LogisticRegression().fit(X, y)
    unseen, true, groups = clips(seed=1)
    result = evaluate_fitted(fitted, (unseen, true, groups), name="linear")
    scores = result.scores.set_index("metric")["value"]
    predicted = fitted.predict(unseen)
    assert scores["balanced_accuracy"] == balanced_accuracy_score(true, predicted)
    assert scores["log_loss"] == pytest.approx(log_loss(true, fitted.predict_proba(unseen)))
    recalls = recall_score(true, predicted, average=None)
    np.testing.assert_allclose(scores["recall"].to_numpy(), recalls)
    assert result.predictions["predicted"].tolist() == predicted.tolist()
    assert result.by_group()["group"].tolist() == list(range(10))


def test_a_label_that_the_model_does_not_know_counts_as_wrong():
    X, y, _ = clips()
    known = y != "c"
    fitted = LogisticRegression().fit(X[known], y[known])
    result = evaluate_fitted(fitted, (X, y))
    assert result.classes.tolist() == ["a", "b", "c"]
    recalls = result.scores[result.scores["metric"] == "recall"].set_index("label")["value"]
    assert recalls["c"] == 0


def test_what_is_not_fitted():
    with pytest.raises(InputError, match="LogisticRegression, not a fitted classifier"):
        evaluate_fitted(LogisticRegression(), clips())


def test_summaries_have_a_mean_and_no_interval():
    X, y, _ = clips()
    fitted = LogisticRegression().fit(X, y)
    result = evaluate_fitted(fitted, (X, y, None))
    row = result.summary("accuracy").loc["model"]
    assert row["mean"] == result.interval("model", "accuracy")[0] == fitted.score(X, y)
    assert row[["low", "high", "half_width"]].isna().all()
    cells = result.to_markdown(["accuracy"]).splitlines()[-1].split("|")
    assert cells[2].strip() == f"{fitted.score(X, y):.2f}"
    assert "seconds" not in result.to_markdown()  # it was fitted elsewhere
    assert "macro F1" in result.to_latex()
