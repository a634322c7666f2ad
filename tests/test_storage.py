"""Stored files are whole or not there, every flipped bit is noticed, dead holders hold no lock."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from skspec._storage import (
    UNFINISHED,
    DamagedFileError,
    canonical_json,
    file_sha256,
    locked,
    read_manifest,
    sha256,
    write_manifest,
    write_whole,
)

CONTENT = {"b": [1, 2.5, None], "a": {"y": "ü", "x": True}, "keys": "00ff" * 20}


class TestWriting:
    def test_bytes_and_arrays(self, tmp_path):
        write_whole(tmp_path / "a", b"abc")
        assert (tmp_path / "a").read_bytes() == b"abc"
        rows = np.arange(6, dtype=np.float32).reshape(2, 3)
        write_whole(tmp_path / "a", rows)
        assert (tmp_path / "a").read_bytes() == rows.tobytes()
        assert [p.name for p in tmp_path.iterdir()] == ["a"]

    def test_a_failure_leaves_the_old_file(self, tmp_path, monkeypatch):
        write_whole(tmp_path / "a", b"old")

        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(tmp_path / "a", b"new")
        assert (tmp_path / "a").read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["a"]

    def test_the_bytes_are_on_disk_before_the_rename(self, tmp_path, monkeypatch):
        seen = []
        monkeypatch.setattr(
            os, "fsync", lambda _: seen.append(sorted(p.name for p in tmp_path.iterdir()))
        )
        write_whole(tmp_path / "a", b"abc")
        assert len(seen) == 2  # the file, then its folder
        assert seen[0][0].endswith(UNFINISHED)
        assert seen[1] == ["a"]


class TestManifest:
    def test_comes_back(self, tmp_path):
        write_manifest(tmp_path / "m.json", CONTENT)
        assert read_manifest(tmp_path / "m.json") == CONTENT

    def test_checksum_is_the_sha256_of_the_rest(self, tmp_path):
        write_manifest(tmp_path / "m.json", CONTENT)
        stored = json.loads((tmp_path / "m.json").read_text())
        checksum = stored.pop("checksum")
        text = json.dumps(stored, sort_keys=True, separators=(",", ":"))
        assert checksum == hashlib.sha256(text.encode()).hexdigest()

    def test_every_single_flipped_bit_is_noticed(self, tmp_path):
        path = tmp_path / "m.json"
        write_manifest(path, {"b": "ff"})
        data = path.read_bytes()
        for bit in range(8 * len(data)):
            broken = bytearray(data)
            broken[bit // 8] ^= 1 << bit % 8
            path.write_bytes(broken)
            with pytest.raises(DamagedFileError):
                read_manifest(path)

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"3", b"\xff\xfe", b"{" * 99999])
    def test_other_files(self, tmp_path, data):
        (tmp_path / "m.json").write_bytes(data)
        with pytest.raises(DamagedFileError, match="no manifest"):
            read_manifest(tmp_path / "m.json")

    def test_every_length_but_the_whole(self, tmp_path):
        path = tmp_path / "m.json"
        write_manifest(path, CONTENT)
        data = path.read_bytes()
        for length in range(0, len(data), 3):
            path.write_bytes(data[:length])
            with pytest.raises(DamagedFileError):
                read_manifest(path)

    def test_canonical(self):
        assert canonical_json({"b": 1, "a": [1, 2]}) == b'{"a":[1,2],"b":1}'
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical_json({"a": float("nan")})


def test_sha256(tmp_path):
    rows = np.arange(1000.0)
    (tmp_path / "a").write_bytes(rows.tobytes())
    assert file_sha256(tmp_path / "a") == sha256(rows)
    assert sha256(b"abc")[:16] == "ba7816bf8f01cfea"  # FIPS 180-2, B.1


class TestLock:
    def test_among_threads(self, tmp_path):
        inside, most = [], []

        def work():
            for _ in range(5):
                with locked(tmp_path / "lock"):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.001)
                    inside.pop()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == [1] * 15

    def test_a_killed_holder_lets_go(self, tmp_path):
        code = (
            "import sys, time; from pathlib import Path; from skspec._storage import locked\n"
            "with locked(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE
        )
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
        with locked(tmp_path / "lock"):
            pass
