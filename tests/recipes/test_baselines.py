"""baselines: five estimators from waveforms to labels, each as good as it should be."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit

from skspec import MelSpectrogramImage, baselines, make_voices

NAMES = ["random", "majority", "mel statistics + SVM", "small CNN", "LSTM"]
IMAGE = MelSpectrogramImage(sr=16_000, duration_s=0.5, n_mels=16, hop_length=512)


def test_names_in_order_and_nothing_shared():
    systems = baselines(16_000, image=IMAGE)
    assert list(systems) == NAMES
    drawn = [systems[name][0] for name in NAMES[2:]]
    assert len({id(step) for step in [IMAGE, *drawn]}) == 4
    assert all(step.get_params() == IMAGE.get_params() for step in drawn)


def test_default_images():
    for name in NAMES[2:]:
        step = baselines(16_000, 0.4)[name][0]
        assert repr(step) == repr(MelSpectrogramImage(sr=16_000, duration_s=0.4))


def test_random_and_majority():
    y = np.repeat(["a", "b"], [30, 10])
    X = np.zeros((40, 100))
    systems = baselines(1000, random_state=0)
    assert set(systems["majority"].fit(X, y).predict(X)) == {"a"}
    guessed = systems["random"].fit(X, y).predict(np.zeros((1000, 100)))
    assert 0.4 < np.mean(guessed == "a") < 0.6


def test_the_seed_reaches_the_guesses():
    X, y = np.zeros((100, 10)), np.tile(["a", "b"], 50)
    systems = [baselines(1000, random_state=seed)["random"] for seed in (0, 0, 1)]
    one, again, other = (system.fit(X, y).predict(X) for system in systems)
    assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("name", ["small CNN", "LSTM"])
def test_the_seed_reaches_the_networks(name):
    X, y, _ = make_voices(8, n_speakers=4, duration_s=0.5, random_state=0)
    systems = [baselines(16_000, image=IMAGE, random_state=seed)[name] for seed in (0, 0, 1)]
    for system in systems:
        system[-1].set_params(full__epochs=1)
    one, again, other = (system.fit(X, y).predict_proba(X) for system in systems)
    assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES[2:])
def test_they_tell_voices_of_unheard_speakers_apart(name):
    X, y, groups = make_voices(120, n_speakers=12, duration_s=0.5, random_state=0)
    splitter = GroupShuffleSplit(1, test_size=0.34, random_state=0)
    ((train, test),) = splitter.split(X, y, groups)
    y = np.asarray(y)
    system = clone(baselines(16_000, 0.5, random_state=0)[name])
    assert system.fit(X[train], y[train]).score(X[test], y[test]) > 0.75
