"""InputAdapter: scaling, resizing and growing to three channels, against numpy and torchvision."""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as tv

from skspec import ImageBatch
from skspec.exceptions import InputError, ParameterError
from skspec.nn._input import InputAdapter, image_statistics, resolve_input_size
from skspec.nn._registry import Preset

PRESET = Preset((12, 10), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ROWS = np.arange(20)


def images(n_channels=1, size=(12, 10), seed=0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((20, n_channels, *size)) * 17 - 60).astype(np.float32)


def adapted(X, scaling, size=None, dtype=torch.float64):
    statistics = image_statistics(ImageBatch(X), np.arange(len(X)))
    adapter = InputAdapter(size or X.shape[2:], scaling, statistics, PRESET).to(dtype)
    return adapter(torch.from_numpy(X).to(dtype)).numpy()


class TestStatistics:
    @pytest.mark.parametrize("chunk", [1, 7, 64])
    def test_against_numpy(self, chunk):
        X = images()
        got = image_statistics(ImageBatch(X), ROWS, chunk=chunk)
        exact = X.astype(np.float64)
        assert_allclose([got.mean, got.std], [exact.mean(), exact.std()], rtol=1e-10)
        assert (got.minimum, got.maximum) == (X.min(), X.max())

    def test_rows(self):
        X = images()
        some = image_statistics(ImageBatch(X), np.array([3, 8]))
        assert_allclose(some.mean, X[[3, 8]].astype(np.float64).mean(), rtol=1e-12)
        assert some.maximum == X[[3, 8]].max()

    def test_a_weight_of_two_is_an_image_twice(self):
        X = images()
        weights = np.where(ROWS < 5, 2.0, 1.0)
        weighted = image_statistics(ImageBatch(X), ROWS, weights)
        repeated = image_statistics(ImageBatch(np.concatenate([X, X[:5]])), np.arange(25))
        assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
        assert_allclose(weighted.std, repeated.std, rtol=1e-10)

    def test_augmentation_is_not_drawn(self):
        batch = ImageBatch(images(), [lambda x, i, e: x * 0])
        assert image_statistics(batch, ROWS) == image_statistics(ImageBatch(images()), ROWS)

    @pytest.mark.parametrize("value", [0.1, -79.3, 91.54064178466797, 1e-7])
    def test_one_value_everywhere_has_no_deviation(self, value):
        X = np.full((20, 1, 7, 9), value, np.float32)
        assert image_statistics(ImageBatch(X), ROWS).std == 0.0
        assert np.abs(adapted(X, "fit", dtype=torch.float32)).max() < 1e-5


class TestScaling:
    def test_none(self):
        X = images()
        assert_array_equal(adapted(X, None), np.repeat(X, 3, axis=1))

    def test_fit_gives_mean_0_and_deviation_1(self):
        X = images().astype(np.float64)
        got = adapted(images(), "fit")
        assert_allclose(got, np.repeat((X - X.mean()) / X.std(), 3, axis=1), rtol=1e-9, atol=1e-9)

    def test_fit_is_the_map_onto_the_weights_statistics_then_normalised(self):
        # What the documentation says, in two steps: onto mean and deviation that the weights
        # expect of images in [0, 1], then their normalisation by torchvision.
        X = images().astype(np.float64)
        mean, std = (np.reshape(v, (3, 1, 1)) for v in (PRESET.mean, PRESET.std))
        mapped = torch.from_numpy((X - X.mean()) / X.std() * std + mean)
        expected = tv.normalize(mapped, PRESET.mean, PRESET.std)
        assert_allclose(adapted(images(), "fit"), expected, rtol=1e-9, atol=1e-9)

    def test_unit(self):
        X = images().astype(np.float64)
        expected = (X - X.min()) / (X.max() - X.min())
        got = adapted(images(), "unit")
        assert_allclose(got, np.repeat(expected, 3, axis=1), atol=1e-12)
        assert (got.min(), got.max()) == (0.0, 1.0)

    def test_imagenet_is_torchvisions_normalisation(self):
        unit = torch.from_numpy(adapted(images(), "unit"))
        expected = tv.normalize(unit, PRESET.mean, PRESET.std)
        assert_allclose(adapted(images(), "imagenet"), expected, atol=1e-12)

    @pytest.mark.parametrize("scaling", ["unit", "imagenet", "fit"])
    def test_images_of_one_value_stay_finite(self, scaling):
        assert np.isfinite(adapted(np.full((20, 1, 12, 10), 5.0, np.float32), scaling)).all()

    def test_other_images_go_through_the_same_map(self):
        X, other = images(), images(seed=1)
        statistics = image_statistics(ImageBatch(X), ROWS)
        adapter = InputAdapter((12, 10), "fit", statistics, PRESET)
        got = adapter(torch.from_numpy(other).double())[:, :1]
        assert_allclose(got, (other - X.astype(float).mean()) / X.astype(float).std(), rtol=1e-6)

    @pytest.mark.parametrize("scaling", ["fit", "imagenet"])
    def test_float32_is_close(self, scaling):
        exact = adapted(images(), scaling)
        assert_allclose(adapted(images(), scaling, dtype=torch.float32), exact, atol=1e-5)


class TestChannels:
    def test_three_stay_three(self):
        X = images(3)
        assert_array_equal(adapted(X, None), X)

    @pytest.mark.parametrize("n_channels", [2, 4])
    def test_others_are_refused(self, n_channels):
        message = rf"Images have {n_channels} channels, but the backbone takes 3, or 1"
        with pytest.raises(InputError, match=message):
            adapted(images(n_channels), None)

    @pytest.mark.parametrize("n_channels", [1, 2, 5])
    def test_a_preset_of_as_many_channels(self, n_channels):
        X = images(n_channels)
        preset = Preset((12, 10), (0.0,) * n_channels, (1.0,) * n_channels)
        statistics = image_statistics(ImageBatch(X), ROWS)
        adapter = InputAdapter((12, 10), "fit", statistics, preset)
        exact = X.astype(np.float64)
        expected = (exact - exact.mean()) / exact.std()
        assert_allclose(adapter(torch.from_numpy(exact)), expected, rtol=1e-9, atol=1e-9)
        wanted = "takes 1[.]" if n_channels == 1 else f"takes {n_channels}, or 1 that is repeated"
        with pytest.raises(InputError, match=f"{n_channels + 1} channels, but .* {wanted}"):
            adapter(torch.zeros(1, n_channels + 1, 12, 10))


class TestSize:
    @pytest.mark.parametrize("size", [(24, 30), (6, 5), (6, 30), (12, 5), (13, 10)])
    def test_is_torchvisions_bilinear(self, size):
        X = images()
        expected = tv.resize(
            torch.from_numpy(X).double(), list(size), InterpolationMode.BILINEAR, antialias=True
        )
        got = adapted(X, None, size)
        assert got.shape == (20, 3, *size)
        assert_allclose(got, expected.expand(-1, 3, -1, -1), atol=1e-9)

    def test_growing_twofold_by_formula(self):
        # Output pixel i lies at (i + 0.5) / 2 - 0.5, held inside the image.
        X = np.array([0.0, 1.0, 4.0], np.float32).reshape(1, 1, 1, 3)
        where = np.clip((np.arange(6) + 0.5) / 2 - 0.5, 0, 2)
        expected = np.interp(where, [0, 1, 2], [0, 1, 4])
        assert_allclose(adapted(X, None, (1, 6))[0, 0, 0], expected)

    def test_a_constant_stays_constant(self):
        assert_allclose(adapted(np.full((2, 1, 9, 7), 3.5, np.float32), None, (5, 11)), 3.5)

    def test_the_right_size_is_not_touched(self):
        X = images()
        assert_array_equal(adapted(X, None, (12, 10))[:, 0], X[:, 0])


class TestInputSize:
    def test_none_is_the_backbones(self):
        assert resolve_input_size("tiny", None) == (32, 32)
        assert resolve_input_size("resnet18", None) == (224, 224)

    def test_given(self):
        assert resolve_input_size("tiny", [np.int64(8), 9]) == (8, 9)

    @pytest.mark.parametrize("own", [(64, None), (None, 50), (None, None), (64, 50)])
    def test_an_open_side_is_the_images(self, own, monkeypatch):
        preset = Preset(own, (0.0,), (1.0,))
        monkeypatch.setattr("skspec.nn._input.get_entry", lambda name: Mock(preset=lambda: preset))
        expected = (own[0] or 30, own[1] or 90)
        assert resolve_input_size("mine", None, (30, 90)) == expected
        assert resolve_input_size("mine", (7, 8), (30, 90)) == (7, 8)
        if None in own:
            with pytest.raises(ParameterError, match=r"'mine' has no input size .*set input_size"):
                resolve_input_size("mine", None)

    @pytest.mark.parametrize("size", [(8,), (8, 8, 8), (0, 8), (8.0, 8), ("8", 8), ()])
    def test_errors(self, size):
        with pytest.raises(ParameterError, match=r"expected \(height, width\), two integers > 0"):
            resolve_input_size("tiny", size)
