"""Bands and extremes of spectral contrast."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skspec.signal import STFT, contrast_bands, make_window, spectral_contrasts


def test_bands_are_octaves_that_meet():
    bands = contrast_bands(22_050, 2048)
    assert [band.low for band in bands] == [0, 200, 400, 800, 1600, 3200, 6400]
    assert [band.high for band in bands] == [200, 400, 800, 1600, 3200, 6400, 11_025]
    assert bands[0].bins == slice(0, 18)
    assert bands[-1].bins.stop == 1025
    assert bands[-1].n_extreme == round(0.02 * (1025 - bands[-1].bins.start))


def test_peak_and_valley_are_means_of_the_extremes():
    waveform = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    stft = STFT(make_window("hann", 512, 512), 128, center=False)
    bands = contrast_bands(8000, 512, n_bands=3, quantile=0.1)
    [result] = spectral_contrasts([waveform], stft, bands, linear=True)
    frames = np.lib.stride_tricks.sliding_window_view(waveform, 512)[::128]
    amplitudes = np.abs(np.fft.rfft(frames * stft.window))
    for row, band in zip(result, bands, strict=True):
        rows = [sorted(values) for values in amplitudes[:, band.bins]]
        n = band.n_extreme
        assert_allclose(row, [np.mean(r[-n:]) - np.mean(r[:n]) for r in rows], rtol=1e-4)


@pytest.mark.parametrize(
    ("sr", "n_fft", "options", "message"),
    [
        (8000, 512, {}, "highest band begins at 6400 Hz, sr / 2 is 4000 Hz"),
        (8000, 16, {"fmin": 10.0, "n_bands": 2}, "but one FFT bin from 0 to 10 Hz"),
        (8000, 16, {"fmin": 500.0, "n_bands": 2, "quantile": 0.5}, None),
        (8000, 16, {"fmin": 501.0, "n_bands": 2}, None),
        (22_050, 64, {"fmin": 350.0, "n_bands": 2}, None),
        (22_050, 64, {"fmin": 100.0, "n_bands": 2}, "but one FFT bin from 0 to 100 Hz"),
    ],
)
def test_bands_without_bins_are_refused(sr, n_fft, options, message):
    if message is None:
        assert all(b.bins.stop > b.bins.start for b in contrast_bands(sr, n_fft, **options))
        return
    with pytest.raises(ValueError, match=message):
        contrast_bands(sr, n_fft, **options)
