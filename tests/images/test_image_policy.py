"""Shift, gain, noise, mixing and listing: what an Augmenter draws besides masks and flips."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional as F

from skspec import Augmenter, Head, ImageBatch, PretrainedCNNClassifier, Stage
from skspec.exceptions import ParameterError
from skspec.nn._batches import BatchLoader, Examples
from skspec.nn._device import Compute

CPU = Compute(torch.device("cpu"), torch.float64, autocast=False)


def images(n=12, n_bins=9, n_frames=14, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 1, n_bins, n_frames)).astype("f")


def drawn(X, epoch=0, **settings):
    batch = Augmenter(**{"random_state": 0, **settings}).fit_transform(X)
    return batch.batch(np.arange(len(X)), epoch, training=True)


class TestShift:
    @given(widest=st.integers(1, 20), seed=st.integers(0, 1000))
    def test_is_a_roll_with_the_rest_filled(self, widest, seed):
        X = images(4)
        for before, after in zip(
            X, drawn(X, time_shift=widest, fill=-5.0, random_state=seed), strict=True
        ):
            candidates = []
            for n in range(-min(widest, 14), min(widest, 14) + 1):
                moved = np.full_like(before, -5.0)
                if n >= 0:
                    moved[:, :, n:] = before[:, :, : 14 - n]
                else:
                    moved[:, :, :n] = before[:, :, -n:]
                candidates.append(moved)
            assert any(np.array_equal(after, moved) for moved in candidates)

    def test_goes_both_ways_and_to_the_end(self):
        X = np.tile(np.arange(1.0, 15.0, dtype="f"), (400, 1, 2, 1))
        moved = drawn(X, time_shift=3, fill=0.0)
        shifts = {int(8 - row[7]) for row in moved[:, 0, 0]}
        assert shifts == {-3, -2, -1, 0, 1, 2, 3}


class TestGainAndNoise:
    def test_gain_is_one_number_for_each_image_within_bounds(self):
        X = images(200)
        difference = drawn(X, gain=6.0) - X
        gains = difference.mean(axis=(1, 2, 3))
        assert_allclose(difference, np.broadcast_to(gains[:, None, None, None], X.shape), atol=1e-5)
        assert np.abs(gains).max() <= 6.0
        assert gains.min() < -5.0
        assert gains.max() > 5.0

    def test_noise_has_the_stated_deviation(self):
        X = images(50, 40, 50) * np.linspace(1, 100, 50, dtype="f")[:, None, None, None]
        noise = (drawn(X, noise=0.1) - X).reshape(50, -1)
        expected = 0.1 * X.reshape(50, -1).std(axis=1)
        assert_allclose(noise.std(axis=1), expected, rtol=0.06)
        assert np.abs(noise.mean(axis=1) / expected).max() < 0.12

    def test_a_constant_image_stays_constant_under_noise(self):
        X = np.full((2, 1, 4, 4), 3.0, dtype="f")
        assert_array_equal(drawn(X, noise=0.5), X)

    def test_masks_are_the_same_with_and_without_the_others(self):
        X = images()
        plain = drawn(X, time_mask=6, fill=9.0) == 9.0
        assert_array_equal(drawn(X, time_mask=6, fill=9.0, gain=2.0, noise=0.1) == 9.0, plain)


class TestMixing:
    def draw(self, X, rows, epoch=0, **settings):
        batch = Augmenter(**{"random_state": 0, **settings}).fit_transform(X)
        return batch.draw(np.arange(len(rows)), rows, epoch)

    def test_mixup_by_the_formula(self):
        X, rows = images(20), np.arange(3, 15)
        mixed, partners, shares = self.draw(X, rows, mixup=0.4)
        own, other = X[rows], X[rows[partners]]
        w = shares[:, None, None, None]
        assert_allclose(mixed, w * own + (1 - w) * other, rtol=1e-4, atol=1e-5)
        assert sorted(partners) == list(range(12))  # a permutation of the training rows alone

    def test_mixup_shares_follow_the_beta_distribution(self):
        from scipy import stats

        X = np.zeros((3000, 1, 1, 1), dtype="f")
        _, _, shares = self.draw(X, np.arange(3000), mixup=0.4)
        assert stats.kstest(shares, stats.beta(0.4, 0.4).cdf).pvalue > 0.01

    def test_cutmix_pastes_one_rectangle_of_the_stated_share(self):
        n = 60
        X = np.arange(1, n + 1, dtype="f")[:, None, None, None] * np.ones((n, 1, 10, 20), "f")
        mixed, partners, shares = self.draw(X, np.arange(n), cutmix=1.0)
        for i in range(n):
            foreign = mixed[i, 0] != X[i, 0]
            if partners[i] == i or not foreign.any():
                continue
            assert_array_equal(mixed[i, 0][foreign], X[partners[i], 0][foreign])
            rows, columns = np.flatnonzero(foreign.any(axis=1)), np.flatnonzero(foreign.any(axis=0))
            assert foreign.sum() == len(rows) * len(columns)
            assert rows[-1] - rows[0] + 1 == len(rows)
            assert_allclose(shares[i], 1 - foreign.mean())

    def test_both_at_even_chances(self):
        X = images(400)
        _, _, shares = self.draw(X, np.arange(400), mixup=0.4, cutmix=1.0)
        area = np.round(shares * 9 * 14)
        by_area = np.isclose(shares * 9 * 14, area, atol=1e-9)
        assert 0.4 < by_area.mean() < 0.6

    def test_partners_change_with_the_epoch_and_repeat_with_it(self):
        X, rows = images(30), np.arange(30)
        first, again, later = (self.draw(X, rows, epoch, mixup=1.0) for epoch in (0, 0, 1))
        assert_array_equal(first[0], again[0])
        assert not np.array_equal(first[1], later[1])

    def test_any_batching_gives_the_same_images(self):
        batch = Augmenter(mixup=0.5, time_mask=4, random_state=0).fit_transform(images(10))
        rows = np.arange(10)
        whole = batch.draw(rows, rows, 2)[0]
        parts = [batch.draw(part, rows, 2)[0] for part in (rows[:3], rows[3:4], rows[4:])]
        assert_array_equal(whole, np.concatenate(parts))

    def test_the_loader_gives_both_labels_with_their_weights(self):
        n = 9
        batch = Augmenter(mixup=0.5, random_state=0).fit_transform(images(n))
        targets, weights = np.arange(n) % 3, np.linspace(0.5, 2, n)
        data = Examples(batch, np.arange(n), targets, weights)
        loader = BatchLoader(data, n, CPU, training=True, seed=3)
        (x, (t, w, other_t, other_w)) = next(iter(loader))
        mixed, partners, shares = batch.draw(np.arange(n), np.arange(n), 0)
        order = [int(np.flatnonzero((mixed == row).all(axis=(1, 2, 3)))[0]) for row in x.numpy()]
        assert_array_equal(t, targets[order])
        assert_array_equal(other_t, targets[partners[order]])
        assert_allclose(w, (weights * shares)[order])
        assert_allclose(other_w, (weights[partners] * (1 - shares))[order])

    def test_the_loss_is_that_of_soft_labels(self):
        n = 8
        X = ImageBatch(images(n, 32, 32))
        y = np.arange(n) % 2
        X = X.with_policy(Augmenter(mixup=1.0, random_state=0).fit(X).policy_)
        settings = {"weights": None, "head": Head(dropout=0.0), "input_scaling": None}
        stage = Stage("all", epochs=1, lr=0.1, optimizer="sgd")
        clf = PretrainedCNNClassifier(
            "tiny", stages=[("one", stage)], batch_size=n, precision="float64", **settings
        ).set_params(random_state=0)
        clf.fit(X, y)

        fresh = clf.network_spec_.build(seed=_seed("weights"), head_seed=_seed("head")).double()
        mixed, partners, shares = X.draw(np.arange(n), np.arange(n), 0)
        soft = shares[:, None] * np.eye(2)[y] + (1 - shares)[:, None] * np.eye(2)[y[partners]]
        loss = F.cross_entropy(fresh(torch.from_numpy(mixed).double()), torch.from_numpy(soft))
        assert_allclose(clf.history_[0]["train_loss"], loss.item(), rtol=1e-10)

    def test_prediction_never_mixes(self):
        X, y = images(8, 32, 32), np.arange(8) % 2
        batch = Augmenter(mixup=1.0, cutmix=1.0, random_state=0).fit_transform(X)
        clf = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
        clf.fit(batch, y)
        assert_array_equal(clf.predict_proba(batch), clf.predict_proba(X))


def _seed(stream):
    from skspec._seeding import seed_at

    return seed_at(0, stream)


class TestListing:
    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"time_flip": 0.5}, [(False, False), (True, False)]),
            ({"freq_flip": 1.0}, [(False, True)]),
            ({"rotate_180": 0.5}, [(False, False), (True, True)]),
            ({"rotate_180": 1.0, "time_flip": 0.5}, [(False, True), (True, True)]),
            ({"time_flip": 0.5, "freq_flip": 0.5, "rotate_180": 0.5}, None),
        ],
    )
    def test_every_draw_is_listed_and_every_listed_version_drawn(self, settings, expected):
        X = images(2)
        augmenter = Augmenter(**settings, random_state=0).fit(X)
        flips = [(False, False), (False, True), (True, False), (True, True)]
        assert augmenter.policy_.flips() == (flips if expected is None else expected)
        listed = augmenter.variants(X)
        seen = set()
        for epoch in range(60):
            first = augmenter.draw(X, epoch)[0]
            match = [i for i, version in enumerate(listed[:, 0]) if np.array_equal(version, first)]
            assert len(match) == 1
            seen.update(match)
        assert seen == set(range(len(listed)))

    def test_versions_against_numpy(self):
        X = images(3)
        listed = Augmenter(rotate_180=0.5).fit(X).variants(X)
        assert_array_equal(listed, np.stack([X, np.rot90(X, 2, axes=(2, 3))]))

    @pytest.mark.parametrize(
        "endless",
        [
            {"time_mask": 1},
            {"freq_mask": 2},
            {"time_shift": 1},
            {"gain": 1.0},
            {"noise": 0.1},
            {"mixup": 0.1},
            {"cutmix": 1.0},
        ],
    )
    def test_endless_policies_are_refused(self, endless):
        augmenter = Augmenter(time_flip=0.5, **endless).fit(images(2))
        with pytest.raises(ParameterError, match="endless versions"):
            augmenter.variants(images(2))


class TestDraw:
    def test_shows_what_the_loop_sees(self):
        X = images(6)
        augmenter = Augmenter(time_mask=4, gain=3.0, random_state=0)
        batch = augmenter.fit_transform(X)
        rows = np.arange(6)
        assert_array_equal(augmenter.draw(X, epoch=4), batch.batch(rows, 4, training=True))

    def test_shows_mixtures_too(self):
        X = images(6)
        augmenter = Augmenter(mixup=1.0, random_state=0).fit(X)
        rows = np.arange(6)
        expected = ImageBatch(X, [augmenter.policy_]).draw(rows, rows, 1)[0]
        assert_array_equal(augmenter.draw(X, epoch=1), expected)
