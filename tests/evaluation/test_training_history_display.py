"""TrainingHistoryDisplay: what is drawn is the history, and nothing lies on anything else."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import PretrainedCNNClassifier, Stage, TrainingHistoryDisplay
from skspec.exceptions import InputError, InputTypeError

mpl.use("Agg")
LONG = "the_stage_whose_name_nobody_could_ever_remember"


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def made_up(*stages, valid=False, rate=None, head=1.0):
    """Give a history of (name, epochs, lr) stages; `rate` of 0 to 1 moves the rate in a stage."""
    rng, rows = np.random.default_rng(0), []
    for name, n, lr in stages:
        for i in range(n):
            row = {"stage": name, "epoch": len(rows), "lr": lr, "train_loss": rng.random()}
            if rate is not None:
                row |= {"lr": lr * rate(i / n), "lr_end": lr * rate((i + 1) / n)}
            row["head_lr"] = head * row["lr"]
            if valid:
                row |= {"valid_loss": rng.random(), "valid_accuracy": rng.random()}
            rows.append(row)
    return rows


def drawn(ax):
    """Give the curves of an axes by what the legend calls them."""
    return {str(line.get_label()): line.get_xydata() for line in ax.get_lines()}


def shown(history, best_epoch=None):
    """Draw where no layout is computed, which takes most of the time."""
    display = TrainingHistoryDisplay(history, best_epoch)
    return display.plot(ax=Figure().add_subplot())


def cosine(t):
    return 0.5 * (1 + np.cos(np.pi * t)) + 1e-3


TWO = ("warmup", 2, 1e-3), ("finetune", 3, 1e-4)
HISTORIES = {
    "one epoch": made_up(("full", 1, 1e-3)),
    "one epoch, validation": made_up(("full", 1, 1e-3), valid=True),
    "two stages": made_up(*TWO),
    "two stages, validation, head": made_up(*TWO, valid=True, head=10.0),
    "schedule": made_up(("warmup", 5, 1e-3), ("finetune", 20, 1e-4), valid=True, rate=cosine),
    "long names": made_up((LONG + "_a", 1, 1.0), (LONG + "_b", 1, 0.1), (LONG + "_c", 198, 0.01)),
    "long names, schedule": made_up(
        (LONG + "_a", 1, 1.0), (LONG + "_b", 1, 0.1), ("c", 198, 0.01), valid=True, rate=cosine
    ),
    "short last stages": made_up(("a", 195, 1e-3), ("finetune_last", 3, 1e-4), ("cool", 2, 1e-5)),
    "a schedule within 10 %": made_up(("full", 200, 3e-3), rate=lambda t: 1 - 0.1 * t, head=2.0),
}


class TestCurves:
    def test_losses_and_accuracy_are_those_of_the_history(self):
        history = made_up(*TWO, valid=True)
        display = shown(history, best_epoch=3)
        curves = drawn(display.ax_) | drawn(display.score_ax_)
        for label, name in [
            ("training loss", "train_loss"),
            ("validation loss", "valid_loss"),
            ("validation accuracy", "valid_accuracy"),
        ]:
            assert_array_equal(curves[label], [[i, row[name]] for i, row in enumerate(history)])
        assert_array_equal(curves["best epoch"][:, 0], [3, 3])
        assert display.ax_.get_ylabel() == "loss"
        assert display.score_ax_.get_ylabel() == "accuracy"
        assert display.axes_ == [display.ax_, display.score_ax_]

    def test_limits(self):
        history = made_up(*TWO, valid=True)
        display = shown(history)
        assert display.ax_.get_xlim() == (-0.5, 4.5)
        low, high = display.ax_.get_ylim()
        assert low == 0
        assert high > max(max(row["train_loss"], row["valid_loss"]) for row in history)
        assert display.score_ax_.get_ylim() == (0, 1.02)

    def test_without_validation_there_is_the_training_loss_alone(self):
        display = shown(made_up(*TWO))
        assert set(drawn(display.ax_)) == {"training loss"}
        assert display.score_ax_ is None
        assert display.lr_ax_ is None
        assert display.axes_ == [display.ax_]

    @pytest.mark.parametrize("n", [1, 2, 200])
    def test_epochs_are_whole_numbers_and_every_point_is_visible(self, n):
        display = shown(made_up(("full", n, 1e-3), valid=True))
        ticks = [t for t in display.ax_.get_xticks() if -0.5 <= t <= n - 0.5]
        assert ticks
        assert_array_equal(ticks, np.round(ticks))
        for ax in display.axes_:
            (line, *_) = ax.get_lines()
            assert line.get_marker() == ("." if n < 200 else "None")

    def test_a_loss_that_is_not_finite_is_left_out(self):
        history = made_up(("full", 3, 1e-3), valid=True)
        history[1]["valid_loss"] = np.inf
        display = shown(history)
        assert np.isfinite(display.ax_.get_ylim()).all()


class TestStages:
    @pytest.mark.parametrize(
        ("head", "labels"),
        [
            (1.0, ["warmup\nlr 0.001", "finetune\nlr 0.0001"]),
            (10.0, ["warmup\nlr 0.001, head 0.01", "finetune\nlr 0.0001, head 0.001"]),
        ],
    )
    def test_each_has_its_name_and_rate_above_and_a_shade_of_its_length(self, head, labels):
        display = shown(made_up(*TWO, head=head))
        assert [text.get_text() for text in display.ax_.texts] == labels
        spans = [(p.get_x(), p.get_x() + p.get_width()) for p in display.ax_.patches]
        assert spans == [(-0.5, 1.5), (1.5, 4.5)]

    def test_the_ends_of_a_long_name_stay(self):
        display = shown(HISTORIES["long names"])
        first, second, _ = (text.get_text().split("\n")[0] for text in display.ax_.texts)
        assert first.startswith(LONG[:12])
        assert (first[-2:], second[-2:]) == ("_a", "_b")
        assert len(first) <= 32

    def test_a_history_without_the_rate_of_the_head(self):
        history = [{k: v for k, v in row.items() if k != "head_lr"} for row in made_up(*TWO)]
        display = shown(history)
        assert display.ax_.texts[0].get_text() == "warmup\nlr 0.001"


class TestRate:
    def test_one_that_moves_is_a_curve_for_each_stage(self):
        history = made_up(*TWO, rate=cosine, head=10.0)
        display = shown(history)
        first, head, second, second_head = display.lr_ax_.get_lines()
        assert_allclose(first.get_xdata(), [-0.5, 0.5, 0.5, 1.5])
        ends = [1e-3 * cosine(t) for t in (0, 0.5, 0.5, 1)]
        assert_allclose(first.get_ydata(), ends)
        assert_allclose(second.get_xdata()[[0, -1]], [1.5, 4.5])
        assert_allclose(head.get_ydata(), 10 * first.get_ydata()[::2])
        assert_allclose(second_head.get_ydata(), [row["head_lr"] for row in history[2:]])
        assert display.lr_ax_.get_yscale() == "log"
        assert display.axes_ == [display.ax_, display.lr_ax_]

    def test_it_shares_the_epochs_with_the_loss_and_lies_below(self):
        display = shown(HISTORIES["schedule"])
        display.figure_.draw_without_rendering()
        display.ax_.set_xlim(3, 4)
        assert display.lr_ax_.get_xlim() == (3, 4)
        above, below = display.ax_.get_window_extent(), display.lr_ax_.get_window_extent()
        assert below.y1 < above.y0
        assert below.height < above.height / 2
        assert_allclose((below.x0, below.x1), (above.x0, above.x1))
        assert (display.ax_.get_xlabel(), display.lr_ax_.get_xlabel()) == ("", "epoch")
        assert [text.get_text() for text in display.ax_.texts] == ["warmup", "finetune"]

    def test_its_ticks_are_the_smallest_and_the_largest(self):
        display = shown(made_up(*TWO, rate=cosine))
        assert_allclose(display.lr_ax_.get_yticks(), [1e-7, 1.001e-3])
        assert [t.get_text() for t in display.lr_ax_.get_yticklabels()] == ["1e-07", "0.001"]

    def test_one_that_moves_within_its_only_epoch(self):
        display = shown(made_up(("full", 1, 1e-3), rate=cosine))
        (line,) = display.lr_ax_.get_lines()
        assert_allclose(line.get_ydata(), [1.001e-3, 1e-6])

    def test_one_that_ends_at_zero(self):
        display = shown(made_up(("full", 4, 1.0), rate=lambda t: 1 - t))
        display.figure_.draw_without_rendering()
        assert_allclose(display.lr_ax_.get_yticks(), [0.25, 1])

    def test_another_rate_in_another_stage_is_no_change_within_one(self):
        assert shown(made_up(*TWO)).lr_ax_ is None


def boxes(display):
    """Give the extent of everything that could lie on something else, in pixels."""
    display.figure_.draw_without_rendering()
    renderer = display.figure_.canvas.get_renderer()
    found = {f"label {i}": text.get_window_extent() for i, text in enumerate(display.ax_.texts)}
    found["legend"] = display.ax_.get_legend().get_window_extent(renderer)
    for ax, kind in zip(display.axes_, "abc", strict=False):
        for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y")):
            texts = [t.label1 for t in axis.get_major_ticks()] + [axis.label]
            texts += [t.label2 for t in axis.get_major_ticks()]
            shown = [t for t in texts if t.get_visible() and t.get_text()]
            low, high = sorted(axis.get_view_interval())
            for i, text in enumerate(shown):
                at = text.get_position()[name == "y"]
                if text is axis.label or low <= at <= high:
                    found[f"{kind}{name}{i} {text.get_text()}"] = text.get_window_extent(renderer)
    return found


QUICK = "one epoch", "long names, schedule", "short last stages"


@pytest.mark.parametrize(
    "name", [pytest.param(h, marks=[] if h in QUICK else pytest.mark.slow) for h in HISTORIES]
)
def test_nothing_overlaps_and_all_is_on_the_page(name):
    display = TrainingHistoryDisplay(HISTORIES[name], best_epoch=0).plot()
    found = boxes(display)
    assert len(found) > 4
    for (one, a), (other, b) in combinations(found.items(), 2):
        # A pixel is forgiven: extents are rounded outwards.
        apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, f"{one} lies on {other}"
    page = display.figure_.bbox
    for label, box in found.items():
        assert box.x0 >= -1, label
        assert box.y0 >= -1, label
        assert box.x1 <= page.x1 + 1, label
        assert box.y1 <= page.y1 + 1, label
        if label.startswith(("label", "legend")):
            panels = [ax.get_window_extent() for ax in display.axes_]
            assert all(box.y0 >= p.y1 - 1 or box.y1 <= p.y0 + 1 for p in panels), label


class TestWhere:
    def test_given_axes_are_drawn_on_without_pyplot(self):
        figure = Figure(figsize=(12, 5), layout="constrained")
        left, right = figure.subplots(1, 2)
        before = plt.get_fignums()
        display = TrainingHistoryDisplay(HISTORIES["schedule"]).plot(ax=right)
        assert display.ax_ is right
        assert display.figure_ is figure
        assert left.get_lines()[:] == []
        assert plt.get_fignums() == before

    def test_axes_of_a_figure_within_a_figure(self):
        part = Figure(figsize=(12, 5), layout="constrained").subfigures(1, 2)[1]
        display = TrainingHistoryDisplay(HISTORIES["schedule"]).plot(ax=part.subplots())
        assert display.figure_ is part

    def test_a_new_figure_is_one_and_pyplot_closes_it(self):
        before = plt.get_fignums()
        display = TrainingHistoryDisplay(made_up(*TWO)).plot()
        assert len(plt.get_fignums()) == len(before) + 1
        plt.close(display.figure_)
        assert plt.get_fignums() == before


class TestFromEstimator:
    def test_the_last_step_of_a_pipeline(self):
        images = np.random.default_rng(0).random((12, 1, 16, 16), dtype=np.float32)
        stages = [("warmup", Stage("head", epochs=1)), ("finetune", Stage(epochs=2))]
        rows = np.arange(4)
        cnn = PretrainedCNNClassifier(
            "tiny", weights=None, stages=stages, validation=rows, random_state=0
        )
        pipe = make_pipeline(FunctionTransformer(), cnn)
        pipe.fit(images, [0, 1] * 6)
        display = TrainingHistoryDisplay.from_estimator(pipe)
        losses = [row["train_loss"] for row in pipe[-1].history_]
        assert_array_equal(drawn(display.ax_)["training loss"][:, 1], losses)
        assert drawn(display.ax_)["best epoch"][0, 0] == pipe[-1].best_epoch_

    def test_before_fit(self):
        with pytest.raises(NotFittedError, match="PretrainedCNNClassifier"):
            TrainingHistoryDisplay.from_estimator(PretrainedCNNClassifier("tiny", weights=None))

    def test_an_estimator_without_history(self):
        other = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        with pytest.raises(InputTypeError, match="LogisticRegression keeps no training history"):
            TrainingHistoryDisplay.from_estimator(other)

    def test_no_epoch(self):
        with pytest.raises(InputError, match="The history has no epoch"):
            TrainingHistoryDisplay([]).plot()
