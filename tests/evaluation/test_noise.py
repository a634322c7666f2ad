"""A classifier under noise, and the noise itself."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import balanced_accuracy_score

from skspec import baselines, make_voices
from skspec.audio import read_audio
from skspec.evaluation import evaluate_under_noise
from skspec.evaluation._noise import _pink, add_noise
from skspec.exceptions import InputError, ParameterError

SR = 16_000
CLIPS, LABELS, _ = make_voices(8, n_speakers=4, duration_s=0.2, random_state=0)


class Listener(ClassifierMixin, BaseEstimator):
    """Keep what it is asked to classify, one batch after the other."""

    def fit(self, X=None, y=LABELS):
        self.classes_, self.heard_ = np.unique(y), []
        return self

    def predict(self, X):
        self.heard_.append(X)
        return np.full(len(X), self.classes_[0])


def heard(X=CLIPS, snr_db=(None, 20, 0), **options):
    listener = Listener().fit()
    evaluate_under_noise(listener, X, LABELS[: len(X)], snr_db, **options)
    return listener.heard_


def power(x):
    return np.mean(np.square(x, dtype=np.float64), axis=-1)


@settings(max_examples=30)
@given(st.floats(-20, 40), st.floats(0.01, 10), st.integers(0, 10))
def test_the_ratio_of_powers_is_the_one_asked_for(snr_db, level, seed):
    draw = np.random.default_rng(seed)
    clip, noise = level * draw.normal(size=500), draw.uniform(-1, 1, size=500)
    added = add_noise(clip, noise, snr_db) - clip
    assert 10 * np.log10(power(clip) / power(added)) == pytest.approx(snr_db, abs=1e-6)
    assert_allclose(added / added[0], noise / noise[0], rtol=1e-6)


@pytest.mark.parametrize("noise", ["white", "pink"])
def test_clips_get_their_own_noise_louder_and_louder(noise):
    clean, quiet, loud = heard(noise=noise)
    assert_array_equal(clean, CLIPS)
    assert quiet.dtype == loud.dtype == np.float32
    assert_allclose(10 * np.log10(power(CLIPS) / power(quiet - CLIPS)), 20, atol=1e-3)
    assert_allclose(10 * np.log10(power(CLIPS) / power(loud - CLIPS)), 0, atol=1e-3)
    assert_allclose(10 * (quiet - CLIPS), loud - CLIPS, atol=1e-5)
    correlation = np.corrcoef(loud - CLIPS)
    assert np.abs(correlation - np.eye(8)).max() < 0.5


def test_noise_depends_on_seed_and_position_alone():
    (first,), (again,), (other,) = (
        heard(snr_db=[0], random_state=seed, X=X)
        for seed, X in [(0, CLIPS), (0, CLIPS[:3]), (1, CLIPS)]
    )
    assert_array_equal(first[:3], again)
    assert not np.array_equal(first, other)


def test_pink_noise_falls_by_3_db_an_octave():
    noise = _pink(2**16, np.random.default_rng(0))
    f, density = signal.welch(noise, nperseg=4096)
    band = (f > 0.005) & (f < 0.45)
    slope, _ = np.polyfit(np.log(f[band]), np.log(density[band]), 1)
    assert slope == pytest.approx(-1, abs=0.05)


def test_recorded_noise_is_cut_or_repeated():
    recording = np.random.default_rng(0).normal(size=10_000)
    (noisy,) = heard(noise=recording, snr_db=[0])
    starts = []
    for clip, x in zip(CLIPS, noisy, strict=True):
        match = signal.correlate(recording, (x - clip).astype(float), mode="valid")
        starts.append(int(np.argmax(match)))
        stretch = recording[starts[-1] :][: len(clip)]
        assert np.corrcoef(stretch, x - clip)[0, 1] > 0.999
    assert len(set(starts)) > 4
    (noisy,) = heard(noise=recording[:1000], snr_db=[0])
    assert_allclose(noisy[0][:1000] - CLIPS[0][:1000], (noisy - CLIPS)[0][1000:2000], atol=1e-5)


def test_clips_and_noise_from_files(tmp_path):
    paths = []
    for i, clip in enumerate([*CLIPS[:3], np.sin(np.arange(4000))]):
        paths.append(tmp_path / f"{i}.wav")
        soundfile.write(paths[-1], clip, SR)
    clean, noisy = heard(X=paths[:3], snr_db=[None, 10], noise=paths[3:], sr=8000)
    for path, x, y in zip(paths, clean, noisy, strict=False):
        assert_array_equal(x, read_audio(path, 8000)[0])
        assert 10 * np.log10(power(x) / power(y - x)) == pytest.approx(10, abs=1e-3)
    with pytest.raises(ParameterError, match="Got sr=None, but X holds paths"):
        heard(X=paths[:3])
    with pytest.raises(ParameterError, match="Got sr=None, but noise holds paths"):
        heard(noise=paths[3:])


def test_clips_of_different_lengths_and_silence():
    X = [CLIPS[0], CLIPS[1][:100], np.zeros(50)]
    (noisy,) = heard(X=X, snr_db=[0])
    assert [len(x) for x in noisy] == [len(x) for x in X]
    assert_array_equal(noisy[2], X[2])
    with pytest.raises(InputError, match=r"stretch of noise .* is silent.*Cut silence out of the"):
        heard(noise=np.r_[np.ones(10), np.zeros(50_000)])


def test_scores_fall_and_are_those_of_the_noisy_clips():
    X, y, _ = make_voices(32, n_speakers=8, random_state=0)
    fitted = baselines(SR, random_state=0)["mel statistics + SVM"].fit(X[:16], y[:16])
    table = evaluate_under_noise(fitted, X[16:], y[16:], (None, -30))
    assert list(table.columns) == ["snr_db", "metric", "label", "value"]
    clean, noisy = table[table["metric"] == "balanced_accuracy"]["value"]
    assert clean == balanced_accuracy_score(y[16:], fitted.predict(X[16:]))
    assert noisy < clean
    assert set(table["label"].dropna()) == {"female", "male"}


def test_noise_that_is_not_known():
    with pytest.raises(ParameterError, match=r"Got noise='brown', but expected one of \['pink'"):
        heard(noise="brown")
