"""What differs between two trainings is described in other words, the same in every process."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from skspec import Augmenter, Head, LSTMClassifier, PretrainedCNNClassifier, Stage
from skspec.exceptions import ParameterError
from skspec.nn._checkpoint_key import plain


class Holder:
    def __init__(self, held):
        self.held = held


def module_function(x):
    return x


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.1, 0.1 + 2**-56),
        (None, "None"),
        ([1, 2], [12]),
        ({"a": 1}, {"a": 2}),
        (np.arange(3), np.arange(3.0)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (torch.zeros(2), torch.ones(2)),
        (Holder(torch.zeros(2)), Holder(torch.ones(2))),
        (torch.optim.SGD, torch.optim.Adam),
        (partial(module_function, 1), partial(module_function, 2)),
        (Augmenter(gain=0.1), Augmenter(gain=0.2)),
    ],
)
def test_what_differs_is_described_otherwise(one, other):
    described = [json.dumps(plain(value)) for value in (one, one, other)]
    assert described[0] == described[1] != described[2]
    assert " at 0x" not in described[0]


def _local():
    class Local:
        pass

    return Local


@pytest.mark.parametrize("value", [_local(), _local()(), lambda x: x, partial(_local())])
def test_what_is_made_within_a_function_has_no_name_of_its_own(value):
    with pytest.raises(ParameterError, match="a class or function of a module"):
        plain(value)


@pytest.mark.parametrize(
    ("classifier", "poolings"),
    [
        (PretrainedCNNClassifier("tiny", weights=None, input_size=(12, 12)), ("mean", "max")),
        (LSTMClassifier(hidden=3), ("mean", "max", "last")),
    ],
    ids=["cnn", "lstm"],
)
def test_another_pooling_is_another_training(tmp_path, classifier, poolings):
    """None has weights, so that the same ones are there with each."""
    X = np.random.default_rng(0).random((4, 1, 12, 12))
    classifier.set_params(stages=[("s", Stage(epochs=1))], checkpoint=tmp_path, random_state=0)
    for pooling in (*poolings, *poolings):
        classifier.set_params(head=Head(pooling=pooling)).fit(X, [0, 1, 0, 1])
    assert len(list(tmp_path.iterdir())) == len(poolings)
