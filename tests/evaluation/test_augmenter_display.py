"""AugmenterDisplay: the images as they are, and as training would see them."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from skspec import Augmenter, AugmenterDisplay
from skspec.exceptions import ParameterError

mpl.use("Agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).random((5, 2, 8, 12), dtype=np.float32)


def augmenter(X, **settings):
    return Augmenter(time_mask=4, freq_mask=2, random_state=0, **settings).fit(X)


def picture(ax):
    (image,) = ax.get_images()
    return np.asarray(image.get_array())


def test_columns_are_the_image_and_the_first_epochs(X):
    fitted = augmenter(X)
    display = AugmenterDisplay.from_estimator(fitted, X, n_clips=2, n_epochs=3)
    assert display.axes_.shape == (2, 4)
    for clip in range(2):
        assert_array_equal(picture(display.axes_[clip, 0]), X[clip, 0])
        for epoch in range(3):
            drawn = picture(display.axes_[clip, 1 + epoch])
            assert_array_equal(drawn, fitted.draw(X, epoch)[clip, 0])
    assert not np.array_equal(picture(display.axes_[0, 1]), picture(display.axes_[0, 2]))
    titles = [ax.get_title() for ax in display.axes_[0]]
    assert titles == ["as it is", "epoch 0", "epoch 1", "epoch 2"]
    assert {ax.get_title() for ax in display.axes_[1]} == {""}


def test_a_row_has_the_colours_of_its_clip_and_low_bins_are_below(X):
    louder = X * np.arange(1, 6, dtype=np.float32)[:, None, None, None]
    display = AugmenterDisplay.from_estimator(augmenter(louder, gain=0.5), louder)
    for clip, row in enumerate(display.axes_):
        for ax in row:
            (image,) = ax.get_images()
            assert image.get_clim() == (louder[clip, 0].min(), louder[clip, 0].max())
            assert image.origin == "lower"
            assert (len(ax.get_xticks()), len(ax.get_yticks())) == (0, 0)


def test_fewer_clips_than_rows_asked_for(X):
    display = AugmenterDisplay.from_estimator(augmenter(X), X[:1], n_clips=3, n_epochs=1)
    assert display.axes_.shape == (1, 2)


@pytest.mark.parametrize("name", ["n_clips", "n_epochs"])
def test_numbers_below_one_are_refused(X, name):
    with pytest.raises(ParameterError, match=f"Got {name}=0, but expected an integer > 0"):
        AugmenterDisplay.from_estimator(augmenter(X), X, **{name: 0})


def test_before_fit(X):
    with pytest.raises(NotFittedError, match="Augmenter"):
        AugmenterDisplay.from_estimator(Augmenter(time_mask=4), X)


def test_one_figure_that_pyplot_closes(X):
    before = plt.get_fignums()
    display = AugmenterDisplay.from_estimator(augmenter(X), X)
    assert len(plt.get_fignums()) == len(before) + 1
    plt.close(display.figure_)
    assert plt.get_fignums() == before
