"""A model that was written by version 0.1.0 is read by every later one.

`write` made the two files, once. A change of the format adds a file, and never replaces one.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skspec

DATA = Path(__file__).parents[1] / "data"
TIME = np.arange(4000) / 8000
PITCHES = np.geomspace(200, 3000, 12)[:, None]
X = np.sin(2 * np.pi * PITCHES * TIME) * np.exp(-3 * TIME)
Y = np.repeat(["low", "high"], 6)


def models():
    images = [skspec.MelSpectrogramImage(sr=8000, n_mels=24, n_fft=512), skspec.ImageScaler()]
    stages = [("all", skspec.Stage("all", epochs=30, lr=0.01))]
    cnn = skspec.PretrainedCNNClassifier(
        "tiny", weights=None, stages=stages, batch_size=4, device="cpu", random_state=0
    )
    deep = skspec.DeepFeatures("tiny", weights=None, device="cpu", random_state=0)
    return {
        "network_0.1.0": make_pipeline(*images, cnn),
        "vectors_0.1.0": make_pipeline(*images, deep, StandardScaler(), SVC()),
    }


def outputs(model):
    return getattr(model, "predict_proba", getattr(model, "decision_function", None))(X)


def write():
    for name, model in models().items():
        model.fit(X, Y)
        card = skspec.ModelCard("Is a tone low or high?", data="Twelve decaying sines.")
        skspec.save(model, DATA / f"{name}.skspec", card=card)
        kept = {"labels": model.predict(X).tolist(), "outputs": outputs(model).tolist()}
        (DATA / f"{name}.json").write_text(json.dumps(kept))


@pytest.mark.filterwarnings("ignore::skspec.exceptions.ModelFileWarning")
@pytest.mark.parametrize("name", models())
def test_a_kept_model_predicts_what_it_did(name):
    path = DATA / f"{name}.skspec"
    kept = json.loads((DATA / f"{name}.json").read_text())
    model = skspec.load(path)
    assert model.predict(X).tolist() == kept["labels"] == Y.tolist()
    # On another processor the last bits of a sum may differ.
    np.testing.assert_allclose(outputs(model), kept["outputs"], rtol=0, atol=1e-4)
    assert skspec.read_card(path).labels == ["high", "low"]
    assert path.stat().st_size < 200_000
