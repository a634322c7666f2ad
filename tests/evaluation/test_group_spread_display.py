"""GroupSpreadDisplay: each group's share by hand, and the worst by name."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from skspec import GroupSpreadDisplay, evaluate
from skspec.exceptions import InputError, ParameterError

mpl.use("Agg")
RNG = np.random.default_rng(0)
Y = np.array(["a", "b"] * 40)
X = RNG.normal(size=(80, 2)) + 1.2 * (Y == "b")[:, None]
GROUPS = np.array([f"speaker {i}" for i in np.repeat(np.arange(10), 8)])


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def evaluation():
    systems = {"majority": DummyClassifier(), "linear": LogisticRegression()}
    return evaluate(systems, (X, Y, GROUPS), cv=5)


def names(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def by_hand(evaluation, system, **where):
    """Give the share of right predictions of each group, lowest first."""
    rows = evaluation.predictions
    rows = rows[rows["system"] == system]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    right = (rows["true"] == rows["predicted"]).to_numpy()
    found = {g: right[(rows["group"] == g).to_numpy()].mean() for g in sorted(set(rows["group"]))}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def test_a_row_for_each_system(evaluation):
    display = GroupSpreadDisplay.from_evaluation(evaluation)
    assert names(display) == ["majority", "linear"]
    assert display.ax_.get_xlabel() == "accuracy"
    for row, system in enumerate(names(display)):
        expected = by_hand(evaluation, system)
        drawn = display.ax_.collections[row].get_offsets()
        assert_allclose(drawn[:, 0], list(expected.values()))
        assert np.abs(drawn[:, 1] - row).max() < 0.4
        lowest = [expected[group] for group in display.worst_[system]]
        assert_allclose(lowest, list(expected.values())[:3])


def test_a_row_for_each_class_of_a_system(evaluation):
    display = GroupSpreadDisplay.from_evaluation(evaluation, "linear")
    assert names(display) == ["a", "b"]
    assert display.ax_.get_xlabel() == "recall, linear"
    for row, label in enumerate("ab"):
        drawn = display.ax_.collections[row].get_offsets()[:, 0]
        assert_allclose(drawn, list(by_hand(evaluation, "linear", true=label).values()))


def made_up(**values):
    table = pd.DataFrame({"row": "net", "group": list(values), "value": values.values()})
    return table.assign(n_predictions=10)


def test_the_worst_are_named_and_coloured():
    groups = made_up(ann=0.9, bob=0.25, cat=0.7, dan=0.5)
    display = GroupSpreadDisplay(groups, n_worst=2).plot()
    assert display.worst_ == {"net": ["bob", "dan"]}
    (text,) = display.ax_.texts
    assert text.get_text() == "lowest: bob 0.25, dan 0.50"
    colors = display.ax_.collections[0].get_facecolor()[:, :3]
    red, blue = (mpl.colors.to_rgb(name) for name in ("C3", "C0"))
    assert_allclose(colors, [red, red, blue, blue])


def test_who_fails_most_clips_comes_first_and_who_fails_none_is_not_named():
    groups = made_up(ann=0.0, bob=0.0, cat=1.0).assign(n_predictions=[5, 20, 5])
    display = GroupSpreadDisplay(groups).plot()
    assert display.worst_ == {"net": ["bob", "ann"]}
    sizes = display.ax_.collections[0].get_sizes()
    assert sizes[0] > sizes[1] == sizes[2]
    assert GroupSpreadDisplay(groups, n_worst=0).plot().ax_.texts[:] == []


def test_what_cannot_be_drawn(evaluation):
    with pytest.raises(ParameterError, match=r"Got system='z', but expected None or one of \['maj"):
        GroupSpreadDisplay.from_evaluation(evaluation, "z")
    with pytest.raises(InputError, match="There is no group to draw"):
        GroupSpreadDisplay(made_up()).plot()
