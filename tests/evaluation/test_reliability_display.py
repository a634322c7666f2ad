"""ReliabilityDisplay: against scikit-learn's curve, a plain loop, and the calibration error."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skspec import ReliabilityDisplay, evaluate
from skspec.evaluation import expected_calibration_error
from skspec.evaluation._reliability_display import reliability_bins
from skspec.exceptions import InputError, ParameterError

mpl.use("Agg")
RNG = np.random.default_rng(0)
LABELS = np.array(["a", "b", "c"])
Y = LABELS[np.arange(90) % 3]
X = RNG.normal(size=(90, 3)) + np.eye(3)[np.arange(90) % 3]
GROUPS = np.repeat(np.arange(18), 5)


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def evaluation():
    systems = {"linear": LogisticRegression(), "bayes": GaussianNB(), "svm": SVC()}
    return evaluate(systems, (X, Y, GROUPS), cv=3)


def curves(display):
    """Give the drawn curves by the first word of their legend; the diagonal has none."""
    lines = display.ax_.get_lines()[1:]
    return {str(line.get_label()).rsplit(" ", 1)[0]: line.get_xydata() for line in lines}


def by_loop(confidence, right, n_bins):
    """Give the points, counts and calibration error of one curve, bin by bin."""
    points, counts, error = [], [], 0.0
    for low in range(n_bins):
        inside = (confidence > low / n_bins) & (confidence <= (low + 1) / n_bins)
        counts.append(inside.sum())
        if inside.any():
            points.append((confidence[inside].mean(), right[inside].mean()))
            error += abs(points[-1][0] - points[-1][1]) * inside.mean()
    return points, counts, error


@pytest.mark.parametrize("n_bins", [1, 7, 10, 15])
def test_bins_are_scikit_learns(n_bins):
    p = RNG.random(500)
    true = RNG.random(500) < p**2
    bins = reliability_bins(p, true, n_bins)
    share, mean = calibration_curve(true, p, n_bins=n_bins)
    assert_allclose(bins.right, share)
    assert_allclose(bins.confidence, mean)
    assert bins.n_clips.sum() == 500


def test_a_bin_has_its_right_end():
    bins = reliability_bins([0.0, 0.5, 0.5000001, 1.0], [0, 0, 1, 1], 2)
    assert_array_equal(bins.n_clips, [2, 2])
    assert_array_equal(bins.right, [0, 1])


def test_one_curve_for_each_system_that_gives_probabilities(evaluation):
    display = ReliabilityDisplay.from_evaluation(evaluation, n_bins=8)
    assert list(curves(display)) == ["linear", "bayes"] == list(display.calibration_error_)
    stairs = display.count_ax_.patches
    for (system, drawn), stair in zip(curves(display).items(), stairs, strict=True):
        rows = evaluation.predictions.query("system == @system")
        probability = rows[["p_a", "p_b", "p_c"]].to_numpy()
        right = LABELS[probability.argmax(axis=1)] == rows["true"].to_numpy()
        points, counts, error = by_loop(probability.max(axis=1), right, 8)
        assert_allclose(drawn, points)
        assert_array_equal(stair.get_data().values, counts)
        assert display.calibration_error_[system] == pytest.approx(error)
        expected = expected_calibration_error(rows["true"], probability, LABELS, n_bins=8)
        assert error == pytest.approx(expected)


def test_one_curve_for_each_class_of_a_system(evaluation):
    display = ReliabilityDisplay.from_evaluation(evaluation, "bayes", n_bins=5)
    assert list(curves(display)) == ["a", "b", "c"]
    rows = evaluation.predictions.query("system == 'bayes'")
    for label, drawn in curves(display).items():
        share, mean = calibration_curve(rows["true"] == label, rows[f"p_{label}"], n_bins=5)
        assert_allclose(drawn, np.column_stack([mean, share]))


def test_the_legend_says_the_error():
    # Of three clips at 0.9 one is right: |1/3 - 0.9|; the other two at 0.25, none: 0.25.
    predictions = pd.DataFrame(
        {"curve": "net", "confidence": [0.9] * 3 + [0.25] * 2, "right": [1, 0, 0, 0, 0]}
    )
    display = ReliabilityDisplay(predictions, n_bins=4).plot()
    assert display.calibration_error_["net"] == pytest.approx(0.6 * (0.9 - 1 / 3) + 0.4 * 0.25)
    (text,) = display.ax_.get_legend().get_texts()
    assert text.get_text() == "net 0.440"


def test_honest_probabilities_lie_on_the_diagonal():
    p = RNG.random(200_000)
    predictions = pd.DataFrame({"curve": "net", "confidence": p, "right": RNG.random(len(p)) < p})
    display = ReliabilityDisplay(predictions).plot()
    drawn = curves(display)["net"]
    assert_allclose(drawn[:, 0], drawn[:, 1], atol=0.02)
    assert display.calibration_error_["net"] < 0.01


def test_given_axes(evaluation):
    _, axes = plt.subplots(2)
    display = ReliabilityDisplay.from_evaluation(evaluation, axes=axes)
    assert [display.ax_, display.count_ax_] == list(axes)


def test_what_cannot_be_drawn(evaluation):
    with pytest.raises(ParameterError, match=r"Got system='z', but expected None or one of \['li"):
        ReliabilityDisplay.from_evaluation(evaluation, "z")
    with pytest.raises(ParameterError, match="Got n_bins=0, but expected an integer > 0"):
        ReliabilityDisplay.from_evaluation(evaluation, n_bins=0)
    with pytest.raises(InputError, match="no probabilities to draw"):
        ReliabilityDisplay.from_evaluation(evaluation, "svm")


def test_labels_that_are_numbers():
    result = evaluate({"prior": DummyClassifier()}, (X, np.arange(90) % 2, GROUPS), cv=3)
    display = ReliabilityDisplay.from_evaluation(result, "prior")
    assert list(curves(display)) == ["0", "1"]
