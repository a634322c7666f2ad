"""Augmenter: a pure function of (seed, epoch, clip), drawn in training and nowhere else."""

import pickle
from collections import Counter

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skspec import Augmenter, ImageBatch, PretrainedCNNClassifier, Stage
from skspec._seeding import generator_at
from skspec.exceptions import InputError, ParameterError


def images(n=12, n_bins=9, n_frames=14, n_channels=1, seed=0):
    shape = (n, n_channels, n_bins, n_frames)
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def drawn(X, epoch=0, rows=None, **settings):
    batch = Augmenter(**{"random_state": 0, **settings}).fit_transform(X)
    return batch.batch(np.arange(len(X)) if rows is None else rows, epoch, training=True)


ALL = {
    "time_mask": 6,
    "freq_mask": 4,
    "n_time_masks": 2,
    "n_freq_masks": 2,
    "time_flip": 0.5,
    "freq_flip": 0.5,
    "rotate_180": 0.5,
}


class TestWhereItApplies:
    def test_transform_gives_the_images(self):
        X = images()
        augmenter = Augmenter(**ALL, random_state=0).fit(X)
        assert type(augmenter.transform(X)) is np.ndarray
        assert_array_equal(augmenter.transform(X), X)

    def test_fit_transform_gives_the_images_with_a_policy(self):
        X = images()
        batch = Augmenter(**ALL, random_state=0).fit_transform(X)
        assert isinstance(batch, ImageBatch)
        assert_array_equal(batch, X)
        assert_array_equal(batch.batch(np.arange(12)), X)
        assert (batch.batch(np.arange(12), training=True) != X).any()

    def test_input_is_never_changed(self):
        X = images()
        X.flags.writeable = False
        drawn(X, **ALL)

    def test_by_default_nothing_changes(self):
        X = images()
        assert_array_equal(drawn(X), X)

    def test_a_second_augmenter_adds_its_policy(self):
        X = images()
        first = Augmenter(freq_flip=1.0, random_state=0).fit_transform(X)
        both = Augmenter(time_flip=1.0, random_state=1).fit_transform(first)
        assert_array_equal(both.batch([3], training=True)[0], X[3, :, ::-1, ::-1])

    def test_set_output_does_nothing(self):
        X = images()
        augmenter = Augmenter(time_mask=3).set_output(transform="pandas").fit(X)
        assert type(augmenter.transform(X)) is np.ndarray


class TestPosition:
    def test_each_epoch_is_new(self):
        X = images()
        versions = [drawn(X, epoch, **ALL) for epoch in range(6)]
        for i, one in enumerate(versions):
            for other in versions[i + 1 :]:
                assert (one != other).any(axis=(1, 2, 3)).mean() > 0.5

    def test_each_clip_draws_its_own(self):
        X = np.repeat(images(1), 12, axis=0)
        assert len({image.tobytes() for image in drawn(X, **ALL)}) > 8

    def test_each_seed_is_another(self):
        X = images()
        assert (drawn(X, **ALL) != drawn(X, **{**ALL, "random_state": 1})).any()

    @given(data=st.data(), epoch=st.integers(0, 1000), seed=st.integers(0, 2**32 - 1))
    @settings(deadline=None, max_examples=25)
    def test_whatever_the_batching(self, data, epoch, seed):
        X = images()
        whole = drawn(X, epoch, **ALL, random_state=seed)
        rows = data.draw(st.permutations(range(12)))
        cut = data.draw(st.integers(1, 11))
        parts = [drawn(X, epoch, rows[:cut], **ALL, random_state=seed)]
        parts.append(drawn(X, epoch, rows[cut:], **ALL, random_state=seed))
        assert_array_equal(np.concatenate(parts), whole[rows])

    def test_a_part_draws_as_the_whole_did(self):
        X = images()
        batch = Augmenter(**ALL, random_state=0).fit_transform(X)
        whole = batch.batch(np.arange(12), 4, training=True)
        assert_array_equal(batch[[7, 2]].batch([0, 1], 4, training=True), whole[[7, 2]])

    def test_flips_do_not_move_the_masks(self):
        X = np.ones((20, 1, 9, 14), np.float32)
        masks = {"time_mask": 5, "freq_mask": 3, "fill": 0.0}
        plain = drawn(X, 2, **masks)
        assert_array_equal(drawn(X, 2, **masks, time_flip=1.0, rotate_180=0.3), plain)

    def test_the_width_allowed_does_not_move_the_other_masks(self):
        X = np.ones((20, 1, 9, 14), np.float32)
        rows = drawn(X, 2, freq_mask=3, fill=0.0)
        both = drawn(X, 2, freq_mask=3, time_mask=5, fill=0.0)
        assert_array_equal(rows, np.where(rows == 0, both, 1))

    @pytest.mark.parametrize(("one", "more"), [("freq", "time"), ("time", "freq")])
    def test_more_masks_leave_those_there_are(self, one, more):
        X = np.ones((20, 1, 9, 14), np.float32)
        masks = {"time_mask": 5, "freq_mask": 3, "fill": 0.0}
        few = drawn(X, 2, **masks, **{f"n_{one}_masks": 1, f"n_{more}_masks": 1})
        many = drawn(X, 2, **masks, **{f"n_{one}_masks": 1, f"n_{more}_masks": 4})
        assert (many[few == 0] == 0).all()
        assert (many == 0).sum() > (few == 0).sum()


class TestFlips:
    @pytest.mark.parametrize("n_channels", [1, 3])
    def test_time_flip(self, n_channels):
        X = images(n_channels=n_channels)
        assert_array_equal(drawn(X, time_flip=1.0), np.flip(X, axis=3))

    def test_freq_flip(self):
        assert_array_equal(drawn(images(), freq_flip=1.0), np.flip(images(), axis=2))

    def test_rotation(self):
        X = images()
        assert_array_equal(drawn(X, rotate_180=1.0), np.rot90(X, k=2, axes=(2, 3)))

    def test_all_three_undo_each_other(self):
        X = images()
        assert_array_equal(drawn(X, time_flip=1.0, freq_flip=1.0, rotate_180=1.0), X)

    @pytest.mark.parametrize("name", ["time_flip", "freq_flip", "rotate_180"])
    @pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
    def test_how_often(self, name, p):
        X = np.repeat(images(1), 2000, axis=0)
        changed = (drawn(X, **{name: p}) != X).any(axis=(1, 2, 3))
        if p in (0.0, 1.0):
            assert changed.mean() == p
        else:
            assert stats.binomtest(int(changed.sum()), 2000, p).pvalue > 1e-4


class TestMasks:
    @given(
        image=arrays(np.float32, (2, 7, 10), elements=st.floats(-80, 0, width=32)),
        time_mask=st.integers(0, 14),
        freq_mask=st.integers(0, 9),
        n_masks=st.integers(0, 3),
        epoch=st.integers(0, 99),
        fill=st.sampled_from(["min", "mean", -5.0]),
    )
    @settings(deadline=None, max_examples=60)
    def test_against_the_formula(self, image, time_mask, freq_mask, n_masks, epoch, fill):
        changed = drawn(
            image[None],
            epoch,
            time_mask=time_mask,
            freq_mask=freq_mask,
            n_time_masks=n_masks,
            n_freq_masks=n_masks,
            fill=fill,
        )[0]
        value = {"min": image.min(), "mean": image.mean()}.get(fill, fill)
        hidden = np.zeros((7, 10), dtype=bool)
        draw = generator_at(0, "augment", epoch, 0)
        draw.random(3)  # flips and rotation
        places = draw.random((n_masks, 2, 2))  # one of time and one of frequency at a time
        for axis, widest in ((1, time_mask), (0, freq_mask)):
            length = hidden.shape[axis]
            for where, start in places[:, 1 - axis]:
                width = int(np.floor(where * (min(widest, length) + 1)))
                first = int(np.floor(start * (length - width + 1)))
                hidden[(slice(None),) * axis + (slice(first, first + width),)] = True
        assert_array_equal(changed, np.where(hidden, np.float32(value), image))

    def test_widths_and_places_are_uniform(self):
        X = np.ones((4000, 1, 1, 20), np.float32)
        hidden = drawn(X, time_mask=4, fill=0.0)[:, 0, 0] == 0
        widths = Counter(hidden.sum(axis=1).tolist())
        assert sorted(widths) == [0, 1, 2, 3, 4]
        assert stats.chisquare([widths[w] for w in range(5)]).pvalue > 1e-4
        starts = Counter(hidden[hidden.sum(axis=1) == 3].argmax(axis=1).tolist())
        assert sorted(starts) == list(range(18))
        assert stats.chisquare(list(starts.values())).pvalue > 1e-4

    def test_a_mask_is_one_stretch_of_all_bins_and_channels(self):
        X = np.ones((200, 3, 5, 20), np.float32)
        hidden = drawn(X, time_mask=8, fill=0.0) == 0
        assert_array_equal(hidden, np.broadcast_to(hidden[:, :1, :1], hidden.shape))
        edges = np.diff(hidden[:, 0, 0].astype(int), axis=1, prepend=0, append=0)
        assert np.abs(edges).sum(axis=1).max() == 2

    def test_wider_than_the_image_may_hide_all_of_it(self):
        X = np.ones((100, 1, 3, 4), np.float32)
        hidden = (drawn(X, time_mask=1000, fill=0.0) == 0).all(axis=(1, 2, 3))
        assert 0 < hidden.mean() < 0.5

    def test_the_mean_is_that_of_the_clip_alone(self):
        X = images() + np.arange(12, dtype=np.float32)[:, None, None, None] * 100
        changed = drawn(X, time_mask=8, fill="mean")
        for before, after in zip(X, changed, strict=True):
            new = after[after != before]
            assert_allclose(new, before.mean(), rtol=1e-6)


class TestAsAnEstimator:
    def test_parameters_reach_the_policy(self):
        augmenter = Augmenter(**ALL, random_state=5).fit(images())
        settings = {name: getattr(augmenter.policy_, name) for name in ALL}
        assert settings == ALL
        assert augmenter.policy_.seed == 5

    @pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
    def test_other_kinds_of_random_state(self, kind):
        one, same = (Augmenter(random_state=kind(3)).fit(images()).policy_ for _ in range(2))
        assert one == same

    def test_none_is_another_seed_in_every_fit(self):
        augmenter = Augmenter()
        assert augmenter.fit(images()).policy_ != augmenter.fit(images()).policy_

    def test_clone_draws_the_same(self):
        X, augmenter = images(), Augmenter(**ALL, random_state=2)
        one = augmenter.fit_transform(X).batch([5], 1, training=True)
        same = clone(augmenter).fit_transform(X).batch([5], 1, training=True)
        assert_array_equal(one, same)

    def test_pickle_draws_the_same(self):
        batch = Augmenter(**ALL, random_state=2).fit_transform(images())
        again = pickle.loads(pickle.dumps(batch))
        assert_array_equal(again.batch([5], 1, training=True), batch.batch([5], 1, training=True))

    @pytest.mark.parametrize("name", [*ALL, "fill", "random_state"])
    def test_hash_sees_every_setting(self, name):
        changed = {**ALL, "fill": "mean", "random_state": 0}
        one = Augmenter(**changed).fit_transform(images())
        changed[name] = {"fill": "min", "random_state": 1}.get(name, ALL.get(name, 0) / 2)
        if name in ("time_mask", "freq_mask", "n_time_masks", "n_freq_masks"):
            changed[name] = int(changed[name])
        other = Augmenter(**changed).fit_transform(images())
        assert_array_equal(one, other)
        assert joblib.hash(one) != joblib.hash(other)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"time_mask": -1}, r"'time_mask' .* must be an int .*\[0, inf\).* Got -1"),
            ({"freq_mask": 2.5}, r"'freq_mask' .* must be an int"),
            ({"n_time_masks": -1}, "'n_time_masks'"),
            ({"n_freq_masks": None}, "'n_freq_masks'"),
            ({"fill": "max"}, r"'fill' .*'m(in|ean)'.* Got 'max'"),
            ({"fill": np.inf}, "'fill'"),
            ({"time_flip": 1.1}, r"'time_flip' .*\[0.?0?, 1.?0?\]"),
            ({"freq_flip": -0.1}, "'freq_flip'"),
            ({"rotate_180": "often"}, "'rotate_180'"),
            ({"random_state": "x"}, "'random_state'"),
        ],
    )
    def test_bad_settings(self, settings, message):
        with pytest.raises(ParameterError, match=message):
            Augmenter(**settings).fit(images())

    def test_bad_images_name_the_clip(self):
        X = images()
        X[3, 0, 0, 0] = np.nan
        with pytest.raises(InputError, match="Augmenter, clip 3"):
            Augmenter().fit_transform(X)


def pipeline(augmenter, memory=None):
    stages = [("train", Stage("all", epochs=3, lr=0.01))]
    cnn = PretrainedCNNClassifier(
        "tiny", weights=None, stages=stages, input_size=(16, 16), device="cpu", random_state=0
    )
    return Pipeline([("aug", augmenter), ("cnn", cnn)], memory=memory)


class TestInAPipeline:
    X, y = images(16), np.tile([0, 1], 8)

    def proba(self, memory=None, **settings):
        augmenter = Augmenter(**{"random_state": 0, **settings})
        return pipeline(augmenter, memory).fit(self.X, self.y).predict_proba(self.X)

    def test_training_sees_it(self):
        assert (self.proba() != self.proba(time_mask=8)).any()
        assert (self.proba(time_mask=8) != self.proba(time_mask=8, random_state=1)).any()

    def test_predicting_does_not_see_it(self):
        pipe = pipeline(Augmenter(time_mask=8, random_state=0)).fit(self.X, self.y)
        cnn = pipe["cnn"]
        batch = pipe["aug"].fit_transform(self.X)
        assert len(batch.policy) == 1
        assert_array_equal(cnn.predict_proba(batch), cnn.predict_proba(self.X))
        assert_array_equal(pipe.predict_proba(self.X), cnn.predict_proba(self.X))

    def test_training_images_are_those_that_batch_draws(self):
        # One full batch per epoch, so training with augmentation must equal training, an epoch
        # at a time, on what `batch` says: the same first loss for the same images.
        def first_loss(X):
            cnn = pipeline(Augmenter())["cnn"].set_params(batch_size=100, train__epochs=1)
            return cnn.set_params(input_scaling=None).fit(X, self.y).history_[0]["train_loss"]

        batch = Augmenter(**ALL, random_state=3).fit_transform(self.X)
        by_hand = batch.batch(np.arange(16), epoch=0, training=True)
        assert first_loss(batch) == first_loss(by_hand)
        assert first_loss(batch) != first_loss(self.X)

    def test_memory_serves_no_other_policy(self, tmp_path):
        for policy in ({"time_mask": 8}, {"time_mask": 2}, {"time_mask": 8}, {"time_flip": 1.0}):
            cached = self.proba(memory=str(tmp_path), **policy)
            assert_array_equal(cached, self.proba(**policy), err_msg=str(policy))

    def test_memory_is_used(self, tmp_path, monkeypatch):
        # What the test above rests on: the second fit does take the images from the cache.
        seen = []
        fit = Augmenter.fit
        monkeypatch.setattr(Augmenter, "fit", lambda *args: (seen.append(1), fit(*args))[1])
        for _ in range(2):
            memory = joblib.Memory(tmp_path, verbose=0)
            pipeline(Augmenter(time_mask=8, random_state=0), memory).fit(self.X, self.y)
        assert len(seen) == 1
