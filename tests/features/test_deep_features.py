"""DeepFeatures: pooled feature maps of named blocks, under names that say where they are from."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skspec import DeepFeatures, FrozenCache, ImageBatch
from skspec._seeding import seed_at
from skspec.exceptions import (
    BackboneNotFoundError,
    DeviceUnavailableError,
    InputError,
    ParameterError,
    WeightsUnavailableError,
)
from skspec.nn._backbone import build_backbone

X = np.random.default_rng(0).standard_normal((9, 1, 16, 12)).astype(np.float32)


def deep(backbone="tiny", **settings):
    defaults = {"weights": None, "device": "cpu", "random_state": 0, "precision": "float64"}
    return DeepFeatures(backbone, **{**defaults, "input_size": (16, 16), **settings})


def maps(names, images=X, backbone="tiny", seed=0):
    """Give the maps of blocks by torch alone: scaled, resized, three channels, block by block."""
    x = torch.from_numpy(images).double()
    x = (x - x.mean()) / x.std(correction=0)
    x = torch.nn.functional.interpolate(x, (16, 16), mode="bilinear").repeat(1, 3, 1, 1)
    net = build_backbone(backbone, None, seed=seed_at(seed, "weights")).double().eval()
    found = {}
    with torch.no_grad():
        for name, block in zip(net.block_names, net.blocks, strict=True):
            x = found[name] = block(x)
    return [found[name].numpy() for name in names]


def pooled(block, pooling, n_bands):
    bands = np.stack(np.split(block, n_bands, axis=2), axis=2)  # (n, channels, bands, rows, time)
    if pooling == "max":
        return bands.max(axis=(3, 4)).reshape(len(block), -1)
    over_rows = bands.mean(axis=3)
    mean = over_rows.mean(axis=-1).reshape(len(block), -1)
    deviation = over_rows.std(axis=-1).reshape(len(block), -1)
    return mean if pooling == "mean" else np.hstack([mean, deviation])


class TestValues:
    @pytest.mark.parametrize("blocks", [["block1"], ["block2", "block3"], ["block3", "block1"]])
    @pytest.mark.parametrize("pooling", ["mean", "max", "mean_std"])
    @pytest.mark.parametrize("n_bands", [1, 2])
    def test_against_numpy(self, blocks, pooling, n_bands):
        got = deep(blocks=blocks, pooling=pooling, n_bands=n_bands).fit_transform(X)
        expected = [pooled(block, pooling, n_bands) for block in maps(blocks)]
        assert_allclose(got, np.hstack(expected), rtol=1e-9, atol=1e-12)

    def test_flatten(self):
        got = deep(blocks="block2", pooling="flatten").fit_transform(X)
        assert_allclose(got, maps(["block2"])[0].reshape(9, -1), rtol=1e-9, atol=1e-12)

    def test_the_last_block_by_default(self):
        assert_array_equal(deep().fit_transform(X), deep(blocks=["block3"]).fit_transform(X))

    def test_what_lies_behind_is_not_kept(self):
        features = deep(blocks="block1").fit(X)
        assert features.network_.backbone.block_names == ["block1"]

    def test_scaling_is_learned_in_fit(self):
        features = deep(blocks="block1").fit(X)
        other = 3 * X[:2] + 1
        scaled = (other - X.astype(float).mean()) / X.astype(float).std()
        free = deep(blocks="block1", input_scaling=None).fit(X)
        assert_allclose(features.transform(other), free.transform(scaled), rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("batch_size", [1, 2, 9, 100])
    def test_batches_change_nothing(self, batch_size):
        got = deep(batch_size=batch_size).fit_transform(X)
        assert_allclose(got, deep().fit_transform(X), rtol=1e-12)

    def test_augmentation_is_not_drawn(self):
        batch = ImageBatch(X, [lambda x, i, e: x * 0])
        assert_array_equal(deep().fit_transform(batch), deep().fit_transform(X))

    def test_seeds(self):
        assert_array_equal(deep().fit_transform(X), deep().fit_transform(X))
        assert (deep(random_state=1).fit_transform(X) != deep().fit_transform(X)).any()

    @pytest.mark.parametrize(
        ("precision", "dtype"),
        [("auto", "f4"), ("float32", "f4"), ("bfloat16", "f4"), ("float64", "f8")],
    )
    def test_precision(self, precision, dtype):
        got = deep(precision=precision).fit_transform(X)
        assert got.dtype == np.dtype(dtype)
        assert_allclose(got, deep().fit_transform(X), atol=0.02)

    def test_the_network_is_frozen(self):
        features = deep("resnet18", blocks="layer1.0", input_size=(32, 32))
        features.fit(X)
        before = {k: v.clone() for k, v in features.network_.state_dict().items()}
        features.transform(X)
        after = features.network_.state_dict()
        assert all(torch.equal(before[key], after[key]) for key in before)
        assert not features.network_.training
        assert not any(p.requires_grad for p in features.network_.parameters())

    @pytest.mark.parametrize(
        ("name", "block", "width"),
        [
            ("resnet18", "layer2.1", 128),
            ("mobilenet_v2", "top", 1280),
            ("efficientnet_b0", "block3a", 40),
            ("efficientnet_lite0", "block4c", 80),
        ],
    )
    def test_real_backbones(self, name, block, width):
        got = deep(name, blocks=block, input_size=(32, 32)).fit_transform(X)
        assert got.shape == (9, width)
        assert np.isfinite(got).all()

    def test_imagenet_weights(self):
        pretrained, random = (
            deep("efficientnet_lite0", weights=w, blocks="block2b", input_size=(32, 32))
            for w in ("imagenet", None)
        )
        assert (pretrained.fit_transform(X) != random.fit_transform(X)).any()
        assert_array_equal(
            pretrained.set_params(random_state=1).fit_transform(X), pretrained.transform(X)
        )


class TestCache:
    @pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
    @pytest.mark.parametrize("pooling", ["mean", "mean_std", "flatten"])
    def test_changes_no_bit(self, precision, pooling, tmp_path):
        settings = {"precision": precision, "pooling": pooling, "batch_size": 4}
        plain = deep(**settings).fit(X)
        expected = plain.transform(X)
        memory = FrozenCache()
        for cache in (memory, memory, tmp_path, tmp_path, FrozenCache(max_bytes=0)):
            assert_array_equal(deep(**settings, cache=cache).fit_transform(X), expected)
        cached = deep(**settings, cache=FrozenCache()).fit(X)
        for rows in ([4], [8, 2, 5], [0, 2, 1, 7, 8, 3]):  # partly there, in another order
            assert_array_equal(cached.transform(X[rows]), expected[rows])
            assert_array_equal(plain.transform(X[rows]), expected[rows])

    def test_integers_of_numpy(self):
        cache = FrozenCache()
        for kind in (int, np.int64):
            settings = {"n_bands": kind(2), "batch_size": kind(4), "precision": "float32"}
            deep(cache=cache, **settings).fit_transform(X)
        assert (cache.n_computed, cache.n_found) == (9, 9)

    def test_only_what_is_missing_is_computed(self):
        cache = FrozenCache()
        features = deep(cache=cache).fit(X)
        features.transform(X[:5])
        assert (cache.n_computed, cache.n_found) == (5, 0)
        features.transform(X[[8, 2, 8, 4]])
        assert (cache.n_computed, cache.n_found) == (6, 3)
        clone(features).fit(X).transform(X)
        assert cache.n_computed == 9

    @pytest.mark.parametrize(
        "change",
        [
            {"blocks": "block2"},
            {"blocks": ["block2", "block3"]},
            {"pooling": "max"},
            {"n_bands": 2},
            {"input_size": (16, 17)},
            {"input_scaling": "unit"},
            {"random_state": 1},
            {"precision": "float32"},
        ],
        ids=str,
    )
    def test_all_that_matters_gives_other_rows(self, change):
        cache = FrozenCache()
        deep(cache=cache).fit_transform(X)
        changed = deep(cache=cache, **change).fit_transform(X)
        assert cache.n_computed == 18
        assert_array_equal(changed, deep(**change).fit_transform(X))

    def test_scaling_learned_on_other_images_gives_other_rows(self):
        cache = FrozenCache()
        deep(cache=cache).fit(X[:6]).transform(X)
        deep(cache=cache).fit(X[3:]).transform(X)
        assert cache.n_computed == 18

    def test_a_pickle_shares_the_folder(self, tmp_path):
        features = deep(cache=FrozenCache(tmp_path)).fit(X)
        expected = features.transform(X)
        again = pickle.loads(pickle.dumps(features))
        assert_array_equal(again.transform(X), expected)
        assert (again.cache.n_computed, again.cache.n_found) == (0, 9)

    def test_for_the_time_of_a_fit_makes_no_sense(self):
        with pytest.raises(ParameterError, match=r"cache='fit', but nothing is trained"):
            deep(cache="fit").fit(X)
        with pytest.raises(ParameterError, match="'cache'"):
            deep(cache=3).fit(X)


class TestNames:
    def test_order_is_that_of_the_columns(self):
        features = deep(blocks=["block2", "block1"], pooling="mean_std", n_bands=2).fit(X)
        names, values = features.get_feature_names_out(), features.transform(X)
        assert len(set(names)) == len(names) == values.shape[1] == features.n_features_out_ == 96
        (block,) = maps(["block1"])
        column = names.tolist().index("block1_std_5_band1")
        expected = block[:, 5, block.shape[2] // 2 :].mean(axis=1).std(axis=-1)
        assert_allclose(values[:, column], expected, rtol=1e-9)
        column = names.tolist().index("block2_mean_0_band0")
        (block,) = maps(["block2"])
        assert_allclose(
            values[:, column], block[:, 0, : block.shape[2] // 2].mean(axis=(1, 2)), rtol=1e-9
        )

    def test_without_bands(self):
        names = deep(blocks="block1", pooling="max").fit(X).get_feature_names_out()
        assert names.tolist() == [f"block1_max_{i}" for i in range(8)]

    def test_flatten(self):
        features = deep(blocks="block3", pooling="flatten").fit(X)
        names = features.get_feature_names_out()
        assert len(names) == features.transform(X).shape[1] == 32 * 2 * 2
        assert names[-1] == "block3_value_127"

    def test_pandas(self):
        table = deep(blocks="block1").set_output(transform="pandas").fit_transform(X)
        assert isinstance(table, pd.DataFrame)
        assert table.columns.tolist() == [f"block1_mean_{i}" for i in range(8)]


class TestState:
    def test_pickle(self):
        features = deep(precision="float32").fit(X)
        again = pickle.loads(pickle.dumps(features))
        assert_array_equal(again.transform(X), features.transform(X))
        assert_array_equal(again.get_feature_names_out(), features.get_feature_names_out())
        state = features.__getstate__()
        assert all(type(array) is np.ndarray for array in state["network_"].values())

    def test_clone_and_unfitted_pickle(self):
        for copy in (clone(deep().fit(X)), pickle.loads(pickle.dumps(deep()))):
            with pytest.raises(NotFittedError):
                copy.transform(X)
            assert_array_equal(copy.fit_transform(X), deep().fit_transform(X))


class TestErrors:
    @pytest.mark.parametrize(
        ("settings", "error", "message"),
        [
            ({"backbone": "tinny"}, BackboneNotFoundError, r"'tinny'.*\['tiny'"),
            ({"blocks": "block9"}, BackboneNotFoundError, r"'block9', but .*'block1'"),
            ({"blocks": ["block1", "x"]}, BackboneNotFoundError, r"'x', but"),
            ({"weights": "/nowhere.pth"}, WeightsUnavailableError, "existing"),
            ({"weights": "imagenet"}, WeightsUnavailableError, "no ImageNet weights"),
            ({"pooling": "sum"}, ParameterError, "'pooling'"),
            ({"n_bands": 0}, ParameterError, "'n_bands'"),
            ({"input_size": (3,)}, ParameterError, r"input_size=\(3,\)"),
            ({"input_scaling": "z"}, ParameterError, "'input_scaling'"),
            ({"batch_size": 0}, ParameterError, "'batch_size'"),
            ({"device": "nothing"}, DeviceUnavailableError, "device='nothing'"),
            ({"random_state": "x"}, ParameterError, "'random_state'"),
        ],
    )
    def test_parameters(self, settings, error, message):
        settings = dict(settings)
        with pytest.raises(error, match=message):
            deep(settings.pop("backbone", "tiny"), **settings).fit(X)

    def test_cuda_where_there_is_none(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(DeviceUnavailableError, match="finds 0 CUDA devices"):
            deep(device="cuda").fit(X)

    def test_images(self):
        bad = X.copy()
        bad[4, 0, 0, 0] = np.inf
        with pytest.raises(InputError, match="DeepFeatures, clip 4"):
            deep().fit(bad)
        with pytest.raises(InputError, match=r"\(1, 16, 12\).*\(1, 16, 11\)"):
            deep().fit(X).transform(X[..., :11])
        with pytest.raises(InputError, match="2 channels"):
            deep().fit(np.repeat(X, 2, axis=1))
