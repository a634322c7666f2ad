"""Staged training equals a bare torch loop, bit for bit, and ends as it should."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback
from torch.nn import functional as F

from skspec import Head, ImageBatch, PretrainedCNNClassifier, Stage, StepSchedule
from skspec._seeding import seed_at
from skspec.exceptions import FitDivergedError, ParameterError
from skspec.nn._batches import BatchLoader, Examples
from skspec.nn._device import Compute
from skspec.nn._input import image_statistics
from skspec.nn._network import HeadSpec, NetworkSpec, RegisteredBackbone
from skspec.nn._training import Run, train_in_stages

CPU = Compute(torch.device("cpu"), torch.float32, autocast=False)
X = np.random.default_rng(0).standard_normal((13, 1, 16, 16)).astype(np.float32)
Y = np.arange(13) % 2
WEIGHTS = np.linspace(0.5, 2.0, 13)


def network(backbone="tiny", upto=None, dropout=0.3):
    statistics = image_statistics(ImageBatch(X), np.arange(13))
    head = HeadSpec("mean", 1, (8,), (0.0, dropout))
    return CPU.place(
        NetworkSpec(
            RegisteredBackbone(backbone, upto),
            head,
            2,
            (1, 16, 16),
            (16, 16),
            "fit",
            statistics,
        ).build()
    )


def examples(rows=None, weights=WEIGHTS):
    rows = np.arange(13) if rows is None else np.asarray(rows)
    return Examples(ImageBatch(X), rows, Y[rows], weights[rows])


def run(net, valid=None, train=None, **settings):
    train = examples(np.setdiff1d(np.arange(13), valid) if valid is not None else None)
    valid = None if valid is None else examples(valid)
    return Run(net, train, valid, 4, CPU, seed=0, monitor="valid_loss", **settings)


def plans(*stages):
    names = network().backbone.block_names
    return [stage.plan(f"stage{i}", names, "tiny") for i, stage in enumerate(stages)]


def bare_loop(net, optimizer, epochs, first_epoch=0):
    """Train as a page of plain torch would."""
    losses = []
    loader = BatchLoader(examples(), 4, CPU, training=True, seed=0, first_epoch=first_epoch)
    for epoch in range(first_epoch, first_epoch + epochs):
        total = 0.0
        for i, (x, (targets, weights)) in enumerate(loader):
            net.train()
            net.draws.seed(seed_at(0, "dropout", epoch, i))
            optimizer.zero_grad()
            loss = (F.cross_entropy(net(x), targets, reduction="none") * weights).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        losses.append(total / 13)
    return losses


def assert_same_bits(one, other):
    assert one.keys() == other.keys()
    for key in one:
        assert torch.equal(one[key], other[key]), key


OPTIMIZERS = [
    ("sgd", {"momentum": 0.9}),
    ("adam", {}),
    ("adamw", {}),
    ("rmsprop", {}),
    ("adagrad", {}),
    ("nadam", {}),
    ("radam", {}),
    ("adamax", {}),
    ("adadelta", {}),
    ("asgd", {}),
    ("rprop", {}),
    ("adafactor", {}),
]


class TestBareLoop:
    @pytest.mark.parametrize(("name", "params"), OPTIMIZERS, ids=[name for name, _ in OPTIMIZERS])
    def test_every_optimizer(self, name, params):
        net, mine = network(), network()
        stage = Stage("all", epochs=2, optimizer=name, lr=0.01, optimizer_params=params)
        trained = run(mine)
        train_in_stages(trained, plans(stage))
        kind = {k.lower(): v for k, v in vars(torch.optim).items()}[name]
        if name != "rprop":
            params = {**params, "weight_decay": 0.0}
        losses = bare_loop(net, kind(net.parameters(), lr=0.01, **params), 2)
        assert_same_bits(mine.state_dict(), net.state_dict())
        assert_allclose([row["train_loss"] for row in trained.history], losses, rtol=1e-12)
        assert not torch.equal(
            mine.state_dict()["head.layers.1.weight"],
            network().state_dict()["head.layers.1.weight"],
        )

    def test_weight_decay_and_the_heads_own_rate(self):
        net, mine = network(), network()
        stage = Stage(
            "all", epochs=2, optimizer="sgd", lr=0.01, head_lr_factor=10, weight_decay=0.1
        )
        assert stage.decay_on == "weights"
        train_in_stages(run(mine), plans(stage))
        groups = [
            {"params": list(part.parameters()), "lr": lr}
            for part, lr in ((net.backbone, 0.01), (net.head, 0.1))
        ]
        for group in list(groups):  # no decay of biases
            biases = [p for p in group["params"] if p.ndim == 1]
            group["params"] = [p for p in group["params"] if p.ndim > 1]
            groups.append({**group, "params": biases, "weight_decay": 0.0})
        bare_loop(net, torch.optim.SGD(groups, weight_decay=0.1), 2)
        assert_same_bits(mine.state_dict(), net.state_dict())

    def test_decay_on_all(self):
        net, mine = network(), network()
        stage = Stage(epochs=2, optimizer="sgd", lr=0.01, weight_decay=0.1, decay_on="all")
        train_in_stages(run(mine), plans(stage))
        bare_loop(net, torch.optim.SGD(net.parameters(), lr=0.01, weight_decay=0.1), 2)
        assert_same_bits(mine.state_dict(), net.state_dict())

    def test_clipped_gradients(self):
        net, mine = network(), network()
        stage = Stage(epochs=2, optimizer="sgd", lr=0.5, clip_norm=0.05)
        train_in_stages(run(mine), plans(stage))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        norms = []

        def clip(*_):
            norms.append(torch.nn.utils.clip_grad_norm_(net.parameters(), 0.05).item())

        optimizer.register_step_pre_hook(clip)
        bare_loop(net, optimizer, 2)
        assert_same_bits(mine.state_dict(), net.state_dict())
        assert max(norms) > 0.05  # there was something to clip

    def test_a_schedule(self):
        net, mine = network(), network()
        stage = Stage(epochs=4, optimizer="sgd", lr=0.1, schedule=StepSchedule(2, factor=0.5))
        seen = run(mine)
        train_in_stages(seen, plans(stage))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        bare_loop(net, optimizer, 2)
        optimizer.param_groups[0]["lr"] = 0.05
        bare_loop(net, optimizer, 2, first_epoch=2)
        assert_same_bits(mine.state_dict(), net.state_dict())
        assert [row["lr"] for row in seen.history] == [0.1, 0.1, 0.05, 0.05]

    def test_stages_change_optimizer_and_what_learns(self):
        net, mine = network(), network()
        train_in_stages(
            run(mine),
            plans(
                Stage("head", epochs=2, optimizer="adam", lr=0.01),
                Stage("block3", epochs=1, optimizer="sgd", lr=0.02),
            ),
        )
        net.backbone.requires_grad_(False)
        bare_loop(net, torch.optim.Adam(net.head.parameters(), lr=0.01), 2)
        net.backbone.blocks[2].requires_grad_(True)
        learning = [*net.backbone.blocks[2].parameters(), *net.head.parameters()]
        bare_loop(net, torch.optim.SGD(learning, lr=0.02), 1, first_epoch=2)
        assert_same_bits(mine.state_dict(), net.state_dict())

    def test_batchnorm_and_stochastic_depth(self):
        net, mine = (network("efficientnet_b0", "block2b") for _ in range(2))
        names = mine.backbone.block_names
        plan = Stage("all", epochs=2, optimizer="sgd", lr=0.01).plan("s", names, "b0")
        train_in_stages(run(mine), [plan])
        bare_loop(net, torch.optim.SGD(net.parameters(), lr=0.01), 2)
        assert_same_bits(mine.state_dict(), net.state_dict())
        assert mine.state_dict()["backbone.blocks.0.1.num_batches_tracked"] == 6  # 4 + 4 + 5, twice

    def test_validation_does_not_disturb_training(self):
        net, mine = network(), network()
        seen = run(mine, valid=np.array([], dtype=int))
        seen.valid = examples([0, 1])
        seen.train = examples()
        train_in_stages(seen, plans(Stage("all", epochs=1, lr=0.01)))
        bare_loop(net, torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.0), 1)
        assert_same_bits(mine.state_dict(), net.state_dict())

    def test_a_weight_of_zero_has_no_gradient(self):
        weights = np.where(np.arange(13) < 5, 0.0, 1.0)
        ones = np.ones(13)
        net = network(dropout=0.0)
        x, (targets, w) = next(
            iter(BatchLoader(examples(weights=weights), 13, CPU, training=False))
        )
        (F.cross_entropy(net(x), targets, reduction="none") * w).sum().backward()
        weighted = net.head.layers[-1].weight.grad.clone()
        net.zero_grad()
        part = examples(np.arange(5, 13), ones)
        x, (targets, _) = next(iter(BatchLoader(part, 13, CPU, training=False)))
        F.cross_entropy(net(x), targets, reduction="sum").backward()
        torch.testing.assert_close(net.head.layers[-1].weight.grad, weighted)


def classifier(**settings):
    defaults = {
        "weights": None,
        "input_size": (16, 16),
        "batch_size": 100,
        "precision": "float64",
        "head": Head(dropout=0.0),
        "stages": [("train", Stage("all", epochs=4, lr=0.02))],
        "device": "cpu",
        "random_state": 0,
    }
    return PretrainedCNNClassifier("tiny", **{**defaults, **settings})


class TestSampleWeights:
    @pytest.mark.parametrize("validation", [None, "given"])
    def test_a_weight_of_two_is_a_clip_twice(self, validation):
        weight = np.where(np.arange(13) % 3 == 0, 2.0, 1.0)
        twice = np.repeat(np.arange(13), weight.astype(int))
        settings = [{"validation": None}] * 2
        if validation:
            settings = [{"validation": np.array([1, 2])}]
            settings += [{"validation": np.flatnonzero(np.isin(twice, [1, 2]))}]
        weighted = classifier(**settings[0]).fit(X, Y, sample_weight=weight)
        repeated = classifier(**settings[1]).fit(X[twice], Y[twice])
        assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-9)
        assert_allclose(
            weighted.history_[0]["train_loss"], repeated.history_[0]["train_loss"], rtol=1e-9
        )

    def test_a_weight_of_zero_is_a_clip_left_out(self):
        weight = np.where(np.arange(13) < 3, 0.0, 1.0)
        weighted = classifier().fit(X, Y, sample_weight=weight)
        without = classifier().fit(X[3:], Y[3:])
        assert_allclose(weighted.predict_proba(X), without.predict_proba(X), rtol=1e-9)


class Interrupt(Callback):
    """Presses Ctrl-C in a batch of an epoch."""

    def __init__(self, epoch, batch=0):
        self.epoch = epoch
        self.batch = batch

    def on_batch_end(self, net, training=False, **_):
        row = net.history[-1]
        if training and len(net.history) == self.epoch + 1 and len(row["batches"]) > self.batch:
            raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:The training was interrupted")
class TestInterrupt:
    def test_warns(self):
        with pytest.warns(ConvergenceWarning, match="interrupted before its first epoch ended"):
            made = classifier(callbacks=[Interrupt(0, 1)], batch_size=4).fit(X, Y)
        assert made.interrupted_ is True
        with pytest.warns(ConvergenceWarning, match="interrupted after 2 epochs: they count as"):
            classifier(callbacks=[Interrupt(2)]).fit(X, Y)

    @pytest.mark.parametrize("epoch", [0, 2])
    def test_leaves_a_usable_classifier(self, epoch):
        made = classifier(callbacks=[Interrupt(epoch, 1)], batch_size=4).fit(X, Y)
        assert made.interrupted_ is True
        assert len(made.history_) == epoch
        assert not made.network_.training
        assert np.isfinite(made.predict_proba(X)).all()
        assert made.predict(X).shape == (13,)

    def test_ends_all_stages(self):
        stages = [("a", Stage(epochs=2)), ("b", Stage(epochs=2))]
        made = classifier(stages=stages, callbacks=[Interrupt(1)]).fit(X, Y)
        assert [row["stage"] for row in made.history_] == ["a"]

    def test_keeps_the_best_epoch(self):
        settings = {"validation": np.arange(4), "batch_size": 4}
        made = classifier(callbacks=[Interrupt(2)], **settings).fit(X, Y)
        stages = [("train", Stage("all", epochs=made.best_epoch_ + 1, lr=0.02))]
        shorter = classifier(stages=stages, **settings).fit(X, Y)
        np.testing.assert_array_equal(made.predict_proba(X), shorter.predict_proba(X))

    def test_without_it_nothing_is_interrupted(self):
        assert classifier().fit(X, Y).interrupted_ is False


class Count(Callback):
    """Counts epochs, in itself and outside."""

    total = 0

    def __init__(self):
        self.seen = 0

    def on_epoch_end(self, net, **_):
        self.seen += 1
        type(self).total += 1


def test_callbacks_are_copied_for_each_stage():
    mine, Count.total = Count(), 0
    stages = [("a", Stage(epochs=2)), ("b", Stage(epochs=3))]
    classifier(stages=stages, callbacks=[mine]).fit(X, Y)
    assert (mine.seen, Count.total) == (0, 5)


class TestDivergence:
    def test_names_stage_epoch_and_batch(self):
        net = network()
        with torch.no_grad():
            net.head.layers[-1].bias[0] = torch.nan
        message = r"loss became nan in stage 'stage0', epoch 0, batch 0\. Lower the stage's lr"
        with pytest.raises(FitDivergedError, match=message):
            train_in_stages(run(net), plans(Stage(epochs=2)))

    def test_in_a_later_epoch(self):
        class Break(Callback):
            def on_epoch_end(self, net, **_):
                with torch.no_grad():
                    net.module_.head.layers[-1].bias[0] = torch.inf

        with pytest.raises(FitDivergedError, match=r"epoch 1, batch 0"):
            train_in_stages(run(network(), callbacks=[Break()]), plans(Stage(epochs=3)))

    def test_after_the_last_loss(self):
        class Break(Callback):
            def on_train_end(self, net, **_):
                with torch.no_grad():
                    net.module_.head.layers[-1].bias[0] = torch.nan

        with pytest.raises(FitDivergedError, match=r"weights became NaN or infinite"):
            train_in_stages(run(network(), callbacks=[Break()]), plans(Stage(epochs=1)))


class SetScores(Callback):
    """Sets the weights after each epoch, so that the validation loss follows a plan."""

    def __init__(self, margins):
        self.margins = margins

    def on_epoch_begin(self, net, **_):
        self.margin = self.margins[len(net.run.history)]

    def on_batch_end(self, net, training=False, **_):
        if training:  # the last word before validation
            with torch.no_grad():
                last = net.module_.head.layers[-1]
                last.weight.zero_()
                last.bias.copy_(torch.tensor([self.margin, 0.0]))


class TestEarlyStopping:
    """All validation clips are of class 0: the larger the margin, the lower the loss."""

    VALID = np.array([0, 2, 4])

    def train(self, margins, *stages):
        seen = run(network(), valid=self.VALID, callbacks=[SetScores(margins)])
        train_in_stages(seen, plans(*stages))
        return seen

    @pytest.mark.parametrize(
        ("margins", "patience", "n_epochs", "best"),
        [
            ([1, 2, 3, 4, 5, 6], 1, 6, 5),
            ([1, 3, 2, 1, 0, 0], 1, 3, 1),
            ([1, 3, 2, 1, 0, 0], 2, 4, 1),
            ([1, 3, 2, 4, 3, 2], 2, 6, 3),
            ([3, 3, 3, 3, 3, 3], 2, 3, 0),
            ([5, 1, 2, 3, 4, 4], 3, 4, 0),
            ([1, 3, 2, 1, 0, 0], None, 6, 1),
        ],
    )
    def test_patience(self, margins, patience, n_epochs, best):
        seen = self.train(margins, Stage(epochs=6, patience=patience))
        assert len(seen.history) == n_epochs
        assert seen.best.epoch == best
        assert seen.network.head.layers[-1].bias[0].item() == margins[best]
        expected = [np.log1p(np.exp(-margin)) * WEIGHTS[self.VALID].mean() for margin in margins]
        assert_allclose([row["valid_loss"] for row in seen.history], expected[:n_epochs], rtol=1e-4)
        assert all(row["valid_accuracy"] == (row_margin > 0) for row, row_margin in
                   zip(seen.history, margins, strict=False) if row_margin)  # fmt: skip

    def test_the_next_stage_goes_on_from_the_best_epoch(self):
        starts = []

        class Note(Callback):
            def on_train_begin(self, net, **_):
                starts.append(net.module_.head.layers[-1].bias[0].item())

        margins = [1, 3, 2, 1, 2, 9]
        seen = run(network(), valid=self.VALID, callbacks=[Note(), SetScores(margins)])
        train_in_stages(seen, plans(Stage(epochs=4, patience=1), Stage(epochs=2, patience=2)))
        assert [row["stage"] for row in seen.history] == ["stage0"] * 3 + ["stage1"] * 2
        assert starts[1] == 3.0
        assert seen.best.epoch == 1
        assert seen.network.head.layers[-1].bias[0].item() == 3.0

    def test_a_new_stage_has_its_own_patience(self):
        # Worse than the first stage throughout, but better from epoch to epoch.
        seen = self.train([9, 1, 2, 3], Stage(epochs=1), Stage(epochs=3, patience=1))
        assert len(seen.history) == 4
        assert seen.best.epoch == 0

    def test_needs_validation(self):
        with pytest.raises(ParameterError, match=r"patience=3 in stage 'stage0'.*validation=None"):
            train_in_stages(run(network()), plans(Stage(patience=3)))


def test_accuracy_decides_where_it_is_the_monitor():
    seen = run(network(), valid=np.array([0, 1, 2]), callbacks=[SetScores([-1, 3, 2, 1])])
    seen.monitor = "valid_accuracy"
    train_in_stages(seen, plans(Stage(epochs=4)))
    assert_allclose([row["valid_accuracy"] for row in seen.history], [1 / 3, 2 / 3, 2 / 3, 2 / 3])
    assert seen.best.epoch == 1  # the first of equals


def test_the_mode_is_set_before_a_thread_makes_batches(monkeypatch):
    net, modes = network(), []

    class Watched(BatchLoader):
        def _batch(self, positions):
            modes.append((self.training, net.training))
            return super()._batch(positions)

    monkeypatch.setattr("skspec.nn._stage_net.BatchLoader", Watched)
    train_in_stages(run(net, valid=[0, 1, 2]), plans(Stage("last:1", epochs=2)))
    assert [mode for training, mode in modes if training] == [True] * 6


def test_a_batch_of_one_image_that_batchnorm_cannot_learn_from():
    stages = [("train", Stage("last:1", epochs=1))]
    settings = {"backbone": "resnet18", "stages": stages, "batch_size": 1}
    message = r"one image \(batch_size=1\) .*larger batch_size or input_size, or batchnorm='frozen'"
    with pytest.raises(ParameterError, match=message):
        classifier().set_params(**settings).fit(X[:4], Y[:4])
    classifier().set_params(**settings, train__batchnorm="frozen").fit(X[:4], Y[:4])


def test_on_batch_is_called_for_every_batch():
    calls = []
    seen = run(network(), valid=np.array([0, 1, 2]), on_batch=lambda: calls.append(1))
    train_in_stages(seen, plans(Stage(epochs=2), Stage("head", epochs=1)))
    assert len(calls) == 3 * (3 + 1)  # 10 clips in batches of 4, 4, 2; 3 clips in one


def test_a_run_can_be_copied_and_repeated():
    one = network()
    other = copy.deepcopy(one)
    for net in (one, other):
        train_in_stages(run(net), plans(Stage(epochs=1)))
    assert_same_bits(one.state_dict(), other.state_dict())
