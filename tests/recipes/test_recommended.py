"""The recommended pipelines are what their docstrings say, and beat what they must."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

from skspec import baselines, load_percussion, make_voices, recipes
from skspec.recipes._recommended import log_mel

TINY = {"backbone": "tiny", "weights": None}


def voices(n=24):
    return make_voices(n, n_speakers=8, random_state=0)


@pytest.mark.parametrize("sr", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("duration_s", [0.1, 1.0, 3.0, 20.0])
def test_windows_overlap_and_frames_are_about_128(sr, duration_s):
    mel = log_mel(sr, duration_s)
    assert 0.045 < mel.n_fft / sr < 0.091
    assert mel.hop_length <= mel.n_fft // 2  # no sample falls between two frames
    mel.fit(np.zeros((1, 100)) + 0.1)
    assert mel.image_shape_[1] == 128
    assert mel.image_shape_[2] >= 120


def test_probability_is_the_mean_of_three_views():
    X, y, _ = voices()
    pipe = recipes.recommended(16_000, block="block3", random_state=0, **TINY).fit(X, y)
    views = pipe["vote"].estimators_
    trimmed = pipe["trim"].transform(X)
    mean = np.mean([view.predict_proba(trimmed) for view in views], axis=0)
    np.testing.assert_allclose(pipe.predict_proba(X), mean)
    assert [name for name, _ in pipe["vote"].estimators] == ["mel", "acoustic", "deep"]
    for view in views:
        assert isinstance(view[-1], LogisticRegression)
        assert (view[-1].C, view[-1].class_weight) == (0.01, "balanced")


def test_paths_and_waveforms_give_the_same():
    sounds = load_percussion()
    rows = np.r_[0:4, 20:24, 60:64]
    from skspec.audio import read_audio

    waveforms = [read_audio(path, sounds.sr)[0] for path in sounds.paths[rows]]
    pipe = recipes.recommended(sounds.sr, block="block3", random_state=0, **TINY)
    by_path = pipe.fit(sounds.paths[rows], sounds.y[rows]).predict_proba(sounds.paths[rows])
    by_wave = pipe.fit(waveforms, sounds.y[rows]).predict_proba(waveforms)
    np.testing.assert_array_equal(by_path, by_wave)


def test_the_network_ends_early_and_all_of_it_learns():
    X, y, _ = voices(12)
    pipe = recipes.recommended_finetune(
        16_000, **TINY, upto="block2", epochs=2, n_networks=2, random_state=0
    ).fit(X, y)
    first, second = pipe["cnn"].estimators_
    assert len(pipe["cnn"].estimators_) == 2
    assert first.network_.backbone.block_names[-1] == "block2"
    assert first.n_frozen_blocks_ == 0
    assert [row["stage"] for row in first.history_] == ["full", "full"]
    assert all(row["head_lr"] == pytest.approx(10 * row["lr"]) for row in first.history_)
    outputs = [member.predict_proba(pipe[:-1].transform(X)) for member in (first, second)]
    assert not np.allclose(*outputs)
    np.testing.assert_allclose(pipe.predict_proba(X), np.mean(outputs, axis=0), rtol=1e-6)


@pytest.mark.slow
def test_beats_the_simple_baseline_on_the_embedded_sounds():
    sounds = load_percussion()
    systems = {
        "recommended": recipes.recommended(sounds.sr),
        "baseline": baselines(sounds.sr)["mel statistics + SVM"],
    }
    how = {"groups": sounds.groups, "cv": StratifiedGroupKFold(3), "scoring": "balanced_accuracy"}
    scores = {
        name: cross_val_score(system, sounds.paths, sounds.y, **how).mean()
        for name, system in systems.items()
    }
    assert scores["recommended"] > scores["baseline"] + 0.05


@pytest.mark.slow
def test_finetuning_learns_the_embedded_sounds():
    sounds = load_percussion()
    train, test = next(StratifiedGroupKFold(3).split(sounds.paths, sounds.y, sounds.groups))
    pipe = recipes.recommended_finetune(sounds.sr, n_networks=1, random_state=0)
    predicted = pipe.fit(sounds.paths[train], sounds.y[train]).predict(sounds.paths[test])
    assert balanced_accuracy_score(sounds.y[test], predicted) > 0.5  # chance is 0.25
