"""ZCAWhitener: against scipy's matrix square root and the singular value decomposition."""

import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import inv, sqrtm
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspec import Augmenter, ImageBatch, ZCAWhitener
from skspec.exceptions import InputError, ParameterError
from skspec.images._zca_whitener import _whitening_matrix


def images(n_clips=4, n_channels=1, n_bins=6, n_frames=40, seed=0):
    """Give images whose neighbouring bins are alike, as those of spectrograms are."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((n_clips, n_channels, n_bins, n_frames))
    return (steps.cumsum(axis=2) * 4 - 40).astype(np.float32)


def covariance(image):
    return np.atleast_2d(np.cov(np.asarray(image, np.float64), bias=True))


def centred(image):
    return image - image.mean(axis=-1, keepdims=True)


@parametrize_with_checks([ZCAWhitener("dataset")])
def test_estimator_checks_with_other_parameters(estimator, check):
    check(estimator)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_agrees_with_scipys_square_root(n_channels):
    X = images(n_channels=n_channels).astype(np.float64)
    whitened = ZCAWhitener(epsilon=0.0, max_gain=1e6).fit_transform(X)
    assert whitened.dtype == np.float32
    for image, result in zip(X.reshape(-1, 6, 40), whitened.reshape(-1, 6, 40), strict=True):
        assert_allclose(result, inv(sqrtm(covariance(image))) @ centred(image), atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(n_bins=st.integers(1, 12), n_frames=st.integers(2, 30), seed=st.integers(0, 10_000))
def test_agrees_with_the_singular_value_decomposition(n_bins, n_frames, seed):
    # Without bounds, W Z = sqrt(n) U V^T over the axes that vary: fewer frames than bins or more.
    X = images(1, 1, n_bins, n_frames, seed).astype(np.float64)
    u, s, vt = np.linalg.svd(centred(X[0, 0]), full_matrices=False)
    varies = s > 1e-3 * s.max()
    assume((varies == (s > 1e-9 * s.max())).all())  # clearly an axis, or clearly none
    expected = np.sqrt(n_frames) * u[:, varies] @ vt[varies]
    whitened = ZCAWhitener(epsilon=0.0, max_gain=1e6).fit_transform(X)
    assert_allclose(whitened[0, 0], expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (7, 7)])
@pytest.mark.parametrize("epsilon", [0.0, 1e-3, 0.5])
@pytest.mark.parametrize("max_gain", [1.0, 3.0, 100.0])
def test_bounds_hold_as_documented(shape, epsilon, max_gain):
    X = images(1, 1, *shape).astype(np.float64)
    v, u = np.linalg.eigh(covariance(X[0, 0]))
    mean = v.sum() / len(v)
    gains = np.minimum((np.maximum(v, 0) / mean + epsilon + 1e-30) ** -0.5, max_gain)
    expected = u @ np.diag(gains / np.sqrt(mean)) @ u.T @ centred(X[0, 0])
    whitened = ZCAWhitener(epsilon=epsilon, max_gain=max_gain).fit_transform(X)
    assert_allclose(whitened[0, 0], expected, atol=1e-5)


def test_covariance_becomes_the_identity():
    X = images(3, 2, 32, 300)
    for image in ZCAWhitener().fit_transform(X).reshape(-1, 32, 300):
        assert_allclose(covariance(image), np.eye(32), atol=1e-3)
        assert_allclose(image.mean(axis=1), 0, atol=1e-5)


def test_fewer_frames_than_bins_whiten_as_many_axes_as_vary():
    (image,) = ZCAWhitener().fit_transform(images(1, 1, 40, 10))
    values = np.linalg.eigvalsh(covariance(image[0]))
    assert_allclose(values[-9:], 1, atol=1e-3)
    assert_allclose(values[:-9], 0, atol=1e-6)


def test_of_all_whitenings_it_is_nearest_to_the_centred_image():
    # The defining property: any other rotation of the whitened data lies further away.
    X = images(1, 1, 8, 200).astype(np.float64)
    whitened = ZCAWhitener(epsilon=0.0).fit_transform(X)[0, 0].astype(np.float64)
    rng = np.random.default_rng(1)
    own = np.sum((whitened - centred(X[0, 0])) ** 2)
    for _ in range(20):
        turn, _ = np.linalg.qr(rng.standard_normal((8, 8)))
        assert np.sum((turn @ whitened - centred(X[0, 0])) ** 2) > own


def test_dataset_covariance_becomes_the_identity():
    X = images(70, 2, 8, 20) * np.linspace(0.5, 2, 70)[:, None, None, None]
    whitener = ZCAWhitener("dataset").fit(X)
    assert whitener.mean_.shape == (2, 8, 1)
    assert whitener.whitening_.shape == (2, 8, 8)
    whitened = whitener.transform(X)
    for channel in (0, 1):
        frames = np.moveaxis(whitened[:, channel], 0, 1).reshape(8, -1)
        assert_allclose(covariance(frames), np.eye(8), atol=1e-3)
        frames = np.moveaxis(X[:, channel], 0, 1).reshape(8, -1)
        assert_allclose(whitener.mean_[channel, :, 0], frames.mean(axis=1), rtol=1e-6)
        expected = inv(sqrtm(covariance(frames)))
        assert_allclose(whitener.whitening_[channel], expected, rtol=1e-3, atol=1e-6)


def test_dataset_statistics_are_those_of_fit():
    X = images(10)
    whitener = ZCAWhitener("dataset").fit(X[:5])
    assert_array_equal(whitener.transform(X)[5:], whitener.transform(X[5:]))
    assert not np.allclose(whitener.transform(X), ZCAWhitener("dataset").fit_transform(X))
    whitener.set_params(scope="image").fit(X)
    assert whitener.mean_ is None
    assert whitener.whitening_ is None


@settings(max_examples=40, deadline=None)
@given(
    scope=st.sampled_from(["image", "dataset"]),
    n_clips=st.integers(2, 70),
    n_bins=st.integers(1, 33),
    n_frames=st.integers(1, 33),
    data=st.data(),
)
def test_image_does_not_depend_on_its_batch(scope, n_clips, n_bins, n_frames, data):
    X = images(n_clips, 2, n_bins, n_frames)
    whitener = ZCAWhitener(scope).fit(X)
    whitened = whitener.transform(X)
    some = data.draw(st.permutations(range(n_clips)))[: n_clips // 2]
    assert_array_equal(whitener.transform(X[some]), whitened[some])
    assert_array_equal(whitener.transform(X[-1:]), whitened[-1:])
    assert_array_equal(whitener.transform(np.asfortranarray(X)), whitened)


def test_channels_are_whitened_by_themselves():
    X = images(3, 3)
    X[:, 1] *= 1000
    for scope in ("image", "dataset"):
        whitened = ZCAWhitener(scope).fit_transform(X)
        for c in range(3):
            alone = ZCAWhitener(scope).fit_transform(X[:, c : c + 1])
            assert_allclose(whitened[:, c : c + 1], alone, atol=1e-6)


@pytest.mark.parametrize("scope", ["image", "dataset"])
@pytest.mark.parametrize("epsilon", [0.0, 1e-6])
@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (1, 1), (5, 1), (1, 5)])
def test_duplicate_zero_and_constant_rows_stay_finite(scope, epsilon, shape):
    X = images(4, 1, *shape)
    X[0] = 0
    X[1] = -80.1
    X[2, :, ::2] = X[2, :, :1]
    X[3, :, -1] = 7
    with np.errstate(all="raise", under="ignore"):
        whitened = ZCAWhitener(scope, epsilon=epsilon).fit_transform(X)
        assert np.isfinite(whitened).all()
        silent = ZCAWhitener(scope, epsilon=epsilon).fit_transform(X[:1].repeat(2, axis=0))
    assert_array_equal(silent, 0)
    if scope == "image":
        assert_allclose(whitened[:2], 0, atol=1e-6)
        assert np.abs(whitened).max() < 10


@pytest.mark.parametrize("factor", [1e-25, 1e-6, 1e6, 1e25])
def test_scale_of_an_image_does_not_matter(factor):
    X = images()
    expected = ZCAWhitener().fit_transform(X)
    assert_allclose(ZCAWhitener().fit_transform(X * np.float32(factor)), expected, atol=1e-4)


def test_new_axes_of_variance_are_amplified_no_more_than_the_bound():
    X = images(5, 1, 6, 40)
    X[:, :, 3] = 2.0
    whitener = ZCAWhitener("dataset", max_gain=10.0).fit(X)
    mean_variance = np.mean((X - whitener.mean_) ** 2)
    X[:, :, 3] += 1.0
    assert_allclose(whitener.transform(X)[:, 0, 3], 10 / np.sqrt(mean_variance), rtol=1e-4)


def test_matrix_without_bounds_and_with_floor():
    full = np.diag([4.0, 1.0, 0.0])
    assert_allclose(_whitening_matrix(full), np.diag([0.5, 1.0, 0.0]), atol=1e-12)
    assert_array_equal(_whitening_matrix(full, floor=2.0), np.eye(3))
    stacked = _whitening_matrix(np.stack([full, 0 * full]), floor=np.array([0.0, 0.0]))
    assert_allclose(stacked, [np.diag([0.5, 1, 0]), np.eye(3)], atol=1e-12)


def test_policies_of_an_image_batch_survive():
    batch = Augmenter(time_mask=20, time_flip=0.5, random_state=0).fit_transform(images(8))
    for scope in ("image", "dataset"):
        whitened = ZCAWhitener(scope).fit(batch).transform(batch)
        assert isinstance(whitened, ImageBatch)
        assert whitened.policy == batch.policy
        part = whitened[[5, 2]]
        assert_array_equal(part.clip_indices, [5, 2])
        plain = ZCAWhitener(scope).fit_transform(images(8))
        assert isinstance(plain, np.ndarray)
        assert_array_equal(whitened.values, plain)
        expected = batch.policy[0](plain[[5, 2]], np.array([5, 2]), 3)
        assert_array_equal(part.batch([0, 1], epoch=3, training=True), expected)


def test_input_is_left_alone_and_two_dimensions_are_rows():
    X = images(3)
    before = X.copy()
    ZCAWhitener().fit_transform(X)
    assert_array_equal(X, before)
    rows = ZCAWhitener().fit_transform(X[:, 0, 0])
    assert rows.shape == (3, 1, 1, 40)
    assert_allclose(rows.std(axis=-1), 1, rtol=1e-5)


def test_clone_and_pickle_give_the_same_image():
    X = images()
    for scope in ("image", "dataset"):
        whitener = ZCAWhitener(scope).fit(X)
        again = pickle.loads(pickle.dumps(whitener))
        assert_array_equal(again.transform(X), whitener.transform(X))
        assert_array_equal(clone(whitener).fit_transform(X), whitener.transform(X))


def test_set_output_does_nothing():
    pipe = make_pipeline(ZCAWhitener()).set_output(transform="pandas")
    assert isinstance(pipe.fit_transform(images()), np.ndarray)


def test_progress_bar_only_when_asked_for(capsys):
    for verbose in (0, 1):
        ZCAWhitener(verbose=verbose).fit_transform(images())
        assert ("ZCAWhitener" in capsys.readouterr().err) == bool(verbose)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scope": "batch"}, "'scope' parameter of ZCAWhitener .* Got 'batch'"),
        ({"epsilon": -1e-9}, "'epsilon' parameter .* Got -1e-09"),
        ({"max_gain": 0.5}, "'max_gain' parameter .* Got 0.5"),
        ({"max_gain": None}, "'max_gain' parameter"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        ZCAWhitener(**options).fit(images())


def test_bad_images_are_refused():
    whitener = ZCAWhitener().fit(images())
    with pytest.raises(InputError, match=r"ZCAWhitener was fitted on images of .*\(1, 6, 40\)"):
        whitener.transform(images(n_bins=5))
    X = images(40)
    X[33, 0, 1, 2] = 1e31
    for method in (whitener.fit, whitener.transform):
        with pytest.raises(InputError, match=r"clip 33: values up to 1e\+31, expected at most"):
            method(X)
    X[33, 0, 1, 2] = np.nan
    with pytest.raises(InputError, match="ZCAWhitener, clip 33: the image contains NaN"):
        whitener.transform(X)
