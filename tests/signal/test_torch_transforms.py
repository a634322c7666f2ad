"""Images of many waveforms at once by torch, against this package's functions and librosa's."""

import warnings

import librosa
import numpy as np
import pytest
import scipy.ndimage
import scipy.sparse
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch._subclasses.fake_tensor import FakeTensorMode

from skspec import signal
from skspec.signal import _torch_stft, _torch_transforms
from skspec.signal import _torch_transforms as batched
from skspec.signal._torch_stft import BatchSTFT, extend, spectra

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
on_each_device = pytest.mark.parametrize(
    "device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, needs_cuda])]
)
PAD_MODES = ["constant", "edge", "reflect", "symmetric"]

frames = st.fixed_dictionaries(
    {
        "n_fft": st.integers(1, 300),
        "hop_length": st.integers(1, 200),
        "center": st.booleans(),
        "pad_mode": st.sampled_from(PAD_MODES),
        "window": st.sampled_from(["hann", "boxcar", ("kaiser", 5.0)]),
    }
)


def sounds(n_clips, n, seed=0):
    """Give noises of levels that differ by 60 dB."""
    rng = np.random.default_rng(seed)
    levels = 10 ** rng.uniform(-3, 0, (n_clips, 1))
    return (levels * rng.standard_normal((n_clips, n))).astype(np.float32)


def make_stft(n_fft, hop_length, center=True, pad_mode="constant", window="hann"):
    return signal.make_stft(window, None, n_fft, hop_length, center, pad_mode)


def put(array, device):
    return torch.from_numpy(np.array(array)).to(device)


def take(tensor):
    assert tensor.dtype in (torch.float32, torch.complex64)
    return tensor.cpu().numpy()


def images(n_bins, n_frames, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (3, n_bins, n_frames)).astype(np.float32)


def check_agreement(ours, expected, share=1e-4):
    """Check the contract of the package: by the maximum of each clip."""
    assert ours.shape == expected.shape
    for clip, expected_clip in zip(ours, expected, strict=True):
        assert_allclose(clip, expected_clip, rtol=0, atol=share * np.abs(expected_clip).max())


@on_each_device
@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), wanted=st.integers(0, 100), mode=st.sampled_from([*PAD_MODES, "wrap"]))
def test_extensions_are_those_of_numpy(device, n, wanted, mode):
    values = sounds(2, n)
    expected = np.pad(values, ((0, 0), (wanted, wanted)), mode=mode)
    assert_array_equal(take(extend(put(values, device), wanted, mode)), expected)


@on_each_device
@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 2000), params=frames)
def test_spectra_are_those_of_each_clip(device, n, params):
    waveforms, stft = sounds(3, n), make_stft(**params)
    ours = torch.cat(list(spectra(put(waveforms, device), BatchSTFT.on(device, stft))), dim=1)
    expected = np.empty((3, stft.n_frames(n), stft.n_bins), np.complex64)
    for clips, rows, block in signal.spectrum_blocks(waveforms, stft):
        expected[clips, rows] = block
    check_agreement(take(ours), expected, share=2e-6)


@on_each_device
@settings(max_examples=20, deadline=None)
@given(n=st.integers(300, 3000), params=frames, power=st.sampled_from([1, 2, 0.5, 1.7]))
def test_spectrograms_are_those_of_librosa(device, n, params, power):
    # librosa pads the last half frame without the sample before it, which reflection needs.
    hop_length, even = params["hop_length"], n % params["hop_length"] == 0
    assume(not (params["pad_mode"] == "reflect" and even and 2 * hop_length >= params["n_fft"]))
    waveforms = sounds(2, n)
    stft = BatchSTFT.on(device, make_stft(**params))
    ours = batched.spectrograms(put(waveforms, device), stft, power=power)
    expected = np.abs(librosa.stft(waveforms, **params)) ** power
    check_agreement(take(ours), expected)


@on_each_device
@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 2000),
    params=frames,
    power=st.sampled_from([1, 2]) | st.floats(0.3, 2),
    start=st.integers(0, 20),
)
def test_spectrograms_are_those_of_each_clip(device, n, params, power, start):
    waveforms, stft = sounds(3, n), make_stft(**params)
    bins = slice(min(start, stft.n_bins - 1), stft.n_bins)
    ours = batched.spectrograms(
        put(waveforms, device), BatchSTFT.on(device, stft), power=power, bins=bins
    )
    expected = signal.spectrograms(waveforms, stft, power=power, bins=bins)
    check_agreement(take(ours), expected, share=1e-5)


@on_each_device
@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(1, 4000),
    n_fft=st.integers(64, 600),
    hop_length=st.integers(20, 300),
    n_mels=st.integers(1, 40),
    power=st.sampled_from([1.0, 2.0, 1.4]),
    ref=st.sampled_from(["max", 1.0, 1e-3]),
    top_db=st.sampled_from([80.0, 20.0, 0.0]),
)
def test_mel_decibels_are_those_of_each_clip(device, n, n_fft, hop_length, n_mels, power, **db):
    waveforms, stft = sounds(3, n), make_stft(n_fft, hop_length)
    filters = signal.mel_filters(16_000, n_fft, n_mels=n_mels)
    ours = batched.mel_spectrograms(
        put(waveforms, device),
        BatchSTFT.on(device, stft),
        batched.to_dense(filters, device),
        power=power,
    )
    expected = signal.mel_spectrograms(waveforms, stft, filters, power=power)
    check_agreement(take(ours), expected, share=1e-5)
    levels = signal.to_decibel(expected, power=power, **db)
    assert_allclose(take(batched.to_decibels(ours, power=power, **db)), levels, rtol=0, atol=0.01)


@on_each_device
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_mel_decibels_are_those_of_librosa(device, power):
    waveforms, stft = sounds(2, 16_000), BatchSTFT.on(device, make_stft(512, 160))
    filters = batched.to_dense(signal.mel_filters(16_000, 512, n_mels=40), device)
    ours = batched.mel_spectrograms(put(waveforms, device), stft, filters, power=power)
    levels = take(batched.to_decibels(ours, power=power))
    in_decibels = librosa.power_to_db if power == 2 else librosa.amplitude_to_db
    for clip, clip_levels, waveform in zip(take(ours), levels, waveforms, strict=True):
        expected = librosa.feature.melspectrogram(
            y=waveform, sr=16_000, n_fft=512, hop_length=160, n_mels=40, power=power
        )
        check_agreement(clip[None], expected[None])
        assert_allclose(clip_levels, in_decibels(expected, ref=np.max), rtol=0, atol=0.01)


@on_each_device
@settings(max_examples=30, deadline=None)
@given(
    power=st.floats(0.1, 2),
    level=st.sampled_from([0.0, 1e-45, 1e-20, 1.0, 1e18]),
    ref=st.sampled_from(["max", 1e-12]) | st.floats(1e-12, 1e6),
    amin=st.sampled_from([1e-10, 1e-3, 1e-60]),
    top_db=st.none() | st.floats(0, 200),
)
def test_decibels_are_those_of_each_image(device, power, level, **params):
    values = images(4, 5) * np.float32(level)
    expected = signal.to_decibel(values.copy(), power=power, **params)
    ours = take(batched.to_decibels(put(values, device), power=power, **params))
    assert np.isfinite(ours).all()
    assert_allclose(ours, expected, rtol=1e-5, atol=1e-3)


@on_each_device
@settings(max_examples=20, deadline=None)
@given(
    n_bands=st.integers(2, 60),
    dct_type=st.integers(1, 3),
    norm=st.sampled_from(["ortho", None]),
    lifter=st.just(0) | st.floats(0.5, 60),
)
def test_cepstra_are_those_of_librosa(device, n_bands, dct_type, norm, lifter):
    levels, n_mfcc = -80 * images(n_bands, 7), max(1, n_bands // 2)
    params = {"dct_type": dct_type, "norm": norm, "lifter": lifter}
    matrix = batched.cepstrum_matrix(n_bands, n_mfcc, device, **params)
    ours = take(batched.exact_product(matrix, put(levels, device)))
    expected = librosa.feature.mfcc(S=levels.astype(np.float64), n_mfcc=n_mfcc, **params)
    check_agreement(ours, expected, share=1e-6)
    check_agreement(ours, signal.cepstrum(levels, n_mfcc, **params))


@on_each_device
@settings(max_examples=40, deadline=None)
@given(
    half=st.integers(1, 8),
    n_frames=st.integers(1, 40),
    order=st.integers(1, 2),
    mode=st.sampled_from(["interp", "nearest", "mirror", "constant", "wrap"]),
)
def test_deltas_are_those_of_each_image(device, half, n_frames, order, mode):
    width = 2 * half + 1
    values = images(4, n_frames + width if mode == "interp" else n_frames)
    params = {"width": width, "order": order, "mode": mode}
    expected = np.stack([signal.delta(clip, **params) for clip in values])
    ours = take(batched.deltas(put(values, device), **params))
    assert_allclose(ours, expected, rtol=0, atol=1e-6)


@on_each_device
@settings(max_examples=30, deadline=None)
@given(norm=st.none() | st.just(np.inf) | st.floats(0.5, 4), level=st.sampled_from([0, 1e-42, 1e9]))
def test_frames_are_normalized_as_those_of_each_image(device, norm, level):
    values = images(12, 6)
    values[0] *= np.float32(level)
    values[1, :, 2] = 0
    expected = signal.normalize_frames(values.copy(), norm)
    assert_allclose(take(batched.normalized_frames(put(values, device), norm)), expected, rtol=1e-5)


@on_each_device
@pytest.mark.parametrize("norm", [np.inf, 1.0, 2.0])
def test_chroma_is_that_of_librosa(device, norm):
    waveforms, stft = sounds(2, 16_000), BatchSTFT.on(device, make_stft(1024, 256))
    filters = batched.to_dense(signal.chroma_filters(16_000, 1024), device)
    energies = batched.mel_spectrograms(put(waveforms, device), stft, filters)
    ours = take(batched.normalized_frames(energies, norm))
    expected = [
        librosa.feature.chroma_stft(
            y=clip, sr=16_000, n_fft=1024, hop_length=256, tuning=0.0, norm=norm
        )
        for clip in waveforms
    ]
    check_agreement(ours, np.stack(expected))


def test_filters_may_differ_from_clip_to_clip():
    values = images(9, 5)
    filters = np.random.default_rng(1).normal(size=(3, 4, 9))
    ours = batched.exact_product(torch.from_numpy(filters), torch.from_numpy(values))
    assert_allclose(take(ours), filters @ values, rtol=0, atol=1e-6)


def test_products_are_as_exact_as_float64_whatever_float32_products_may_be():
    values = images(200, 5)
    matrix = np.random.default_rng(1).normal(size=(4, 200))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ours = batched.exact_product(torch.from_numpy(matrix), torch.from_numpy(values))
    finally:
        torch.set_float32_matmul_precision(before)
    assert_array_equal(take(ours), (matrix @ values.astype(np.float64)).astype(np.float32))


@on_each_device
@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(1, 3000),
    n_fft=st.integers(200, 600),
    quantile=st.floats(0.01, 0.9),
    linear=st.booleans(),
)
def test_contrasts_are_those_of_each_clip(device, n, n_fft, quantile, linear):
    waveforms, stft = sounds(3, n + n_fft), make_stft(n_fft, 100, center=False)
    bands = signal.contrast_bands(16_000, n_fft, n_bands=4, fmin=400.0, quantile=quantile)
    ours = batched.spectral_contrasts(
        put(waveforms, device), BatchSTFT.on(device, stft), bands, linear=linear
    )
    expected = signal.spectral_contrasts(waveforms, stft, bands, linear=linear)
    if linear:
        check_agreement(take(ours), np.stack(expected), share=1e-5)
    else:
        assert_allclose(take(ours), expected, rtol=0, atol=0.01)


@on_each_device
def test_contrasts_are_those_of_librosa(device):
    waveforms, stft = sounds(2, 22_050), BatchSTFT.on(device, make_stft(2048, 512))
    bands = signal.contrast_bands(22_050, 2048)
    ours = take(batched.spectral_contrasts(put(waveforms, device), stft, bands))
    expected = librosa.feature.spectral_contrast(y=waveforms, sr=22_050)
    assert_allclose(ours, expected, rtol=0, atol=0.01)


@on_each_device
@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 40)),
    size=st.tuples(st.integers(1, 30), st.integers(1, 40)),
)
def test_sizes_are_changed_as_those_of_each_image(device, shape, size):
    values = images(*shape)
    weights = [
        signal.resize_weights(old, signal.even_positions(old, new))
        for old, new in zip(shape, size, strict=True)
    ]
    expected = [signal.resize(clip, *weights) for clip in values]
    ours = take(batched.make_resizer(*weights, device)(put(values, device)))
    assert ours.shape == (3, *size)
    assert_allclose(ours, expected, rtol=0, atol=1e-6)


def every_drawing(device, n_fft=256):
    """Give one drawing function for each kind of image."""
    stft = BatchSTFT.on(device, make_stft(n_fft, 64))
    mel = batched.to_dense(signal.mel_filters(8000, n_fft, n_mels=16), device)
    chroma = batched.to_dense(signal.chroma_filters(8000, n_fft), device)
    matrix = batched.cepstrum_matrix(16, 8, device)
    bands = signal.contrast_bands(8000, n_fft, n_bands=4)
    rows = signal.resize_weights(16, signal.even_positions(16, 24))
    taller = batched.make_resizer(rows, None, device)

    def mel_levels(waveforms):
        return batched.to_decibels(batched.mel_spectrograms(waveforms, stft, mel))

    return {
        "spectrogram": lambda x: batched.to_decibels(batched.spectrograms(x, stft)),
        "mel": mel_levels,
        "mfcc": lambda x: batched.deltas(
            batched.exact_product(matrix, mel_levels(x)), mode="nearest"
        ),
        "chroma": lambda x: batched.normalized_frames(
            batched.mel_spectrograms(x, stft, chroma), 2.0
        ),
        "contrast": lambda x: batched.spectral_contrasts(x, stft, bands),
        "resized": lambda x: taller(mel_levels(x)),
    }


each_drawing = pytest.mark.parametrize("name", list(every_drawing("cpu")))


@on_each_device
@each_drawing
@pytest.mark.parametrize("n", [1, 100, 3000])
def test_odd_waveforms_give_finite_images(device, name, n):
    odd = np.zeros((6, n), np.float32)
    odd[1] = 0.4
    odd[2, n // 2] = 1
    odd[3] = 1e-45
    odd[4] = 1e6
    odd[5, ::2] = -1e6
    assert torch.isfinite(every_drawing(device)[name](put(odd, device))).all()


@on_each_device
@each_drawing
def test_images_do_not_depend_on_their_batch(device, name, monkeypatch):
    monkeypatch.setattr(_torch_transforms, "BLOCK_SAMPLES", 3 * 3000)
    waveforms, draw = put(sounds(8, 3000), device), every_drawing(device)[name]
    drawn = batched.draw_in_blocks(draw, waveforms)
    assert_allclose(take(drawn), take(draw(waveforms)), rtol=0, atol=1e-3)
    for some in ([0], [7], [5, 0, 1, 7], [6, 6]):
        assert torch.equal(batched.draw_in_blocks(draw, waveforms[some]), drawn[some])


def test_all_blocks_of_clips_have_one_size():
    sizes, most = [], _torch_transforms.BLOCK_SAMPLES

    def draw(waveforms):
        sizes.append(waveforms.shape)
        return waveforms[:, :1]

    for n_clips, n in [(1, most // 3), (3, most // 3), (7, most // 3), (2, most + 1), (65, 1)]:
        waveforms = torch.arange(n_clips).float()[:, None].expand(-1, n)
        assert torch.equal(batched.draw_in_blocks(draw, waveforms), waveforms[:, :1])
    assert sizes == [(3, most // 3)] * 5 + [(1, most + 1)] * 2 + [(64, 1)] * 2


@on_each_device
@each_drawing
def test_blocks_of_frames_change_only_rounding(device, name, monkeypatch):
    waveforms, draw = put(sounds(2, 3000), device), every_drawing(device)[name]
    whole = take(draw(waveforms))
    monkeypatch.setattr(_torch_stft, "BLOCK_VALUES", 2 * 256 * 7)
    assert_allclose(take(draw(waveforms)), whole, rtol=0, atol=1e-3)


def test_drawing_is_float32_without_gradients_whatever_the_context():
    waveforms = torch.from_numpy(sounds(2, 500)).requires_grad_()
    matrix = torch.ones(500, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        drawn = batched.draw_in_blocks(lambda x: x @ matrix, waveforms)
    assert drawn.dtype == torch.float32
    assert not drawn.requires_grad
    # A network in training must be able to keep its input for the backward pass.
    assert not drawn.is_inference()


@pytest.mark.slow
@each_drawing
def test_nothing_is_left_on_the_processor(name):
    # Fake tensors compute nothing, but refuse to mix devices as CUDA does, on every machine.
    with FakeTensorMode():
        draw = every_drawing("cuda")[name]
        drawn = batched.draw_in_blocks(draw, torch.empty(3, 3000, device="cuda"))
    assert drawn.device.type == "cuda"
    assert drawn.dtype == torch.float32


def test_read_only_constants_give_no_warning():
    filters = signal.chroma_filters(8000, 256)
    weights = np.ones(4)
    weights.flags.writeable = False
    torch.set_warn_always(True)  # otherwise only the first one of a program is seen
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            batched.to_dense(filters, "cpu")
            batched.to_dense(signal.mel_filters(8000, 256, n_mels=16), "cpu")
            batched.to_dense(weights, "cpu")
    finally:
        torch.set_warn_always(False)


def test_dense_matrices_are_their_sparse_ones():
    sparse = scipy.sparse.csr_array(np.float32([[0, 2, 0], [1, 0, 3]]))
    assert_array_equal(batched.to_dense(sparse, "cpu").numpy(), sparse.toarray())
