"""A training that is cut short goes on to the same bits, from its own checkpoint and no other."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skorch.callbacks import Callback

from skspec import (
    Augmenter,
    CosineSchedule,
    CyclicSchedule,
    Head,
    OneCycleSchedule,
    PlateauSchedule,
    PretrainedCNNClassifier,
    Stage,
    StepSchedule,
)
from skspec.exceptions import CheckpointWarning, FitDivergedError, ParameterError

X = np.random.default_rng(0).standard_normal((13, 1, 12, 12)).astype(np.float32)
Y = np.arange(13) % 2


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Skip what only a power cut would need."""
    monkeypatch.setattr("skspec._storage.os.fsync", lambda _: None)


class KilledError(Exception):
    """Stands for a kill: nothing after it is told to anyone."""


class Kill(Callback):
    """Ends the training after a batch of an epoch, as no code of the package expects it."""

    def __init__(self, epoch, batch):
        self.epoch = epoch
        self.batch = batch

    def on_batch_end(self, net, training=False, **_):
        here = (len(net.run.history), len(net.history[-1]["batches"]) - 1)
        if training and here == (self.epoch, self.batch):
            raise KilledError


class Seen(Callback):
    """Notes the epochs and batches that are trained."""

    places: list = []  # noqa: RUF012

    def on_batch_begin(self, net, training=False, **_):
        if training:
            self.places.append((len(net.run.history), len(net.history[-1]["batches"]) - 1))


def cnn(*stages, backbone="tiny", **settings):
    defaults = {
        "weights": None,
        "stages": [(f"stage{i}", stage) for i, stage in enumerate(stages)],
        "input_size": (12, 12),
        "head": Head(hidden=(4,), dropout=0.3),
        "batch_size": 4,
        "device": "cpu",
        "random_state": 0,
    }
    return PretrainedCNNClassifier(backbone, **{**defaults, **settings})


def fit_with_kills(classifier, folder, kills, images=X, every_s=0.0):
    """Fit in one go for each kill and once to the end; give the end, and where each went on."""
    classifier.set_params(checkpoint=folder, checkpoint_every_s=every_s)
    starts = []
    for kill in [*kills, None]:
        Seen.places = []
        ends = [] if kill is None else [Kill(*kill)]
        classifier.set_params(callbacks=[Seen(), *ends])
        try:
            classifier.fit(images, Y)
        except KilledError:
            assert Seen.places[-1] == kill
        starts.append(Seen.places[0])
    return classifier, starts


def assert_equal_fits(one, other):
    assert one.history_ == other.history_
    assert one.best_epoch_ == other.best_epoch_
    mine, others = one.network_.state_dict(), other.network_.state_dict()
    assert mine.keys() == others.keys()
    for name in mine:
        assert torch.equal(mine[name], others[name]), name
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


OPTIMIZERS = [
    ("sgd", {"momentum": 0.9}),
    ("adam", {"amsgrad": True}),
    ("adamw", {}),
    ("rmsprop", {"momentum": 0.5, "centered": True}),
    *(
        pytest.param(name, {}, marks=pytest.mark.slow)
        for name in (
            "adagrad",
            "nadam",
            "radam",
            "adamax",
            "adadelta",
            "asgd",
            "rprop",
            "adafactor",
        )
    ),
]
SCHEDULES = [
    StepSchedule(1, factor=0.5),
    CyclicSchedule(2),
    CosineSchedule(warmup_epochs=0.5),
    OneCycleSchedule(),
    PlateauSchedule(1, factor=0.5),
]


class TestGoesOn:
    @pytest.mark.parametrize(("name", "params"), OPTIMIZERS)
    def test_every_optimizer(self, tmp_path, name, params):
        stage = Stage(epochs=3, optimizer=name, lr=0.01, optimizer_params=params)
        classifier, starts = fit_with_kills(cnn(stage), tmp_path, [(1, 1), (2, 0)])
        assert starts == [(0, 0), (1, 1), (2, 0)]  # a killed batch has no checkpoint yet
        assert_equal_fits(classifier, cnn(stage).fit(X, Y))

    @pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
    def test_every_schedule(self, tmp_path, schedule):
        stage = Stage(epochs=4, optimizer="sgd", lr=0.7, schedule=schedule)
        settings = {"validation": np.arange(4)}
        classifier, _ = fit_with_kills(cnn(stage, **settings), tmp_path, [(1, 1), (3, 0)])
        assert_equal_fits(classifier, cnn(stage, **settings).fit(X, Y))
        assert len({row["lr"] for row in classifier.history_}) > 1

    def test_stages_with_what_is_frozen_and_the_best_epoch(self, tmp_path):
        stages = (
            Stage("head", epochs=2, lr=0.05),
            Stage("last:1", epochs=3, lr=0.01),
            Stage("all", epochs=3, lr=0.01),
        )
        settings = {"validation": np.arange(4), "on_divergence": "restore"}
        kills = [(0, 1), (1, 1), (2, 0), (4, 1), (5, 0)]
        classifier, _ = fit_with_kills(cnn(*stages, **settings), tmp_path, kills)
        assert_equal_fits(classifier, cnn(*stages, **settings).fit(X, Y))

    @pytest.mark.parametrize("epoch", [2, 3, 4])
    def test_patience(self, tmp_path, epoch):
        """It runs out after epochs 2 and 4; killed in 3, the training goes on from the end of 2."""
        stages = (Stage(epochs=4, lr=0.01, patience=1), Stage(epochs=4, lr=0.003, patience=1))
        settings = {"validation": np.arange(4)}
        expected = cnn(*stages, **settings).fit(X, Y)
        assert [row["stage"] for row in expected.history_] == ["stage0"] * 3 + ["stage1"] * 2
        classifier, starts = fit_with_kills(
            cnn(*stages, **settings), tmp_path, [(epoch, 0)], every_s=1e9
        )
        assert starts[1] == (epoch, 0)
        assert_equal_fits(classifier, expected)

    def test_mixed_and_masked_images(self, tmp_path):
        augmenter = Augmenter(time_mask=4, noise=0.1, mixup=0.4, random_state=3)
        images = augmenter.fit_transform(X)
        stage = Stage(epochs=3, lr=0.01)
        classifier, _ = fit_with_kills(cnn(stage), tmp_path, [(0, 1), (2, 1)], images)
        expected = cnn(stage).fit(images, Y)
        assert_equal_fits(classifier, expected)
        plain = cnn(stage).fit(X, Y)
        assert plain.history_ != expected.history_

    def test_batchnorm_and_stochastic_depth(self, tmp_path):
        settings = {"backbone": "efficientnet_b0", "upto": "block2b", "input_size": (32, 32)}
        stage = Stage(epochs=2, lr=0.01)
        classifier, _ = fit_with_kills(cnn(stage, **settings), tmp_path, [(0, 1), (1, 1)])
        assert_equal_fits(classifier, cnn(stage, **settings).fit(X, Y))
        moved = classifier.network_.state_dict()["backbone.blocks.0.1.num_batches_tracked"]
        assert moved == 6  # 4 + 4 + 5 images, twice

    def test_only_the_epoch_in_progress_is_lost(self, tmp_path):
        kills = [(0, 2), (2, 1), (2, 2), (3, 0)]
        classifier, starts = fit_with_kills(
            cnn(Stage(epochs=4, lr=0.01)), tmp_path, kills, every_s=1e9
        )
        assert starts == [(0, 0), (0, 0), (2, 0), (2, 0), (3, 0)]
        assert_equal_fits(classifier, cnn(Stage(epochs=4, lr=0.01)).fit(X, Y))

    def test_after_ctrl_c(self, tmp_path):
        class Press(Callback):
            def on_batch_end(self, net, **_):
                if len(net.run.history) == 2:
                    raise KeyboardInterrupt

        classifier = cnn(Stage(epochs=4, lr=0.01), checkpoint=tmp_path, callbacks=[Press()])
        assert classifier.fit(X, Y).interrupted_
        assert len(classifier.history_) == 2
        classifier.set_params(callbacks=None).fit(X, Y)
        assert not classifier.interrupted_
        assert_equal_fits(classifier, cnn(Stage(epochs=4, lr=0.01)).fit(X, Y))

    def test_the_parts_of_batches_stay_small(self, tmp_path):
        """Where memory ran out before, it is not tried again."""

        class Note(Callback):
            sizes: list = []  # noqa: RUF012

            def on_epoch_begin(self, net, **_):
                self.sizes.append(net.run.part_size.largest)

        class Halve(Callback):
            def on_epoch_begin(self, net, **_):
                net.run.part_size.largest, net.run.part_size.warned = 2, True

        stages = [("s", Stage(epochs=2))]
        for callbacks in ([Halve(), Kill(1, 0)], [Note()]):
            classifier = cnn(stages=stages, checkpoint=tmp_path, callbacks=callbacks)
            try:
                classifier.fit(X, Y)
            except KilledError:
                Note.sizes.clear()
        assert Note.sizes == [2]

    def test_a_diverged_training_does_so_again(self, tmp_path):
        stages = [("s", Stage(epochs=4, lr=1e38, optimizer="sgd"))]
        settings = {"stages": stages, "checkpoint": tmp_path, "input_scaling": None}
        for _ in range(2):
            with pytest.raises(FitDivergedError):
                cnn(**settings).fit(1e4 * X, Y)


class TestWhichTraining:
    def test_what_has_ended_is_not_trained_again(self, tmp_path):
        stages = (Stage("head", epochs=1), Stage(epochs=2, lr=0.01))
        settings = {"validation": np.arange(4)}
        first = cnn(*stages, checkpoint=tmp_path, **settings).fit(X, Y)
        again = cnn(*stages, checkpoint=tmp_path, callbacks=[Kill(0, 0)], **settings).fit(X, Y)
        assert_equal_fits(first, again)
        assert_equal_fits(first, cnn(*stages, **settings).fit(X, Y))
        (folder,) = tmp_path.iterdir()
        assert len(list(folder.glob("state-*.json"))) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"random_state": 1},
            {"batch_size": 5},
            {"head": Head(hidden=(5,), dropout=0.3)},
            {"head": Head(hidden=(4,), dropout=0.2)},
            {"loss": "focal"},
            {"loss__label_smoothing": 0.1},
            {"class_weight": {0: 1.0, 1: 2.0}},
            {"input_scaling": None},
            {"precision": "float64"},
            {"validation": np.arange(3)},
            {"on_divergence": "restore"},
            {"s__lr": 0.02},
            {"s__optimizer": "sgd"},
            {"s__weight_decay": 0.1},
            {"s__schedule": StepSchedule(1)},
            {"s__optimizer_params": {"betas": (0.8, 0.99)}},
            {"s__epochs": 3},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_other_parameters(self, tmp_path, other):
        assert self.folders(tmp_path, {}, other) == 2

    def test_what_changes_no_bit_is_the_same_training(self, tmp_path):
        same = [{}, {"cache": None}, {"verbose": 0}, {"callbacks": [Seen()]}]
        assert self.folders(tmp_path, *same) == 1

    def folders(self, tmp_path, *settings):
        stages = [("s", Stage(epochs=1, lr=0.01))]
        for setting in settings:
            cnn(stages=stages, checkpoint=tmp_path).set_params(**setting).fit(X, Y)
        return len(list(tmp_path.iterdir()))

    def test_other_data(self, tmp_path):
        made = cnn(Stage(epochs=1), checkpoint=tmp_path)
        pixel = X.copy()
        pixel[12, 0, 11, 11] += 1e-6
        order = np.array([1, 0, *range(2, 13)])
        policies = [Augmenter(time_mask=n, random_state=s) for n, s in ((2, 0), (3, 0), (3, 1))]
        batches = [(X, Y), (pixel, Y), (X, Y[::-1] ^ 1), (X[order], Y[order])]
        batches += [(policy.fit_transform(X), Y) for policy in policies]
        for images, y in [*batches, *batches]:
            made.fit(images, y)
        made.fit(X, Y, sample_weight=np.linspace(1, 2, 13))
        assert len(list(tmp_path.iterdir())) == len(batches) + 1

    @pytest.mark.slow
    def test_other_threads(self, tmp_path):
        made = cnn(Stage(epochs=1), checkpoint=tmp_path).fit(X, Y)
        torch.set_num_threads(2)
        try:
            made.fit(X, Y)
        finally:
            torch.set_num_threads(1)
        assert len(list(tmp_path.iterdir())) == 2

    def test_one_that_still_runs(self, tmp_path):
        class Fit(Callback):
            def on_train_begin(self, net, **_):
                with pytest.warns(CheckpointWarning, match="same training runs elsewhere"):
                    cnn(Stage(epochs=1), checkpoint=tmp_path).fit(X, Y)

        made = cnn(Stage(epochs=1), checkpoint=tmp_path, callbacks=[Fit()]).fit(X, Y)
        assert_equal_fits(made, cnn(Stage(epochs=1)).fit(X, Y))


class TestParameters:
    def test_it_needs_a_seed(self, tmp_path):
        with pytest.raises(ParameterError, match=r"random_state=None with checkpoint=.*a seed"):
            cnn(Stage(), checkpoint=tmp_path, random_state=None).fit(X, Y)

    @pytest.mark.parametrize("setting", [{"checkpoint": 3}, {"checkpoint_every_s": -1.0}])
    def test_values(self, setting):
        with pytest.raises(ParameterError, match=next(iter(setting))):
            cnn(Stage(), **setting).fit(X, Y)

    def test_a_folder_that_cannot_be(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ParameterError, match=r"no checkpoint can be written.*checkpoint=None"):
            cnn(Stage(), checkpoint=tmp_path / "file").fit(X, Y)

    def test_what_no_later_fit_could_know_again(self, tmp_path):
        def make(params, lr, **_):
            return torch.optim.SGD(params, lr)

        with pytest.raises(ParameterError, match="could not tell whether it has the same"):
            cnn(Stage(optimizer=make), checkpoint=tmp_path).fit(X, Y)
        assert cnn(Stage(epochs=1, optimizer=torch.optim.SGD), checkpoint=tmp_path).fit(X, Y)


class Odd(torch.optim.SGD):
    """An optimizer with something in its state that is no number."""

    def step(self, closure=None):
        self.state[self.param_groups[0]["params"][0]]["odd"] = {1, 2}
        return super().step(closure)


def test_a_state_that_cannot_be_kept_is_an_error_at_once(tmp_path):
    made = cnn(Stage(optimizer=Odd), checkpoint=tmp_path, checkpoint_every_s=0)
    with pytest.raises(ParameterError, match=r"odd = \{1, 2\}, which a checkpoint cannot hold"):
        made.fit(X, Y)


@pytest.fixture
def stopped(tmp_path):
    """Give a classifier, and the folder of the checkpoints that its fit left when it was killed."""
    made = cnn(Stage(epochs=4, lr=0.01), checkpoint=tmp_path, callbacks=[Kill(3, 1)])
    with pytest.raises(KilledError):
        made.fit(X, Y)
    (folder,) = tmp_path.iterdir()
    return made.set_params(callbacks=[Seen()]), folder


def flip(file, bit):
    data = bytearray(file.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)


class TestDamage:
    @pytest.mark.parametrize("suffix", [".json", ".safetensors"])
    def test_the_one_before_is_taken(self, stopped, suffix):
        made, folder = stopped
        newest = max(folder.glob(f"state-*{suffix}"))
        flip(newest, 1001)
        Seen.places = []
        with pytest.warns(CheckpointWarning, match=f"Damage in a checkpoint: .*{newest.stem}"):
            made.fit(X, Y)
        assert Seen.places[0] == (2, 0)
        assert_equal_fits(made, cnn(Stage(epochs=4, lr=0.01)).fit(X, Y))

    def test_all_are_damaged(self, stopped):
        made, folder = stopped
        for file in folder.glob("state-*.safetensors"):
            file.write_bytes(file.read_bytes()[:-1])
        Seen.places = []
        with pytest.warns(CheckpointWarning, match="Damage") as caught:
            made.fit(X, Y)
        assert len(caught) == 2
        assert Seen.places[0] == (0, 0)
        assert_equal_fits(made, cnn(Stage(epochs=4, lr=0.01)).fit(X, Y))

    def test_arrays_that_are_gone(self, stopped):
        made, folder = stopped
        max(folder.glob("state-*.safetensors")).unlink()
        with pytest.warns(CheckpointWarning, match=r"No such file.*one before it"):
            made.fit(X, Y)

    def test_what_a_killed_writer_left(self, stopped):
        made, folder = stopped
        (folder / "state-00000009.safetensors").write_bytes(b"no manifest yet")
        (folder / "state-00000008.json.abc.unfinished").write_bytes(b"half")
        Seen.places = []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made.fit(X, Y)
        assert Seen.places[0] == (3, 0)
        left = {file.name.partition("-")[0] for file in folder.iterdir()}
        assert left == {"lock", "state", "training.json"}
        assert len(list(folder.glob("state-*"))) == 2


def test_training_goes_on_where_the_disk_is_full(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skspec.nn._checkpoint.write_parts", full)
    made = cnn(Stage(epochs=2, lr=0.01), checkpoint=tmp_path)
    with pytest.warns(CheckpointWarning, match="there is no earlier one") as caught:
        made.fit(X, Y)
    assert len(caught) == 3  # two epochs, and the end
    assert_equal_fits(made, cnn(Stage(epochs=2, lr=0.01)).fit(X, Y))


@pytest.fixture
def kills(monkeypatch):
    """Give the module of the benchmarks that kills."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("_kills")


@pytest.mark.slow
def test_ten_sigkills_at_random_moments(kills):
    counts = kills.run_training_with_kills(10)
    assert counts.pop("trainings") >= 1
    assert counts == {"kills": 10, "unequal": 0, "unusable": 0, "epochs_lost": 0}


@pytest.mark.slow
def test_processes_on_one_cache_are_killed(kills):
    counts = kills.hammer_cache(n_processes=4, seconds=6.0)
    assert counts["kills"] > 0
    assert counts["rows"] > 0
    assert (counts["wrong"], counts["damaged"], counts["stuck"]) == (0, 0, 0)
