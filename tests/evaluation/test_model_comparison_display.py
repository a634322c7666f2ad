"""ModelComparisonDisplay: every dot, mean and interval is the evaluation's; the best is on top."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression

from skspec import ModelComparisonDisplay, evaluate
from skspec.exceptions import InputError, ParameterError

mpl.use("Agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    y = np.array(["a", "b", "c"] * 20)
    X = rng.normal(size=(60, 3)) + 1.5 * np.eye(3)[np.arange(60) % 3]
    systems = {"majority": DummyClassifier(), "linear": LogisticRegression()}
    return evaluate(systems, (X, y, np.repeat(np.arange(12), 5)), cv=4)


def made_up(**means):
    """Give scores of two splits and a summary of systems with these means."""
    scores = pd.DataFrame(
        [(name, i, mean + d) for name, mean in means.items() for i, d in enumerate((-0.1, 0.1))],
        columns=["system", "split", "value"],
    )
    summary = pd.DataFrame({"mean": means})
    return scores, summary.assign(low=summary["mean"] - 0.2, high=summary["mean"] + 0.3)


def labels(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def dots(display):
    """Give the values of each row's dots, from below."""
    return [
        np.sort(part.get_offsets()[:, 0])
        for part in display.ax_.collections[: len(labels(display))]
    ]


@pytest.mark.parametrize(("metric", "label"), [("accuracy", None), ("recall", "b")])
def test_dots_means_and_intervals_are_the_evaluations(evaluation, metric, label):
    display = ModelComparisonDisplay.from_evaluation(evaluation, metric, level=0.9, label=label)
    assert display.systems_ == labels(display)[::-1]
    for found, system in zip(dots(display), labels(display), strict=True):
        assert_allclose(found, np.sort(evaluation.split_scores(system, metric, label)))
    (bars,) = display.ax_.containers
    segments = bars.lines[2][0].get_segments()
    for row, system in enumerate(labels(display)):
        mean, half_width = evaluation.interval(system, metric, 0.9, label)
        assert_allclose(segments[row], [(mean - half_width, row), (mean + half_width, row)])
        assert bars.lines[0].get_xdata()[row] == mean
    assert display.ax_.get_xlabel() == ("accuracy" if label is None else "recall of b")


def test_the_best_is_on_top_and_what_failed_at_the_bottom():
    scores, summary = made_up(middle=0.6, best=0.8, failed=np.nan, worst=0.4)
    scores = scores.dropna()
    display = ModelComparisonDisplay(scores, summary).plot()
    assert display.systems_ == ["best", "middle", "worst", "failed"]
    assert labels(display) == ["failed", "worst", "middle", "best"]
    assert [len(row) for row in dots(display)] == [0, 2, 2, 2]


def test_a_system_that_failed_on_every_split():
    data = (np.zeros((12, 2)), np.array(["a", "b"] * 6), np.arange(12))
    systems = {"broken": LogisticRegression(C=-1.0), "prior": DummyClassifier()}
    with pytest.warns(FitFailedWarning):
        evaluation = evaluate(systems, data, cv=2, check_copies=False)
    display = ModelComparisonDisplay.from_evaluation(evaluation)
    assert display.systems_ == ["prior", "broken"]
    assert [len(row) for row in dots(display)] == [0, 2]


def test_one_split_has_no_interval():
    scores, summary = made_up(a=0.5)
    display = ModelComparisonDisplay(scores[:1], summary.assign(low=np.nan, high=np.nan)).plot()
    (segment,) = display.ax_.containers[0].lines[2][0].get_segments()
    assert_allclose(segment, [(0.5, 0), (0.5, 0)])


def test_baseline_and_reported_numbers():
    scores, summary = made_up(a=0.5, b=0.7)
    display = ModelComparisonDisplay(scores, summary, baseline="a", reported={"b": 0.9}).plot()
    legend = display.ax_.get_legend()
    shown = [text.get_text() for text in legend.get_texts()]
    assert {"split", "mean and interval", "mean of a", "reported"} == set(shown)
    (line,) = [line for line in display.ax_.get_lines() if line.get_label() == "mean of a"]
    assert line.get_xdata() == [0.5, 0.5]
    assert_allclose(display.ax_.collections[-1].get_offsets(), [(0.9, 1)])


def test_dots_do_not_reach_into_other_rows():
    scores = pd.DataFrame({"system": ["a"] * 30 + ["b"], "split": 0, "value": 0.5})
    _, summary = made_up(a=0.5, b=0.6)
    display = ModelComparisonDisplay(scores, summary).plot()
    heights = display.ax_.collections[0].get_offsets()[:, 1]
    assert len(set(np.round(heights, 6))) == 30
    assert np.abs(heights).max() < 0.4


def test_systems_that_there_are_not():
    frames = made_up(a=0.5)
    for what, settings in (("baseline", {"baseline": "z"}), ("reported", {"reported": {"z": 1.0}})):
        message = rf"Got {what} for the system 'z', but expected one of \['a'\]"
        with pytest.raises(ParameterError, match=message):
            ModelComparisonDisplay(*frames, **settings).plot()
    scores, summary = frames
    with pytest.raises(InputError, match="There is no system to draw"):
        ModelComparisonDisplay(scores, summary[:0]).plot()
