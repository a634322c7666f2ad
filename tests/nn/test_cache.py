"""FrozenCache: each row computed once, by whichever thread or process; no damage unnoticed."""

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skspec import DeepFeatures, FrozenCache
from skspec._storage import DamagedFileError
from skspec.exceptions import AudioReadError, ParameterError
from skspec.nn import _shards
from skspec.nn._cache import resolve_cache
from skspec.nn._cached_rows import image_keys
from skspec.nn._row_store import KeyIndex, RowStore

CONTEXT = {"backbone": "none"}


def images(*numbers):
    """Give images whose every pixel is their number."""
    return np.array(numbers, dtype=np.float32)[:, None, None, None] * np.ones((1, 1, 2, 3), "f")


class Doubles:
    """Stands for a frozen part: gives twice each image's number, and notes what it computed."""

    def __init__(self, batch):
        self.batch = batch
        self.computed = []

    def __call__(self, positions):
        numbers = self.batch[positions, 0, 0, 0]
        self.computed += numbers.tolist()
        return torch.from_numpy(2 * numbers)[:, None] * torch.ones(5)


def get(cache, *numbers, context=CONTEXT):
    """Give what the cache holds for images, and what it had to compute."""
    batch, rows = images(*numbers), cache.rows(context)
    compute = Doubles(batch)
    slots = rows.fill(image_keys(batch), compute)
    if (slots >= 0).all():
        assert_array_equal(rows.read(slots), 2 * np.outer(numbers, np.ones(5)))
    return slots, compute.computed


def counters(cache):
    return cache.n_computed, cache.n_found, cache.n_damaged


@pytest.fixture(params=["memory", "temporary file", "both", "folder"])
def cache(request, tmp_path):
    sizes = {"memory": 2**20, "temporary file": 0, "both": 50}
    if request.param == "folder":
        return FrozenCache(tmp_path / "cache")
    return FrozenCache(max_bytes=sizes[request.param])


class TestRows:
    def test_each_is_computed_once(self, cache):
        assert get(cache, 3, 1, 2)[1] == [3, 1, 2]
        assert get(cache, 2, 4, 3)[1] == [4]
        assert get(cache, 4, 1, 2, 3)[1] == []
        assert counters(cache) == (4, 6, 0)

    def test_equal_images_in_one_call(self, cache):
        assert get(cache, 3, 1, 3, 3)[1] == [3, 1]
        assert counters(cache) == (2, 2, 0)

    def test_other_contexts_have_rows_of_their_own(self, cache):
        get(cache, 1, 2)
        assert get(cache, 1, 2, context={"backbone": "other"})[1] == [1, 2]
        assert get(cache, 1, 2)[1] == []

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    @pytest.mark.parametrize("shape", [(), (4,), (3, 5), (2, 3, 4)])
    def test_every_bit_comes_back(self, cache, dtype, shape):
        generator = torch.Generator().manual_seed(0)
        values = torch.randn(7, *shape, generator=generator).to(dtype)
        values[0] = torch.nan
        values[1] = -0.0
        rows = cache.rows(CONTEXT)
        slots = rows.fill(image_keys(images(*range(7))), lambda new: values[new])
        order = np.array([6, 0, 1, 3, 3])
        found = rows.read(slots[order])
        assert found.dtype == dtype
        assert found.shape == (5, *shape)
        expected = values[order].reshape(5, -1).contiguous().view(torch.uint8)
        assert torch.equal(found.reshape(5, -1).view(torch.uint8), expected)

    def test_what_is_read_is_a_copy(self, cache):
        slots, _ = get(cache, 1, 2)
        cache.rows(CONTEXT).read(slots).zero_()
        get(cache, 1, 2)

    def test_threads_compute_nothing_twice(self, cache):
        computed, barrier = [], threading.Barrier(4)

        def work():
            barrier.wait()
            for start in range(0, 40, 4):
                computed.extend(get(cache, *range(start, start + 8))[1])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(computed) == list(range(44))
        assert counters(cache) == (44, 4 * 80 - 44, 0)

    def test_an_error_while_computing_is_the_callers(self, cache):
        def broken(positions):
            raise AudioReadError("a.wav", "it is broken")

        with pytest.raises(AudioReadError, match="it is broken"):
            cache.rows(CONTEXT).fill(image_keys(images(1)), broken)
        assert get(cache, 1)[1] == [1]  # and no lock is held


def test_keys_are_the_hash_of_the_images_bytes():
    batch = images(1, 2)
    expected = [xxhash.xxh3_128(image.tobytes()).digest() for image in batch]
    assert image_keys(batch).tobytes() == b"".join(expected)
    turned = np.ascontiguousarray(batch.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    assert_array_equal(image_keys(turned), image_keys(batch))
    assert len(set(image_keys(np.stack([batch[0], -0.0 * batch[0], 0.0 * batch[0]])))) == 3


@given(
    adds=st.lists(st.lists(st.integers(0, 30), unique=True, max_size=8), max_size=6),
    dropped=st.integers(0, 5),
)
@settings(max_examples=30)
def test_the_index_is_a_dict(adds, dropped):
    def keys(numbers):
        # Zeros at the end and inside: numpy's strings must not confuse them.
        return np.frombuffer(b"".join(bytes([n, 0] * 8) for n in numbers), dtype="S16")

    index, expected, slot = KeyIndex(), {}, 0
    for i, numbers in enumerate(adds):
        first = slot
        for number in numbers:
            expected.setdefault(number, slot)
            slot += 1
        index.add(keys(numbers), first)
        if i == dropped:
            index.drop(first, slot)
            expected = {n: s for n, s in expected.items() if s < first}
    found = index.find(keys(range(31)))
    assert found.tolist() == [expected.get(n, -1) for n in range(31)]


class TestObject:
    def test_clones_share_it(self):
        cache = FrozenCache()
        deep = DeepFeatures("tiny", cache=cache)
        assert clone(deep).cache is cache
        assert copy.deepcopy(deep).cache is cache
        assert clone(cache) is cache

    def test_pickles_carry_no_rows(self, tmp_path):
        for cache, found in ((FrozenCache(), []), (FrozenCache(tmp_path), [1, 2])):
            get(cache, 1, 2)
            again = pickle.loads(pickle.dumps(cache))
            assert counters(again) == (0, 0, 0)
            assert sorted({1, 2} - set(get(again, 1, 2)[1])) == found
            assert len(pickle.dumps(cache)) < 300 + len(str(tmp_path))

    def test_repr(self):
        assert repr(FrozenCache("a", max_bytes=3)) == "FrozenCache(folder='a', max_bytes=3)"

    @pytest.mark.parametrize("max_bytes", [-1, 1.5, None, "1"])
    def test_max_bytes(self, max_bytes):
        with pytest.raises(ParameterError, match=r"max_bytes=.*an integer >= 0"):
            FrozenCache(max_bytes=max_bytes)

    def test_folder(self, tmp_path):
        with pytest.raises(ParameterError, match="folder=3, but expected a path or None"):
            FrozenCache(3)
        (tmp_path / "file").write_text("")
        with pytest.raises(ParameterError, match=r"file', which cannot be made.*cache=None"):
            get(FrozenCache(tmp_path / "file"), 1)

    def test_what_a_parameter_means(self, tmp_path):
        cache = FrozenCache()
        assert resolve_cache(cache) is cache
        assert resolve_cache(None) is None
        assert resolve_cache("fit").folder is None
        assert resolve_cache("fit", fitting=False) is None
        assert resolve_cache(tmp_path, fitting=False).folder == tmp_path
        assert resolve_cache("some/folder").folder == "some/folder"


def _process(folder):
    """Start a process that takes its time to compute the rows of 1, 2 and 3."""
    code = (
        "import sys, time, numpy as np, torch; from skspec import FrozenCache\n"
        "from skspec.nn._cached_rows import image_keys\n"
        "x = np.arange(1, 4, dtype='f')[:, None, None, None] * np.ones((1, 1, 2, 3), 'f')\n"
        "def compute(new):\n"
        "    time.sleep(3)\n"
        "    return torch.from_numpy(2 * x[new, 0, 0, :1]) * torch.ones(5)\n"
        "cache = FrozenCache(sys.argv[1])\n"
        "cache.rows({'backbone': 'none'}).fill(image_keys(x), compute)\n"
        "print(cache.n_computed, cache.n_found)"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE)


@pytest.fixture
def quick_disk(monkeypatch):
    """Skip what only a power cut would need."""
    monkeypatch.setattr("skspec._storage.os.fsync", lambda _: None)


@pytest.mark.usefixtures("quick_disk")
class TestFolder:
    @pytest.mark.slow
    def test_another_process_finds_the_rows(self, tmp_path):
        get(FrozenCache(tmp_path), 2)
        with _process(tmp_path) as process:
            assert process.communicate()[0] == b"2 1\n"
        assert get(FrozenCache(tmp_path), 1, 2, 3, 4)[1] == [4]

    @pytest.mark.slow
    def test_processes_at_once_compute_nothing_twice(self, tmp_path):
        with _process(tmp_path) as one, _process(tmp_path) as other:
            found = [process.communicate()[0] for process in (one, other)]
        assert sorted(found) == [b"0 3\n", b"3 0\n"]

    def test_an_open_cache_learns_what_others_add(self, tmp_path):
        mine, other = FrozenCache(tmp_path), FrozenCache(tmp_path)
        get(mine, 1)
        get(other, 1, 2)
        assert get(mine, 2, 3)[1] == [3]

    def test_what_is_there_can_be_read(self, tmp_path):
        get(FrozenCache(tmp_path), 1, 2)
        (folder,) = tmp_path.iterdir()
        context = json.loads((folder / "context.json").read_text())
        assert context["backbone"] == "none"
        (manifest,) = folder.glob("shard-*.json")
        stored = json.loads(manifest.read_text())
        assert (stored["n_rows"], stored["shape"], stored["dtype"]) == (2, [5], "float32")
        data = np.frombuffer(manifest.with_suffix(".bin").read_bytes(), "f4").reshape(2, 5)
        assert_array_equal(data[:, 0], [2, 4])

    def test_shards_are_small(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_shards, "SHARD_BYTES", 50)  # two rows of 20 bytes
        cache = FrozenCache(tmp_path)
        get(cache, *range(7))
        sizes = sorted(file.stat().st_size for file in tmp_path.rglob("*.bin"))
        assert sizes == [20, 40, 40, 40]
        assert get(FrozenCache(tmp_path), 6, 0, 3, 2)[1] == []

    def test_a_killed_writer_leaves_nothing_that_is_read(self, tmp_path):
        get(FrozenCache(tmp_path), 1)
        (folder,) = tmp_path.iterdir()
        (manifest,) = folder.glob("shard-*.json")
        shutil.copy(manifest.with_suffix(".bin"), folder / "shard-0.bin")  # no manifest yet
        shutil.copy(manifest, folder / "shard-0.json.abc.unfinished")
        cache = FrozenCache(tmp_path)
        assert get(cache, 1, 2)[1] == [2]
        assert counters(cache) == (1, 1, 0)
        left = {file.name for file in folder.iterdir()}
        assert not {"shard-0.bin", "shard-0.json.abc.unfinished"} & left

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", [".bin", ".json"])
    def test_flipped_bits_are_noticed(self, tmp_path, kind):
        """500 random positions in data and 500 in manifests; each time the rows are made anew."""
        draw = np.random.default_rng(0)
        get(FrozenCache(tmp_path), 1, 2, 3)
        for _ in range(500):
            (file,) = tmp_path.rglob(f"shard-*{kind}")
            data = bytearray(file.read_bytes())
            bit = int(draw.integers(8 * len(data)))
            data[bit // 8] ^= 1 << bit % 8
            file.write_bytes(data)
            cache = FrozenCache(tmp_path)
            with pytest.warns(UserWarning, match="Damage in a cache"):
                assert get(cache, 1, 2, 3)[1] == [1, 2, 3]
            assert counters(cache) == (3, 0, 1)
        assert get(FrozenCache(tmp_path), 1, 2, 3)[1] == []

    @pytest.mark.parametrize("n", [5, pytest.param(1000, marks=pytest.mark.slow)])
    def test_flipped_bits_are_noticed_in_rows_that_are_in_use(self, tmp_path, n):
        """In place, with the file's old time: neither name nor time nor size shows it."""
        draw = np.random.default_rng(0)
        for _ in range(n):
            cache = FrozenCache(tmp_path)
            slots, _ = get(cache, 1, 2, 3)
            (file,) = tmp_path.rglob("*.bin")
            times, bit = file.stat(), int(draw.integers(8 * 60))
            with file.open("r+b") as opened:
                opened.seek(bit // 8)
                byte = opened.read(1)[0]
                opened.seek(bit // 8)
                opened.write(bytes([byte ^ 1 << bit % 8]))
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
            rows, row = cache.rows(CONTEXT), bit // 8 // 20
            others = np.delete(slots, row)
            assert_array_equal(rows.read(others)[:, 0], 2 * np.delete([1, 2, 3], row))
            with pytest.warns(UserWarning, match="Damage in a cache") as caught:
                assert rows.read(slots[[row]]) is None
            assert len(caught) == 1
            assert rows.read(others) is None  # dropped, and not said again
            assert counters(cache)[2] == 1
            assert get(cache, 1, 2, 3)[1] == [1, 2, 3]
            assert get(cache, 3, 2, 1)[1] == []

    @pytest.mark.parametrize("length", [0, 1, 59])
    def test_truncated_data(self, tmp_path, length):
        get(FrozenCache(tmp_path), 1, 2, 3)
        (file,) = tmp_path.rglob("*.bin")
        file.write_bytes(file.read_bytes()[:length])
        with pytest.warns(UserWarning, match="SHA-256"):
            assert get(FrozenCache(tmp_path), 1, 2, 3)[1] == [1, 2, 3]

    def test_data_that_is_gone(self, tmp_path):
        get(FrozenCache(tmp_path), 1)
        get(FrozenCache(tmp_path), 2)
        (one, _) = tmp_path.rglob("*.bin")
        one.unlink()
        cache = FrozenCache(tmp_path)
        with pytest.warns(UserWarning, match="not there"):
            assert len(get(cache, 1, 2)[1]) == 1
        assert counters(cache) == (1, 1, 1)

    @pytest.mark.parametrize("step", ["file_sha256", "read_manifest"])
    def test_an_error_that_passes_costs_no_stored_row(self, tmp_path, monkeypatch, step):
        def fails(_):
            raise OSError(24, "Too many open files")

        get(FrozenCache(tmp_path), 1, 2)
        with monkeypatch.context() as patch:
            patch.setattr(_shards, "_VERIFIED", set())
            patch.setattr(_shards, step, fails)
            with pytest.warns(UserWarning, match="Too many open files"):
                assert get(FrozenCache(tmp_path), 1)[1] == [1]
        assert get(FrozenCache(tmp_path), 1, 2)[1] == []

    def test_damage_where_nothing_can_be_removed(self, tmp_path, monkeypatch):
        def fails(*_, **__):
            raise OSError(30, "Read-only file system")

        get(FrozenCache(tmp_path), 1)
        (file,) = tmp_path.rglob("*.bin")
        file.write_bytes(bytes(20))
        monkeypatch.setattr(type(tmp_path), "unlink", fails)
        with pytest.warns(UserWarning, match="SHA-256"):
            assert get(FrozenCache(tmp_path), 1)[1] == [1]

    def test_two_threads_that_meet_the_same_damage(self, tmp_path):
        cache = FrozenCache(tmp_path)
        slots, _ = get(cache, 1, 2)
        (file,) = tmp_path.rglob("*.bin")
        file.write_bytes(bytes(40))
        store, out = cache.rows(CONTEXT)._store, np.empty((2, 20), np.uint8)
        with pytest.warns(UserWarning, match="Damage in a cache") as caught:
            assert not store._is_whole(0, again=True)  # by one of them
        assert not store._is_whole(0, again=True)  # by the other, which had begun before
        with pytest.raises(DamagedFileError, match="dropped"):
            RowStore.read(store, slots, out)
        assert len(caught) == 1

    def test_a_damaged_description_is_written_again(self, tmp_path):
        get(FrozenCache(tmp_path), 1)
        (file,) = tmp_path.rglob("context.json")
        whole = file.read_bytes()
        file.write_bytes(whole[:-3])
        with pytest.warns(UserWarning, match="not as it was written"):
            assert get(FrozenCache(tmp_path), 1)[1] == []
        assert file.read_bytes() == whole

    def test_a_folder_that_vanishes_is_said_and_gives_nothing_wrong(self, tmp_path):
        cache = FrozenCache(tmp_path / "cache")
        slots, _ = get(cache, 1, 2)
        shutil.rmtree(tmp_path / "cache")
        with pytest.warns(UserWarning, match="cannot be used further"):
            assert cache.rows(CONTEXT).read(slots) is None

    @pytest.mark.parametrize("place", ["folder", "temporary file"])
    def test_a_full_disk_ends_the_storing_alone(self, tmp_path, monkeypatch, place):
        def full(*_):
            raise OSError(28, "No space left on device")

        cache = FrozenCache(tmp_path) if place == "folder" else FrozenCache(max_bytes=20)
        get(cache, 1)
        monkeypatch.setattr("skspec.nn._shards.write_whole", full)
        monkeypatch.setattr("skspec.nn._row_store._write_all", full)
        with pytest.warns(UserWarning, match="No space left on device.*Make room") as caught:
            slots, _ = get(cache, 1, 2)
        assert len(caught) == 1
        assert (slots >= 0).tolist() == [True, False]
        slots, computed = get(cache, 1, 3)  # no second warning, nothing computed to be lost
        assert (slots >= 0).tolist() == [True, False]
        assert computed == []


def test_300_000_rows_need_few_bytes_of_memory():
    index, n = KeyIndex(), 300_000
    keys = np.random.default_rng(0).bytes(16 * n)
    index.add(np.frombuffer(keys, dtype="S16"), 0)
    assert index._keys.nbytes + index._slots.nbytes == 24 * n
