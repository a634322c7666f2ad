"""Sums over filter banks: a plain sum in float64, and bits that do not hang on BLAS's threads."""

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

from skspec.signal import sum_bins


def spectra_and_filters(n_frames, n_bins, n_bands):
    rng = np.random.default_rng(n_frames)
    spectra = rng.exponential(size=(2, n_frames, n_bins)).astype(np.float32)
    return spectra, rng.random((n_bands, n_bins), dtype=np.float32)


# Blocks and a rest; blocks alone; a rest of one frame; one frame; one band; more bins than a
# block may have.
SHAPES = [
    (188, 513, 12),
    (84, 513, 12),
    (43, 513, 12),
    (1, 2049, 12),
    (300, 1025, 1),
    (3, 30_000, 12),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_sums_are_those_of_float64(shape, kind):
    spectra, filters = spectra_and_filters(*shape)
    expected = filters.astype(np.float64) @ spectra.swapaxes(1, 2).astype(np.float64)
    sums = sum_bins(spectra, kind(filters))
    assert sums.dtype == np.float32
    assert_allclose(sums, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_out_is_written_to_and_any_layout_is_taken(kind):
    spectra, filters = spectra_and_filters(90, 513, 12)
    whole = np.zeros((2, 12, 100), np.float32)
    out = whole[:, :, 5:95]
    assert sum_bins(np.asfortranarray(spectra), kind(filters), out=out) is out
    assert_allclose(out, sum_bins(spectra, kind(filters)), rtol=1e-5)
    assert_array_equal(whole[:, :, [*range(5), *range(95, 100)]], 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_bits_do_not_hang_on_the_other_clip(shape, kind):
    spectra, filters = spectra_and_filters(*shape)
    alone = [sum_bins(clip[None], kind(filters))[0] for clip in spectra]
    assert_array_equal(sum_bins(spectra, kind(filters)), alone)


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_do_not_hang_on_the_number_of_blas_threads(shape):
    spectra, filters = spectra_and_filters(*shape)
    sums = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            # Otherwise nothing would be compared.
            assert {pool["num_threads"] for pool in threadpool_info()} >= {n_threads}
            sums.append(sum_bins(spectra, filters))
    assert_array_equal(*sums)
