"""No checkpoint is read that is not whole, and none is lost to a write that fails."""

import errno
import os
import resource
import signal
import warnings

import numpy as np
import pytest
import torch

from skspec import _storage as storage
from skspec.exceptions import CheckpointWarning
from skspec.nn._checkpoint import Checkpoints, open_checkpoints


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Skip what only a power cut would need."""
    monkeypatch.setattr("skspec._storage.os.fsync", lambda _: None)


def flip(file, bit):
    data = bytearray(file.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)


@pytest.mark.parametrize("n", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_flipped_bits_are_noticed(tmp_path, n):
    checkpoints, draw = Checkpoints(tmp_path), np.random.default_rng(0)
    state = {"weights": torch.randn(9), "epoch": 3, "rates": (0.1, 0.2)}
    for _ in range(n):
        checkpoints.write(state, "one")
        assert torch.equal(checkpoints.newest()["weights"], state["weights"])
        files = [file for file in tmp_path.iterdir() if file.stem == "state-00000001"]
        file = files[draw.integers(2)]
        flip(file, int(draw.integers(8 * file.stat().st_size)))
        with pytest.warns(CheckpointWarning, match="Damage.*It is dropped"):
            assert checkpoints.newest() is None
        assert not list(tmp_path.iterdir())


def test_an_error_that_passes_drops_no_state(tmp_path, monkeypatch):
    def fails(_):
        raise OSError(errno.EMFILE, "Too many open files")

    checkpoints = Checkpoints(tmp_path)
    checkpoints.write({"epoch": 3}, "one")
    with monkeypatch.context() as patch:
        patch.setattr("skspec.nn._checkpoint.read_manifest", fails)
        with pytest.warns(CheckpointWarning, match="Too many open files. It is left out"):
            assert checkpoints.newest() is None
    assert checkpoints.newest() == {"epoch": 3}


FULL = OSError(errno.ENOSPC, "No space left on device")


class Disk:
    """Stands for an open file on a disk that takes so many bytes more."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def write(self, data):
        data = memoryview(data).cast("B")
        self.file.write(data[: self.left[0]])
        if len(data) > self.left[0]:
            raise FULL
        self.left[0] -= len(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


class TestFullDisk:
    @pytest.mark.parametrize("left", [0, 100, 4200])  # none of the manifest at last
    def test_it_is_said_each_time_and_the_last_one_stays(self, tmp_path, monkeypatch, left):
        checkpoints = Checkpoints(tmp_path)
        checkpoints.write({"epoch": 0, "weights": torch.zeros(1000)}, "epoch 0")
        whole = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        opened, room = type(tmp_path).open, [left]

        def limited(path, mode="r", *args, **kwargs):
            file = opened(path, mode, *args, **kwargs)
            return Disk(file, room) if "x" in mode else file

        monkeypatch.setattr(type(tmp_path), "open", limited)
        for epoch in (1, 2):
            message = rf"epoch {epoch} could not be written: .*No space left.*bytes are free; the "
            with pytest.warns(CheckpointWarning, match=message + "one before it, state-00000001"):
                checkpoints.write({"epoch": epoch, "weights": torch.ones(1000)}, f"epoch {epoch}")
            room[0] = left
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == whole
        assert checkpoints.newest()["epoch"] == 0
        room[0] = 10**6
        checkpoints.write({"epoch": 3, "weights": torch.ones(1000)}, "epoch 3")
        assert checkpoints.newest()["epoch"] == 3

    def test_a_limit_of_the_system(self, tmp_path):
        """The kernel itself cuts the file, in a process of its own."""
        checkpoints = Checkpoints(tmp_path)
        checkpoints.write({"epoch": 0}, "epoch 0")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    checkpoints.write({"epoch": 1, "weights": torch.ones(1000)}, "epoch 1")
                code = 0 if "File too large" in str(caught[0].message) else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert checkpoints.newest() == {"epoch": 0}
        assert len(list(tmp_path.iterdir())) == 2


def test_it_is_written_when_it_is_due(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("skspec.nn._checkpoint.time.monotonic", lambda: now[0])
    with open_checkpoints(tmp_path, {"a": 1}, 10.0) as checkpoints:
        found = []
        for now[0] in (9.0, 10.0, 11.0, 19.0, 20.0):
            found.append(checkpoints.due())
            if found[-1]:
                checkpoints.write({}, "")
    assert found == [False, True, False, False, True]
    assert not Checkpoints(None).due()


def test_a_write_that_fails_takes_its_arrays_along(tmp_path, monkeypatch):
    def full(*_):
        raise FULL

    monkeypatch.setattr("skspec.nn._checkpoint.write_manifest", full)
    with pytest.warns(CheckpointWarning, match="No space left"):
        Checkpoints(tmp_path).write({"weights": torch.ones(3)}, "epoch 0")
    assert not list(tmp_path.iterdir())


def test_parts_become_one_file(tmp_path):
    digest = storage.write_parts(tmp_path / "a", [b"one", np.arange(3, dtype=np.uint8), b""])
    assert (tmp_path / "a").read_bytes() == b"one\x00\x01\x02"
    assert digest == storage.file_sha256(tmp_path / "a")
