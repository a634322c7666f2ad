"""ONNX files, run by onnxruntime against the Pipelines that they were made of."""

import json
import sys

import numpy as np
import pytest
import soundfile
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from skspec import (
    ChannelStack,
    ChromaImage,
    ColormapImage,
    FixedLength,
    ImageScaler,
    LSTMClassifier,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    PretrainedCNNClassifier,
    SmallCNNClassifier,
    SpectralContrastImage,
    SpectrogramImage,
    ZCAWhitener,
    load_percussion,
    make_voices,
    register_backbone,
)
from skspec.exceptions import ExportError, MissingDependencyError, ParameterError
from skspec.nn import _registry
from skspec.persistence import export_onnx
from skspec.signal import fix_length

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SR = 16_000
CLIP = {"sr": SR, "duration_s": 0.25}


@pytest.fixture(scope="module")
def voices():
    X, y, _ = make_voices(10, n_speakers=4, duration_s=0.25, random_state=0)
    X[0, 1500:] = 0  # most of it silence
    return X.astype(np.float32), y


@pytest.fixture(scope="module")
def drums():
    """Give real clips of 0.25 s, their files, and their instruments."""
    data = load_percussion()
    files = [soundfile.read(path, dtype="float32")[0] for path in data.paths]
    return np.stack([fix_length(clip, SR // 4) for clip in files]), data.paths, data.y


def tiny(**params):
    params = {"weights": None, "stages": "full", "random_state": 0, **params}
    return PretrainedCNNClassifier("tiny", **params)


def run(path, waveforms):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"waveforms": waveforms})[0]


@pytest.fixture(scope="module")
def of_drums(drums, tmp_path_factory):
    """Give a Pipeline that was fitted on files, and the file it was exported to."""
    mel = MelSpectrogramImage(**CLIP, n_fft=1024, n_mels=64)
    pipeline = make_pipeline(mel, ImageScaler(), tiny()).fit(drums[1], drums[2])
    path = tmp_path_factory.mktemp("onnx") / "drums.onnx"
    assert export_onnx(pipeline, path) is None
    return pipeline, path


@pytest.mark.slow
@pytest.mark.parametrize("n_clips", [1, 5, 76])
def test_probabilities_are_those_of_the_pipeline(of_drums, drums, n_clips):
    pipeline, path = of_drums
    probabilities = run(path, drums[0][:n_clips])
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - pipeline.predict_proba(drums[1][:n_clips])).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.0, 1e-3, 1.0])
def test_probabilities_of_silence_and_noise(of_drums, level):
    pipeline, path = of_drums
    noise = np.random.default_rng(0).normal(scale=level, size=(5, SR // 4)).astype(np.float32)
    assert np.abs(run(path, noise) - pipeline.predict_proba(noise)).max() < 1e-4


@pytest.mark.slow
def test_file_is_whole_and_standard(of_drums):
    model = onnx.load(of_drums[1], load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    assert len(model.functions) == 0
    assert [path.name for path in of_drums[1].parent.iterdir()] == ["drums.onnx"]


@pytest.mark.slow
def test_file_says_what_it_takes_and_gives(of_drums):
    session = onnxruntime.InferenceSession(of_drums[1])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape) == (
        "waveforms",
        "tensor(float)",
        ["n_clips", 4000],
    )
    assert (given.name, given.shape) == ("probabilities", ["n_clips", 4])
    facts = {k: json.loads(v) for k, v in session.get_modelmeta().custom_metadata_map.items()}
    classes = ["cymbal", "kick", "skin", "snare"]
    assert facts == {"classes": classes, "sr": SR, "n_timepoints": 4000}


@pytest.mark.slow
def test_file_does_not_say_where_it_was_made(of_drums):
    content = of_drums[1].read_bytes()
    assert b".py" not in content
    assert b"stack_trace" not in content


@pytest.mark.slow
@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(
            MFCCImage(**CLIP, deltas=1, hop_length=256), SmallCNNClassifier(random_state=0)
        ),
        make_pipeline(MelSpectrogramImage(**CLIP), LSTMClassifier(random_state=0)),
        make_pipeline(
            MultiResSpectrogram(**CLIP, size=(40, 60)),
            ZCAWhitener(scope="dataset"),
            ImageScaler(per="image"),
            tiny(loss="binary_cross_entropy", precision="float64"),
        ),
        make_pipeline(
            ChannelStack(
                [
                    ("chroma", ChromaImage(**CLIP)),
                    ("spectrogram", SpectrogramImage(**CLIP, center=False)),
                    ("contrast", SpectralContrastImage(**CLIP, linear=True)),
                ]
            ),
            ImageScaler(per="channel"),
            tiny(input_scaling="imagenet"),
        ),
        make_pipeline(MelSpectrogramImage(**CLIP), ColormapImage("magma"), tiny()),
    ],
    ids=lambda pipeline: "-".join(pipeline.named_steps),
)
def test_other_pipelines(pipeline, voices, tmp_path):
    X, y = voices
    pipeline.fit(X, y)
    export_onnx(pipeline, tmp_path / "model.onnx", opset=20)
    assert onnx.load(tmp_path / "model.onnx").opset_import[0].version == 20
    for n_clips in (1, 5):
        wanted = pipeline.predict_proba(X[:n_clips])
        assert np.abs(run(tmp_path / "model.onnx", X[:n_clips]) - wanted).max() < 1e-4


@pytest.mark.slow
def test_real_backbone(voices, tmp_path):
    X, y = voices
    cnn = PretrainedCNNClassifier(
        "efficientnet_lite0", weights=None, stages="frozen", random_state=0
    )
    pipeline = make_pipeline(MelSpectrogramImage(**CLIP), cnn).fit(X, y)
    export_onnx(pipeline, tmp_path / "model.onnx")
    assert np.abs(run(tmp_path / "model.onnx", X) - pipeline.predict_proba(X)).max() < 1e-4


@pytest.mark.slow
def test_export_is_quiet_and_the_same_every_time(of_drums, tmp_path, capfd, recwarn, caplog):
    export_onnx(of_drums[0], tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == of_drums[1].read_bytes()
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.fixture(scope="module")
def fitted(voices):
    """Give a function that fits each step on what the one before it gives."""

    def fit(**steps):
        return Pipeline(list(steps.items())).fit(*voices)

    return fit


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            {"chroma": ChromaImage(**CLIP, tuning="estimate"), "cnn": tiny()},
            "Step 'chroma', ChromaImage: tuning='estimate' searches each clip for peaks",
        ),
        (
            {"contrast": SpectralContrastImage(**CLIP), "cnn": tiny()},
            "Step 'contrast', SpectralContrastImage: in decibels .* linear=True",
        ),
        (
            {
                "stack": ChannelStack([("notes", ChromaImage(**CLIP, tuning="estimate"))]),
                "cnn": tiny(),
            },
            "Step 'stack', ChannelStack: Step 'notes', ChromaImage: tuning='estimate'",
        ),
        (
            {"mel": MelSpectrogramImage(**CLIP), "zca": ZCAWhitener(), "cnn": tiny()},
            "Step 'zca', ZCAWhitener: scope='image' .* no eigendecomposition",
        ),
        (
            {"cut": FixedLength(0.2, sr=SR), "mel": MelSpectrogramImage(SR), "cnn": tiny()},
            "Step 'cut', FixedLength: it cannot be exported, expected one of ChannelStack, ",
        ),
    ],
    ids=lambda case: "-".join(case) if isinstance(case, dict) else "",
)
def test_what_onnx_cannot_express_is_refused_by_name(steps, message, fitted, tmp_path):
    with pytest.raises(ExportError, match=message):
        export_onnx(fitted(**steps), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_other_classifiers_are_refused(voices, tmp_path):
    X, y = voices
    mel, svc = MelSpectrogramImage(**CLIP).fit(X), SVC().fit(X, y)
    with pytest.raises(ExportError, match=r"Step 'svc', SVC: .* LSTMClassifier, Pretrained"):
        export_onnx(Pipeline([("mel", mel), ("svc", svc)]), tmp_path / "model.onnx")


def test_one_step_is_not_enough(voices, tmp_path):
    pipeline = Pipeline([("off", "passthrough"), ("svc", SVC().fit(*voices))])
    with pytest.raises(ExportError, match=r"has the steps \['svc'\], but expected one from wave"):
        export_onnx(pipeline, tmp_path / "model.onnx")


def test_other_things_are_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"Got pipeline=SVC.*expected a fitted Pipeline"):
        export_onnx(SVC(), tmp_path / "model.onnx")
    with pytest.raises(NotFittedError):
        export_onnx(make_pipeline(MelSpectrogramImage(), tiny()), tmp_path / "model.onnx")


@pytest.mark.parametrize("opset", [17, 24, "18", 18.5])
def test_opset_is_checked(opset, tmp_path):
    with pytest.raises(ParameterError, match=f"Got opset={opset!r}, but expected .* 18 to 23"):
        export_onnx(
            make_pipeline(MelSpectrogramImage(), tiny()), tmp_path / "model.onnx", opset=opset
        )


def test_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'skspec\[onnx\]'"):
        export_onnx(make_pipeline(MelSpectrogramImage(), tiny()), tmp_path / "model.onnx")


class Determinants(torch.nn.Module):
    """Something that ONNX has no operation for."""

    def forward(self, x):
        return torch.linalg.eigvalsh(x @ x.mT)[..., None]


@pytest.mark.slow
def test_networks_that_torch_cannot_export_are_refused_by_name(monkeypatch, voices, tmp_path):
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))
    register_backbone(
        "eigen",
        build=Determinants,
        blocks=lambda module: [("eigen", module)],
        input_size=(16, 16),
        mean=(0.0,),
        std=(1.0,),
    )
    cnn = PretrainedCNNClassifier("eigen", weights=None, stages="frozen", random_state=0)
    pipeline = Pipeline([("mel", MelSpectrogramImage(**CLIP)), ("cnn", cnn)]).fit(*voices)
    with pytest.raises(ExportError, match="Step 'cnn', PretrainedCNNClassifier: torch finds no"):
        export_onnx(pipeline, tmp_path / "model.onnx")
