"""ImageScaler: against scikit-learn's StandardScaler on the same numbers."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspec import Augmenter, ImageBatch, ImageScaler
from skspec.exceptions import InputError, ParameterError

PER = ["bin", "channel", "image"]


def images(n_clips=6, n_channels=2, n_bins=5, n_frames=12, seed=0):
    rng = np.random.default_rng(seed)
    level = rng.uniform(-50, 50, (n_clips, n_channels, n_bins, 1))
    spread = rng.uniform(0.1, 20, (1, n_channels, n_bins, 1))
    noise = rng.standard_normal((n_clips, n_channels, n_bins, n_frames))
    return (level + spread * noise).astype(np.float32)


@parametrize_with_checks([ImageScaler("channel"), ImageScaler("image")])
def test_estimator_checks_with_other_parameters(estimator, check):
    check(estimator)


def as_columns(X, per):
    """Give a table with one column for whatever has a mean and deviation of its own."""
    if per == "bin":
        return np.moveaxis(X, 3, 1).reshape(-1, X.shape[1] * X.shape[2])
    return np.moveaxis(X, 1, 3).reshape(-1, X.shape[1])


@pytest.mark.parametrize("per", ["bin", "channel"])
def test_agrees_with_standard_scaler(per):
    X, new = images(70).astype(np.float64), images(9, seed=1)
    scaler = ImageScaler(per).fit(X)
    reference = StandardScaler().fit(as_columns(X, per))
    assert scaler.mean_.shape == scaler.scale_.shape == (2, 5 if per == "bin" else 1, 1)
    assert_allclose(scaler.mean_.ravel(), reference.mean_, rtol=1e-10)
    assert_allclose(scaler.scale_.ravel(), reference.scale_, rtol=1e-10)
    expected = reference.transform(as_columns(new.astype(np.float64), per))
    scaled = scaler.transform(new)
    assert scaled.dtype == np.float32
    assert_allclose(as_columns(scaled, per), expected, rtol=1e-5, atol=1e-5)


def test_per_image_is_each_image_with_all_channels_by_itself():
    X = images()
    scaled = ImageScaler("image").fit_transform(X)
    expected = StandardScaler().fit_transform(X.reshape(6, -1).T.astype(np.float64)).T
    assert_allclose(scaled.reshape(6, -1), expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    per=st.sampled_from(PER),
    n_clips=st.integers(2, 70),
    n_frames=st.integers(1, 40),
    data=st.data(),
)
def test_image_does_not_depend_on_its_batch(per, n_clips, n_frames, data):
    X = images(n_clips, n_frames=n_frames)
    scaler = ImageScaler(per).fit(X)
    scaled = scaler.transform(X)
    some = data.draw(st.permutations(range(n_clips)))[: n_clips // 2]
    assert_array_equal(scaler.transform(X[some]), scaled[some])
    assert_array_equal(scaler.transform(np.asfortranarray(X)[-1:]), scaled[-1:])


@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("value", [0.0, -80.1, 1e-20, 1e20])
def test_constants_become_zero(per, value):
    X = np.full((40, 2, 5, 7), value)
    assert_array_equal(np.abs(ImageScaler(per).fit_transform(X)) < 1e-6 * max(1, abs(value)), True)
    X[:, :, 1:] = images(40, n_bins=4, n_frames=7)
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(ImageScaler(per).fit_transform(X)).all()


def test_what_was_constant_in_training_is_only_centred():
    X = images()
    X[:, 0, 2] = 3.0
    scaler = ImageScaler("bin").fit(X)
    assert scaler.scale_[0, 2, 0] == 1
    assert_allclose(scaler.transform(X + 2)[:, 0, 2], 2, rtol=1e-6)


def test_statistics_are_those_of_the_last_fit():
    X = images()
    scaler = ImageScaler("bin").fit(X[:3])
    assert not np.allclose(scaler.transform(X), ImageScaler("bin").fit_transform(X))
    scaler.set_params(per="image").fit(X)
    assert scaler.mean_ is None
    assert scaler.scale_ is None


@pytest.mark.parametrize("per", PER)
def test_policies_of_an_image_batch_survive(per):
    batch = Augmenter(time_mask=6, random_state=0).fit_transform(images())
    scaled = ImageScaler(per).fit(batch).transform(batch)
    assert isinstance(scaled, ImageBatch)
    plain = ImageScaler(per).fit_transform(images())
    assert isinstance(plain, np.ndarray)
    assert_array_equal(scaled.values, plain)
    expected = batch.policy[0](plain[[4, 1]], np.array([4, 1]), 2)
    assert_array_equal(scaled.batch([4, 1], epoch=2, training=True), expected)


@pytest.mark.parametrize("per", PER)
def test_clone_pickle_and_untouched_input(per):
    X = images()
    before = X.copy()
    scaler = ImageScaler(per).fit(X)
    assert_array_equal(pickle.loads(pickle.dumps(scaler)).transform(X), scaler.transform(X))
    assert_array_equal(clone(scaler).fit_transform(X), scaler.transform(X))
    assert_array_equal(X, before)


def test_memory_map_gives_the_same(tmp_path):
    np.save(tmp_path / "images.npy", images())
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    expected = ImageScaler().fit_transform(images())
    assert_array_equal(ImageScaler().fit_transform(stored), expected)


def test_set_output_does_nothing():
    pipe = make_pipeline(ImageScaler()).set_output(transform="pandas")
    assert isinstance(pipe.fit_transform(images()), np.ndarray)


def test_errors():
    with pytest.raises(ParameterError, match=r"'per' parameter of ImageScaler .* Got 'frame'"):
        ImageScaler("frame").fit(images())
    with pytest.raises(InputError, match=r"clip 2: values up to 8.8e\+36, expected"):
        ImageScaler().fit(images() * np.array([1, 1, 1e35, 1, 1, 1.0])[:, None, None, None])
    with pytest.raises(InputError, match=r"ImageScaler was fitted on images of .*\(2, 5, 12\)"):
        ImageScaler().fit(images()).transform(images(n_bins=4))
