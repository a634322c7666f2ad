"""EpochScalars: every number of every epoch, once, numbered through all stages."""

import threading

import numpy as np
import pytest
from sklearn.base import clone
from skorch.callbacks import Callback, TensorBoard

from skspec import EpochScalars, PretrainedCNNClassifier, Stage
from skspec.exceptions import FitDivergedError

X = np.random.default_rng(0).random((16, 1, 16, 16), dtype=np.float32)
Y = [0, 1] * 8
STAGES = [("warmup", Stage("head", epochs=2)), ("finetune", Stage(epochs=3, patience=None))]


class Writer:
    """The part of torch's SummaryWriter that is needed; like it, it cannot be copied."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = []

    def add_scalar(self, tag, scalar_value, global_step):
        self.calls.append((tag, scalar_value, global_step))


def cnn(*callbacks, **settings):
    defaults = {"stages": STAGES, "random_state": 0, "device": "cpu", "batch_size": 8}
    settings = {"weights": None, "callbacks": list(callbacks), **defaults, **settings}
    return PretrainedCNNClassifier("tiny", **settings)


def numbers(history):
    skipped = ("stage", "epoch")
    return [
        (name, value, row["epoch"])
        for row in history
        for name, value in row.items()
        if name not in skipped
    ]


@pytest.mark.parametrize("validation", [None, np.arange(4)])
def test_it_writes_the_history(validation):
    writer = Writer()
    fitted = cnn(EpochScalars(writer), validation=validation).fit(X, Y)
    assert writer.calls == numbers(fitted.history_)
    assert [step for tag, _, step in writer.calls if tag == "train_loss"] == [0, 1, 2, 3, 4]
    tags = {tag for tag, _, _ in writer.calls}
    assert ("valid_accuracy" in tags) == (validation is not None)


def test_skorchs_own_cannot_do_it():
    # Should this fail one day, `EpochScalars` is no longer needed.
    with pytest.raises(TypeError, match="lock"):
        cnn(TensorBoard(Writer())).fit(X, Y)


def test_early_stopping_leaves_no_epoch_out():
    writer = Writer()
    stages = [("full", Stage(epochs=30, lr=0.1, patience=1)), ("more", Stage("head", epochs=1))]
    fitted = cnn(EpochScalars(writer), stages=stages, validation=np.arange(4)).fit(X, Y)
    assert len(fitted.history_) < 31
    assert writer.calls == numbers(fitted.history_)


def test_what_came_before_a_failure_is_there():
    writer = Writer()
    stages = [("first", Stage("head", epochs=2)), ("bad", Stage(optimizer="sgd", lr=1e30))]
    with pytest.raises(FitDivergedError):
        cnn(EpochScalars(writer), stages=stages).fit(X, Y)
    assert [step for tag, _, step in writer.calls if tag == "lr"][:2] == [0, 1]


def test_an_epoch_is_there_when_it_ends():
    writer, seen = Writer(), []

    class Looking(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append(writer.calls == numbers(net.run.history))

    cnn(EpochScalars(writer), Looking()).fit(X, Y)
    assert seen == [True] * 5


def test_a_callback_that_ends_the_training_hides_no_epoch():
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.run.history) == 2:
                raise KeyboardInterrupt

    writer = Writer()
    fitted = cnn(Stop(), EpochScalars(writer)).fit(X, Y)
    assert len(fitted.history_) == 2
    assert writer.calls == numbers(fitted.history_)


def test_clones_share_the_writer():
    writer = Writer()
    copy = clone(cnn(EpochScalars(writer)))
    assert copy.callbacks[0].writer is writer
    copy.fit(X, Y).fit(X, Y)
    assert [step for tag, _, step in writer.calls if tag == "lr"] == [0, 1, 2, 3, 4] * 2
