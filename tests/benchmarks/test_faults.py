"""What counts faults: each kind that it looks for is counted when it is there."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile

from skspec.exceptions import AudioReadError

SR = 8000


@pytest.fixture
def tone():
    return 0.4 * np.sin(2 * np.pi * 440 * np.arange(2 * SR) / SR)


class TestSections:
    @pytest.fixture
    def faults(self, benchmark_module, monkeypatch, tmp_path):
        faults = benchmark_module("faults")
        monkeypatch.setattr(faults, "RESULTS", tmp_path)
        monkeypatch.setattr(benchmark_module("_result"), "RESULTS", tmp_path)
        return faults

    def run(self, faults, monkeypatch, name, **figures):
        monkeypatch.setitem(faults.SECTIONS, name, lambda _: figures)
        monkeypatch.setattr("sys.argv", ["faults.py", "--sections", name])
        return faults.main()

    def test_each_has_limits_and_stands_in_the_help(self, faults):
        assert list(faults.SECTIONS) == list(faults.LIMITS)
        listed = [line[2:].partition(":")[0] for line in faults.__doc__.splitlines()
                  if line.startswith("- ")]  # fmt: skip
        assert listed == list(faults.SECTIONS)

    def test_a_line_that_does_not_hold_is_the_exit_code(self, faults, monkeypatch, capsys):
        assert self.run(faults, monkeypatch, "cuts", tries=9, unnoticed=0) == 0
        assert self.run(faults, monkeypatch, "flips", tries=9, unnoticed=1) == 1
        assert "flips          9  NO     unnoticed 1 (0)" in capsys.readouterr().out

    def test_the_kept_figures_hold(self, faults):
        kept = faults.earlier(Path(faults.__file__).parent / "results" / "faults.json")
        assert list(kept) == list(faults.SECTIONS)
        assert [name for name in kept if faults.beyond(name, kept[name])] == []

    def test_nothing_tried_proves_nothing(self, faults, monkeypatch):
        assert self.run(faults, monkeypatch, "cuts", tries=0, unnoticed=0) == 1

    def test_other_sections_are_kept_in_their_order(self, faults, monkeypatch, tmp_path):
        self.run(faults, monkeypatch, "flips", tries=9, unnoticed=0)
        self.run(faults, monkeypatch, "cuts", tries=8, unnoticed=0)
        self.run(faults, monkeypatch, "flips", tries=7, unnoticed=0)
        sections = json.loads((tmp_path / "faults.json").read_text())["sections"]
        assert {name: figures["tries"] for name, figures in sections.items()} == {
            "cuts": 8,
            "flips": 7,
        }
        assert list(sections) == ["cuts", "flips"]

    @pytest.mark.parametrize(
        ("said", "code", "expected"),
        [
            ("12 passed in 3s", 0, {"tries": 12, "passed": 12, "failed": 0}),
            ("2 failed, 9 passed, 1 error", 1, {"tries": 12, "passed": 9, "failed": 3}),
            ("no tests ran", 4, {"tries": 1, "passed": 0, "failed": 1}),
        ],
    )
    def test_what_pytest_says_of_full_disks(self, faults, monkeypatch, said, code, expected):
        done = SimpleNamespace(stdout=said, returncode=code)
        monkeypatch.setattr(faults.subprocess, "run", lambda *_, **__: done)
        assert faults.disk(argparse.Namespace()) == expected


class TestNamedFiles:
    @pytest.fixture
    def named_files(self, benchmark_module):
        return benchmark_module("_named_files")

    def count(self, named_files, *names):
        return named_files.count_named_files({n: named_files.CASES[n] for n in names})

    def test_all_is_well(self, named_files):
        counts = self.count(named_files, "text", "missing", "wav_half", "list_after")
        assert (counts["readings"], counts["bad"], counts["odd"]) == (12, 3, 1)
        assert counts["cases"] == {}

    @pytest.mark.parametrize(
        ("name", "kind", "reading"),
        [
            ("text", "silent", lambda clip: [clip] * 3),
            ("text", "other_exceptions", ValueError("broken")),
            ("text", "unnamed", AudioReadError("other.wav", "is text, not sound", "", 1)),
            ("text", "unnamed", AudioReadError("text.wav", "is text, not sound", "", 0)),
            ("list_after", "silent", lambda clip: [clip, clip[:-1], clip]),
            ("list_after", "refused_though_right", lambda clip: [clip, clip]),
            ("list_after", "refused_though_right", AudioReadError("a.wav", "is bad", "", 1)),
            ("data_size_half", "unnamed", lambda clip: [clip] * 3),  # and does not warn
        ],
    )
    def test_each_fault_is_counted(self, named_files, monkeypatch, name, kind, reading):
        def read_clips(paths, sr, on_error):
            if isinstance(reading, Exception):
                raise reading
            clip, _ = soundfile.read(paths[0], dtype="float32")
            return reading(clip), pd.DataFrame({"index": [], "path": []})

        monkeypatch.setattr(named_files, "read_clips", read_clips)
        counts = self.count(named_files, name)
        assert {k: counts[k] for k in named_files.KINDS if counts[k]} == {kind: 3}
        assert counts["cases"][kind][0] == f"{name}, on_error='raise'"


class TestAlarms:
    @pytest.fixture
    def alarms(self, benchmark_module):
        return benchmark_module("_alarms")

    def test_levels_are_measured_again(self, alarms, tmp_path, tone):
        def write(name, samples):
            soundfile.write(tmp_path / name, samples, SR, subtype="FLOAT")
            return tmp_path / name

        offset, loud = write("offset.wav", tone + 0.1), write("loud.wav", 20 * tone)
        clipped = write("clipped.wav", np.clip(5 * tone, -1, 1))
        share = 100 * np.mean(np.abs(5 * tone[1:]) >= 1)  # but one of each run
        assert alarms.evidence(offset, "offset from zero: 0.100") == "mean 0.1000"
        assert alarms.evidence(loud, "peak 8, where full scale is 1") == "largest sample 8.00"
        said = alarms.evidence(clipped, f"clipped: {share - 100 * 1760 / len(tone):.2f}%")
        assert said is None or said.endswith("stand still")
        for wrong in ("offset from zero: 0.100", "peak 8, where", "clipped: 9.00%", "silent", "x"):
            assert alarms.evidence(write("tone.wav", tone), wrong) is None
        assert alarms.evidence(write("zeros.wav", 0 * tone), "silent") == "every sample is 0"

    def test_samples_that_stand_still(self, alarms, tmp_path):
        samples = np.zeros((1000, 2))
        samples[100:121, 0], samples[300:321, 0] = 1, -1  # 20 repeat the one before, twice
        soundfile.write(tmp_path / "a.wav", samples, SR, subtype="FLOAT")
        assert alarms.evidence(tmp_path / "a.wav", "clipped: 2.00%") == "2.00% stand still"
        assert alarms.evidence(tmp_path / "a.wav", "clipped: 2.10%") is None

    def test_streams_of_ogg_are_taken_apart(self, alarms, tmp_path):
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * SR)
        for name in ("a.ogg", "b.ogg"):
            soundfile.write(tmp_path / name, noise, SR)
        first, second = ((tmp_path / name).read_bytes() for name in ("a.ogg", "b.ogg"))
        pages = alarms.ogg_pages(first)
        assert len(pages) == first.count(b"OggS") > 4
        path, no_end = tmp_path / "c.ogg", "truncated: its last page does not end the stream"
        path.write_bytes(first)
        assert alarms.evidence(path, no_end) is None
        path.write_bytes(first[: pages[-1][0]])
        assert "the last one is full and ends with" in alarms.evidence(path, no_end)
        path.write_bytes(first + second)
        another = f"damaged: another stream begins at byte {len(first)}"
        assert alarms.evidence(path, another).startswith("2 streams; ")
        assert alarms.evidence(path, another + "9") is None

    def test_packages_are_counted(self, alarms, tmp_path, monkeypatch, tone):
        folder = tmp_path / "usr/share/sounds"
        folder.mkdir(parents=True)
        soundfile.write(folder / "good.wav", tone, SR)
        soundfile.write(folder / "offset.WAV", tone + 0.2, SR, format="WAV")
        (folder / "text.flac").write_text("no sound")
        (folder / "readme.txt").write_text("no sound")
        monkeypatch.setattr(alarms, "unpacked", lambda package, _: tmp_path)
        monkeypatch.setattr(alarms, "PACKAGES", ("one",))
        found = alarms.scan_packages(None)
        assert (found["files"], found["refused"], found["alarms"]) == (3, 1, 2)
        assert (found["false"], found["unexamined"]) == (1, 1)  # both of them text.flac
        assert found["by_finding"] == {"offset from zero: N": 1, "is text, not sound": 1}
        assert found["list"]["one/sounds/text.flac"] == "is text, not sound | FALSE | NOT EXAMINED"


class TestFlips:
    @pytest.fixture
    def flips(self, benchmark_module):
        return benchmark_module("_flips")

    def test_one_bit_is_another_and_then_none(self, flips, tmp_path):
        files = {"a": bytes(5), "deep/b": bytes(range(9))}
        (tmp_path / "deep").mkdir()
        (tmp_path / "lock").touch()
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        seen = []

        def notices(folder):
            bits = [np.unpackbits(np.frombuffer((folder / n).read_bytes(), "u1")) for n in files]
            whole = [np.unpackbits(np.frombuffer(data, "u1")) for data in files.values()]
            seen.append([int((one != other).sum()) for one, other in zip(bits, whole, strict=True)])
            (folder / "more").touch()
            return len(seen) % 2 == 0

        counts = flips._flip_each(tmp_path, 40, np.random.default_rng(0), notices)
        assert counts == {"flips": 40, "bits": 112, "unnoticed": 20}
        assert {tuple(changes) for changes in seen} == {(1, 0), (0, 1)}
        assert (tmp_path / "deep/b").read_bytes() == files["deep/b"]
        assert not (tmp_path / "more").exists()

    @pytest.mark.slow
    def test_all_are_noticed(self, flips):
        counts = flips.count_flips(3)
        assert {name: kind["unnoticed"] for name, kind in counts.items()} == dict.fromkeys(
            ("model", "checkpoint", "cache"), 0
        )

    def test_what_is_whole_is_not_called_damaged(self, flips, tmp_path):
        for name, (make, notices) in flips.KINDS.items():
            (tmp_path / name).mkdir()
            make(tmp_path / name)
            assert not notices(tmp_path / name), name


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_of_memory_is_not_that_of_the_parent(benchmark_module):
    folder = Path(benchmark_module("_memory").__file__).parent
    held = bytes(range(256)) * 2**22  # 1 GiB
    code = "from _memory import peak_mb; print(peak_mb()); x = b'ab' * 2**27; print(peak_mb())"
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=True)
    before, after = map(float, run.stdout.split())
    assert before < 256 < after < len(held) / 2**20


STAND_IN = """
import os, time

def outcomes(numbers):
    for i in numbers:
        if i == 1:
            os.kill(os.getpid(), 11)
        if i == 3:
            time.sleep(60)
        if i == 5:
            held = bytes(700) * 2**20
        yield "ValueError()" if i == 6 else "refused"
"""


@pytest.mark.slow
def test_processes_that_crash_or_hang_are_counted(benchmark_module, monkeypatch, tmp_path):
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path)
    import stand_in

    counts = benchmark_module("_apart").count_outcomes(8, stand_in.outcomes, hang_s=4.0)
    assert counts.pop("growth_mb") > 600
    assert counts == {
        "files": 8,
        "crashes": 1,
        "hangs": 1,
        "too_large": 1,
        "other_errors": 1,
        "read": 0,
        "warned": 0,
        "refused": 4,
        "cases": {"1": "crashes", "3": "hangs", "5": "refused", "6": "ValueError()"},
    }
