"""Head: what its parameters mean in the network that stands on a backbone."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skspec import Head, PretrainedCNNClassifier, Stage
from skspec.exceptions import ParameterError
from skspec.nn._network import HeadSpec


@pytest.mark.parametrize(
    ("settings", "hidden", "dropout"),
    [
        ({}, (), (0.2,)),
        ({"dropout": 0.5}, (), (0.5,)),
        ({"dropout": 0}, (), (0.0,)),
        ({"hidden": (8,)}, (8,), (0.0, 0.2)),
        ({"hidden": [8, 4], "dropout": 0.5}, (8, 4), (0.0, 0.5, 0.5)),
        ({"hidden": (8, 4), "dropout": (0.1, 0.2, 0.3)}, (8, 4), (0.1, 0.2, 0.3)),
        ({"dropout": [0.3]}, (), (0.3,)),
        ({"hidden": (np.int64(8),), "dropout": np.float32(0.5)}, (8,), (0.0, 0.5)),
    ],
)
def test_where_dropout_goes(settings, hidden, dropout):
    assert Head(**settings).spec() == HeadSpec("mean", 1, hidden, dropout)


def test_pooling_and_bands_pass_on():
    spec = Head(pooling="mean_std", n_bands=4).spec()
    assert (spec.pooling, spec.n_bands) == ("mean_std", 4)


def test_integers_of_numpy(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, 1, 16, 12)), np.tile([0, 1], 4)
    predicted = []
    for kind in (int, np.int64):  # caches and checkpoints describe them as JSON
        classifier = PretrainedCNNClassifier(
            "tiny",
            weights=None,
            head=Head(n_bands=kind(2), hidden=(kind(4),)),
            stages=[("train", Stage("head", epochs=kind(1)))],
            batch_size=kind(4),
            input_size=(kind(16), kind(12)),
            checkpoint=tmp_path / kind.__name__,
            device="cpu",
            random_state=0,
        )
        predicted.append(classifier.fit(X, y).predict_proba(X))
    assert_array_equal(*predicted)


@pytest.mark.parametrize(
    "pooling", ["mean", "max", "mean_std", "attention", "last", "flatten"]
)  # fmt: skip
def test_every_pooling_trains(pooling):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, 1, 16, 12)), np.tile([0, 1], 4)
    classifier = PretrainedCNNClassifier(
        "tiny",
        weights=None,
        head=Head(pooling=pooling, n_bands=2),
        stages=[("train", Stage("head", epochs=30, lr=0.1))],
        device="cpu",
        random_state=0,
    ).fit(X, y)
    losses = [row["train_loss"] for row in classifier.history_]
    assert losses[-1] < 0.8 * losses[0]
    again = pickle.loads(pickle.dumps(classifier))
    assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "median"}, r"'pooling' parameter of Head must be a str among .*'median'"),
        ({"n_bands": 0}, r"'n_bands' .* in the range \[1, inf\)"),
        ({"hidden": 8}, "'hidden'"),
        ({"hidden": (8, 0)}, r"Got hidden=\(8, 0\), but expected integers > 0"),
        ({"hidden": (8.5,)}, r"Got hidden=\(8\.5,\)"),
        ({"dropout": 1.0}, "'dropout'"),
        ({"dropout": -0.1}, "'dropout'"),
        ({"dropout": (0.1, 0.2)}, r"dropout=\(0\.1, 0\.2\).* 1 of them"),
        ({"hidden": (8,), "dropout": (0.1,)}, r"\(0\.1,\).* 2 of them"),
        ({"hidden": (8,), "dropout": (0.1, 1.0)}, r"number in \[0, 1\)"),
        ({"dropout": ["a"]}, r"dropout=\['a'\]"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ParameterError, match=message):
        Head(**settings).spec()


def test_parameters_are_kept_as_given():
    widths = [8, 4]
    head = Head(hidden=widths)
    head.spec()
    assert head.hidden is widths
    assert clone(head).get_params() == head.get_params()
    assert repr(Head(n_bands=4)) == "Head(n_bands=4)"
