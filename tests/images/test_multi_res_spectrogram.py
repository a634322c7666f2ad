"""MultiResSpectrogram: mel spectrograms that show the same moments in the same columns."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from skspec import MelSpectrogramImage, MultiResSpectrogram
from skspec.exceptions import AudioWarning, ParameterError

SMALL = {"sr": 8000, "n_fft": 512, "n_mels": 20, "size": (20, 30)}
SMALL["resolutions"] = ((128, 32), (256, 64), (512, 128))


def sound(n, seed=0):
    """Give a tone that fades into a noise floor."""
    rng = np.random.default_rng(seed)
    times = np.arange(n) / 8000
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * times)
    return (0.5 * np.exp(-3 * times) * tone + 0.01 * rng.standard_normal(n)).astype(np.float32)


def mel_image(clip, win_length, hop_length, **params):
    options = {"sr": 8000, "n_fft": 512, "n_mels": 20, "scale": "linear", **params}
    drawing = MelSpectrogramImage(win_length=win_length, hop_length=hop_length, **options)
    return drawing.fit_transform([clip])[0, 0], drawing.get_times()


def test_columns_between_frames_are_linear_in_time():
    clip = sound(8000)
    # More columns than any channel has frames: nothing is averaged.
    drawing = MultiResSpectrogram(**{**SMALL, "size": (20, 300)}, scale="linear")
    (image,) = drawing.fit_transform([clip])
    for channel, resolution in zip(image, SMALL["resolutions"], strict=True):
        bands, times = mel_image(clip, *resolution)
        expected = [np.interp(drawing.get_times(), times, row) for row in bands]
        assert_allclose(channel, expected, atol=1e-5 * bands.max())


def test_frames_of_even_share_are_resized_as_by_torch():
    # Without centring, hop and window equal: frames share the clip out as columns do.
    clip = sound(512 * 60)
    options = {**SMALL, "size": (13, 25), "resolutions": [(512, 512)]}
    drawing = MultiResSpectrogram(**options, scale="linear", center=False)
    bands, _ = mel_image(clip, 512, 512, center=False)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(bands)[None, None], (13, 25), mode="bilinear", antialias=True
    )
    (image,) = drawing.fit_transform([clip])
    assert_allclose(image, expected[0], atol=1e-5 * bands.max())


def test_decibels_are_taken_after_resizing_channel_by_channel():
    clip = sound(8000)
    (linear,) = MultiResSpectrogram(**SMALL, scale="linear").fit_transform([clip])
    (image,) = MultiResSpectrogram(**SMALL, top_db=50.0).fit_transform([clip])
    for channel, powers in zip(image, linear, strict=True):
        expected = 10 * np.log10(powers / powers.max())
        assert_allclose(channel, np.maximum(expected, -50), atol=0.01)


def test_a_click_is_in_the_same_column_of_every_channel():
    clip = np.zeros(8000)
    clip[5700] = 1
    drawing = MultiResSpectrogram(**{**SMALL, "size": (20, 100)}, scale="linear")
    (image,) = drawing.fit_transform([clip])
    columns = image.sum(axis=1).argmax(axis=1)
    expected = np.abs(drawing.get_times() - 5700 / 8000).argmin()
    assert np.abs(columns - expected).max() <= 1


def test_longer_windows_tell_frequencies_apart():
    times = np.arange(8000) / 8000
    clip = np.sin(2 * np.pi * 500 * times)
    (image,) = MultiResSpectrogram(**SMALL, scale="linear").fit_transform([clip])
    shares = image[:, :, 15] / image[:, :, 15].sum(axis=1, keepdims=True)
    assert shares.max(axis=1)[2] > shares.max(axis=1)[0]


def test_default_is_the_setting_of_the_paper():
    drawing = MultiResSpectrogram().fit([sound(100_000)])
    assert drawing.image_shape_ == (3, 128, 256)
    assert drawing.get_unit() == "dB"
    centers = MelSpectrogramImage().get_frequencies()
    assert_allclose(drawing.get_frequencies(2), centers)


def test_settings_as_lists_are_taken():
    X = sound(4000)[None, :]
    lists = {"resolutions": [[128, 32], [256, 64], [512, 128]], "size": [20, 30]}
    expected = MultiResSpectrogram(**SMALL).fit_transform(X)
    assert_array_equal(MultiResSpectrogram(**{**SMALL, **lists}).fit_transform(X), expected)


def test_any_clip_fills_the_size():
    for n in (1, 40, 600):
        (image,) = MultiResSpectrogram(**SMALL).fit_transform([sound(n)])
        assert image.shape == (3, 20, 30)
        assert np.isfinite(image).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolutions": []}, r"Got resolutions=\[\], but expected one or more pairs"),
        ({"resolutions": (1024, 256)}, r"Got resolutions=\(1024, 256\), but expected one or more"),
        ({"resolutions": [(128, 0)]}, r"pairs \(win_length, hop_length\) of integers > 0"),
        ({"resolutions": [(128, 32, 1)]}, "expected one or more pairs"),
        ({"resolutions": [(513, 32)]}, "Got win_length=513, but expected at most n_fft=512"),
        ({"size": (20, 0)}, r"Got size=\(20, 0\), but expected \(n_bins, n_frames\), integers > 0"),
        ({"size": (20.5, 3)}, "Got size="),
        ({"size": None}, "'size' parameter"),
        ({"window": np.ones(512)}, "'window' parameter"),
        ({"window": "hanning"}, "Got window='hanning'"),
        ({"fmin": 4000.0}, "Got fmin=4000.0, but expected less than fmax=4000.0"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        MultiResSpectrogram(**{**SMALL, **options}).fit(sound(2000)[None, :])


def test_empty_bands_are_warned_of():
    with pytest.warns(AudioWarning, match=r"MultiResSpectrogram: [0-9]+ of n_mels=300 bands"):
        MultiResSpectrogram(**{**SMALL, "n_mels": 300}).fit([sound(2000)])
