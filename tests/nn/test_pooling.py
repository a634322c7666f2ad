"""pool: every pooling against numpy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from skspec.nn._pooling import STATISTICS, pool

MAPS = np.random.default_rng(0).standard_normal((3, 5, 8, 6))


def pooled(pooling, n_bands=1, maps=MAPS):
    return pool(torch.from_numpy(maps), pooling, n_bands).numpy()


def bands(n_bands, maps=MAPS):
    """Cut the frequency axis (n, channels, height, width) into equal bands."""
    n, channels, height, width = maps.shape
    return maps.reshape(n, channels, n_bands, height // n_bands, width)


@pytest.mark.parametrize("n_bands", [1, 2, 4, 8])
class TestAgainstNumpy:
    def test_mean(self, n_bands):
        expected = bands(n_bands).mean(axis=(3, 4)).reshape(3, -1)
        assert_allclose(pooled("mean", n_bands), expected, rtol=1e-10)

    def test_max(self, n_bands):
        expected = bands(n_bands).max(axis=(3, 4)).reshape(3, -1)
        assert_array_equal(pooled("max", n_bands), expected)

    def test_mean_std(self, n_bands):
        over_frequency = bands(n_bands).mean(axis=3)
        mean, deviation = over_frequency.mean(axis=-1), over_frequency.std(axis=-1)
        expected = np.concatenate([mean.reshape(3, -1), deviation.reshape(3, -1)], axis=1)
        assert_allclose(pooled("mean_std", n_bands), expected, rtol=1e-10)

    def test_width(self, n_bands):
        for pooling, statistics in STATISTICS.items():
            assert pooled(pooling, n_bands).shape == (3, len(statistics) * 5 * n_bands)


def test_flatten_keeps_every_value():
    assert_array_equal(pooled("flatten"), MAPS.reshape(3, -1))


def test_mean_of_one_band_is_global_average_pooling():
    expected = torch.nn.AdaptiveAvgPool2d(1)(torch.from_numpy(MAPS)).flatten(1)
    assert_allclose(pooled("mean"), expected, rtol=1e-12)


def test_bands_run_over_frequency_not_time():
    maps = np.zeros((1, 1, 4, 6))
    maps[:, :, 2:] = 1
    assert_array_equal(pooled("mean", 2, maps), [[0, 1]])
    assert_array_equal(pooled("mean_std", 2, maps.swapaxes(2, 3)[:, :, :4, :]).shape, (1, 4))


def test_height_that_bands_do_not_divide():
    # Adaptive pooling: band i covers rows floor(i h / n) to ceil((i + 1) h / n).
    maps = MAPS[:, :, :7]
    expected = [maps[:, :, a:b].mean(axis=(2, 3)) for a, b in ((0, 3), (2, 5), (4, 7))]
    assert_allclose(pooled("mean", 3, maps), np.stack(expected, axis=2).reshape(3, -1), rtol=1e-10)


def test_a_constant_has_no_deviation_and_a_finite_slope():
    maps = torch.full((2, 3, 4, 5), 7.0, requires_grad=True)
    out = pool(maps, "mean_std")
    assert out[:, 3:].max() < 1e-15
    out.sum().backward()
    assert torch.isfinite(maps.grad).all()


def test_gradient_of_the_deviation():
    maps = torch.from_numpy(MAPS).requires_grad_()
    assert torch.autograd.gradcheck(lambda m: pool(m, "mean_std", 2), maps)


@pytest.mark.parametrize("pooling", [*STATISTICS, "flatten"])
def test_an_image_does_not_depend_on_its_batch(pooling):
    assert_array_equal(pooled(pooling, 2, MAPS[1:2])[0], pooled(pooling, 2)[1])
