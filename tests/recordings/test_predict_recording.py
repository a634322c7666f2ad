"""Windows of a recording, against cutting the whole of it with numpy."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import MelSpectrogramImage, make_voices, predict_recording, time_statistics
from skspec.audio import read_audio
from skspec.exceptions import AudioReadError, AudioWarning, InputError, ParameterError
from skspec.recordings import merge_windows, smooth_windows
from skspec.recordings._grid import Grid

SR = 8000


def cut(wave, window_s, hop_s, sr=SR):
    """Give start, end and waveform of each window, one by one and all alike in length."""
    length = round(window_s * sr)
    for k in range(10**6):
        start = round(k * hop_s * sr)
        part = wave[start : start + length]
        if len(part):
            yield start / sr, (start + len(part)) / sr, np.pad(part, (0, length - len(part)))
        if start + length >= len(wave):
            return


def check(table, classifier, wave, window_s, hop_s, sr=SR):
    """Compare a table with windows that are predicted by themselves."""
    start, end, parts = zip(*cut(wave, window_s, hop_s, sr), strict=True)
    probability = np.vstack([classifier.predict_proba(part[None]) for part in parts])
    np.testing.assert_array_equal(table["start"], start)
    np.testing.assert_array_equal(table["end"], end)
    np.testing.assert_array_equal(table[["p_high", "p_low"]], probability)
    np.testing.assert_array_equal(table["probability"], probability.max(axis=1))
    assert list(table["label"]) == ["high" if high >= low else "low" for high, low in probability]


@pytest.mark.parametrize(
    ("window_s", "hop_s"), [(0.5, 0.5), (0.5, 0.2), (0.3, 0.7), (0.1, 1 / 3), (0.25, 0.0301)]
)
@pytest.mark.parametrize("batch_size", [1, 7])
def test_equals_windows_cut_by_hand(path, wave, classifier, window_s, hop_s, batch_size):
    table = predict_recording(classifier, path, window_s, hop_s, batch_size=batch_size)
    check(table, classifier, wave, window_s, hop_s)
    assert {"high", "low"} == set(table["label"])
    assert table.attrs == {"sr": SR, "unread": None}


def test_hop_is_the_window_by_default(path, classifier):
    table = predict_recording(classifier, path, 0.5)
    assert_frame_equal(table, predict_recording(classifier, path, 0.5, 0.5))


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg"])
def test_resampled_and_mixed_as_read_audio_does(tmp_path, classifier, helpers, extension):
    path = tmp_path / f"stereo.{extension}"
    channels = np.stack([helpers.tones(50_000, seed, sr=11_025) for seed in (1, 2)], axis=1)
    soundfile.write(path, channels, 11_025)
    whole, _ = read_audio(path, SR)
    check(predict_recording(classifier, path, 0.4, 0.3), classifier, whole, 0.4, 0.3)
    second, _ = read_audio(path, SR, channel=1)
    table = predict_recording(classifier, path, 0.4, 0.3, channel=1)
    check(table, classifier, second, 0.4, 0.3)


@settings(max_examples=30)
@given(
    hop_s=st.floats(0.01, 10),
    sr=st.sampled_from([8000, 16_000, 22_050, 44_100, 48_000]),
    k=st.integers(0, 10**6),
)
def test_no_window_drifts(hop_s, sr, k):
    exact = Fraction(hop_s) * k * sr
    assert abs(Grid(sr, 1.0, hop_s).start(k) - exact) <= Fraction(1, 2) + Fraction(1, 10**4)


@settings(max_examples=30)
@given(window=st.integers(1, 40), hop=st.integers(1, 40), n=st.integers(1, 400))
def test_windows_cover_a_recording_and_none_is_within_another(window, hop, n):
    windows = list(Grid(100, window / 100, hop / 100).within(0, n))
    assert windows[0][0] == 0
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(windows))
    heard = np.zeros(n, bool)
    for start, end in windows:
        assert 0 < end - start <= window
        heard[start:end] = True
    assert heard.all() or hop > window
    assert n - windows[-1][1] < max(1, hop - window + 1)


def test_start_and_end(path, wave, classifier):
    table = predict_recording(classifier, path, 0.5, 0.2, start_s=1.3, end_s=2.95)
    np.testing.assert_allclose(table["start"], 1.3 + 0.2 * np.arange(7), atol=1e-12)
    np.testing.assert_allclose(table["end"], [*(1.8 + 0.2 * np.arange(6)), 2.95], atol=1e-12)
    part = wave[round(1.3 * SR) : round(2.95 * SR)]
    parts = [np.pad(part[s : s + 4000], (0, max(0, s - 9200))) for s in range(0, 11_200, 1600)]
    expected = classifier.predict_proba(np.stack(parts))
    np.testing.assert_array_equal(table[["p_high", "p_low"]], expected)


@pytest.fixture(params=[1, 240, 3999])
def short(tmp_path, wave, request):
    soundfile.write(tmp_path / "short.wav", wave[: request.param], SR)
    return tmp_path / "short.wav", wave[: request.param]


def test_a_recording_shorter_than_a_window_is_one(short, classifier):
    path, wave = short
    table = predict_recording(classifier, path, 0.5, 0.1)
    check(table, classifier, wave, 0.5, 0.1)
    assert len(table) == 1


def test_nothing_there_is_an_error(tmp_path, path, classifier):
    with pytest.raises(AudioReadError, match=r"no sample from 7\.5 s on"):
        predict_recording(classifier, path, 0.5, start_s=7.5)
    with pytest.raises(AudioReadError, match="no such file"):
        predict_recording(classifier, tmp_path / "none.wav", 0.5, journal=tmp_path / "j")
    assert not (tmp_path / "j").exists()


def test_a_real_pipeline_hears_what_it_hears_in_clips(tmp_path):
    X, y, _ = make_voices(24, n_speakers=8, duration_s=0.5, random_state=0)
    features = FunctionTransformer(time_statistics)
    fitted = make_pipeline(
        MelSpectrogramImage(sr=16_000, n_mels=32), features, LogisticRegression(max_iter=1000)
    ).fit(X, y)
    soundfile.write(tmp_path / "voices.wav", X.ravel(), 16_000, subtype="FLOAT")
    table = predict_recording(fitted, tmp_path / "voices.wav", 0.5, batch_size=10)
    columns = [f"p_{label}" for label in fitted.classes_]
    np.testing.assert_allclose(table[columns], fitted.predict_proba(X), atol=1e-6)
    assert list(table["label"]) == list(fitted.predict(X))


def test_progress_is_shown_on_request(path, classifier, capsys):
    predict_recording(classifier, path, 0.5)
    assert capsys.readouterr().err == ""
    predict_recording(classifier, path, 0.5, verbose=1)
    assert "predict_recording:" in capsys.readouterr().err


def test_labels_are_text(path, helpers):
    fitted = helpers.classifier(classes=(3, 11)).fit()
    table = predict_recording(fitted, path, 0.5)
    assert {"p_3", "p_11"} < set(table.columns)
    assert set(table["label"]) == {"3", "11"}


def test_smoothing_threshold_and_merging_are_those_functions(path, classifier):
    table = predict_recording(classifier, path, 0.2, 0.1)
    smooth = smooth_windows(table, 5, threshold=0.8)
    options = {"smooth": 5, "threshold": 0.8}
    assert smooth["label"].isna().any()
    assert_frame_equal(predict_recording(classifier, path, 0.2, 0.1, **options), smooth)
    merged = predict_recording(classifier, path, 0.2, 0.1, merge=True, **options)
    assert_frame_equal(merged, merge_windows(smooth))
    sure = predict_recording(classifier, path, 0.2, 0.1, threshold=0.8)
    assert list(sure["label"].isna()) == list(table["probability"] < 0.8)


def test_sr_is_that_of_the_estimator(path, classifier):
    pipe = make_pipeline(FunctionTransformer(), classifier)
    with pytest.raises(ParameterError, match=r"Got sr=16000, but Pipeline takes .* \[8000\] Hz"):
        predict_recording(pipe, path, 0.5, sr=16_000)
    expected = predict_recording(classifier, path, 0.5)
    assert_frame_equal(predict_recording(pipe, path, 0.5, sr=SR), expected)
    classifier.set_params(sr=None)
    with pytest.raises(ParameterError, match="Got sr=None, but PitchClassifier has"):
        predict_recording(classifier, path, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_s": 0}, "window_s.*Got 0 instead"),
        ({"window_s": 1e-5}, "window_s=1e-05, which is less than a sample at 8000 Hz"),
        ({"hop_s": 1e-5}, "hop_s=1e-05, which is less than a sample"),
        ({"start_s": 2.0, "end_s": 2.0}, "end_s=2.0, but expected more than start_s=2.0"),
        ({"smooth": 4}, "smooth=4, but expected an odd number"),
        ({"threshold": 1.5}, "threshold.*Got 1.5"),
        ({"on_error": "ignore"}, "on_error.*Got 'ignore'"),
        ({"batch_size": 0}, "batch_size.*Got 0"),
    ],
)
def test_parameters_are_checked(path, classifier, options, message):
    with pytest.raises(ParameterError, match=message):
        predict_recording(classifier, path, **{"window_s": 0.5, **options})


def test_estimators_that_cannot_do_it(path, helpers):
    with pytest.raises(NotFittedError, match="PitchClassifier"):
        predict_recording(helpers.classifier(), path, 0.5)
    with pytest.raises(ParameterError, match="LinearRegression without predict_proba"):
        predict_recording(LinearRegression(), path, 0.5)
    unsure = helpers.classifier(pitch=np.nan).fit()
    with pytest.raises(InputError, match=r"window at 0.000 s: PitchClassifier gives NaN"):
        predict_recording(unsure, path, 0.5)


def test_size_in_the_header_that_wrapped(path, wave, classifier):
    data = bytearray(path.read_bytes())
    data[40:44] = (2 * 5000).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.warns(AudioWarning, match="its header says 10000 bytes of sound"):
        table = predict_recording(classifier, path, 0.5)
    check(table, classifier, wave, 0.5, 0.5)


def test_end_of_a_recording_of_more_than_4_gib(tmp_path, benchmark_recordings, classifier, wave):
    path = tmp_path / "sparse.wav"
    n_samples = (1 << 31) + 5 * SR  # of two bytes each: 4 GiB and 5 s
    benchmark_recordings.write_sparse_wav(path, n_samples, sr=SR, n_channels=1, sound=wave)
    with path.open("rb") as file:
        assert int.from_bytes(file.read(44)[40:], "little") == 10 * SR
    with pytest.warns(AudioWarning, match="bytes that the file holds were taken"):
        table = predict_recording(classifier, path, 0.5, start_s=(n_samples - len(wave)) / SR)
    assert table["end"].iloc[-1] == n_samples / SR
    starts = range(0, len(wave), SR // 2)
    parts = [np.pad(part, (0, 4000 - len(part))) for part in (wave[s : s + 4000] for s in starts)]
    np.testing.assert_array_equal(
        table[["p_high", "p_low"]], classifier.predict_proba(np.stack(parts))
    )
