"""ColormapImage: matplotlib's own colours."""

import pickle
import sys

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspec import Augmenter, ColormapImage, ImageBatch
from skspec.exceptions import MissingDependencyError, ParameterError


def images(n_clips=3, n_channels=1, n_bins=7, n_frames=9, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-80, 0, (n_clips, n_channels, n_bins, n_frames))


@parametrize_with_checks([ColormapImage("magma", channels="g", vmin=0.0)])
def test_estimator_checks_with_other_parameters(estimator, check):
    check(estimator)


def matplotlibs(plane, cmap, vmin=None, vmax=None):
    """Give red, green and blue planes as matplotlib draws them."""
    colours = ScalarMappable(Normalize(vmin, vmax), cmap).to_rgba(plane)
    return np.moveaxis(colours[..., :3], -1, 0).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    cmap=st.sampled_from(sorted(matplotlib.colormaps)),
    limits=st.none() | st.tuples(st.floats(-100, -50), st.floats(-49, 20)),
    seed=st.integers(0, 1000),
)
def test_equals_matplotlib(cmap, limits, seed):
    X = images(2, seed=seed)
    vmin, vmax = limits or (None, None)
    coloured = ColormapImage(cmap, vmin=vmin, vmax=vmax).fit_transform(X)
    assert coloured.dtype == np.float32
    assert coloured.min() >= 0
    assert coloured.max() <= 1
    for image, picture in zip(X, coloured, strict=True):
        assert_array_equal(picture, matplotlibs(image[0], cmap, vmin, vmax))


def test_known_greys():
    X = np.array([0.0, 51.0, 102.0, 255.0])[None, None, None]
    (picture,) = ColormapImage("gray", vmin=0.0, vmax=255.0).fit_transform(X)
    assert_allclose(picture, np.tile(np.array([0, 0.2, 0.4, 1]), (3, 1, 1)), atol=1 / 255)


@pytest.mark.parametrize("channel", "rgb")
def test_one_channel_is_that_of_the_picture(channel):
    X = images()
    one = ColormapImage("plasma", channels=channel).fit_transform(X)
    assert one.shape == (3, 1, 7, 9)
    whole = ColormapImage("plasma").fit_transform(X)
    assert_array_equal(one[:, 0], whole[:, "rgb".index(channel)])


def test_each_channel_of_an_image_is_coloured_by_itself():
    X = images(n_channels=2)
    X[:, 1] *= 1000
    coloured = ColormapImage().fit_transform(X)
    assert coloured.shape == (3, 6, 7, 9)
    assert_array_equal(coloured[:, :3], ColormapImage().fit_transform(X[:, :1]))
    assert_array_equal(coloured[:, 3:], ColormapImage().fit_transform(X[:, 1:]))


def test_image_does_not_depend_on_its_batch():
    X = images(70).astype(np.float32)
    coloured = ColormapImage().fit_transform(X)
    louder = X.copy()
    louder[0] += 100
    assert_array_equal(ColormapImage().fit_transform(louder)[1:], coloured[1:])
    assert_array_equal(ColormapImage().fit_transform(X[5:6]), coloured[5:6])


FIRST, LAST = (
    [c] for c in (matplotlib.colormaps["viridis"](0)[:3], (0.993248, 0.906157, 0.143936))
)


@pytest.mark.parametrize(
    ("limits", "value", "expected"),
    [
        ({}, 5.0, FIRST),
        ({"vmin": 9.0}, 5.0, FIRST),
        ({"vmin": 5.0}, 5.0, FIRST),
        ({"vmax": -9.0}, 5.0, LAST),
        ({"vmax": -1e20}, 5.0, LAST),
        ({"vmax": 9.0}, 5.0, FIRST),
        ({"vmin": 0.0, "vmax": 1.0}, 5.0, LAST),
    ],
)
def test_images_of_one_level_and_beyond_the_limits(limits, value, expected):
    (picture,) = ColormapImage(**limits).fit_transform(np.full((1, 1, 2, 2), value))
    assert_allclose(picture.reshape(3, 4).T, np.repeat(expected, 4, axis=0), atol=1e-6)


def test_all_beyond_one_limit_though_levels_differ():
    X = images()
    assert np.ptp(ColormapImage("gray", vmin=10.0).fit_transform(X)) == 0
    assert_array_equal(ColormapImage("gray", vmax=-90.0).fit_transform(X), 1)


def test_policies_of_an_image_batch_survive():
    batch = Augmenter(time_mask=6, random_state=0).fit_transform(images())
    coloured = ColormapImage().fit(batch).transform(batch)
    assert isinstance(coloured, ImageBatch)
    assert coloured.shape == (3, 3, 7, 9)
    plain = ColormapImage().fit_transform(images())
    assert isinstance(plain, np.ndarray)
    expected = batch.policy[0](plain[[2, 0]], np.array([2, 0]), 1)
    assert_array_equal(coloured.batch([2, 0], epoch=1, training=True), expected)


def test_clone_and_pickle_give_the_same_image():
    X = images()
    painter = ColormapImage("magma", channels="b").fit(X)
    assert_array_equal(pickle.loads(pickle.dumps(painter)).transform(X), painter.transform(X))
    assert_array_equal(clone(painter).fit_transform(X), painter.transform(X))


def test_set_output_does_nothing():
    pipe = make_pipeline(ColormapImage()).set_output(transform="pandas")
    assert isinstance(pipe.fit_transform(images()), np.ndarray)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cmap": "virids"}, r"Got cmap='virids', but expected a colour map .* such as 'viridis'"),
        ({"cmap": "qqqqq"}, r"Got cmap='qqqqq', .* such as 'viridis', 'magma', 'gray', 'jet'"),
        ({"cmap": None}, "'cmap' parameter of ColormapImage"),
        ({"channels": "rg"}, "'channels' parameter .* Got 'rg'"),
        ({"vmin": 1.0, "vmax": 1.0}, r"Got vmin=1.0, but expected less than vmax=1.0"),
        ({"vmax": "max"}, "'vmax' parameter"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        ColormapImage(**options).fit(images())


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'skspec\[plot\]'"):
        ColormapImage().fit(images())
