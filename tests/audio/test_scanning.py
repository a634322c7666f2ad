"""A table of what is in files and what is wrong with them; nothing is raised."""

import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_allclose

from skspec import read_clips, scan_audio
from skspec.audio import read_audio
from skspec.exceptions import AudioReadError, InputTypeError, ParameterError

SR = 8000


def tone(n=SR, level=0.5):
    return np.rint(2**15 * level * np.sin(2 * np.pi * 440 * np.arange(n) / SR)) / 2**15


@pytest.fixture
def folder(tmp_path):
    def write(name, samples, **options):
        soundfile.write(tmp_path / name, samples, SR, **options)
        return tmp_path / name

    write.path = tmp_path
    return write


def test_levels_are_those_of_numpy(folder):
    left = tone()
    left[:2000] = 0
    channels = np.stack([left, 0.1 + 0.5 * left], axis=1)
    table = scan_audio([folder("a.wav", channels, subtype="FLOAT")])
    row = table.iloc[0]
    channels = channels.astype(np.float32)
    assert row["readable"]
    assert (row["sr"], row["channels"], row["duration_s"]) == (SR, 2, 1.0)
    assert row["format"] == "WAV FLOAT"
    assert_allclose(row["peak"], np.abs(channels).max())
    assert_allclose(row["rms_db"], 10 * np.log10(np.square(channels, dtype=float).mean()))
    assert_allclose(row["dc"], np.abs(channels.mean(axis=0, dtype=float)).max())
    assert row["silent_share"] == 0  # the other channel has its offset
    assert row["finding"] == f"offset from zero: {row['dc']:.3f}"


def test_what_is_wrong_is_said(folder):
    clipped = np.clip(3 * tone(), -1, 1)
    half = folder("half.wav", tone())
    half.write_bytes(half.read_bytes()[:8044])
    flac = folder("a.flac", tone())
    data = bytearray(flac.read_bytes())
    data[30] ^= 1  # of the MD5
    flac.write_bytes(data)
    streamed = folder("streamed.wav", tone())
    data = bytearray(streamed.read_bytes())
    data[40:44] = bytes(4)
    streamed.write_bytes(data)
    text = folder.path / "text.wav"
    text.write_text("no sound")
    nan = tone()
    nan[5] = np.nan
    expected = [
        (folder("good.wav", tone(level=0.4)), True, "^$"),
        (folder("silent.wav", np.zeros(SR)), True, "^silent$"),
        (folder("clipped.wav", clipped), True, r"^clipped: \d\d\.\d\d%$"),
        (folder("anti.wav", np.outer(tone(), [1, -1])), True, "^channels in anti-phase$"),
        (folder("loud.wav", 9 * tone(), subtype="FLOAT"), True, "^peak 4.5, where full scale"),
        (folder("nan.wav", nan, subtype="FLOAT"), False, "^holds NaN or infinity$"),
        (
            folder("int.wav", np.rint(999 * tone(level=0.5)), subtype="FLOAT"),
            False,
            "integer samples",
        ),
        (folder("none.wav", np.zeros(0)), False, "^holds no sample$"),
        (half, False, "^truncated: 8000 of 16000 bytes"),
        (flac, False, "its samples are not those that its MD5 was made of"),
        (streamed, True, "the 16000 bytes that the file holds were taken"),
        (text, False, "^is text, not sound$"),
        (folder.path / "missing.wav", False, "^no such file$"),
        (folder.path, False, "^is a directory$"),
    ]
    table = scan_audio([path for path, *_ in expected], n_jobs=2)
    assert list(table["path"]) == [str(path) for path, *_ in expected]
    assert list(table["readable"]) == [readable for _, readable, _ in expected]
    for finding, (path, _, pattern) in zip(table["finding"], expected, strict=True):
        assert re.search(pattern, finding), (path, finding)
    share = table["clipped_share"][2]
    assert_allclose(share, np.mean(np.abs(clipped) == 1), atol=0.15)
    assert table["silent_share"][1] == 1
    assert table["rms_db"][1] == -np.inf


def test_duplicates_by_bytes_and_by_samples(folder):
    first = folder("a.wav", tone())
    same = folder.path / "b.wav"
    same.write_bytes(first.read_bytes())
    other = folder("c.wav", tone(level=0.3))
    flac = folder("d.flac", tone())
    text, again = folder.path / "e.wav", folder.path / "f.wav"
    text.write_text("x")
    again.write_text("y")
    table = scan_audio([first, same, other, flac, text, again])
    assert list(table["duplicate_of"]) == ["", str(first), "", str(first), "", ""]


def test_scan_stops_where_told_and_shows_a_bar(folder, capsys):
    path = folder("a.flac", np.zeros(600_000))
    table = scan_audio([path], max_duration_s=40.0, verbose=1)
    assert 40 <= table["duration_s"][0] < 75
    assert table["finding"][0] == f"looked at its first {table['duration_s'][0]:g} s; silent"
    assert "Scanning" in capsys.readouterr().err
    assert scan_audio([path], max_duration_s=75.0)["finding"][0] == "silent"  # it is that long


def test_what_read_audio_finds_too_long_is_not_readable(folder):
    path = folder.path / "night.flac"
    soundfile.write(path, np.tile(tone(1000), 800), 100, subtype="PCM_16")  # 8000 s
    table = scan_audio([path])
    assert not table["readable"][0]
    assert table["finding"][0].startswith("is longer than 7200 s")
    with pytest.raises(AudioReadError, match="is longer than"):
        read_audio(path)


def test_a_series_is_taken_in_its_order_and_one_path_is_no_list(folder):
    paths = [folder(f"{n}.wav", tone(n)) for n in (100, 200, 300)]
    series = pd.Series(paths)[[2, 0, 1]]
    assert (scan_audio(series)["duration_s"] * SR).round().tolist() == [300, 100, 200]
    waveforms, _ = read_clips(series, SR)
    assert [len(waveform) for waveform in waveforms] == [300, 100, 200]
    for function in (scan_audio, lambda path: read_clips(path, SR)):
        with pytest.raises(
            InputTypeError, match=r"Got one path, '.*100\.wav', but expected a list"
        ):
            function(str(paths[0]))


def test_no_files_give_an_empty_table():
    assert list(scan_audio([])["path"]) == []
    waveforms, report = read_clips([], SR)
    assert waveforms == []
    assert list(report.columns) == ["index", "path", "reason", "remedy"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_clips_that_cannot_be_read(folder, n_jobs, capsys):
    paths = [folder(f"{i}.wav", tone(100 + i)) for i in range(6)]
    paths[2].write_text("no sound")
    paths[4].write_bytes(paths[4].read_bytes()[:-8])
    with pytest.raises(AudioReadError, match=r"^clip 2, path '.*2\.wav': is text"):
        read_clips(paths, SR, n_jobs=n_jobs)
    skipped, report = read_clips(paths, SR, on_error="skip", n_jobs=n_jobs, verbose=1)
    assert [len(clip) for clip in skipped] == [100, 101, 103, 105]
    assert list(report["index"]) == [2, 4]
    assert list(report["path"]) == [str(paths[2]), str(paths[4])]
    assert "Reading" in capsys.readouterr().err
    kept, _ = read_clips(paths, SR, on_error="nan", n_jobs=n_jobs)
    assert [len(clip) for clip in kept] == [100, 101, 1, 103, 1, 105]
    assert [i for i, clip in enumerate(kept) if np.isnan(clip).any()] == [2, 4]
    accepted, report = read_clips(paths, SR, on_error="skip", truncated="accept")
    assert [len(clip) for clip in accepted] == [100, 101, 103, 100, 105]


def test_unknown_policy():
    with pytest.raises(ParameterError, match="Got on_error='ignore', but expected one of"):
        read_clips([], SR, on_error="ignore")
