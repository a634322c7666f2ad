"""pool: every pooling against numpy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from skspec import DeepFeatures
from skspec.exceptions import ParameterError
from skspec.nn._pooling import ATTENTION_WIDTH, STATISTICS, AttentionPooling, pool

MAPS = np.random.default_rng(0).standard_normal((3, 5, 8, 6))


def pooled(pooling, n_bands=1, maps=MAPS):
    return pool(torch.from_numpy(maps), pooling, n_bands).numpy()


def bands(n_bands, maps=MAPS):
    """Cut the frequency axis (n, channels, height, width) into equal bands."""
    n, channels, height, width = maps.shape
    return maps.reshape(n, channels, n_bands, height // n_bands, width)


def attention(n_channels, n_bands, seed=0):
    layer = AttentionPooling(n_channels, n_bands).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.score.weight.copy_(torch.randn(layer.score.weight.shape, generator=generator))
    return layer


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

    def test_last(self, n_bands):
        expected = bands(n_bands)[..., -1].mean(axis=3).reshape(3, -1)
        assert_allclose(pooled("last", n_bands), expected, rtol=1e-10)

    def test_attention(self, n_bands):
        # Frame by frame: tanh(W h + b) . v, softmax over time, weighted sum.
        layer = attention(5, n_bands)
        w, b, v = (p.detach().numpy() for p in layer.parameters())
        over_frequency = bands(n_bands).mean(axis=3)  # (n, channels, bands, time)
        expected = np.empty((3, 5, n_bands))
        for n, band in np.ndindex(3, n_bands):
            frames = over_frequency[n, :, band].T
            score = np.exp([v[0] @ np.tanh(w @ frame + b) for frame in frames])
            expected[n, :, band] = (score / score.sum()) @ frames
        got = layer(torch.from_numpy(MAPS)).detach().numpy()
        assert_allclose(got, expected.reshape(3, -1), rtol=1e-10)

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


class TestAttention:
    def test_it_starts_as_the_mean(self):
        layer = AttentionPooling(5, 2).double()
        assert_allclose(layer(torch.from_numpy(MAPS)).detach(), pooled("mean", 2), rtol=1e-10)

    def test_weights_sum_to_one_over_time(self):
        weights = attention(5, 4).weights(torch.from_numpy(MAPS)).detach()
        assert weights.shape == (3, 4, 6)
        assert weights.min() > 0
        assert_allclose(weights.sum(dim=2), 1, rtol=1e-12)

    def test_order_of_frames_does_not_matter_but_their_content_does(self):
        layer, order = attention(5, 2), [3, 1, 5, 0, 2, 4]
        maps = torch.from_numpy(MAPS)
        assert_allclose(layer(maps[..., order]).detach(), layer(maps).detach(), rtol=1e-10)
        weights = layer.weights(maps).detach()
        assert_allclose(layer.weights(maps[..., order]).detach(), weights[..., order], rtol=1e-10)

    def test_it_can_learn_to_find_the_loud_frame(self):
        rng = np.random.default_rng(0)
        maps = torch.from_numpy(rng.standard_normal((64, 3, 1, 20)))
        loud = torch.from_numpy(rng.integers(20, size=64))
        maps[torch.arange(64), 0, 0, loud] += 6.0
        wanted = maps[torch.arange(64), 1, 0, loud]
        torch_state = torch.random.get_rng_state()
        torch.manual_seed(0)
        layer = AttentionPooling(3, 1).double()
        torch.random.set_rng_state(torch_state)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
        for _ in range(150):
            optimizer.zero_grad()
            (layer(maps)[:, 1] - wanted).square().mean().backward()
            optimizer.step()
        # The plain mean leaves nearly all of the variance, about 1.
        assert (layer(maps)[:, 1] - wanted).square().mean() < 0.1
        assert (pool(maps, "mean")[:, 1] - wanted).square().mean() > 0.5
        assert (layer.weights(maps)[:, 0].argmax(dim=1) == loud).double().mean() > 0.9

    def test_gradient(self):
        maps = torch.from_numpy(MAPS[:2, :, :4, :3]).requires_grad_()
        assert torch.autograd.gradcheck(attention(5, 2), maps)

    def test_width_of_its_layers(self):
        shapes = [tuple(p.shape) for p in AttentionPooling(5, 2).parameters()]
        assert shapes == [(ATTENTION_WIDTH, 5), (ATTENTION_WIDTH,), (1, ATTENTION_WIDTH)]

    def test_it_is_no_pure_function(self):
        with pytest.raises(ParameterError, match=r"pooling='attention'.*a layer that learns"):
            pooled("attention")

    def test_features_without_training_refuse_it(self):
        features = DeepFeatures("tiny", weights=None, pooling="attention")
        with pytest.raises(ParameterError, match=r"'pooling' .*DeepFeatures.*'attention'"):
            features.fit(np.zeros((2, 1, 8, 8)))
