"""Bad files are refused, odd ones read right, and nothing is left out in silence."""

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from _faulty_files import CASES, CODED, MP3_STEREO, encode, sign, tone, without_table
from _mutants import CUT_FORMATS, count_cuts, count_mutants

from skspec.audio import read_audio, read_clips
from skspec.exceptions import AudioReadError, AudioWarning

BAD = [name for name, case in CASES.items() if case.error]
READ = [name for name, case in CASES.items() if not case.error]
pytestmark = pytest.mark.filterwarnings("ignore::skspec.exceptions.AudioWarning")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Make every file once: path and samples by name."""
    folders = {name: tmp_path_factory.getbasetemp() / "cases" / name for name in CASES}
    for folder in folders.values():
        folder.mkdir(parents=True)
    return {name: case.build(folders[name]) for name, case in CASES.items()}


def test_there_are_enough_of_both_kinds():
    assert len(BAD) >= 120
    assert len(READ) >= 120


@pytest.mark.parametrize("name", READ)
def test_odd_file_is_read_right(files, name):
    path, samples = files[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        waveform, _ = read_audio(path)
    assert_allclose(waveform, samples, rtol=0, atol=1e-6)
    messages = [str(warning.message) for warning in caught]
    assert all(isinstance(warning.message, AudioWarning) for warning in caught)
    assert all(repr(str(path)) in message for message in messages)
    if CASES[name].warning:
        assert re.search(CASES[name].warning, messages[0])
    else:
        assert messages == []


@pytest.mark.parametrize("on_error", ["raise", "skip", "nan"])
def test_bad_files_are_refused_by_path_and_index(files, on_error):
    for name in BAD:
        path, _ = files[name]
        if on_error == "raise":
            with pytest.raises(AudioReadError, match=CASES[name].error) as caught:
                read_clips([path], 16_000)
            assert (caught.value.index, caught.value.path) == (0, str(path)), name
            assert str(caught.value).startswith(f"clip 0, path {str(path)!r}: "), name
            continue
        waveforms, report = read_clips([path], 16_000, on_error=on_error)
        assert list(report["path"]) == [str(path)], name
        assert list(report["index"]) == [0], name
        assert re.search(CASES[name].error, f"path {report['reason'][0]}"), name
        assert len(waveforms) == (on_error == "nan"), name
        assert all(np.isnan(waveform).all() for waveform in waveforms), name


def test_cut_file_can_be_taken_as_far_as_it_goes(files):
    for name, (_, suffix) in CODED.items():
        if name in ("ogg", "opus", "caf"):
            continue  # of which libsndfile makes nothing then
        path = files[f"{name}_half"][0]
        assert path.suffix == suffix
        with pytest.warns(AudioWarning, match="truncated|damaged"):
            waveform, sr = read_audio(path, truncated="warn")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again, _ = read_audio(path, truncated="accept")
        assert np.array_equal(waveform, again)
        assert 0.2 * sr < len(waveform), name


def test_changing_bit_rate_without_a_table_is_read_to_its_end(tmp_path):
    data, whole = MP3_STEREO(tmp_path)
    path = tmp_path / "frames.mp3"
    path.write_bytes(without_table(data))
    waveform, _ = read_audio(path)
    start = 1105 - 529  # what the encoder put before the sound, less the decoder's own delay
    assert_allclose(waveform[start:][2000 : len(whole)], whole[2000:], atol=1e-4)


def test_ogg_streams_in_a_row_are_told_of(tmp_path):
    first, _ = encode(tmp_path, "a.ogg", tone())
    second, _ = encode(tmp_path, "b.ogg", tone(pitch=900))
    path = tmp_path / "both.ogg"
    path.write_bytes(first + second)
    with pytest.raises(AudioReadError, match=f"another stream begins at byte {len(first)}"):
        read_audio(path)


def test_checksum_of_ogg_is_that_worked_out_bit_by_bit(tmp_path):
    from skspec.audio._ogg import checksum

    data = np.random.default_rng(0).bytes(300)
    (expected,) = np.frombuffer(sign(data)[22:26], "<u4")
    assert checksum(data[:22] + bytes(4) + data[26:]) == expected


def test_some_cuts(tmp_path):
    unnoticed = count_cuts(tmp_path, n_cuts=4, names=("wav", "flac", "ogg", "mp3"))
    assert unnoticed == {"wav": [], "flac": [], "ogg": [], "mp3": []}


@pytest.mark.slow
def test_every_cut_is_noticed(tmp_path):
    assert count_cuts(tmp_path, n_cuts=50) == {name: [] for name in CUT_FORMATS}


@pytest.mark.slow
def test_damaged_files_are_read_or_refused_and_nothing_else():
    counts = count_mutants(500)
    assert set(counts) <= {"read", "warned", "refused"}
    assert counts["refused"] > 200
    assert sum(counts.values()) == 500


@pytest.mark.slow
def test_recording_of_more_than_4_gib_whose_size_wrapped(tmp_path):
    from _faulty_files import chunk, fmt, pcm, wav

    from skspec import AudioStream

    n_channels, sr, n = 64, 96_000, 2**25 + 5000  # of 128 bytes each: 4 GiB and 640 kB
    n_bytes = n * n_channels * 2
    path = tmp_path / "long.wav"
    end = tone(1000)
    with path.open("wb") as file:
        head = wav(fmt(n_channels=n_channels, sr=sr), chunk(b"data", b"", size=n_bytes % 2**32))
        file.write(head)
        file.truncate(len(head) + n_bytes)  # zeros that take no place on the disk
        file.seek(len(head) + n_bytes - 1000 * n_channels * 2)
        file.write(pcm(np.repeat(end, n_channels, axis=1)))
    with pytest.warns(AudioWarning, match=f"the {n_bytes} bytes that the file holds were taken"):
        stream = AudioStream(path)
    with stream:
        assert stream.duration_s == n / sr
        stream.seek_s((n - 1000) / sr)
        assert_allclose(stream.read(2000), end[:, 0], atol=1e-6)
