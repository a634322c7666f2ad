"""The frozen part runs once for an image, and nothing can tell but the clock."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from torch import nn

from skspec import (
    Augmenter,
    FrozenCache,
    Head,
    ImageBatch,
    ImageScaler,
    MelSpectrogramImage,
    OnDemandImages,
    PretrainedCNNClassifier,
    Stage,
    register_backbone,
)
from skspec._image_batch import as_version
from skspec.exceptions import ParameterError
from skspec.nn._backbone import build_backbone
from skspec.nn._device import Compute
from skspec.nn._frozen_context import frozen_context, weights_digest
from skspec.nn._frozen_part import FrozenPart, fixed_batch_size
from skspec.nn._input import ImageStatistics, InputAdapter
from skspec.nn._memory import DeviceMemoryError
from skspec.nn._registry import Preset

CPU = Compute(torch.device("cpu"), torch.float32, autocast=False)
X = np.random.default_rng(0).standard_normal((21, 1, 16, 15)).astype(np.float32)
Y = np.arange(21) % 2


class Tokens(nn.Module):
    """Maps to (n, positions, channels), as blocks of own backbones may give them."""

    def forward(self, x):
        return x.flatten(2).transpose(1, 2).tanh()


class Untokens(nn.Module):
    """And back."""

    def forward(self, x):
        return x.transpose(1, 2).unflatten(2, (-1, 4))


def _norm_block(n_in, n_out):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, 2, 1), nn.BatchNorm2d(n_out), nn.ReLU())


def _norm_blocks():
    return nn.Sequential(_norm_block(3, 8), _norm_block(8, 8), Tokens(), Untokens())


@pytest.fixture(autouse=True, scope="module")
def _backbone():
    names = ["one", "two", "tokens", "maps"]
    register_backbone(
        "norms", _norm_blocks, lambda net: list(zip(names, net, strict=True)), input_size=(16, 16)
    )


def stages(*parts, epochs=2, **settings):
    return [(f"s{i}", Stage(part, epochs=epochs, lr=0.01, **settings)) for i, part in
            enumerate(parts)]  # fmt: skip


def classifier(backbone="norms", parts=("head",), **settings):
    defaults = {"weights": None, "input_size": (16, 16), "batch_size": 6, "device": "cpu"}
    settings = {**defaults, "random_state": 0, "stages": stages(*parts), **settings}
    return PretrainedCNNClassifier(backbone, **settings)


def assert_cache_changes_nothing(make, images=X, new=X[:5], tmp_path=None, **fit):
    """Compare weights, history and predictions with every kind of cache."""
    plain = make(cache=None).fit(images, Y, **fit)
    few, many = plain.predict_proba(new), plain.predict_proba(images)
    for cache in ("fit", FrozenCache(max_bytes=0), tmp_path, tmp_path):  # filled, then found
        other = make(cache=cache).fit(images, Y, **fit)
        assert other.history_ == plain.history_, cache
        for name, tensor in plain.network_.state_dict().items():
            assert torch.equal(tensor, other.network_.state_dict()[name]), (cache, name)
        assert_array_equal(other.predict_proba(new), few)
        assert_array_equal(other.predict_proba(images), many)
    return plain


PARTS = {
    "head": ["head"],
    "last": ["last:1"],
    "middle": ["two"],
    "tokens": ["maps"],
    "all": ["all"],
    "later": ["head", "two"],
    "after learning": ["two", "maps", "head"],
    "after all": ["all", "head"],
}


class TestNothingChanges:
    @pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
    def test_whatever_is_frozen(self, parts, tmp_path):
        assert_cache_changes_nothing(lambda **kw: classifier(parts=parts, **kw), tmp_path=tmp_path)

    @pytest.mark.parametrize("parts", [["head"], ["block3", "block2"]])
    @pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
    def test_number_formats(self, parts, precision, tmp_path):
        assert_cache_changes_nothing(
            lambda **kw: classifier("tiny", parts, precision=precision, **kw), tmp_path=tmp_path
        )

    @pytest.mark.slow
    @pytest.mark.parametrize("parts", [["head"], ["last:1", "layer3.0"]])
    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_a_real_backbone(self, parts, precision, tmp_path):
        assert_cache_changes_nothing(
            lambda **kw: classifier(
                "resnet18", parts, input_size=(32, 32), precision=precision, **kw
            ),
            tmp_path=tmp_path,
        )

    def test_frozen_batchnorm(self, tmp_path):
        plan = stages("two", "head", batchnorm="frozen")
        assert_cache_changes_nothing(
            lambda **kw: classifier(**{**kw, "stages": plan}), tmp_path=tmp_path
        )

    def test_validation_part_and_weights(self, tmp_path):
        assert_cache_changes_nothing(
            lambda **kw: classifier(parts=["two", "head"], validation=np.arange(0, 21, 4), **kw),
            sample_weight=np.linspace(0, 2, 21),
            tmp_path=tmp_path,
        )

    @pytest.mark.parametrize(
        "flips", [{"time_flip": 0.5}, {"time_flip": 1.0, "freq_flip": 0.5}, {"rotate_180": 0.3}]
    )
    def test_finite_augmentation(self, flips, tmp_path):
        batch = Augmenter(**flips, time_mask=0, freq_mask=0, random_state=0).fit_transform(X)
        twice = Augmenter(time_flip=0.4, time_mask=0, freq_mask=0, random_state=1)
        batch = twice.fit_transform(batch)
        plain = assert_cache_changes_nothing(
            lambda **kw: classifier(parts=["two"], validation=np.arange(0, 21, 5), **kw),
            batch,
            tmp_path=tmp_path,
        )
        without = classifier(parts=["two"], validation=np.arange(0, 21, 5)).fit(X, Y)
        assert plain.history_ != without.history_

    @pytest.mark.parametrize("policy", [{"time_mask": 4}, {"mixup": 0.2}, {"gain": 1.0}])
    def test_fresh_augmentation_goes_through_the_whole_network(self, policy, tmp_path):
        masks = {"time_mask": 0, "freq_mask": 0, **policy}
        batch = Augmenter(**masks, random_state=0).fit_transform(X)
        cache = FrozenCache()
        made = classifier(cache=cache).fit(batch, Y)
        assert cache.n_computed == 0
        assert_array_equal(
            made.predict_proba(X), classifier(cache=None).fit(batch, Y).predict_proba(X)
        )
        assert cache.n_computed == 21  # predicting

    def test_images_on_demand(self, tmp_path):
        waves = np.random.default_rng(0).standard_normal((21, 4000)).astype("f") / 9
        mel = MelSpectrogramImage(sr=16_000, n_mels=16)
        batch = OnDemandImages(mel).fit_transform(waves)
        plain = assert_cache_changes_nothing(
            lambda **kw: classifier(parts=["two"], **kw), batch, batch[:3], tmp_path
        )
        stored = classifier(parts=["two"]).fit(mel.fit_transform(waves), Y)
        assert stored.history_ == plain.history_


class Counted:
    """Images that note which of them were asked for."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.ndim = values, values.shape, values.dtype, 4
        self.asked = []

    def __len__(self):
        return len(self.values)

    def compute(self, rows, epoch=None):
        self.asked += rows.tolist()
        return self.values[rows]


class TestOnce:
    def test_images_are_made_once_for_all_stages_and_epochs(self):
        images = Counted(X)
        classifier(parts=["head", "head"]).fit(ImageBatch(images), Y)
        assert sorted(images.asked) == sorted([*range(21)] * 2)  # one is for the input scaling

    def test_frozen_blocks_run_once_for_each_image(self):
        cache = FrozenCache()
        classifier(cache=cache, stages=stages("head", epochs=7)).fit(X, Y)
        assert (cache.n_computed, cache.n_found) == (21, 0)
        classifier(cache=cache, stages=stages("head", epochs=3), head=Head(hidden=(4,))).fit(X, Y)
        assert (cache.n_computed, cache.n_found) == (21, 21)

    def test_every_version_of_an_image_once(self):
        flips = Augmenter(
            time_flip=0.5, freq_flip=0.5, time_mask=0, freq_mask=0, random_state=0
        ).fit_transform(X)
        cache = FrozenCache()
        classifier(cache=cache, validation=np.arange(5)).fit(flips, Y)
        assert cache.n_computed == 4 * 16 + 5

    def test_a_search_over_heads(self):
        images = X.copy()
        images[:, 0, 0, 0], images[:, 0, 0, 1] = -5, 5  # so that every fold is scaled alike
        cache = FrozenCache()
        model = classifier(cache=cache, input_scaling="imagenet", head=Head())
        grid = {"head__hidden": [(), (4,)], "head__pooling": ["mean", "max"]}
        search = GridSearchCV(model, grid, cv=3, return_train_score=True).fit(images, Y)
        assert cache.n_computed == 21
        plain = GridSearchCV(clone(model).set_params(cache=None), grid, cv=3).fit(images, Y)
        assert_array_equal(
            search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
        )

    def test_a_fitted_step_before_the_network_gives_other_keys(self):
        cache = FrozenCache()
        model = make_pipeline(ImageScaler(), classifier(cache=cache, input_scaling=None))
        model.fit(X[:14], Y[:14])
        clone(model).fit(X[:14], Y[:14])
        assert (cache.n_computed, cache.n_found) == (14, 14)
        clone(model).fit(X[7:], Y[7:])
        assert cache.n_computed == 28

    def test_a_part_that_learnt_has_rows_of_its_own(self):
        cache = FrozenCache()
        first = classifier(parts=["two", "head"], cache=cache).fit(X, Y)
        assert cache.n_computed == 2 * 21  # before "two", and before the head
        classifier(parts=["two", "head"], cache=cache, random_state=1).fit(X, Y)
        assert cache.n_computed == 4 * 21
        assert first.n_frozen_blocks_ == 1
        first.predict(X)
        assert cache.n_computed == 4 * 21

    def test_a_full_disk_changes_no_result(self, tmp_path, monkeypatch):
        plain = classifier(cache=None).fit(X, Y).predict_proba(X)

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("skspec.nn._shards.write_whole", full)
        with pytest.warns(UserWarning, match="Make room"):
            made = classifier(cache=tmp_path).fit(X, Y)
        with pytest.warns(UserWarning, match="Make room"):
            assert_array_equal(made.predict_proba(X), plain)

    def test_few_shards(self, tmp_path):
        """One for the first batch, whose rows show their size, and one for all the rest."""
        made = classifier(cache=tmp_path).fit(X, Y)
        folders = [len(list(folder.glob("*.bin"))) for folder in tmp_path.iterdir()]
        assert folders == [2, 2]  # maps, and what the head pools of them
        made.predict(np.random.default_rng(1).random((100, *X.shape[1:])))
        folders = [len(list(folder.glob("*.bin"))) for folder in tmp_path.iterdir()]
        assert max(folders) <= 3  # float64 images are others, with folders of their own

    def test_heads_that_pool_in_other_ways_share_the_maps(self):
        cache = FrozenCache()
        heads = [Head(), Head(n_bands=2), Head(pooling="max"), Head(pooling="flatten"), Head()]
        heads += [Head(pooling="attention"), Head(pooling="mean_std")]
        for head in heads:
            model = classifier(cache=cache, head=head).fit(X, Y)
            plain = classifier(cache=None, head=head).fit(X, Y)
            assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
        assert cache.n_computed == len(X)

    def test_an_epoch_reads_what_the_head_pools_and_not_the_maps(self):
        cache = FrozenCache()
        classifier(cache=cache).fit(X, Y)
        maps, pooled = [rows.layout.shape for rows in cache._contexts.values()]
        network = classifier(cache=None).fit(X, Y).network_
        assert len(maps) == 3
        assert pooled == (network.head.layers[-1].in_features,)

    def test_parameter(self, tmp_path):
        with pytest.raises(ParameterError, match="'cache'"):
            classifier(cache=3).fit(X, Y)
        (tmp_path / "file").write_text("")
        with pytest.raises(ParameterError, match="cannot be made"):
            classifier(cache=tmp_path / "file").fit(X, Y)


class TestContext:
    def context(self, backbone="norms", n_blocks=2, seed=0, scaling="fit", size=(16, 16), **kw):
        net = build_backbone(backbone, None, seed=seed)
        preset = Preset((16, 16), (0.5,) * 3, (0.5,) * 3)
        statistics = ImageStatistics(kw.pop("mean", 0.0), 1.0, -1.0, 2.0)
        adapter = InputAdapter(size, scaling, statistics, preset)
        kw = {"images": ImageBatch(X), "compute": CPU, "batch_size": 16, **kw}
        return frozen_context(adapter, net, n_blocks, **kw)

    def test_same(self):
        assert self.context() == self.context()

    @pytest.mark.parametrize(
        "change",
        [
            {"backbone": "tiny"},
            {"n_blocks": 1},
            {"seed": 1},
            {"scaling": "unit"},
            {"scaling": "imagenet"},
            {"size": (16, 17)},
            {"mean": 1e-9},
            {"images": ImageBatch(X[..., 1:])},
            {"images": ImageBatch(X.astype(np.float64))},
            {"compute": Compute(torch.device("cpu"), torch.float64, autocast=False)},
            {"compute": Compute(torch.device("cpu"), torch.float32, autocast=True)},
            {"batch_size": 8},
            {"pooling": "mean"},
        ],
        ids=str,
    )
    def test_everything_that_matters_is_in_it(self, change):
        assert self.context(**change) != self.context()

    def test_a_name_registered_again_with_other_layers_is_another_context(self):
        before = self.context()

        def build():
            net = _norm_blocks()
            net[0][0].stride = (1, 1)
            return net

        names = ["one", "two", "tokens", "maps"]
        register_backbone("norms", build, lambda net: list(zip(names, net, strict=True)))
        try:
            after = self.context()
        finally:
            register_backbone(
                "norms", _norm_blocks, lambda net: list(zip(names, net, strict=True)),
                input_size=(16, 16),
            )  # fmt: skip
        assert after["weights"] == before["weights"]
        assert after != before

    def test_the_digest_sees_buffers_and_names(self):
        norm = nn.BatchNorm2d(3)
        before = weights_digest(norm)
        norm.running_mean[1] = 1e-20
        assert weights_digest(norm) != before
        one, other = nn.Module(), nn.Module()
        one.register_buffer("a", torch.ones(2), persistent=False)
        other.register_buffer("b", torch.ones(2), persistent=False)
        assert weights_digest(one) != weights_digest(other)


class TestPart:
    def test_batches_have_one_size_and_repeat_the_last_image(self):
        seen = []

        def forward(x):
            seen.append(x[:, 0, 0, 0].tolist())
            return x.flatten(1).mean(1)

        numbers = np.arange(6, dtype="f")[:, None, None, None] * np.ones((1, 1, 2, 2), "f")
        rows = FrozenPart(forward, CPU, 4)(numbers)
        assert rows.tolist() == [0, 1, 2, 3, 4, 5]
        assert seen == [[0, 1, 2, 3], [4, 5, 5, 5]]

    @pytest.mark.parametrize("size", [16, 17])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_a_row_depends_on_its_image_alone(self, size, dtype):
        """Also in float64 and with sides that are odd, where a place in the batch matters."""
        compute = Compute(torch.device("cpu"), dtype, autocast=False)
        net = compute.place(build_backbone("tiny", None).eval())
        part = FrozenPart(net, compute, fixed_batch_size(compute))
        x = np.random.default_rng(0).standard_normal((40, 3, size, size)).astype("f")
        rows = part(x)
        for _ in range(5):
            some = np.random.default_rng(1).permutation(40)[:23]
            assert torch.equal(part(x[some]), rows[torch.from_numpy(some)])
        assert rows.is_contiguous(memory_format=torch.channels_last)

    @pytest.mark.parametrize("fits", [1, 3, 5, 16])
    def test_batches_shrink_to_what_the_device_has_memory_for(self, fits):
        def forward(x):
            if len(x) > fits:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return x.flatten(1)

        part = FrozenPart(forward, CPU, 16).that_fits(X.shape[1:])
        assert part.batch_size == {1: 1, 3: 2, 5: 4, 16: 16}[fits]
        assert_array_equal(part(X), X.reshape(21, -1))

    def test_no_memory_at_all(self):
        def forward(x):
            raise torch.OutOfMemoryError("CUDA out of memory.")

        with pytest.raises(DeviceMemoryError, match="on a single image"):
            FrozenPart(forward, CPU, 16).that_fits(X.shape[1:])

    def test_what_gives_no_rows(self):
        part = FrozenPart(lambda x: (x, x), CPU, 4)
        with pytest.raises(ParameterError, match=r"one tensor with a row for each image.*tuple"):
            part(X)


class TestVersions:
    @pytest.mark.parametrize("chances", [(0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (1, 0.5, 0)])
    def test_are_what_the_policy_draws(self, chances):
        names = ("time_flip", "freq_flip", "rotate_180")
        flips = dict(zip(names, chances, strict=True))
        one = Augmenter(**flips, time_mask=0, freq_mask=0, random_state=3)
        two = Augmenter(time_flip=0.5, time_mask=0, freq_mask=0, random_state=4)
        batch = two.fit_transform(one.fit_transform(X))[3:]
        rows, seen = np.array([7, 2, 2, 11]), set()
        for epoch in range(12):
            versions = batch.drawn_versions(rows, epoch)
            images = batch.batch(rows, epoch, training=True)
            for row, version, image in zip(rows, versions, images, strict=True):
                assert_array_equal(as_version(batch.values[[row]], version)[0], image)
            seen |= set(versions.tolist())
        assert seen == set(batch.versions)

    def test_without_a_policy_there_is_one(self):
        assert ImageBatch(X).versions == [0]
        assert ImageBatch(X).drawn_versions(np.arange(3), 5).tolist() == [0, 0, 0]

    def test_cannot_be_listed(self):
        assert ImageBatch(X, [lambda x, i, e: x]).versions is None
        assert Augmenter(time_mask=3).fit_transform(X).versions is None
        waves = OnDemandImages(MelSpectrogramImage(sr=16_000), noise_snr_db=20.0)
        batch = waves.fit_transform(np.ones((2, 4000), "f"))
        assert batch.versions is None
        assert waves.transform(np.ones((2, 4000), "f")).versions == [0]
