"""Batches: every image once an epoch, in an order that depends on seed and epoch alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skspec import ImageBatch
from skspec.nn._batches import BatchLoader, Examples, batch_slices, made_ahead, to_tensor
from skspec.nn._device import Compute

CPU = Compute(torch.device("cpu"), torch.float32, autocast=False)


class TestSlices:
    @given(n=st.integers(1, 200), size=st.integers(1, 50), merge=st.booleans())
    def test_they_cover_everything_in_order(self, n, size, merge):
        slices = batch_slices(n, size, merge_single=merge)
        assert [i for part in slices for i in range(n)[part]] == list(range(n))
        lengths = [part.stop - part.start for part in slices]
        assert all(length == size for length in lengths[:-1])
        assert lengths[-1] <= size + merge
        if merge and n > 1 and size > 1:
            assert min(lengths) > 1

    def test_known_values(self):
        assert batch_slices(9, 4, merge_single=False) == [slice(0, 4), slice(4, 8), slice(8, 9)]
        assert batch_slices(9, 4, merge_single=True) == [slice(0, 4), slice(4, 9)]
        assert batch_slices(10, 4, merge_single=True)[-1] == slice(8, 10)
        assert batch_slices(1, 4, merge_single=True) == [slice(0, 1)]


def examples(n=10, policy=()):
    """Give images whose every pixel is their number; targets and weights that tell it too."""
    values = np.arange(20, dtype=np.float32)[:, None, None, None] * np.ones((20, 1, 2, 2), "f")
    rows = np.arange(5, 5 + n)
    return Examples(ImageBatch(values, policy), rows, rows % 3, rows / 10)


def loader(training=True, **settings):
    data = settings.pop("examples", examples())
    return BatchLoader(data, 4, CPU, training=training, **settings)


def numbers(batches):
    return [x[:, 0, 0, 0].int().tolist() for x, _ in batches]


class TestLoader:
    def test_without_training_the_order_stays(self):
        batches = loader(training=False)
        assert numbers(batches) == [[5, 6, 7, 8], [9, 10, 11, 12], [13, 14]]
        assert numbers(batches) == [[5, 6, 7, 8], [9, 10, 11, 12], [13, 14]]
        assert len(batches) == 3

    def test_training_shuffles_and_shows_each_image_once(self):
        batches = loader()
        orders = [sum(numbers(batches), []) for _ in range(5)]  # noqa: RUF017
        assert all(sorted(order) == list(range(5, 15)) for order in orders)
        assert len({tuple(order) for order in orders}) == 5

    def test_the_order_depends_on_seed_and_epoch_alone(self):
        batches = loader(seed=3)
        epochs = [numbers(batches) for _ in range(3)]
        assert numbers(loader(seed=3, first_epoch=2)) == epochs[2]
        assert numbers(loader(seed=4)) != epochs[0]

    def test_targets_and_weights_go_with_their_images(self):
        for x, (targets, weights) in loader():
            number = x[:, 0, 0, 0].double()
            assert torch.equal(targets, number.long() % 3)
            torch.testing.assert_close(weights.double(), number / 10)
            assert (targets.dtype, weights.dtype, x.dtype) == (
                torch.int64,
                torch.float32,
                torch.float32,
            )

    def test_the_policy_gets_the_epoch_in_training_only(self):
        calls = []

        def policy(images, indices, epoch):
            calls.append((sorted(indices), epoch))
            return images

        data = examples(4, [policy])
        list(loader(training=False, examples=data))
        assert calls == []
        batches = loader(examples=data, first_epoch=7)
        list(batches)
        list(batches)
        assert calls == [([5, 6, 7, 8], 7), ([5, 6, 7, 8], 8)]

    @pytest.mark.parametrize("n", [5, 9])
    def test_no_batch_of_one_in_training(self, n):
        assert min(len(part) for part in numbers(loader(examples=examples(n)))) > 1
        assert len(numbers(loader(training=False, examples=examples(n)))[-1]) == 1


class TestToTensor:
    def test_dtype(self):
        double = Compute(torch.device("cpu"), torch.float64, autocast=False)
        assert to_tensor(np.ones((2, 3), np.float32), double).dtype == torch.float64

    def test_arrays_that_may_not_be_written_to(self, tmp_path):
        np.save(tmp_path / "x.npy", np.arange(6.0, dtype=np.float32))
        stored = np.load(tmp_path / "x.npy", mmap_mode="r")
        tensor = to_tensor(stored, CPU)
        tensor += 1
        assert_array_equal(stored, np.arange(6))

    def test_what_blocks_gave_keeps_its_dtype_and_order(self):
        maps = torch.ones(2, 3, 4, 5, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
        tensor = to_tensor(maps, Compute(torch.device("cpu"), torch.float32, autocast=True))
        assert tensor.dtype == torch.bfloat16
        assert tensor.is_contiguous(memory_format=torch.channels_last)

    def test_drawn_images_get_the_dtype_of_the_network(self):
        compute = Compute(torch.device("cpu"), torch.float64, autocast=False)
        assert to_tensor(torch.ones(2, 1, 4, 4), compute).dtype == torch.float64

    def test_any_memory_order(self):
        array = np.arange(6.0, dtype=np.float32).reshape(2, 3).T[::-1]
        assert_array_equal(to_tensor(array, CPU), array)


class TestMadeAhead:
    def test_same_items_in_order(self):
        assert list(made_ahead(iter(range(7)))) == list(range(7))
        assert list(made_ahead(iter([]))) == []

    def test_some_are_made_before_they_are_asked_for_and_not_all(self):
        made = []

        def items():
            for i in range(10):
                made.append(i)
                yield i

        ahead = made_ahead(items(), depth=2)
        next(ahead)
        ahead.close()  # waits for what was begun
        assert made in ([0, 1], [0, 1, 2])

    def test_an_error_comes_where_it_happened(self):
        def items():
            yield 1
            raise OSError("clip 1")

        ahead = made_ahead(items())
        assert next(ahead) == 1
        with pytest.raises(OSError, match="clip 1"):
            next(ahead)

    def test_a_loader_gives_the_same_batches(self, monkeypatch):
        plain = [x for x, _ in loader(training=True)]
        ahead = [x for x, _ in made_ahead(iter(loader(training=True)))]
        assert all(torch.equal(a, b) for a, b in zip(plain, ahead, strict=True))
