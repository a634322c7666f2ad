"""Linear spectrograms, against scipy's."""

import numpy as np
import pytest
import scipy.signal
from numpy.testing import assert_allclose, assert_array_equal

from skspec.signal import STFT, make_window, spectrograms, spectrum_factors


def noise(n, seed=0):
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


@pytest.mark.parametrize("n_fft", [21, 63, 64, 255])
@pytest.mark.parametrize("scaling", ["spectrum", "density"])
def test_scaled_powers_are_those_of_scipy(n_fft, scaling):
    stft = STFT(make_window("hamming", n_fft, n_fft), 20, center=False)
    [powers] = spectrograms([noise(2000)], stft) * spectrum_factors(stft, 8000, scaling)[:, None]
    _, _, expected = scipy.signal.spectrogram(
        noise(2000).astype(np.float64),
        8000,
        scipy.signal.get_window("hamming", n_fft),
        noverlap=n_fft - 20,
        detrend=False,
        scaling=scaling,
    )
    assert_allclose(powers, expected, atol=1e-5 * expected.max())


def test_sum_over_density_is_the_mean_power():
    stft = STFT(make_window("boxcar", 100, 100), 100, center=False)
    [powers] = spectrograms([noise(1000)], stft) * spectrum_factors(stft, 500, "density")[:, None]
    assert_allclose(powers.sum(axis=0).mean() * 500 / 100, np.mean(noise(1000) ** 2), rtol=1e-5)


def test_magnitude_needs_no_factors():
    assert spectrum_factors(STFT(make_window("hann", 8, 8), 4), 8000, "magnitude") is None


@pytest.mark.parametrize("power", [0.7, 1.0, 2.0])
def test_bins_are_cut_from_the_whole(power):
    stft = STFT(make_window("hann", 64, 64), 16)
    waveforms = [noise(20_000, seed) for seed in range(3)]
    whole = spectrograms(waveforms, stft, power=power)
    out = np.empty((3, 8, whole.shape[2]), np.float32)
    assert spectrograms(waveforms, stft, power=power, bins=slice(2, 10), out=out) is out
    assert_allclose(out, whole[:, 2:10], rtol=1e-6)
    assert_array_equal(whole.shape, (3, 33, stft.n_frames(20_000)))
