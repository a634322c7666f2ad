"""What a trial is told of an epoch."""

from types import SimpleNamespace

import optuna
import pytest
from sklearn.base import clone

from skspec import PretrainedCNNClassifier
from skspec.search import EpochPruning


@pytest.mark.parametrize(
    ("direction", "monitor", "told"),
    [
        ("maximize", "valid_accuracy", 0.75),
        ("maximize", "valid_loss", -0.75),
        ("minimize", "valid_accuracy", -0.75),
        ("minimize", "train_loss", 0.75),
    ],
)
def test_what_is_told_is_better_where_the_study_looks(direction, monitor, told):
    trial = optuna.create_study(direction=direction).ask()
    net = SimpleNamespace(run=SimpleNamespace(history=[{monitor: 0.75}]))
    EpochPruning(trial, monitor).on_epoch_end(net)
    assert trial.study.trials[0].intermediate_values == {1: told}


def test_copies_of_the_callback_share_the_trial():
    trial = optuna.create_study().ask()
    cnn = clone(PretrainedCNNClassifier("tiny", callbacks=[EpochPruning(trial, "train_loss")]))
    assert cnn.callbacks[0].trial is trial
