"""Estimators that predict alike have one fingerprint, others another."""

import math
import pickle
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skspec import DeepFeatures, MelSpectrogramImage, PretrainedCNNClassifier, Stage
from skspec.exceptions import ParameterError
from skspec.recordings._fingerprint import fingerprint

X = np.random.default_rng(0).standard_normal((40, 5))
Y = np.where(X[:, 0] + 0.3 * X[:, 1] > 0, "yes", "no")
ESTIMATORS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "svc": SVC(),
    "forest": RandomForestClassifier(5, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=3, random_state=0),
    "neighbours": KNeighborsClassifier(algorithm="brute"),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_of_scikit_learn(name):
    fitted = clone(ESTIMATORS[name]).fit(X, Y)
    expected = fingerprint(fitted)
    fitted.predict(X)
    assert fingerprint(fitted) == expected
    assert fingerprint(pickle.loads(pickle.dumps(fitted))) == expected
    assert fingerprint(clone(ESTIMATORS[name]).fit(X, Y)) == expected
    other = clone(ESTIMATORS[name]).fit(X, np.roll(Y, 1))
    assert len({fingerprint(ESTIMATORS[name]), fingerprint(other), expected}) == 3


def test_of_a_network():
    images = np.random.default_rng(0).random((12, 1, 8, 8), dtype=np.float32)
    labels = np.arange(12) % 2
    cnn = PretrainedCNNClassifier(
        "tiny", weights=None, stages=[("one", Stage("all", epochs=1))], random_state=0, device="cpu"
    )
    fitted = cnn.fit(images, labels)
    expected = fingerprint(fitted)
    fitted.predict(images)
    assert fingerprint(fitted) == expected
    assert fingerprint(pickle.loads(pickle.dumps(fitted))) == expected
    assert fingerprint(clone(cnn).fit(images, labels)) == expected
    bias = next(p for p in fitted.network_.parameters() if p.ndim == 1)
    bias.data[0] += 1e-3
    assert fingerprint(fitted) != expected


def test_of_parameters():
    mel = MelSpectrogramImage(sr=16_000)
    assert fingerprint(mel) != fingerprint(MelSpectrogramImage(sr=16_000, n_mels=64))
    assert fingerprint(mel) == fingerprint(MelSpectrogramImage(sr=16_000, n_jobs=4, verbose=1))
    assert fingerprint(mel) != fingerprint(DeepFeatures())


def test_of_functions():
    def scaled(by):
        return FunctionTransformer(lambda X: X * by)

    assert fingerprint(scaled(2)) == fingerprint(scaled(2))
    assert fingerprint(scaled(2)) != fingerprint(scaled(3))
    twice = FunctionTransformer(lambda X: [x * 2 for x in X])
    thrice = FunctionTransformer(lambda X: [x * 3 for x in X])
    assert fingerprint(twice) != fingerprint(thrice)
    assert fingerprint(FunctionTransformer(np.log1p)) != fingerprint(FunctionTransformer(np.log2))


def test_of_methods_of_built_in_values():
    def looked_up(**table):
        return FunctionTransformer(table.get)

    assert fingerprint(looked_up(a=2)) == fingerprint(looked_up(a=2))
    assert fingerprint(looked_up(a=2)) != fingerprint(looked_up(a=3))
    assert fingerprint(FunctionTransformer(math.sqrt)) != fingerprint(FunctionTransformer(math.exp))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (True, 1),
        ([1, [2]], [[1], 2]),
        ("a", b"a"),
        ({"a": 1}, {"a": 2}),
        ({"cache": 1}, {"cache": 2}),
        (np.float32([1]), np.float64([1])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.array(["a", None], object), np.array(["a", "None"], object)),
        (None, "None"),
    ],
)
def test_of_values(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_order_of_dicts_and_layout_of_arrays_are_nothing():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a", "b", "c"}) == fingerprint({"c", "b", "a"})
    assert fingerprint(np.asfortranarray(X)) == fingerprint(X)


def test_what_lies_between_fields_is_nothing():
    records = np.zeros(3, np.dtype([("a", "u1"), ("b", "f8")], align=True))
    dirty = np.frombuffer(bytearray(b"\7" * records.nbytes), records.dtype)
    for name in records.dtype.names:
        dirty[name] = 0
    assert dirty.tobytes() != records.tobytes()
    assert fingerprint(dirty) == fingerprint(records)


def test_what_holds_itself():
    scaler = StandardScaler()
    scaler.own_ = scaler
    assert fingerprint(scaler) == fingerprint(scaler)


def test_what_cannot_be_told_apart():
    scaler = StandardScaler()
    scaler.lock_ = threading.Lock()
    with pytest.raises(ParameterError, match=r"StandardScaler holds what cannot be told .*lock"):
        fingerprint(scaler)
