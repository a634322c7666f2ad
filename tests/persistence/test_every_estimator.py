"""Every public estimator comes back with its parameters, and gives the same bits."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

import skspec

CHECKS = Path(__file__).parents[1] / "test_estimator_checks.py"
OUTPUTS = ("predict_proba", "predict", "transform", "decision_function")


def listed():
    """Give the estimators that scikit-learn's checks run on, and the classes without fit."""
    spec = importlib.util.spec_from_file_location("estimator_checks", CHECKS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [*module.ESTIMATORS, *module.SLOW], sorted(
        module.WITHOUT_FIT, key=lambda kind: kind.__name__
    )


ESTIMATORS, WITHOUT_FIT = listed()
INPUTS = {
    "sound": np.random.default_rng(0).uniform(-0.5, 0.5, (6, 4000)),
    "images": np.random.default_rng(1).random((6, 1, 16, 16)),
    "table": np.random.default_rng(2).random((6, 20)),
}


def fitted(estimator):
    """Give a fitted clone and what it was fitted to: the first input that it takes."""
    kinds = ("images", "table") if hasattr(estimator, "precision") else ("table",)
    module = type(estimator).__module__
    if any(part in module for part in ("waveforms", "_mel", "_on_demand", "_segmented")):
        kinds = ("sound",)
    for kind in (*kinds, "sound", "images"):
        try:
            return clone(estimator).fit(INPUTS[kind], list("ababab")), INPUTS[kind]
        except (ValueError, TypeError):
            continue
    raise AssertionError(f"no input for {estimator!r}")


def outputs(estimator, X):
    """Give everything that it makes of X, as bytes with dtype and shape."""
    found = {}
    for name in OUTPUTS:
        if hasattr(estimator, name):
            result = getattr(estimator, name)(X)
            ragged = isinstance(result, np.ndarray) and result.dtype.kind == "O"
            parts = result if ragged else [result]
            arrays = [np.asarray(part) for part in parts]
            found[name] = [(str(a.dtype), a.shape, a.astype(a.dtype).tobytes()) for a in arrays]
    return found


@pytest.mark.filterwarnings("ignore:.*full scale is 1")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_comes_back_bit_for_bit(estimator, tmp_path):
    made, X = fitted(estimator)
    skspec.save(made, tmp_path / "model.skspec")
    loaded = skspec.load(tmp_path / "model.skspec")
    assert type(loaded) is type(made)
    assert repr(loaded.get_params()) == repr(made.get_params())
    before = outputs(made, X)
    assert before
    assert outputs(loaded, X) == before
    assert set(vars(loaded)) == set(vars(made))


@pytest.mark.parametrize("kind", WITHOUT_FIT, ids=lambda kind: kind.__name__)
def test_parameter_objects_come_back(kind, tmp_path):
    thing = kind()
    skspec.save(thing, tmp_path / "thing.skspec")
    loaded = skspec.load(tmp_path / "thing.skspec")
    assert type(loaded) is kind
    assert loaded.get_params() == thing.get_params()


@pytest.mark.parametrize("name", ["mel statistics + SVM", "majority", "random"])
def test_baselines_come_back(name, tmp_path):
    X, y, _ = skspec.make_voices(8, n_speakers=4, random_state=0)
    model = skspec.baselines(16_000, random_state=0)[name].fit(X, y)
    skspec.save(model, tmp_path / "model.skspec")
    assert (skspec.load(tmp_path / "model.skspec").predict(X) == model.predict(X)).all()


def test_an_unfitted_estimator_stays_unfitted(tmp_path):
    cnn = skspec.PretrainedCNNClassifier(
        head=skspec.Head(hidden=(8, 4)), stages="two_stage", cache=skspec.FrozenCache(max_bytes=7)
    )
    skspec.save(cnn, tmp_path / "cnn.skspec")
    loaded = skspec.load(tmp_path / "cnn.skspec")
    assert repr(loaded) == repr(cnn)
    assert loaded.cache.max_bytes == 7
    assert not hasattr(loaded, "network_")


def test_what_two_steps_share_is_one_object_again(tmp_path):
    cache = skspec.FrozenCache()
    members = [skspec.DeepFeatures("tiny", cache=cache), skspec.DeepFeatures("tiny", cache=cache)]
    pair = skspec.ChannelStack([("a", members[0]), ("b", members[1])])
    skspec.save(pair, tmp_path / "pair.skspec")
    (_, first), (_, second) = skspec.load(tmp_path / "pair.skspec").transformers
    assert first is not second
    assert first.cache is second.cache


@pytest.mark.slow
def test_another_process_without_cuda_gives_the_same_bits(tmp_path):
    X = INPUTS["images"]
    cnn = clone(next(e for e in ESTIMATORS if isinstance(e, skspec.PretrainedCNNClassifier)))
    expected = cnn.fit(X, list("ababab")).predict_proba(X)
    skspec.save(cnn, tmp_path / "model.skspec")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import numpy as np, skspec, sys, torch; torch.set_num_threads(1);"
        "print(torch.cuda.is_available());"
        "model = skspec.load(sys.argv[1] + '/model.skspec');"
        "np.save(sys.argv[1] + '/out.npy', model.predict_proba(np.load(sys.argv[1] + '/X.npy')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        capture_output=True, text=True, check=True, timeout=120,
        env={"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.stdout.split() == ["False"]
    assert np.load(tmp_path / "out.npy").tobytes() == expected.tobytes()


def test_a_model_of_a_gpu_is_on_the_cpu_where_there_is_none(tmp_path, monkeypatch):
    import dataclasses

    import torch

    X = INPUTS["images"]
    cnn = clone(next(e for e in ESTIMATORS if isinstance(e, skspec.PretrainedCNNClassifier)))
    cnn.fit(X, list("ababab"))
    expected = cnn.predict_proba(X)
    cnn.compute_ = dataclasses.replace(cnn.compute_, device=torch.device("cuda:0"), autocast=True)
    skspec.save(cnn.set_params(device="cuda"), tmp_path / "model.skspec")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    loaded = skspec.load(tmp_path / "model.skspec")
    assert loaded.device == "cuda"
    assert loaded.compute_.device == torch.device("cpu")
    assert loaded.predict_proba(X).tobytes() == expected.tobytes()


def test_the_comparison_would_notice_another_estimator():
    X = INPUTS["table"]
    one, other = (DummyClassifier(strategy="uniform", random_state=i) for i in (0, 1))
    y = list("ababab")
    assert outputs(one.fit(X, y), X) != outputs(other.fit(X, y), X)
