"""Metrics of one split, against scikit-learn and against sums written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn import metrics

from skspec.evaluation import expected_calibration_error
from skspec.evaluation._metrics import score_rows
from skspec.exceptions import InputError, ParameterError

CLASSES = np.array(["a", "b", "c"])


def scored(true, predicted, probability=None, further=None):
    rows = score_rows(
        np.array(list(true)), np.array(list(predicted)), probability, CLASSES, further or {}
    )
    return {(metric, label): value for metric, label, value in rows}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_labels_score_as_in_scikit_learn(pairs):
    true, predicted = zip(*pairs, strict=True)
    found = scored(true, predicted)
    present = sorted(set(true))
    recall = metrics.recall_score(true, predicted, labels=present, average="macro", zero_division=0)
    assert found["accuracy", None] == pytest.approx(metrics.accuracy_score(true, predicted))
    assert found["balanced_accuracy", None] == pytest.approx(recall)
    f1 = metrics.f1_score(true, predicted, average="macro", zero_division=0)
    assert found["macro_f1", None] == pytest.approx(f1)
    for name in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{name}_score")
        expected = score(true, predicted, labels=CLASSES, average=None, zero_division=np.nan)
        assert_allclose([found[name, label] for label in CLASSES], expected)


def test_a_class_that_is_never_predicted_counts_as_zero_without_a_warning(recwarn):
    found = scored("aab", "aaa")
    assert found["macro_f1", None] == pytest.approx((4 / 5 + 0) / 2)
    assert found["balanced_accuracy", None] == 0.5
    assert np.isnan(found["precision", "b"])  # 0 / 0
    assert np.isnan(found["recall", "c"])
    assert len(recwarn) == 0


def test_probabilities_and_further_metrics():
    true, probability = np.array(list("abca")), np.random.default_rng(0).dirichlet([1, 1, 1], 4)
    predicted = CLASSES[probability.argmax(axis=1)]
    found = scored(true, predicted, probability, {"kappa": metrics.cohen_kappa_score})
    assert found["log_loss", None] == pytest.approx(
        -np.mean(np.log(probability[range(4), [0, 1, 2, 0]]))
    )
    assert found["kappa", None] == pytest.approx(metrics.cohen_kappa_score(true, predicted))
    error = expected_calibration_error(true, probability, CLASSES)
    assert found["expected_calibration_error", None] == error
    assert ("log_loss", None) not in scored(true, predicted)


def calibration_error(true, probability, n_bins):
    """Sum up section 2 of Guo et al., bin after bin, each ``(low, high]``."""
    total = 0.0
    for i in range(n_bins):
        low, high = i / n_bins, (i + 1) / n_bins
        inside = [k for k, row in enumerate(probability) if low < max(row) <= high]
        if inside:
            accuracy = np.mean([true[k] == CLASSES[np.argmax(probability[k])] for k in inside])
            total += len(inside) * abs(accuracy - np.mean([max(probability[k]) for k in inside]))
    return total / len(true)


@pytest.mark.parametrize("n_bins", [1, 4, 15])
def test_calibration_error_is_that_of_the_paper(n_bins):
    draw = np.random.default_rng(n_bins)
    probability, true = draw.dirichlet([0.5, 0.5, 0.5], 200), CLASSES[draw.integers(3, size=200)]
    found = expected_calibration_error(true, probability, CLASSES, n_bins=n_bins)
    assert found == pytest.approx(calibration_error(true, probability, n_bins))


def test_calibration_error_at_the_ends_of_bins():
    probability = [[1.0, 0.0], [0.5, 0.5], [0.75, 0.25]]  # the second goes to the bin below
    error = expected_calibration_error(["a", "a", "b"], probability, ["a", "b"], n_bins=2)
    # (0, 0.5]: right, at 0.5. (0.5, 1]: one of two right, at 0.875 on average.
    assert error == pytest.approx(1 / 3 * 0.5 + 2 / 3 * 0.375)
    assert expected_calibration_error(["a"], [[1.0, 0.0]], ["a", "b"]) == 0.0
    assert expected_calibration_error(["b"], [[1.0, 0.0]], ["a", "b"]) == 1.0


def test_what_does_not_fit_together():
    with pytest.raises(InputError, match=r"shape \(1, 2\), expected \(1, 3\)"):
        expected_calibration_error(["a"], [[0.5, 0.5]], CLASSES)
    with pytest.raises(ParameterError, match="Got n_bins=0"):
        expected_calibration_error(["a"], [[1.0]], ["a"], n_bins=0)
