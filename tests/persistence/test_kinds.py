"""Any tree of plain values comes back with its types, its order and its bits."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils import Bunch

from skspec.persistence._contents import Contents, read_contents
from skspec.persistence._decoder import Decoder
from skspec.persistence._encoder import Encoder


def objects(items):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


NUMBERS = st.one_of(
    hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(sizes=(16, 32, 64)), hnp.complex_number_dtypes(sizes=(64, 128)),
)  # fmt: skip
TEXT = st.one_of(hnp.unicode_string_dtypes(max_len=5), hnp.byte_string_dtypes(max_len=5))
ARRAYS = hnp.arrays(
    st.one_of(NUMBERS, TEXT), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
    st.floats(width=32).map(np.float32), st.booleans().map(np.bool_),
    st.integers(-(2**31), 2**31 - 1).map(np.int32), st.text(max_size=9).map(np.str_),
    st.slices(9), st.sampled_from([range(3), range(5, -2, -3), Path("a/b"), torch.float64]),
)  # fmt: skip
KEYS = st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.tuples(st.text()))
TREES = st.recursive(
    st.one_of(SCALARS, ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=3).map(lambda d: Bunch(**d)),
        st.lists(inner, min_size=1, max_size=3).map(objects),
    ),
    max_leaves=12,
)


def through_a_file(value, path):
    encoder = Encoder()
    model = encoder.encode(value, "value")
    path.write_bytes(b"".join(Contents({}, model, encoder.arrays).pieces()))
    contents = read_contents(path)
    decoder = Decoder(contents.arrays)
    back = decoder.decode(contents.model, "value")
    decoder.check_finished()
    return back


def same(a, b):
    """Tell whether two trees are equal in type, order, layout and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if (a.dtype.newbyteorder("<"), a.shape) != (b.dtype, b.shape):
            return False
        if a.dtype == object:
            return all(map(same, a.ravel(), b.ravel()))
        bits = a.astype(b.dtype).tobytes() == b.tobytes()
        return bits and a.flags.f_contiguous == b.flags.f_contiguous
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(*pair) for items in zip(a.items(), b.items(), strict=True)
            for pair in zip(*items, strict=True)
        )  # fmt: skip
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float | np.floating) and math.isnan(a):
        return math.isnan(b)
    return a == b and str(a) == str(b)  # 0.0 and -0.0 are equal


@settings(max_examples=20)
@given(value=TREES)
def test_trees_come_back(value, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "tree.skspec"
    assert same(value, through_a_file(value, path))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0).reshape(3, 4).T[..., None],
        np.arange(12, dtype=">i4").reshape(3, 4),
        np.array("déjà vu 🎵"),
        np.zeros((0, 3), np.float32),
        np.array([np.nan, -0.0, np.inf, 5e-324]),
        np.arange(3) * 1j,
        np.array([[b"a", b"bcd"]]),
        np.array(["wide"], dtype="<U40"),
    ],
    ids=str,
)
def test_arrays_keep_bits_and_layout(array, tmp_path):
    assert same(array, through_a_file(array, tmp_path / "array.skspec"))


def test_some_rows_of_an_array_by_columns_stay_by_columns(tmp_path):
    array = np.arange(24.0).reshape(6, 4).T[:3]
    back = through_a_file(array, tmp_path / "array.skspec")
    assert back.flags.f_contiguous
    assert np.array_equal(back, array)


def test_every_second_column_is_copied(tmp_path):
    array = np.arange(24.0).reshape(4, 6)[:, ::2]
    back = through_a_file(array, tmp_path / "array.skspec")
    assert back.flags.c_contiguous
    assert np.array_equal(back, array)


def test_what_comes_back_can_be_written_to(tmp_path):
    back = through_a_file([np.zeros(3), np.zeros(3)], tmp_path / "arrays.skspec")
    back[0][0] = 1.0
    assert back[1][0] == 0.0


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, True), (1.0, 1), (0.0, -0.0), ([1], (1,)), ({1: 2, 3: 4}, {3: 4, 1: 2}),
     (np.float32(1), np.float64(1)), (np.zeros(2), np.zeros(2, np.float32)),
     (np.zeros((2, 2)), np.zeros((2, 2)).copy(order="F")[:, :1])],
)  # fmt: skip
def test_the_comparison_would_notice(a, b):
    assert not same(a, b)
