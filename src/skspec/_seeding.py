"""Seeds by position: everything random is a pure function of (random_state, what, where)."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, Philox, RandomState, SeedSequence

#: Named streams, so that two uses of one seed at one position stay independent.
STREAMS = {
    "weights": 0,
    "head": 1,
    "order": 2,
    "dropout": 3,
    "split": 4,
    "augment": 5,
    "mix": 6,
    "partner": 7,
    "waveform": 8,
    "member": 9,
    "noise": 10,
    "subset": 11,
}


def resolve_seed(random_state: int | RandomState | Generator | None) -> int:
    """Give one integer seed for scikit-learn's `random_state`; fresh entropy for None."""
    if random_state is None:
        return int(SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(random_state, RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, Generator):
        return int(random_state.integers(np.iinfo(np.int32).max))
    return int(random_state)


def seed_at(seed: int, stream: str, *position: int) -> int:
    """Give the 63-bit seed that belongs to a position of a stream.

    Different positions give independent seeds; the same position always the same one, whatever
    was drawn before, so results depend neither on batches nor on workers.
    """
    words = SeedSequence([seed, STREAMS[stream], *position]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


def generator_at(seed: int, stream: str, *position: int) -> Generator:
    """Give the numpy generator that belongs to a position of a stream."""
    return Generator(Philox(key=seed_at(seed, stream, *position)))
