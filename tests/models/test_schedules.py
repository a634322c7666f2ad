"""Schedules over a whole stage: closed formulas, torch's own schedulers, and continuing."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.base import clone
from skorch.callbacks import Callback
from torch.optim import lr_scheduler

from skspec import (
    CosineSchedule,
    CyclicSchedule,
    Head,
    OneCycleSchedule,
    PlateauSchedule,
    PretrainedCNNClassifier,
    Stage,
    StepSchedule,
)
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError

ALL = [
    StepSchedule(2, factor=0.5),
    CyclicSchedule(2, min_factor=0.2),
    CosineSchedule(warmup_epochs=1.5, final_factor=0.1),
    OneCycleSchedule(),
    PlateauSchedule(1, factor=0.5),
]
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((12, 1, 8, 8)).astype(np.float32), np.arange(12) % 2


def optimizer(lr=0.8, head_lr=2.4):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": r} for r in (lr, head_lr)]
    return torch.optim.SGD(groups, lr=lr)


def rates(scheduler, made, n):
    """Give the rates (n, n_groups) of n batches, the first one before any step."""
    seen = []
    for _ in range(n):
        seen.append([group["lr"] for group in made.param_groups])
        made.step()
        scheduler.step()
    return np.array(seen)


def torchs(make, n):
    made = optimizer()
    return rates(make(made), made, n)


def ours(schedule, n_batches, n_epochs):
    made = optimizer()
    return rates(schedule.scheduler(made, n_batches, n_epochs), made, n_batches * n_epochs)


class TestFormulas:
    def test_step(self):
        found = ours(StepSchedule(2, factor=0.5), 3, 7)
        expected = 0.5 ** np.repeat([0, 0, 1, 1, 2, 2, 3], 3)
        assert_allclose(found, expected[:, None] * [0.8, 2.4])

    def test_step_against_torch(self):
        found = ours(StepSchedule(3, factor=0.1), 1, 10)
        assert_allclose(found, torchs(lambda o: lr_scheduler.StepLR(o, 3, 0.1), 10))

    @pytest.mark.parametrize("period", [1.0, 2.0, 3.3])
    def test_cyclic_against_torch(self, period):
        def make(o):
            half = period * 5 / 2
            return lr_scheduler.CyclicLR(
                o, [0.08, 0.24], [0.8, 2.4], step_size_up=half, cycle_momentum=False
            )

        found = ours(CyclicSchedule(period, min_factor=0.1), 5, 6)
        assert_allclose(found, torchs(make, 30), rtol=1e-9)
        assert found.min() >= 0.08

    def test_a_period_shorter_than_two_batches(self):
        assert_allclose(ours(CyclicSchedule(0.5), 1, 4)[:, 0], [0.08, 0.8, 0.08, 0.8])

    def test_cosine_against_torch(self):
        def make(o):
            return lr_scheduler.LambdaLR(o, lambda t: 0.1 + 0.9 * (1 + np.cos(np.pi * t / 20)) / 2)

        assert_allclose(ours(CosineSchedule(final_factor=0.1), 5, 4), torchs(make, 20))
        plain = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, 20), 20)
        assert_allclose(ours(CosineSchedule(), 5, 4), plain, rtol=1e-9)

    def test_cosine_with_warm_up(self):
        found = ours(CosineSchedule(warmup_epochs=1.5, final_factor=0.25), 4, 4)[:, 0] / 0.8
        assert_allclose(found[:7], np.arange(1, 8) / 7)  # 6 batches, then the full rate
        expected = 0.25 + 0.75 * (1 + np.cos(np.pi * np.arange(10) / 10)) / 2
        assert_allclose(found[6:], expected)

    @pytest.mark.parametrize(("warmup", "n_batches"), [(0.3, 7), (0.5, 4), (0.25, 3)])
    def test_one_cycle_against_torch(self, warmup, n_batches):
        def make(o):
            return lr_scheduler.OneCycleLR(
                o, [0.8, 2.4], total_steps=4 * n_batches, pct_start=warmup, cycle_momentum=False
            )

        found = ours(OneCycleSchedule(warmup=warmup), n_batches, 4)
        assert_allclose(found, torchs(make, 4 * n_batches), rtol=1e-9)

    @pytest.mark.parametrize("total", [1, 2, 3])
    @pytest.mark.parametrize("warmup", [0.0, 0.3, 0.5])
    def test_one_cycle_of_few_batches(self, total, warmup):
        found = ours(OneCycleSchedule(warmup=warmup), 1, total)[:, 0]
        assert found.max() <= 0.8
        assert_allclose(found[0], 0.8 * 0.04 if warmup * total > 1 else 0.8)

    def test_plateau(self):
        made = optimizer()
        scheduler = PlateauSchedule(2, factor=0.5).scheduler(made, 3, 9)
        seen = []
        for score in [5.0, 4.0, 4.0, 4.5, 4.5, 3.9, 4.0, 4.0, 4.0, 4.0]:
            scheduler.step(score)
            seen.append([group["lr"] for group in made.param_groups])
        # Two epochs without a better score, and again two: 4.0 is no better than 4.0.
        expected = 0.8 * 0.5 ** np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 3])
        assert_allclose(seen, expected[:, None] * [1, 3])

    def test_plateau_of_negative_scores_and_small_rates(self):
        made = optimizer(lr=1e-8)
        scheduler = PlateauSchedule(1).scheduler(made, 3, 9)
        for score in (-0.5, -0.5, -0.6):  # accuracies are negated
            scheduler.step(score)
        assert_allclose(made.param_groups[0]["lr"], 1e-9)


class TestContinuing:
    @pytest.mark.parametrize("schedule", ALL[:4], ids=repr)
    @pytest.mark.parametrize("n_done", [1, 7, 11])
    def test_by_batch(self, schedule, n_done):
        whole = ours(schedule, 3, 4)
        made = optimizer()
        scheduler = schedule.scheduler(made, 3, 4)
        rates(scheduler, made, n_done)
        again = optimizer()
        rebuilt = clone(schedule).scheduler(again, 3, 4)
        again.load_state_dict(made.state_dict())
        rebuilt.load_state_dict(scheduler.state_dict())
        assert_allclose(rates(rebuilt, again, 12 - n_done), whole[n_done:])

    def test_plateau(self):
        scores = [3.0, 2.0, 2.5, 2.5, 2.5, 1.0, 1.5]
        schedule = PlateauSchedule(2, factor=0.5)

        def finish(made, scheduler, scores):
            for score in scores:
                scheduler.step(score)
            return made.param_groups[0]["lr"]

        whole = optimizer()
        expected = finish(whole, schedule.scheduler(whole, 1, 7), scores)
        made = optimizer()
        scheduler = schedule.scheduler(made, 1, 7)
        finish(made, scheduler, scores[:3])
        again = optimizer()
        rebuilt = schedule.scheduler(again, 1, 7)
        again.load_state_dict(made.state_dict())
        rebuilt.load_state_dict(scheduler.state_dict())
        assert finish(again, rebuilt, scores[3:]) == expected == 0.4


class Rates(Callback):
    """Notes the rates of every training batch, outside of itself."""

    seen = ()

    def on_batch_end(self, net, training=False, **_):
        if training:
            Rates.seen.append([group["lr"] for group in net.optimizer_.param_groups])


def fit(*stages, **settings):
    Rates.seen = []
    defaults = {"weights": None, "input_size": (8, 8), "device": "cpu", "head": Head(dropout=0.0)}
    classifier = PretrainedCNNClassifier(
        "tiny",
        stages=[(f"s{i}", stage) for i, stage in enumerate(stages)],
        callbacks=[Rates()],
        batch_size=4,
        random_state=0,
        **{**defaults, **settings},
    )
    return classifier.fit(X, Y), Rates.seen


class TestInTraining:
    @pytest.mark.parametrize("schedule", ALL[:4], ids=repr)
    @pytest.mark.parametrize("kind", ["sgd", "adamw", "adagrad", "rprop"])  # two have no momentum
    def test_every_batch_has_its_rate(self, schedule, kind):
        stage = Stage(epochs=4, lr=0.8, head_lr_factor=3, optimizer=kind, schedule=schedule)
        classifier, seen = fit(stage, input_scaling="unit", on_divergence="restore")
        assert not classifier.diverged_
        assert_allclose(seen, ours(schedule, 3, 4))

    def test_each_stage_has_its_own(self):
        first = Stage(epochs=3, lr=0.8, schedule=StepSchedule(1))
        second = Stage("head", epochs=3, lr=0.8, schedule=CyclicSchedule(2))
        classifier, _ = fit(first, Stage(epochs=1, lr=0.5), second)
        rows = classifier.history_
        assert_allclose([row["lr"] for row in rows[:3]], [0.8, 0.08, 0.008])
        assert_allclose(rows[3]["lr"], 0.5)
        assert "lr_end" not in rows[3]
        expected = ours(CyclicSchedule(2), 3, 3)[:, 0]
        assert_allclose([row["lr"] for row in rows[4:]], expected[::3])
        assert_allclose([row["lr_end"] for row in rows[4:]], expected[2::3])

    def test_history_has_the_rates_of_backbone_and_head(self):
        stage = Stage(epochs=2, lr=0.1, head_lr_factor=4, schedule=StepSchedule(1, factor=0.5))
        rows = fit(stage)[0].history_
        assert_allclose([[row["lr"], row["head_lr"]] for row in rows], [[0.1, 0.4], [0.05, 0.2]])

    def test_plateau_without_validation_goes_by_the_training_loss(self):
        stage = Stage(epochs=6, lr=1e-30, schedule=PlateauSchedule(1, factor=0.5))
        classifier, _ = fit(stage)
        losses = [row["train_loss"] for row in classifier.history_]
        falls = [loss >= min(losses[:i], default=np.inf) for i, loss in enumerate(losses)]
        assert any(falls)
        expected = 1e-30 * 0.5 ** np.cumsum([0, *falls[:-1]])
        assert_allclose([row["lr"] for row in classifier.history_], expected)
        assert_allclose([row["lr_end"] for row in classifier.history_], expected)

    @pytest.mark.parametrize(("monitor", "lr"), [("valid_loss", 1e-30), ("valid_accuracy", 0.3)])
    def test_plateau_goes_by_the_monitored_score(self, monitor, lr):
        stage = Stage(epochs=8, lr=lr, optimizer="sgd", schedule=PlateauSchedule(2, factor=0.5))
        classifier, _ = fit(stage, validation=np.arange(4), monitor=monitor)
        best, bad, factor = np.inf, 0, 1.0
        for row in classifier.history_:
            assert_allclose(row["lr"], lr * factor)
            score = row[monitor] if monitor == "valid_loss" else -row[monitor]
            bad = 0 if score < best else bad + 1
            best = min(best, score)
            if bad == 2:
                factor, bad = factor / 2, 0
        assert factor < 1

    def test_patience_ends_a_stage_with_a_schedule(self):
        stage = Stage(epochs=50, lr=1e-30, patience=3, schedule=CosineSchedule())
        classifier, _ = fit(stage, validation=np.arange(4))
        n_epochs = len(classifier.history_)
        assert n_epochs < 50
        expected = 1e-30 * (1 + np.cos(np.pi * np.arange(n_epochs) / 50)) / 2  # laid out for all
        assert_allclose([row["lr"] for row in classifier.history_], expected)


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_clone_and_repr(schedule):
    assert clone(schedule).get_params() == schedule.get_params()
    assert repr(schedule).startswith(type(schedule).__name__)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (StepSchedule(0), "'step_epochs'"),
        (StepSchedule(factor=0.0), "'factor'"),
        (CyclicSchedule(0.0), "'period_epochs'"),
        (CyclicSchedule(min_factor=1.5), "'min_factor'"),
        (CosineSchedule(warmup_epochs=-1), "'warmup_epochs'"),
        (CosineSchedule(final_factor=2), "'final_factor'"),
        (OneCycleSchedule(warmup=1.0), "'warmup'"),
        (OneCycleSchedule(start_factor=0.0), "'start_factor'"),
        (OneCycleSchedule(final_factor=-1), "'final_factor'"),
        (PlateauSchedule(0), "'patience'"),
        (PlateauSchedule(factor=1.0), "'factor'"),
    ],
)
def test_bad_values(schedule, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(schedule)
    with pytest.raises(ParameterError, match=message):
        fit(Stage(schedule=schedule))
