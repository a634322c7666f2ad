"""A recording in parts gives the bits that it gives at once, wherever it is taken up."""

import numpy as np
import pytest
import soundfile
import soxr
from numpy.testing import assert_array_equal

from skspec.audio import AudioStream, read_audio
from skspec.exceptions import AudioReadError, AudioWarning, ParameterError


class NoSeek(soundfile.SoundFile):
    """soundfile seeks before and after it reads, which moves MP3 by the last bit."""

    def seekable(self):
        return False


def noise(n, n_channels=1):
    return 0.1 * np.random.default_rng(3).standard_normal((n, n_channels))


@pytest.fixture(params=["a.wav", "a.flac", "a.ogg", "a.mp3"])
def path(request, tmp_path, monkeypatch):
    """Give a file of two channels that is decoded in many blocks."""
    monkeypatch.setattr("skspec.audio._decoder.BLOCK", 3000)
    soundfile.write(tmp_path / request.param, noise(20_000, 2), 22_050)
    return tmp_path / request.param


@pytest.mark.parametrize("sr", [None, 16_000, 44_100])
def test_parts_are_bitwise_the_whole(path, sr, monkeypatch):
    with NoSeek(path) as file:
        channels, native = file.read(file.frames, dtype="float32"), file.samplerate
    expected = channels.mean(axis=1)
    if sr:
        expected = soxr.resample(expected, native, sr)
    assert_array_equal(read_audio(path, sr)[0], expected)
    with AudioStream(path, sr) as stream:
        assert stream.duration_s == len(channels) / native
        assert_array_equal(np.concatenate(list(stream.blocks(777))), expected)
        assert stream.read(5).shape == (0,)
        for start_s in (0.5, 0.2, 0.0, 0.7):
            stream.seek_s(start_s)
            start = stream.position
            assert start == round(start_s * stream.sr)
            assert_array_equal(stream.read(1234), expected[start : start + 1234])
        stream.seek_s(100.0)
        assert len(stream.read(10)) == 0
    monkeypatch.setattr("skspec.audio._decoder.BLOCK", 1 << 18)
    assert_array_equal(read_audio(path, sr)[0], expected)


@pytest.mark.parametrize("sr", [None, 16_000])
@pytest.mark.parametrize("n", [4000, 400_000])
def test_the_rest_comes_whole_after_a_part(tmp_path, n, sr):
    soundfile.write(tmp_path / "a.wav", noise(n), 44_100)
    whole, _ = read_audio(tmp_path / "a.wav", sr)
    with AudioStream(tmp_path / "a.wav", sr) as stream:
        assert_array_equal(stream.read(10), whole[:10])
        assert_array_equal(stream.read_rest(), whole[10:])
        assert stream.position == len(whole)


def test_one_channel_of_several(tmp_path):
    channels = noise(500, 3).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", channels, 8000, subtype="FLOAT")
    for channel in range(3):
        assert_array_equal(read_audio(tmp_path / "a.wav", channel=channel)[0], channels[:, channel])
    with pytest.raises(AudioReadError, match="has no channel 3; it has 3, from 0 on"):
        read_audio(tmp_path / "a.wav", channel=3)


def test_one_channel_of_two_in_anti_phase_is_no_reason_to_warn(tmp_path, recwarn):
    soundfile.write(tmp_path / "a.wav", noise(500) * [1, -1], 8000)
    read_audio(tmp_path / "a.wav", channel=1)
    assert len(recwarn) == 0


def test_limit_of_duration(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(8000), 8000)
    assert len(read_audio(tmp_path / "a.wav", max_duration_s=1.0)[0]) == 8000
    with pytest.raises(AudioReadError, match=r"is longer than max_duration_s=0.9\. Split it"):
        read_audio(tmp_path / "a.wav", max_duration_s=0.9)


def test_limit_holds_where_the_header_states_no_length(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.zeros(80_000), 8000)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0
    data[22:42] = bytes(20)
    (tmp_path / "a.flac").write_bytes(data)
    with AudioStream(tmp_path / "a.flac") as stream:
        assert stream.duration_s is None
        assert len(stream.read(100_000)) == 80_000
    with pytest.raises(AudioReadError, match="longer than max_duration_s=9"):
        read_audio(tmp_path / "a.flac", max_duration_s=9)


def test_memory_is_that_of_a_block(tmp_path):
    import tracemalloc

    soundfile.write(tmp_path / "a.flac", np.zeros((1 << 20, 2)), 48_000)  # 8 MiB of float32
    with AudioStream(tmp_path / "a.flac", sr=16_000) as stream:
        tracemalloc.start()
        n = sum(len(block) for block in stream.blocks(16_000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert n == round((1 << 20) / 3)
    assert peak < 6 * 2**20


def test_damage_is_warned_of_once(tmp_path):
    soundfile.write(tmp_path / "a.flac", noise(40_000), 8000)
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:30_000])
    with pytest.warns(AudioWarning, match="damaged after") as caught:
        waveform, _ = read_audio(tmp_path / "a.flac", truncated="warn")
    assert len(caught) == 1
    assert 0 < len(waveform) < 40_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sr": 0}, "Got sr=0, but expected a number > 0 or None"),
        ({"max_duration_s": -1}, "Got max_duration_s=-1"),
        ({"channel": "left"}, "Got channel='left', but expected 'mix' or an int >= 0"),
        ({"channel": -1}, "Got channel=-1"),
        ({"truncated": "ignore"}, "Got truncated='ignore', but expected one of"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(ParameterError, match=message):
        read_audio("a.wav", **options)


def test_time_before_the_start(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(80), 8000)
    with (
        AudioStream(tmp_path / "a.wav") as stream,
        pytest.raises(ParameterError, match="Got start_s=-1, but expected seconds >= 0"),
    ):
        stream.seek_s(-1)
