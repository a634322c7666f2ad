"""Steps as functions of tensors, against their estimators, scipy and the Pipeline."""

import numpy as np
import pytest
import scipy.fft
import soundfile
import torch
from sklearn.pipeline import make_pipeline

from skspec import (
    Augmenter,
    ChannelStack,
    ChromaImage,
    ColormapImage,
    ImageScaler,
    MelSpectrogramImage,
    MFCCImage,
    MultiResSpectrogram,
    OnDemandImages,
    SmallCNNClassifier,
    SpectralContrastImage,
    SpectrogramImage,
    ZCAWhitener,
    load_percussion,
    make_voices,
)
from skspec.persistence._onnx_steps import CHANGES, DRAWERS, Chain, as_change
from skspec.persistence._onnx_stft import cut, make_transform
from skspec.signal import fix_length, make_stft

SR = 16_000
CLIP = {"sr": SR, "duration_s": 0.25}


@pytest.fixture(scope="module")
def waveforms():
    """Give real clips of drums, and voices that are silent for most of the clip."""
    files = [soundfile.read(path, dtype="float32")[0] for path in load_percussion().paths[::10]]
    voices = make_voices(2, n_speakers=2, duration_s=0.25, random_state=0)[0].astype(np.float32)
    voices[:, 1500:] = 0
    return np.concatenate([voices, [fix_length(clip, SR // 4) for clip in files]])


@pytest.fixture(scope="module")
def images():
    values = np.random.default_rng(0).normal(size=(5, 2, 12, 20)).cumsum(axis=3) * 3 - 20
    values[2], values[3, 0] = -80.0, 0.1  # constant, and in one channel
    return values.astype(np.float32)


@pytest.mark.parametrize("n_fft", [1, 2, 3, 7, 12, 101, 400, 1024])
def test_powers_are_those_of_a_fourier_transform(n_fft):
    frames = np.random.default_rng(0).normal(size=(2, 3, n_fft)).astype(np.float32)
    powers = make_transform(n_fft)(torch.from_numpy(frames)).numpy()
    wanted = np.abs(scipy.fft.rfft(frames.astype(np.float64))) ** 2
    assert powers.shape == wanted.shape
    assert np.abs(powers - wanted).max() <= 3e-6 * wanted.max()


@pytest.mark.parametrize(
    ("n_timepoints", "n_fft", "hop_length", "center", "pad_mode"),
    [
        (100, 16, 4, True, "constant"),
        (100, 16, 5, True, "reflect"),
        (103, 15, 4, False, "constant"),
        (64, 16, 20, False, "constant"),
        (100, 16, 37, True, "symmetric"),
        (9, 16, 4, False, "constant"),
        (3, 16, 4, True, "edge"),
    ],
)
def test_frames_are_those_of_the_transform(n_timepoints, n_fft, hop_length, center, pad_mode):
    waveforms = np.random.default_rng(0).normal(size=(2, n_timepoints)).astype(np.float32)
    stft = make_stft("hann", None, n_fft, hop_length, center, pad_mode)
    wanted = stft.frames(waveforms)
    assert np.array_equal(cut(torch.from_numpy(waveforms), stft).numpy(), wanted)


@pytest.mark.parametrize(
    "transformer",
    [
        MelSpectrogramImage(**CLIP),
        MelSpectrogramImage(**CLIP, n_fft=500, hop_length=200, power=1.0, pad_mode="reflect"),
        MelSpectrogramImage(**CLIP, center=False, n_fft=512, scale="linear", n_mels=30),
        SpectrogramImage(**CLIP, n_fft=512),
        SpectrogramImage(**CLIP, scaling="density", fmin=100, fmax=3000, power=0.5, ref=0.1),
        MFCCImage(**CLIP, deltas=2, hop_length=256, lifter=10),
        MFCCImage(**CLIP, deltas=1, delta_mode="wrap", dct_type=3),
        ChromaImage(**CLIP, tuning=0.1),
        ChromaImage(**CLIP, norm=2),
        MultiResSpectrogram(**CLIP, size=(40, 60), n_mels=64),
        SpectralContrastImage(**CLIP, linear=True),
        ChannelStack([("mel", MelSpectrogramImage(**CLIP)), ("mfcc", MFCCImage(**CLIP))]),
        OnDemandImages(MelSpectrogramImage(**CLIP), noise_snr_db=10.0),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_images_of_waveforms(transformer, waveforms):
    wanted = np.asarray(transformer.fit(waveforms).transform(waveforms))
    drawn = as_change(DRAWERS, "image", transformer)(torch.from_numpy(waveforms))
    assert drawn.dtype == torch.float32
    assert drawn.shape == wanted.shape
    errors = np.abs(drawn.numpy() - wanted).max(axis=(1, 2, 3))
    assert (errors <= 1e-4 * np.abs(wanted).max(axis=(1, 2, 3))).all()


@pytest.mark.parametrize(
    "transformer",
    [
        ImageScaler(per="bin"),
        ImageScaler(per="channel"),
        ImageScaler(per="image"),
        ZCAWhitener(scope="dataset"),
        Augmenter(gain=3.0, random_state=0),
        ColormapImage("viridis"),
        ColormapImage("jet", channels="g", vmin=-30.0),
        ColormapImage("magma", vmax=-70.0),
        ColormapImage("gray", vmin=-25.0, vmax=-15.0),
    ],
    ids=repr,
)
def test_images_of_images(transformer, images):
    wanted = np.asarray(transformer.fit(images).transform(images))
    changed = as_change(CHANGES, "step", transformer)(torch.from_numpy(images))
    assert changed.dtype == torch.float32
    assert np.allclose(changed.numpy(), wanted, rtol=1e-5, atol=1e-5)


def test_chain_is_the_pipeline():
    X, y, _ = make_voices(10, n_speakers=4, duration_s=0.25, random_state=0)
    pipeline = make_pipeline(
        OnDemandImages(MelSpectrogramImage(**CLIP)),
        "passthrough",
        ImageScaler(per="channel"),
        Augmenter(time_mask=2, random_state=0),
        SmallCNNClassifier(stages="full", loss="binary_cross_entropy", random_state=0),
    ).fit(X, y)
    chain = Chain([step for step in pipeline.steps if step[1] != "passthrough"])
    with torch.no_grad():
        probabilities = chain(torch.from_numpy(X.astype(np.float32))).numpy()
    assert np.abs(probabilities - pipeline.predict_proba(X)).max() < 1e-4
    assert chain.facts == {"classes": np.unique(y).tolist(), "sr": SR, "n_timepoints": 4000}
