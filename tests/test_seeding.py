"""Seeds by position: pure, independent, and for every kind of random_state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator, Philox, RandomState, SeedSequence
from numpy.testing import assert_array_equal

from skspec._seeding import STREAMS, generator_at, resolve_seed, seed_at

seeds = st.integers(0, 2**64 - 1)
positions = st.lists(st.integers(0, 2**32), max_size=3)


def test_an_integer_is_its_own_seed():
    assert resolve_seed(7) == 7
    assert resolve_seed(np.int64(7)) == 7
    assert type(resolve_seed(np.int64(7))) is int


def test_a_random_state_gives_its_next_integer():
    seed = resolve_seed(RandomState(3))
    assert seed == RandomState(3).randint(np.iinfo(np.int32).max)
    state = RandomState(3)
    assert resolve_seed(state) != resolve_seed(state)


def test_a_generator_gives_its_next_integer():
    seed = resolve_seed(Generator(PCG64(3)))
    assert seed == Generator(PCG64(3)).integers(np.iinfo(np.int32).max)


def test_none_is_fresh_each_time():
    assert len({resolve_seed(None) for _ in range(20)}) == 20


def test_the_global_state_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    generator_at(resolve_seed(None), "order", 1).random(5)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_known_value():
    # The formula, spelt out: the first 64-bit word of a SeedSequence, without its lowest bit.
    word = SeedSequence([5, STREAMS["order"], 2]).generate_state(1, np.uint64)[0]
    assert seed_at(5, "order", 2) == int(word) // 2
    expected = Generator(Philox(key=int(word) // 2)).random(4)
    assert_array_equal(generator_at(5, "order", 2).random(4), expected)


@given(seed=seeds, position=positions, stream=st.sampled_from(sorted(STREAMS)))
@settings(deadline=None, max_examples=50)
def test_pure_and_within_63_bits(seed, position, stream):
    first = seed_at(seed, stream, *position)
    generator_at(seed, stream, *position).random(3)  # drawing moves nothing
    assert seed_at(seed, stream, *position) == first
    assert 0 <= first < 2**63  # what torch.Generator.manual_seed takes


def test_streams_and_positions_differ():
    places = [(s, e, i) for s in STREAMS for e in range(10) for i in range(10)]
    assert len({seed_at(0, s, e, i) for s, e, i in places}) == len(places)
    assert len({seed_at(seed, "order", 0) for seed in range(100)}) == 100
    assert seed_at(0, "augment", 1, 2) != seed_at(0, "augment", 2, 1)


def test_neighbouring_positions_are_uncorrelated():
    draws = np.array([generator_at(0, "augment", 0, i).random(200) for i in range(50)])
    correlation = np.corrcoef(draws)[~np.eye(50, dtype=bool)]
    assert np.abs(correlation).max() < 0.35  # 5 standard deviations of 1 / sqrt(200)
    assert abs(draws.mean() - 0.5) < 0.015


def test_an_unknown_stream_is_refused():
    with pytest.raises(KeyError, match="nonsense"):
        seed_at(0, "nonsense")
