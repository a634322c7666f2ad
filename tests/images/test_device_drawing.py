"""Images drawn on a torch device, against those of the CPU, for every transformer."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from torch._subclasses.fake_tensor import FakeTensorMode

from skspec import (
    Augmenter,
    ChannelStack,
    ChromaImage,
    DeepFeatures,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    OnDemandImages,
    PretrainedCNNClassifier,
    SpectralContrastImage,
    SpectrogramImage,
)
from skspec.exceptions import AudioReadError, DeviceUnavailableError, InputError, ParameterError
from skspec.images import _base, _computed_images, _device_drawing
from skspec.images._device_drawing import check_device, find_device
from skspec.nn import _batches, _frozen
from skspec.nn._device import resolve_compute
from skspec.signal import _torch_transforms

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
SMALL = {"sr": 8000, "n_fft": 256, "hop_length": 64}
MEL = {**SMALL, "n_mels": 16}

# Each with what its images may differ by: decibels, or a share of the largest value.
TRANSFORMERS = {
    "mel": (MelSpectrogramImage(**MEL), 0.01),
    "linear mel": (MelSpectrogramImage(**MEL, scale="linear", power=1.0), 1e-4),
    "spectrogram": (SpectrogramImage(**SMALL, window="hamming", power=1.0, top_db=50.0), 0.01),
    "density": (SpectrogramImage(**SMALL, scaling="density", scale="linear", fmin=300.0), 1e-4),
    "mfcc": (MFCCImage(**MEL, n_mfcc=10, deltas=2, delta_mode="nearest", lifter=22), 0.05),
    "chroma": (ChromaImage(**SMALL, norm=2.0), 1e-4),
    "tuned chroma": (ChromaImage(**SMALL, tuning="estimate", n_chroma=24), 1e-4),
    "contrast": (SpectralContrastImage(**SMALL, n_bands=4), 0.01),
    "resolutions": (
        MultiResSpectrogram(
            8000, resolutions=[(64, 16), (256, 64)], n_fft=256, size=(12, 20), n_mels=16
        ),
        0.01,
    ),
    "stack": (
        ChannelStack(
            [
                ("mel", MelSpectrogramImage(**MEL)),
                ("chroma", ChromaImage(8000, n_fft=512, hop_length=100)),
            ],
            size=(12, 20),
        ),
        0.01,
    ),
}
every_transformer = pytest.mark.parametrize("name", list(TRANSFORMERS))


def transformer(name, **params):
    return clone(TRANSFORMERS[name][0]).set_params(**params)


def sounds(n_clips, n=2000):
    rng = np.random.default_rng(n)
    tones = np.sin(2 * np.pi * rng.uniform(100, 3000, (n_clips, 1)) * np.arange(n) / 8000)
    return (0.3 * tones + 0.05 * rng.standard_normal((n_clips, n))).astype(np.float32)


def check_agreement(name, images, expected):
    tolerance = TRANSFORMERS[name][1]
    assert images.dtype == np.float32
    assert images.shape == expected.shape
    for image, expected_image in zip(images, expected, strict=True):
        scale = np.abs(expected_image).max() if tolerance == 1e-4 else 1
        assert_allclose(image, expected_image, rtol=0, atol=tolerance * scale)


@pytest.fixture
def by_torch(monkeypatch):
    """Draw with torch on the CPU wherever a transformer asks for any device."""

    def find(device):
        return None if device == "cpu" else torch.device("cpu")

    for module in (_base, _computed_images):
        monkeypatch.setattr(module, "find_device", find)
    monkeypatch.setattr(_base, "check_device", lambda device: None)


def on(name, **params):
    return transformer(name, device="cuda", **params)


@every_transformer
@pytest.mark.parametrize("n", [2000, 300, 1])
def test_images_are_those_of_the_cpu(name, n, by_torch):
    X = sounds(5, n)
    check_agreement(name, on(name).fit_transform(X), transformer(name).fit_transform(X))


@pytest.mark.gpu
@needs_cuda
@every_transformer
@pytest.mark.parametrize("n", [2000, 300, 1, 50_000])
def test_images_of_cuda_are_those_of_the_cpu(name, n):
    X = sounds(5, n)
    check_agreement(name, on(name).fit_transform(X), transformer(name).fit_transform(X))


@pytest.mark.gpu
@needs_cuda
@every_transformer
def test_images_of_cuda_do_not_depend_on_their_batch(name):
    X = sounds(40, 3000)
    drawing = on(name).fit(X)
    images = drawing.transform(X)
    for some in ([0], [39], [5, 0, 1, 39, 7, 7]):
        assert_array_equal(drawing.transform(X[some]), images[some])


@every_transformer
def test_image_does_not_depend_on_its_batch_or_threads(name, by_torch, monkeypatch):
    monkeypatch.setattr(_torch_transforms, "BLOCK_SAMPLES", 3 * 2000)
    X = sounds(8)
    drawing = on(name).fit(X)
    images = drawing.transform(X)
    for some in ([0], [7], [5, 0, 1, 7]):
        assert_array_equal(drawing.transform(X[some]), images[some])
    monkeypatch.setattr(_device_drawing, "BLOCK_SAMPLES", 2 * 2000)
    assert_array_equal(drawing.transform(X), images)
    assert_array_equal(drawing.set_params(n_jobs=2).transform(X), images)


# Tuned chroma needs the numbers on the CPU.
@pytest.mark.parametrize("name", [name for name in TRANSFORMERS if name != "tuned chroma"])
@pytest.mark.slow
def test_all_of_it_is_on_the_device(name):
    # Fake tensors compute nothing, but refuse to mix devices as CUDA does, on every machine.
    drawing = transformer(name).fit(sounds(3))
    with FakeTensorMode():
        draw = drawing._make_drawer(torch.device("cuda"))
        drawn = _torch_transforms.draw_in_blocks(draw, torch.empty(3, 2000, device="cuda"))
    assert drawn.device.type == "cuda"
    assert drawn.shape == (3, *drawing.image_shape_)


@pytest.mark.filterwarnings("ignore:.*its peak is")
@every_transformer
@settings(max_examples=5, deadline=None)
@given(
    level=st.sampled_from([0.0, 1e-45, 1e-20, 1.0, 9e5]), n=st.integers(1, 900), at=st.floats(0, 1)
)
def test_odd_waveforms_give_finite_images(name, level, n, at):
    X = np.zeros((3, n))
    X[0] = level * 1.000123
    X[1, int(at * (n - 1))] = level * 1.000123
    drawing = transformer(name).fit(X)
    draw = drawing._make_drawer(torch.device("cpu"))
    assert torch.isfinite(draw(torch.from_numpy(X.astype(np.float32)))).all()


def test_all_forms_of_a_batch_give_the_same_bits(tmp_path, by_torch):
    X = sounds(5)
    paths = [tmp_path / f"{i}.wav" for i in range(5)]
    for path, clip in zip(paths, X, strict=True):
        soundfile.write(path, clip, 8000, subtype="FLOAT")
    expected = on("mel").fit_transform(X)
    for form in (list(X), X.astype(np.float64), paths):
        assert_array_equal(on("mel", n_jobs=2).fit_transform(form), expected)
    long = [np.tile(clip, 1 + i) for i, clip in enumerate(X)]
    shortened = on("mel", duration_s=0.25).fit_transform(long)
    assert_array_equal(shortened, expected)


def test_errors_name_the_clip(tmp_path, by_torch):
    drawing = on("mel").fit(sounds(2))
    ragged = [*sounds(3), np.zeros(7, np.float32)]
    with pytest.raises(InputError, match="MelSpectrogramImage, clip 3: 7 samples"):
        drawing.transform(ragged)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(AudioReadError, match=r"broken\.wav"):
        drawing.transform([broken])


@pytest.mark.parametrize("device", ["gpu", "mps", "meta"])
def test_unknown_devices_are_refused(device):
    with pytest.raises(DeviceUnavailableError, match="'auto', 'cpu', 'cuda' or 'cuda:N'"):
        transformer("mel", device=device).fit(sounds(2))
    with pytest.raises(ParameterError, match="device"):
        transformer("mel", device=3).fit(sounds(2))


def test_cuda_that_is_not_there_is_refused_in_fit(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match="finds 0 CUDA devices"):
        transformer("mel", device="cuda").fit(sounds(2))


def test_without_cuda_the_cpu_draws(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    X = sounds(2)
    expected = transformer("mel").fit_transform(X)
    assert_array_equal(transformer("mel", device="auto").fit_transform(X), expected)
    # As fitted elsewhere, with CUDA.
    assert_array_equal(transformer("mel").fit(X).set_params(device="cuda").transform(X), expected)


def test_devices_are_found(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("cpu") is None
    assert find_device("auto").type == "cuda"
    assert find_device("cuda:1") == torch.device("cuda:1")
    for device in ("cpu", "auto", "cuda", "cuda:1"):
        check_device(device)
    with pytest.raises(DeviceUnavailableError, match="'cuda:2'"):
        check_device("cuda:2")


def test_the_cpu_needs_no_torch():
    code = (
        "import sys, numpy as np; from skspec import MelSpectrogramImage;"
        "MelSpectrogramImage().fit_transform(np.ones((2, 3000)) / 2); print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


def test_images_on_demand_are_the_same_bits(by_torch):
    X = sounds(6)
    expected = on("mel").fit_transform(X)
    batch = OnDemandImages(on("mel")).fit_transform(X)
    assert_array_equal(np.asarray(batch), expected)
    assert isinstance(batch.batch([4, 1]), np.ndarray)
    assert_array_equal(batch.batch([4, 1]), expected[[4, 1]])
    kept = batch.on_device().batch([4, 1])
    assert isinstance(kept, torch.Tensor)
    assert_array_equal(kept.numpy(), expected[[4, 1]])


def test_images_that_are_stored_stay_arrays():
    batch = OnDemandImages(transformer("mel")).fit_transform(sounds(3))
    assert isinstance(batch.on_device().batch([0]), np.ndarray)


def test_policies_change_images_that_come_from_a_device(by_torch):
    X = sounds(6)
    steps = [
        Augmenter(time_mask=9, random_state=0).fit_transform(
            OnDemandImages(on("mel")).fit_transform(X)
        )
        for _ in range(2)
    ]
    expected = steps[0].batch([3, 0], epoch=2, training=True)
    result = steps[1].on_device().batch([3, 0], epoch=2, training=True)
    assert isinstance(result, np.ndarray)
    assert_array_equal(result, expected)
    assert (expected != steps[0].batch([3, 0])).any()


def test_the_network_gets_tensors_from_the_device(by_torch, monkeypatch):
    X, y = sounds(12), np.repeat([0, 1], 6)
    kinds = set()
    to_tensor = _batches.to_tensor

    def spy(images, compute):
        kinds.add(type(images))
        return to_tensor(images, compute)

    for module in (_batches, _frozen):
        monkeypatch.setattr(module, "to_tensor", spy)

    def probabilities(images):
        cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
        return cnn.fit(images.fit_transform(X), y).predict_proba(images.transform(X))

    on_demand = probabilities(OnDemandImages(on("mel")))
    assert kinds == {torch.Tensor}
    assert_array_equal(on_demand, probabilities(on("mel")))


def test_tensors_take_the_dtype_of_the_network():
    images = torch.zeros(1, 1, 2, 2)
    for precision in ("float32", "float64"):
        compute = resolve_compute("cpu", precision)
        assert _batches.to_tensor(images, compute).dtype == compute.dtype
    # What blocks gave under autocast stays as it was.
    compute = resolve_compute("cpu", "bfloat16")
    assert _batches.to_tensor(images.bfloat16(), compute).dtype == torch.bfloat16


def test_deep_features_take_tensors_from_the_device(by_torch):
    X = sounds(5)
    deep = DeepFeatures("tiny", weights=None, random_state=0)
    images = OnDemandImages(on("mel"))
    result = deep.fit_transform(images.fit_transform(X))
    assert_array_equal(result, deep.fit_transform(on("mel").fit_transform(X)))
