"""Files in, waveforms out, or one kind of error."""

import os
import pickle
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.testing import assert_allclose, assert_array_equal

from skspec.audio import check_sound_files, iter_blocks, iter_clips, read_audio
from skspec.exceptions import AudioReadError, AudioWarning


def tone(n=4000, sr=16_000, pitch=440.0):
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(n) / sr)


def write(path, samples, sr=16_000, **options):
    soundfile.write(path, samples, sr, **options)
    return path


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("kind", [str, Path])
def test_mono_file_gives_its_samples(tmp_path, suffix, kind):
    path = write(tmp_path / f"ton ä{suffix}", tone())
    waveform, sr = read_audio(kind(path))
    assert waveform.dtype == np.float32
    assert waveform.flags.c_contiguous
    assert sr == 16_000
    assert_allclose(waveform, tone(), atol=2**-15)


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_compressed_files_are_read(tmp_path, suffix):
    path = write(tmp_path / f"tone{suffix}", tone(16_000))
    waveform, _ = read_audio(path)
    assert_allclose(np.sqrt(np.mean(waveform**2)), 0.5 / np.sqrt(2), rtol=0.1)


def test_name_that_is_not_valid_text(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/t\xff.wav")
    os.rename(write(tmp_path / "t.wav", tone()), path)
    assert len(read_audio(path)[0]) == 4000


def test_channels_are_averaged(tmp_path):
    channels = np.stack([tone(), 0.2 * tone(pitch=100)], axis=1)
    path = write(tmp_path / "stereo.wav", channels, subtype="FLOAT")
    assert_allclose(read_audio(path)[0], channels.mean(axis=1), atol=1e-7)


def test_resampling_is_that_of_soxr(tmp_path):
    path = write(tmp_path / "tone.wav", tone(), subtype="FLOAT")
    waveform, sr = read_audio(path, sr=22_050)
    assert sr == 22_050
    assert_array_equal(waveform, soxr.resample(tone().astype(np.float32), 16_000, 22_050))


def test_own_rate_changes_nothing(tmp_path):
    path = write(tmp_path / "tone.wav", tone())
    assert_array_equal(read_audio(path)[0], read_audio(path, sr=16_000)[0])


def test_channels_in_anti_phase_are_warned_of(tmp_path):
    path = write(tmp_path / "anti.wav", np.stack([tone(), -tone()], axis=1))
    with pytest.warns(AudioWarning, match=r"anti\.wav': its channels are in anti-phase"):
        read_audio(path)


def test_silent_stereo_is_no_anti_phase(tmp_path):
    path = write(tmp_path / "silence.wav", np.zeros((100, 2)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not read_audio(path)[0].any()


def make_faulty(folder, fault):
    path = folder / f"{fault}.wav"
    if fault == "directory":
        path.mkdir()
    elif fault == "fifo":
        os.mkfifo(path)
    elif fault == "loop":
        path.symlink_to(path)
    elif fault == "no_samples":
        write(path, np.zeros(0))
    elif fault == "nan":
        write(path, np.array([0.0, np.nan, 0.0]), subtype="FLOAT")
    elif fault == "one_sample":
        write(path, np.zeros(1), sr=48_000)
    elif fault != "missing":
        path.write_bytes(CONTENT[fault])
    return path


CONTENT = {
    "empty": b"",
    "text": b"path,label\na.wav,dog\n",
    "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "noise": bytes(range(256)) * 8,
    "header_only": b"RIFF\x24\x00\x00\x00WAVE",
}

FAULTS = [
    ("missing", "no such file.*Relative paths start at"),
    ("directory", r"is a directory.*glob\('\*.wav'\)"),
    ("fifo", "is not a regular file"),
    ("loop", "symbolic link"),
    ("empty", "the file is empty"),
    ("text", "is text, not sound"),
    ("lfs", "is a Git LFS pointer.*git lfs pull"),
    ("noise", "cannot be decoded.*Convert it to WAV or FLAC"),
    ("header_only", "truncated: it ends before its sound begins"),
    ("no_samples", "holds no sample at 8000 Hz"),
    ("one_sample", "holds no sample at 8000 Hz"),
    ("nan", "holds NaN or infinity"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS)
def test_every_fault_is_one_error_with_path_reason_and_remedy(tmp_path, fault, message):
    path = make_faulty(tmp_path, fault)
    with pytest.raises(AudioReadError, match=message) as caught:
        read_audio(path, sr=8000)
    assert caught.value.path == os.fspath(path)
    assert repr(os.fspath(path)) in str(caught.value)
    assert caught.value.index is None


def test_null_byte_in_a_name():
    with pytest.raises(AudioReadError, match="null byte"):
        read_audio("a\0b.wav")


def test_check_sound_files_names_the_first_bad_one(tmp_path):
    good = write(tmp_path / "good.wav", tone())
    check_sound_files([good, str(good)])
    with pytest.raises(AudioReadError, match=r"^clip 1, path '.*empty.wav': the file is empty"):
        check_sound_files([good, make_faulty(tmp_path, "empty")])


@pytest.mark.parametrize("block_size", [1, 3, 100])
def test_blocks_are_the_same_for_arrays_lists_and_paths(tmp_path, block_size):
    clips = [tone(pitch=100.0 * i).astype(np.float32) for i in range(1, 8)]
    paths = [
        str(write(tmp_path / f"{i}.wav", clip, subtype="FLOAT")) for i, clip in enumerate(clips)
    ]
    for batch in (np.stack(clips), clips, paths):
        seen = []
        for start, block in iter_blocks(batch, 16_000, block_size=block_size):
            assert start == len(seen)
            seen.extend(block)
        assert_array_equal(np.stack(seen), np.stack(clips))


def test_unreadable_file_of_a_batch_is_named_by_its_index(tmp_path):
    paths = [write(tmp_path / f"{i}.wav", tone()) for i in range(5)]
    paths[3].write_text("not sound")
    blocks = iter_blocks(paths, 16_000, block_size=2)
    assert [(start, len(block)) for start, block in (next(blocks), next(blocks))] == [
        (0, 2),
        (2, 1),
    ]
    with pytest.raises(AudioReadError, match=r"^clip 3, path '.*3.wav': is text") as caught:
        next(blocks)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.index, again.path, again.reason) == (3, str(paths[3]), "is text, not sound")


def test_next_block_is_decoded_while_one_is_in_use(tmp_path, monkeypatch):
    paths = [write(tmp_path / f"{i}.wav", tone()) for i in range(3)]
    decoded = [threading.Event() for _ in paths]

    def read(path, sr):
        waveform = read_audio(path, sr)
        decoded[paths.index(path)].set()
        return waveform

    monkeypatch.setattr("skspec.audio._blocks.read_audio", read)
    blocks = iter_blocks(paths, 16_000, block_size=1)
    next(blocks)
    assert decoded[1].wait(timeout=30)
    assert not decoded[2].is_set()  # one block ahead, not all of them
    blocks.close()


def test_clips_come_one_by_one_with_a_bar_where_asked(capsys):
    clips = list(np.arange(40.0).reshape(20, 2))
    for verbose in (0, 1):
        found = list(iter_clips(clips, 8000, label="Reader", verbose=verbose))
        assert_array_equal(found, clips)
        assert ("Reader" in capsys.readouterr().err) == bool(verbose)
