"""time_statistics: mean and deviation of every row, in a fixed order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import ImageBatch, MelSpectrogramImage, make_voices, time_statistics


def test_known_value():
    images = np.array([[[[1.0, 3.0], [5.0, 5.0]]]])
    assert_array_equal(time_statistics(images), [[2, 5, 1, 0]])


@given(arrays(np.float64, (3, 2, 4, 5), elements=st.floats(-80, 0)))
def test_against_loops(images):
    got = time_statistics(images)
    rows = [[row for channel in image for row in channel] for image in images]
    mean = [[sum(row) / 5 for row in image] for image in rows]
    variance = [[sum((x - sum(row) / 5) ** 2 for x in row) / 5 for row in image] for image in rows]
    assert_allclose(got, np.hstack([mean, np.sqrt(variance)]), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype(dtype):
    got = time_statistics(np.ones((3, 2, 4, 5), dtype))
    assert got.shape == (3, 16)
    assert got.dtype == dtype


def test_order_of_time_does_not_matter():
    images = np.random.default_rng(0).standard_normal((3, 1, 4, 20))
    assert_allclose(time_statistics(images[..., ::-1]), time_statistics(images), rtol=1e-12)


def test_an_image_batch_is_read_without_its_policy():
    images = np.random.default_rng(0).standard_normal((3, 1, 4, 5))
    batch = ImageBatch(images, [lambda x, i, e: x * 0])
    assert_array_equal(time_statistics(batch), time_statistics(images))


def test_in_a_pipeline():
    X, y, _ = make_voices(12, n_speakers=4, sr=8000, duration_s=0.3, random_state=0)
    mel = MelSpectrogramImage(sr=8000, n_fft=512, n_mels=16)
    pipe = make_pipeline(mel, FunctionTransformer(time_statistics), LogisticRegression())
    assert clone(pipe).fit(X, y).score(X, y) > 0.9
