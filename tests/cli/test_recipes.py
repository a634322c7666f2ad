"""Recipes by name, with values that reach the function or the steps."""

import pytest

from skspec.cli._arguments import RECIPES
from skspec.cli._recipes import build_recipe, takes
from skspec.exceptions import ParameterError

HOW = {"seed": 3, "verbose": 0}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_gets_the_rate(name):
    params = build_recipe(name, 8000.0, 0.5, {}, **HOW).get_params()
    rates = {value for key, value in params.items() if key.split("__")[-1] == "sr"}
    assert 8000.0 in rates


@pytest.mark.parametrize("name", [name for name in RECIPES if takes(name, "duration_s")])
def test_duration_where_it_is_taken(name):
    params = build_recipe(name, 8000.0, 0.5, {}, **HOW).get_params()
    assert 0.5 in [value for key, value in params.items() if key.endswith("duration_s")]


def test_paper_of_100000_points_takes_no_duration():
    assert not takes("herron", "duration_s")


def test_settings_reach_the_function_and_the_steps():
    settings = {"backbone": "tiny", "weights": None, "cnn__head__dropout": 0.5}
    recipe = build_recipe("mo", 8000.0, 0.5, settings, **HOW)
    assert recipe["cnn"].backbone == "tiny"
    assert recipe["cnn"].weights is None
    assert recipe["cnn"].head.dropout == 0.5
    assert recipe["cnn"].random_state == 3


@pytest.mark.parametrize(
    ("name", "setting", "near"),
    [("mo", "backbon", "'backbone'"), ("mel statistics + SVM", "svc__c", "'svc__C'")],
)
def test_unknown_setting_names_the_nearest(name, setting, near):
    with pytest.raises(ParameterError, match=rf"--set {setting}=.* The nearest are .*{near}"):
        build_recipe(name, 8000.0, 0.5, {setting: 1}, **HOW)
