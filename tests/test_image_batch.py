"""ImageBatch: an array to all who read it, and a policy to the training loop alone."""

import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, indexable

from skspec import ImageBatch
from skspec._image_checks import check_images
from skspec.exceptions import InputError, InputTypeError


class AddIndex:
    """Adds 100 * epoch + clip index: shows what a policy was called with."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def __call__(self, images, indices, epoch):
        return images + self.factor * (100 * epoch + indices)[:, None, None, None]


class Reader(BaseEstimator):
    """Stands for an estimator that reads images."""


def images(n=6, dtype=np.float32):
    shape = (n, 1, 3, 4)
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def test_looks_like_its_array():
    batch = ImageBatch(images(), [AddIndex()])
    assert len(batch) == 6
    assert (batch.shape, batch.ndim, batch.dtype) == ((6, 1, 3, 4), 4, np.float32)
    assert_array_equal(np.asarray(batch), images())
    assert_array_equal(np.stack(list(batch)), images())
    assert_array_equal(np.concatenate([batch, batch]), np.concatenate([images()] * 2))
    assert np.asarray(batch, dtype=np.float64).dtype == np.float64
    assert "policy" in repr(batch)
    assert "shape=(6, 1, 3, 4)" in repr(batch)


def test_array_copies_only_when_asked():
    batch = ImageBatch(images())
    assert np.shares_memory(np.asarray(batch), batch.values)
    assert not np.shares_memory(np.array(batch, copy=True), batch.values)
    with pytest.raises(ValueError, match="copy"):
        np.array(batch, dtype=np.float64, copy=False)


@pytest.mark.parametrize(
    "rows",
    [slice(1, 4), [4, 0, 0], np.array([5, 2]), np.array([True, False] * 3)],
    ids=["slice", "list", "array", "mask"],
)
@pytest.mark.parametrize("index", [lambda b, r: b[r], lambda b, r: b[r, ...], _safe_indexing])
def test_rows_keep_policy_and_clip_indices(rows, index):
    part = index(ImageBatch(images(), [AddIndex()]), rows)
    chosen = np.arange(6)[rows]
    assert isinstance(part, ImageBatch)
    assert_array_equal(part.values, images()[rows])
    assert_array_equal(part.clip_indices, chosen)
    drawn = part.batch(np.arange(len(part)), epoch=3, training=True)
    assert_array_equal(drawn, images()[rows] + np.float32(300) + chosen[:, None, None, None])


def test_rows_of_rows_keep_the_first_indices():
    part = ImageBatch(images(), [AddIndex()])[2:][[3, 1]]
    assert_array_equal(part.clip_indices, [5, 3])


@pytest.mark.parametrize("index", [2, np.int64(2), (slice(None), 0), (1, 0)])
def test_one_row_and_parts_of_images_are_arrays(index):
    part = ImageBatch(images(), [AddIndex()])[index]
    assert isinstance(part, np.ndarray)
    assert_array_equal(part, images()[index])


def test_scikit_learn_splits_it_with_its_policy():
    batch, labels = indexable(ImageBatch(images(), [AddIndex()]), list("ababab"))
    train, test, *_ = train_test_split(batch, labels, random_state=0)
    assert isinstance(train, ImageBatch)
    assert sorted([*train.clip_indices, *test.clip_indices]) == list(range(6))
    assert train.policy == batch.policy


def test_batch_draws_only_in_training():
    batch = ImageBatch(images(), [AddIndex()])
    assert_array_equal(batch.batch([4, 1]), images()[[4, 1]])
    assert_array_equal(batch.batch([4, 1], epoch=2), images()[[4, 1]])
    drawn = batch.batch([4, 1], epoch=2, training=True)
    assert_array_equal(drawn[0], images()[4] + np.float32(204))
    assert_array_equal(drawn[1], images()[1] + np.float32(201))


def test_batch_never_changes_the_stored_images():
    batch = ImageBatch(images())
    batch.batch([0, 1])[:] = -1
    batch.batch([0, 1], training=True)[:] = -1
    assert_array_equal(batch.values, images())


def test_policies_apply_in_order():
    batch = ImageBatch(images()).with_policy(AddIndex()).with_policy(lambda x, i, e: 2 * x)
    drawn = batch.batch([3], epoch=0, training=True)
    assert_array_equal(drawn, 2 * (images()[[3]] + np.float32(3)))


def test_with_values_keeps_policy_and_indices():
    batch = ImageBatch(images(), [AddIndex()])[3:].with_values(np.zeros((3, 1, 2, 2)))
    assert_array_equal(batch.clip_indices, [3, 4, 5])
    assert_array_equal(batch.batch([1], 1, training=True), np.full((1, 1, 2, 2), 104.0))


def test_pickle_and_hash_see_the_policy():
    batch = ImageBatch(images(), [AddIndex()])
    again = pickle.loads(pickle.dumps(batch))
    assert_array_equal(again.batch([2], 5, training=True), batch.batch([2], 5, training=True))
    assert joblib.hash(batch) == joblib.hash(ImageBatch(images(), [AddIndex()]))
    assert joblib.hash(batch) != joblib.hash(ImageBatch(images(), [AddIndex(2.0)]))
    assert joblib.hash(batch) != joblib.hash(ImageBatch(images()))
    assert joblib.hash(batch[:3]) != joblib.hash(batch[[0, 1, 2]].with_values(batch.values[3:]))


def test_memory_map_stays_on_disk(tmp_path):
    np.save(tmp_path / "images.npy", images())
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    batch = check_images(Reader(), ImageBatch(stored, [AddIndex()]), reset=True)
    assert np.shares_memory(batch.values, stored)
    drawn = batch.batch([1, 0], 0, training=True)
    assert_array_equal(drawn[1], images()[0])


@pytest.mark.parametrize("wrap", [lambda X: X, ImageBatch], ids=["array", "ImageBatch"])
class TestCheckImages:
    def test_remembers_the_shape(self, wrap):
        reader = Reader()
        batch = check_images(reader, wrap(images()), reset=True)
        assert reader.image_shape_in_ == (1, 3, 4)
        assert not hasattr(reader, "n_features_in_")
        assert_array_equal(batch.values, images())

    def test_two_dimensions_are_images_of_one_row(self, wrap):
        reader, table = Reader(), np.arange(6.0).reshape(2, 3)
        batch = check_images(reader, wrap(table), reset=True)
        assert batch.shape == (2, 1, 1, 3)
        assert reader.n_features_in_ == 3
        check_images(reader, wrap(images()), reset=True)
        assert not hasattr(reader, "n_features_in_")

    @pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float16, bool])
    def test_numbers_become_floats(self, wrap, dtype):
        X = (images() > 3).astype(dtype)
        batch = check_images(Reader(), wrap(X), reset=True)
        assert batch.dtype == np.float32
        assert_array_equal(batch.values, X)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floats_stay(self, wrap, dtype):
        assert check_images(Reader(), wrap(images(dtype=dtype)), reset=True).dtype == dtype

    def test_other_shape_than_in_fit(self, wrap):
        reader = Reader()
        check_images(reader, wrap(images()), reset=True)
        with pytest.raises(InputError, match=r"Reader was fitted on.*\(1, 3, 4\).*\(1, 3, 3\)"):
            check_images(reader, wrap(images()[..., :3]), reset=False)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_names_the_clip_that_is_not_finite(self, wrap, bad):
        X = images(600)
        X[[402, 500], 0, 1, 2] = bad
        with pytest.raises(InputError, match="Reader, clip 402: the image contains NaN or inf"):
            check_images(Reader(), wrap(X), reset=True)

    def test_three_dimensions_show_the_way(self, wrap):
        with pytest.raises(InputError, match=r"shape \(6, 3, 4\).*X\[:, None\].*X\[None\]"):
            check_images(Reader(), wrap(images()[:, 0]), reset=True)

    def test_five_dimensions(self, wrap):
        with pytest.raises(InputError, match="dim 5"):
            check_images(Reader(), wrap(images()[None]), reset=True)

    def test_one_dimension(self, wrap):
        with pytest.raises(InputError, match="Reshape your data"):
            check_images(Reader(), wrap(np.arange(3.0)), reset=True)

    def test_no_clips(self, wrap):
        with pytest.raises(InputError, match="0 clips"):
            check_images(Reader(), wrap(images()[:0]), reset=True)

    @pytest.mark.parametrize("shape", [(2, 0, 3, 4), (2, 1, 0, 4), (2, 1, 3, 0)])
    def test_no_pixels(self, wrap, shape):
        with pytest.raises(InputError, match="images without pixels"):
            check_images(Reader(), wrap(np.zeros(shape)), reset=True)

    def test_not_numbers(self, wrap):
        with pytest.raises(InputTypeError, match="<U1 are not numbers"):
            check_images(Reader(), wrap(np.full((2, 1, 1, 1), "a")), reset=True)

    def test_paths(self, wrap):
        with pytest.raises(InputTypeError, match=r"paths.*MelSpectrogramImage"):
            check_images(Reader(), wrap(np.array(["a.wav", "b.wav"])), reset=True)


def test_nested_lists_are_taken():
    batch = check_images(Reader(), images().tolist(), reset=True)
    assert_array_equal(batch.values, images())


def test_ragged_waveforms_show_the_way():
    with pytest.raises(InputError, match=r"no batch of images.*MelSpectrogramImage"):
        check_images(Reader(), [np.zeros(4), np.zeros(5)], reset=True)


def test_empty_list():
    with pytest.raises(InputError, match="0 clips"):
        check_images(Reader(), [], reset=True)


def test_sparse_is_refused():
    with pytest.raises(TypeError, match="parse"):
        check_images(Reader(), scipy.sparse.csr_array(np.eye(3)), reset=True)
