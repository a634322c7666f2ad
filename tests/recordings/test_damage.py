"""Recordings of which a part cannot be read: an error, left out or NaN, and always said."""

import numpy as np
import pytest
import soundfile
from pandas.testing import assert_frame_equal

from skspec import predict_recording
from skspec.exceptions import AudioReadError, AudioWarning

SR = 8000


@pytest.fixture
def cut_wav(path):
    """Give a WAV that ends after 20,400 of its 32,240 samples."""
    path.write_bytes(path.read_bytes()[: 44 + 2 * 20_400])
    return path


@pytest.fixture
def cut_flac(tmp_path, helpers):
    """Give a FLAC of 40 s whose bytes are wrong from the middle on."""
    path = tmp_path / "damaged.flac"
    soundfile.write(path, helpers.tones(40 * SR), SR)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle:] = b"\0" * (len(data) - middle)
    path.write_bytes(data)
    return path


@pytest.fixture
def nan_wav(tmp_path, helpers):
    """Give a WAV of floats of 80 s that holds a NaN after 60 s."""
    path = tmp_path / "nan.wav"
    wave = helpers.tones(80 * SR)
    wave[60 * SR] = np.nan
    soundfile.write(path, wave, SR, subtype="FLOAT")
    return path


def predict(classifier, path, on_error, **options):
    with pytest.warns(AudioWarning, match="not read from"):
        return predict_recording(classifier, path, 0.5, 0.4, on_error=on_error, **options)


@pytest.mark.parametrize("kind", ["cut_wav", "cut_flac", "nan_wav"])
def test_damage_is_an_error_by_default(kind, classifier, request):
    with pytest.raises(AudioReadError, match=r"truncated|damaged|NaN"):
        predict_recording(classifier, request.getfixturevalue(kind), 0.5)


def test_what_is_missing_of_a_wav_is_said(cut_wav, classifier, wave, tmp_path):
    table = predict(classifier, cut_wav, "skip")
    assert table.attrs["unread"] == {
        "start": 2.55,
        "end": None,
        "reason": "truncated: 40800 of 64480 bytes of sound are there",
    }
    soundfile.write(tmp_path / "whole.wav", wave, SR)
    whole = predict_recording(classifier, tmp_path / "whole.wav", 0.5, 0.4)
    assert_frame_equal(table, whole[whole["end"] <= 2.55])
    with_nan = predict(classifier, cut_wav, "nan")
    assert_frame_equal(with_nan[: len(table)], table)
    assert with_nan[["start", "end"]].to_numpy()[len(table) :].tolist() == [[2.4, 2.55]]


@pytest.mark.parametrize("kind", ["cut_flac", "nan_wav"])
def test_windows_after_the_damage_have_neither_label_nor_probability(kind, classifier, request):
    path = request.getfixturevalue(kind)
    table = predict(classifier, path, "nan")
    skipped = predict(classifier, path, "skip")
    unread = table.attrs["unread"]
    duration = soundfile.info(path).duration
    assert 10 < unread["start"] <= 60 < 80 >= unread["end"] == duration
    assert table["end"].iloc[-1] == duration
    is_lost = table["end"] > unread["start"]
    assert_frame_equal(table[~is_lost], skipped)
    assert table.loc[is_lost].drop(columns=["start", "end"]).isna().all(axis=None)
    assert not skipped.isna().any(axis=None)


@pytest.mark.parametrize("kind", ["cut_flac", "nan_wav"])
@pytest.mark.parametrize("n_batches", [1, 4])
def test_damage_is_the_same_after_a_resume(
    kind, n_batches, classifier, request, tmp_path, interrupt
):
    path = request.getfixturevalue(kind)
    options = {"batch_size": 8, "journal": tmp_path / "journal"}
    with interrupt(classifier, after=n_batches), pytest.raises(KeyboardInterrupt):
        predict_recording(classifier, path, 0.5, 0.4, on_error="nan", **options)
    resumed = predict(classifier, path, "nan", **options)
    undisturbed = predict(classifier, path, "nan", batch_size=8)
    assert_frame_equal(resumed, undisturbed, check_exact=True)
    assert resumed.attrs == undisturbed.attrs


def test_damage_after_the_end_that_was_asked_for(cut_flac, classifier):
    table = predict_recording(classifier, cut_flac, 0.5, end_s=5.0, on_error="skip")
    assert table.attrs["unread"] is None
    assert len(table) == 10


def test_a_file_that_is_not_there_is_no_window(tmp_path, classifier):
    table = predict(classifier, tmp_path / "none.wav", "nan")
    assert len(table) == 0
    assert list(table.columns) == ["start", "end", "label", "probability", "p_high", "p_low"]
    assert table.attrs["unread"] == {"start": 0.0, "end": None, "reason": "no such file"}


@pytest.fixture(params=["wav", "ogg", "flac"])
def empty(tmp_path, request):
    """Give a recording of which only the header is there; that of FLAC does not say so."""
    path = tmp_path / f"empty.{request.param}"
    soundfile.write(path, np.zeros(1000 if request.param == "flac" else 0), SR)
    if request.param == "flac":
        header = bytearray(path.read_bytes()[:42])
        header[4] |= 0x80  # the last block before the sound
        header[22:26] = bytes(4)  # number of samples: not known
        path.write_bytes(header)
    return path


@pytest.mark.parametrize("options", [{}, {"start_s": 1.0}], ids=["start", "later"])
def test_a_recording_without_a_sample_is_no_window(empty, classifier, options):
    with pytest.raises(AudioReadError, match="has no sample from"):
        predict_recording(classifier, empty, 0.5, **options)
    for on_error in ("skip", "nan"):
        table = predict(classifier, empty, on_error, **options)
        assert len(table) == 0
        unread = {"start": 0.0, "end": None, "reason": "holds no sample"}
        assert table.attrs["unread"] == unread


def test_damage_between_windows(cut_wav, classifier):
    options = {"hop_s": 1.1, "on_error": "skip"}  # from 2.2 to 2.5 s, then from 3.3 s on
    with pytest.warns(AudioWarning, match=r"not read from 2\.550 s on: truncated"):
        table = predict_recording(classifier, cut_wav, 0.3, **options)
    assert table["end"].tolist() == [0.3, 1.4, 2.5]
    assert table.attrs["unread"]["start"] == 2.55
