"""Files cut at many places, and files with random damage, and whether reading them is honest.

`count_mutants` and `count_cuts` are also what the benchmark of reading calls, with more files.
"""

import tempfile
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from _faulty_files import CODED

from skspec.audio import read_audio
from skspec.exceptions import AudioReadError

CUT_FORMATS = ("wav", "ima_adpcm", "flac", "ogg", "opus", "mp3", "aiff")
MEMORY_LIMIT = 512 * 2**20


def originals(folder, names=CODED):
    """Give the bytes of valid files by name, with their suffix."""
    return {name: (CODED[name][0](folder)[0], CODED[name][1]) for name in names}


def silent_losses(data, path, whole, offsets):
    """Give the offsets after which a file that was cut there reads as if it were whole."""
    silent = []
    for offset in offsets:
        path.write_bytes(data[:offset])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                waveform, _ = read_audio(path)
        except (AudioReadError, UserWarning):
            continue
        if not np.array_equal(waveform, whole):
            silent.append(int(offset))
    return silent


def count_cuts(folder, n_cuts=50, seed=0, names=CUT_FORMATS):
    """Cut each file at places drawn at random, and give by name which losses went unnoticed."""
    rng = np.random.default_rng(seed)
    unnoticed = {}
    for name, (data, suffix) in originals(folder, names).items():
        path = Path(folder, f"cut_{name}{suffix}")
        path.write_bytes(data)
        whole = read_audio(path)[0]
        offsets = np.sort(rng.choice(np.arange(1, len(data)), n_cuts, replace=False))
        unnoticed[name] = silent_losses(data, path, whole, offsets)
    return unnoticed


def mutate(data, rng):
    """Damage bytes: some anywhere, some in the header, a stretch copied, dropped, or made zero."""
    mutant = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        region = len(mutant) if rng.random() < 0.5 else min(len(mutant), 128)
        at = int(rng.integers(0, region))
        kind = rng.integers(0, 5)
        length = int(rng.integers(1, 64))
        if kind == 0:
            mutant[at] = int(rng.integers(0, 256))
        elif kind == 1:
            mutant[at : at + 4] = rng.choice([b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f"])
        elif kind == 2:
            del mutant[at : at + length]
        elif kind == 3:
            mutant[at:at] = mutant[at : at + length]
        else:
            mutant[at : at + length] = bytes(length)
    return bytes(mutant)


def count_mutants(n_mutants, seed=0, sr=16_000):
    """Read damaged files; give how many were read, warned of, refused, and anything else by name.

    "too much memory" counts those for which numpy held more than `MEMORY_LIMIT` at one time.
    """
    return Counter(mutant_outcomes(range(n_mutants), seed, sr))


def mutant_outcomes(numbers, seed=0, sr=16_000):
    """Read the damaged files of given numbers, one by one, and give what came of each."""
    with tempfile.TemporaryDirectory() as folder:
        files = list(originals(folder).values())
        for i in numbers:
            data, suffix = files[i % len(files)]
            path = Path(folder, f"mutant{suffix}")
            path.write_bytes(mutate(data, np.random.default_rng([seed, i])))
            yield _outcome(path, sr)


def _outcome(path, sr):
    tracemalloc.start()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            read_audio(path, sr)
        outcome = "warned" if caught else "read"
    except AudioReadError as error:
        outcome = "too much memory" if "malloc" in error.reason else "refused"
    except Exception as error:  # what must not happen; counted by name
        outcome = repr(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return "too much memory" if peak > MEMORY_LIMIT else outcome
