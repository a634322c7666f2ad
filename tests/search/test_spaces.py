"""Spaces name real parameters, and become grids and trials."""

import numpy as np
import optuna
import pytest
from scipy.stats import loguniform, norm, uniform
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.pipeline import Pipeline

from skspec import MelSpectrogramImage, PretrainedCNNClassifier
from skspec.exceptions import ParameterError
from skspec.models._stage import named_stages
from skspec.search import front_end_space, head_space, schedule_space, to_grid
from skspec.search._suggest import suggest

SPACES = {
    "head": head_space(),
    "warmup": schedule_space(stage="warmup"),
    "finetune": schedule_space(),
    "front end": front_end_space(sr=16_000),
}


def pipeline():
    return Pipeline([("mel", MelSpectrogramImage()), ("cnn", PretrainedCNNClassifier("tiny"))])


@pytest.mark.parametrize("name", SPACES)
def test_every_point_of_a_space_can_be_set(name):
    space = SPACES[name]
    for params in [
        *ParameterSampler(space, n_iter=10, random_state=0),
        {key: values[-1] for key, values in to_grid(space).items()},
    ]:
        estimator = clone(pipeline()).set_params(**params)
        found = estimator.get_params()
        assert {key: repr(found[key]) for key in params} == {
            key: repr(value) for key, value in params.items()
        }


def test_spaces_of_a_classifier_by_itself_have_bare_names():
    cnn = PretrainedCNNClassifier("tiny")
    assert set(head_space("")) <= set(cnn.get_params())
    assert set(schedule_space("")) <= set(cnn.get_params())
    assert set(front_end_space("")) <= set(MelSpectrogramImage().get_params())


def test_windows_are_about_32_64_and_128_ms():
    for sr in (8_000, 16_000, 22_050, 44_100, 48_000):
        lengths = np.array(front_end_space("", sr)["n_fft"]) / sr
        np.testing.assert_array_less(np.abs(np.log2(lengths / [0.032, 0.064, 0.128])), 0.51)


@pytest.mark.parametrize("sr", [8_000, 16_000, 22_050, 48_000])
def test_windows_overlap_by_half_at_least(sr):
    for params in ParameterGrid(to_grid(front_end_space("", sr))):
        assert 0 < params["hop_length"] <= params["n_fft"] // 2


@pytest.mark.parametrize("stage", ["warmup", "finetune"])
def test_every_schedule_changes_the_rate_from_epoch_to_epoch(stage):
    epochs = dict(named_stages("two_stage"))[stage].epochs
    for schedule in filter(None, schedule_space("", stage)[f"{stage}__schedule"]):
        factors = [schedule.scale(5 * epoch, 5, epochs) for epoch in range(epochs)]
        assert len(set(factors)) > 1, schedule


def test_grid_of_a_log_uniform_distribution_is_geometric():
    grid = to_grid({"lr": loguniform(1e-4, 1e-2), "n": [1, 2]}, n=5)
    np.testing.assert_allclose(grid["lr"], np.geomspace(1e-4, 1e-2, 5))
    assert grid["n"] == [1, 2]


@pytest.mark.parametrize("n", [1, 0, -3])
def test_grid_wants_two_values_at_least(n):
    with pytest.raises(ParameterError, match=f"n={n}, but expected an int > 1"):
        to_grid({"lr": uniform()}, n=n)


def test_suggestions_lie_in_the_space():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space = {"lr": loguniform(1e-5, 1e-3), "dropout": uniform(0.1, 0.5), "hidden": [(), (256,)]}
    found = [suggest(study.ask(), space) for _ in range(60)]
    rates = np.array([params["lr"] for params in found])
    dropouts = np.array([params["dropout"] for params in found])
    assert (rates >= 1e-5).all()
    assert (rates <= 1e-3).all()
    assert 0.2 < np.mean(rates < 1e-4) < 0.8  # half of a log-uniform draw, none of a uniform one
    assert (dropouts >= 0.1).all()
    assert (dropouts <= 0.6).all()
    assert {params["hidden"] for params in found} == {(), (256,)}


def test_a_finished_trial_gives_its_own_params_again():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    space = schedule_space("")
    drawn = []

    def objective(trial):
        drawn.append(suggest(trial, space))
        return 0.0

    study.optimize(objective, n_trials=3)
    assert [suggest(trial, space) for trial in study.trials] == drawn


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"C": norm()}, "Got C of kind 'norm', but expected a list"),
        ({"C": 3}, "Got C of kind 'int'"),
        ({"C": [1, 1]}, "two of these choices look the same"),
    ],
)
def test_what_cannot_be_suggested(space, message):
    trial = optuna.create_study().ask()
    with pytest.raises(ParameterError, match=message):
        suggest(trial, space)
