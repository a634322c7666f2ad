"""related_work: every system runs, and is what its name says."""

import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.svm import SVC

from skspec import AcousticFunctionals, ColormapImage, DeepFeatures, LSTMClassifier
from skspec.recipes import related_work

DEEP = ["vgg16", "resnet18", "resnet50", "resnet101", "squeezenet1_0", "densenet201"]
COLOURS = ["red", "green", "blue"]
OTHERS = ["resnet50, SVM", "resnet50, bagged SVMs"]
OTHERS += ["efficientnet_b0 on mel", "efficientnet_b0 on MFCC", "LDA, naive Bayes", "CNN, LSTM"]
FAST = {"LDA, naive Bayes", "CNN, LSTM", "squeezenet1_0 + acoustic, ReliefF, SVM"}


def check_that_it_runs(name, voices, shrunk, first_clips):
    X, y = first_clips(voices, 3)
    system = shrunk(related_work(16_000, 0.5, random_state=0)[name])
    assert set(system.fit(X, y).predict(X)) <= set(y)
    return system


@pytest.mark.parametrize("name", sorted(FAST))
def test_light_systems_run(name, voices, shrunk, first_clips):
    check_that_it_runs(name, voices, shrunk, first_clips)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(related_work()) - FAST))
def test_heavy_systems_run(name, voices, shrunk, first_clips):
    check_that_it_runs(name, voices, shrunk, first_clips)


def test_names():
    names = [f"{backbone} + acoustic, ReliefF, SVM" for backbone in DEEP]
    names += [f"alexnet on {colour}" for colour in COLOURS]
    assert set(related_work()) == {*names, *OTHERS}


def parts(system):
    """Give all estimators that a system is made of."""
    return [part for part in system.get_params(deep=True).values() if hasattr(part, "get_params")]


def test_no_two_systems_share_a_part():
    everything = [part for system in related_work().values() for part in parts(system)]
    assert len({id(part) for part in everything}) == len(everything) > 60


def test_what_can_be_changed():
    systems = related_work(8000, 2.0, weights=None, n_selected=7, device="cpu", random_state=3)
    values = {}
    for system in systems.values():
        for name, value in system.get_params(deep=True).items():
            values.setdefault(name.split("__")[-1], []).append(value)
    assert set(values["sr"]) == {8000}
    assert set(values["duration_s"]) == {2.0}
    assert set(values["n_features"]) == {7}
    assert set(values["weights"]) == {None}
    assert set(values["cache"]) == {None, "fit"}  # of the networks that are trained
    assert len(values["random_state"]) >= len(systems)


@pytest.mark.parametrize("backbone", DEEP)
def test_deep_and_acoustic_features_stand_side_by_side(backbone):
    system = related_work(16_000)[f"{backbone} + acoustic, ReliefF, SVM"]
    union = dict(system["featureunion"].transformer_list)
    assert union["deep"]["deepfeatures"].backbone == backbone
    assert union["acoustic"].features == ("rms", "mfcc", "zero_crossing_rate")
    assert system["reliefselector"].n_features == 100


def test_the_columns_are_those_of_both(voices, shrunk):
    system = shrunk(related_work(16_000, 0.5)["squeezenet1_0 + acoustic, ReliefF, SVM"])
    acoustic = AcousticFunctionals(16_000, features=("rms", "mfcc", "zero_crossing_rate"))
    n_acoustic = acoustic.fit_transform(voices.paths[:4]).shape[1]
    assert n_acoustic == (1 + 20 + 1) * 5
    joined = system["featureunion"].fit_transform(voices.paths[:4])
    assert joined.shape == (4, 512 + n_acoustic)


def test_bagged_svms_are_ten_on_the_same_features():
    systems = related_work(random_state=5)
    bagged = systems["resnet50, bagged SVMs"][-1]
    assert isinstance(bagged, BaggingClassifier)
    assert (bagged.n_estimators, bagged.random_state) == (10, 5)
    assert isinstance(bagged.estimator, SVC)
    assert isinstance(systems["resnet50, SVM"][-1], SVC)
    one, other = (systems[f"resnet50, {name}"][:-1] for name in ("SVM", "bagged SVMs"))
    assert repr(one) == repr(other)
    assert isinstance(one[1], DeepFeatures)


@pytest.mark.parametrize(("colour", "channel"), list(zip(COLOURS, range(3), strict=True)))
def test_alexnet_sees_one_colour(colour, channel, voices):
    image, picture = related_work(16_000, 0.5)[f"alexnet on {colour}"][:2]
    images = image.fit_transform(voices.paths[:1])
    whole = ColormapImage("jet").fit_transform(images)
    np.testing.assert_array_equal(picture.fit_transform(images)[:, 0], whole[:, channel])


def test_two_layers_of_lstm_follow_convolutions():
    lstm = related_work()["CNN, LSTM"][-1]
    assert isinstance(lstm, LSTMClassifier)
    assert (lstm.n_layers, len(lstm.conv)) == (2, 2)
