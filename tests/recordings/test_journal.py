"""A run that ends before its time goes on from its journal, and no other run does."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile
from pandas.testing import assert_frame_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import MelSpectrogramImage, make_voices, predict_recording, time_statistics
from skspec._storage import locked
from skspec.exceptions import AudioReadError, CheckpointWarning, ParameterError


@pytest.fixture
def predict(classifier, path, tmp_path):
    """Predict 41 windows, six at a time, so that there are seven entries, into a journal."""

    def predict(estimator=classifier, path=path, window_s=0.2, batch_size=6, **options):
        options = {"journal": tmp_path / "journal", "hop_s": 0.1, **options}
        return predict_recording(estimator, path, window_s, batch_size=batch_size, **options)

    return predict


@pytest.fixture
def undisturbed(predict):
    return predict(journal=None)


@pytest.mark.parametrize("n_batches", [0, 1, 3, 6])
@pytest.mark.parametrize("times", [1, 2])
def test_goes_on_where_it_was(predict, undisturbed, classifier, interrupt, n_batches, times):
    for _ in range(times):
        with interrupt(classifier, after=n_batches // times), pytest.raises(KeyboardInterrupt):
            predict()
    with interrupt(classifier, after=10) as calls:
        table = predict()
    assert_frame_equal(table, undisturbed, check_exact=True)
    n_done = n_batches // times * times
    assert calls == [6, 6, 6, 6, 6, 6, 4][n_done:]


def test_a_finished_run_predicts_nothing_again(predict, undisturbed, classifier, interrupt):
    predict()
    with interrupt(classifier, after=0) as calls:
        assert_frame_equal(predict(), undisturbed, check_exact=True)
        smooth = predict(smooth=3, threshold=0.6, merge=True)
    assert calls == []
    assert_frame_equal(smooth, predict(journal=None, smooth=3, threshold=0.6, merge=True))


def test_a_torn_line_is_dropped_and_said(predict, undisturbed, tmp_path):
    predict()
    whole = (tmp_path / "journal").read_bytes()
    *_, last_batch, ending = whole.splitlines(keepends=True)
    for missing in (1, len(ending), len(ending) + 1, len(ending) + len(last_batch) // 2):
        (tmp_path / "journal").write_bytes(whole[:-missing])
        is_torn = missing != len(ending)
        if is_torn:
            with pytest.warns(CheckpointWarning, match="number [78] on, 1 in all, are dropped"):
                table = predict()
        else:
            table = predict()
        assert_frame_equal(table, undisturbed, check_exact=True)
        assert (tmp_path / "journal").read_bytes() == whole


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_flipped_bit_is_noticed(predict, undisturbed, tmp_path, place):
    predict()
    whole = bytearray((tmp_path / "journal").read_bytes())
    whole[int(place * len(whole))] ^= 1
    n_lines = whole.count(b"\n", 0, int(place * len(whole)))
    (tmp_path / "journal").write_bytes(whole)
    message = f"number {n_lines} on, {9 - n_lines} in all, are dropped"
    with pytest.warns(CheckpointWarning, match=message):
        assert_frame_equal(predict(), undisturbed, check_exact=True)


def test_a_line_that_stands_twice_is_noticed(predict, undisturbed, tmp_path):
    predict()
    lines = (tmp_path / "journal").read_bytes().splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))
    with pytest.warns(CheckpointWarning, match="number 3 on, 7 in all"):
        assert_frame_equal(predict(), undisturbed, check_exact=True)


def test_each_line_is_json(predict, tmp_path):
    table = predict()
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(9))
    probability = [row for line in lines[1:-1] for row in line["probability"]]
    assert probability == table[["p_high", "p_low"]].to_numpy().tolist()


def test_of_another_run_is_refused(predict, tmp_path, helpers, wave):
    predict()
    before = (tmp_path / "journal").read_bytes()
    others = {
        "estimator": {"estimator": helpers.classifier(pitch=1001).fit()},
        "window_s": {"window_s": 0.3},
        "batch_size": {"batch_size": 7},
        "end_s": {"end_s": 3.0},
        "on_error": {"on_error": "nan"},
        "channel": {"channel": 0},
    }
    for name, options in others.items():
        with pytest.raises(ParameterError, match=f"of a run with another {name}\\. Give"):
            predict(**options)
    changed = wave.copy()
    changed[20_000] += 2**-15
    soundfile.write(tmp_path / "other.wav", changed, helpers.sr)
    with pytest.raises(ParameterError, match="another recording and another hop_s"):
        predict(path=tmp_path / "other.wav", hop_s=0.2)
    assert (tmp_path / "journal").read_bytes() == before


def test_channel_may_be_of_numpy(predict, undisturbed):
    assert_frame_equal(predict(channel=np.int64(0)), undisturbed, check_exact=True)
    assert_frame_equal(predict(channel=0), undisturbed, check_exact=True)


@pytest.mark.parametrize("content", [b"", b"my notes\n", b'{"format": "skspec journal 1"}\n'])
def test_what_is_no_journal_is_not_touched(predict, tmp_path, content):
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(ParameterError, match="is no journal, or one whose first line is damaged"):
        predict()
    assert (tmp_path / "journal").read_bytes() == content


def test_two_runs_cannot_have_one_journal(predict, tmp_path):
    with locked(tmp_path / "journal.lock"), pytest.raises(ParameterError, match="another run is"):
        predict()


def test_error_of_the_recording_comes_through(predict, tmp_path, path):
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(AudioReadError, match="truncated"):
        predict()


CHILD = """
    import os, sys, signal
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from skspec import MelSpectrogramImage, make_voices, predict_recording, time_statistics

    X, y, _ = make_voices(16, n_speakers=4, duration_s=0.3, random_state=0)
    mel = MelSpectrogramImage(sr=16_000, n_mels=16, n_jobs=2)
    features = FunctionTransformer(time_statistics)
    fitted = make_pipeline(mel, features, LogisticRegression(max_iter=1000)).fit(X, y)
    sync, calls = os.fsync, []

    def die_in_the_middle_of_a_line(handle):
        calls.append(handle)
        if len(calls) == 5:
            os.ftruncate(handle, os.fstat(handle).st_size - 100)
            os.kill(os.getpid(), signal.SIGKILL)
        sync(handle)

    os.fsync = die_in_the_middle_of_a_line
    predict_recording(fitted, sys.argv[1], 0.3, 0.1, journal=sys.argv[2], batch_size=4)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a process is killed by a signal")
def test_killed_in_another_process(tmp_path):
    X, y, _ = make_voices(16, n_speakers=4, duration_s=0.3, random_state=0)
    mel = MelSpectrogramImage(sr=16_000, n_mels=16)
    features = FunctionTransformer(time_statistics)
    fitted = make_pipeline(mel, features, LogisticRegression(max_iter=1000)).fit(X, y)
    recording, journal = tmp_path / "voices.wav", tmp_path / "journal"
    soundfile.write(recording, X.ravel(), 16_000)
    command = [sys.executable, "-c", textwrap.dedent(CHILD), recording, journal]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with pytest.warns(CheckpointWarning, match="number 3 on, 1 in all"):
        resumed = predict_recording(fitted, recording, 0.3, 0.1, journal=journal, batch_size=4)
    undisturbed = predict_recording(fitted, recording, 0.3, 0.1, batch_size=4)
    assert len(resumed) == 46
    assert_frame_equal(resumed, undisturbed, check_exact=True)
