"""Which splits are made, and what is said of scores."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from skspec.cli._comparing import make_splits, verdict
from skspec.cli._output import Output
from skspec.evaluation import Evaluation
from skspec.exceptions import InputError

OUTPUT = Output(as_json=False, quiet=False)
SVM = "mel statistics + SVM"


def dataset(n, groups=None):
    y = np.repeat(["a", "b"], n // 2)
    return Bunch(paths=np.arange(n).astype(str), y=y, groups=groups)


def evaluation(scores):
    rows = [
        (system, split, "balanced_accuracy", None, value)
        for system, values in scores.items()
        for split, value in enumerate(values)
    ]
    empty = pd.DataFrame()
    return Evaluation(
        systems=list(scores),
        scores=pd.DataFrame(rows, columns=["system", "split", "metric", "label", "value"]),
        predictions=empty,
        splits=[],
        classes=np.array([]),
        groups=None,
        test_share=0.25,
        errors=empty,
        leaks=empty,
    )


def test_folds_test_every_clip_once(capsys):
    splits = make_splits(dataset(20), 5, 0, OUTPUT)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(20))
    assert "Groups are not known" in capsys.readouterr().err


@pytest.mark.parametrize("n_groups", [3, 10], ids=["few groups", "many groups"])
def test_groups_stay_on_one_side(n_groups, capsys):
    groups = np.array([f"g{i % n_groups}" for i in range(60)])
    splits = make_splits(dataset(60, groups), 5, 0, OUTPUT)
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
    few = "'a' has 3 groups, too few for 5 folds" in capsys.readouterr().err
    assert few == (n_groups == 3)


def test_random_choices_where_folds_are_few():
    # 12 groups, of which only three have the label b: far more choices than folds.
    groups = np.array([f"g{i % 12}" for i in range(120)])
    y = np.where(np.arange(120) % 12 < 9, "a", "b")
    splits = make_splits(Bunch(paths=groups, y=y, groups=groups), 4, 0, OUTPUT)
    assert len({tuple(test) for _, test in splits}) == len(splits) == 8
    for train, test in splits:
        assert set(y[train]) == set(y[test]) == {"a", "b"}


def test_one_group_of_a_label_is_an_error():
    groups = np.repeat(["x", "y"], 5)
    with pytest.raises(InputError, match=r"'a' has 1 group, .* needs 2 of both"):
        make_splits(dataset(10, groups), 5, 0, OUTPUT)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([0.9, 0.91, 0.92], "mine is better than"),
        ([0.4, 0.41, 0.42], f"mine is worse than {SVM}: use that one"),
        ([0.5, 0.9, 0.7], "cannot be told apart"),
    ],
)
def test_verdict_goes_by_the_interval(scores, words):
    text = verdict(
        evaluation({"majority": [0.5] * 3, SVM: [0.7, 0.71, 0.72], "mine": scores}), "mine"
    )
    assert words in text
    assert f"{np.mean(scores):.2f} against 0.71" in text


def test_verdict_of_the_baseline_is_against_guessing():
    text = verdict(evaluation({"majority": [0.5] * 3, SVM: [0.7, 0.71, 0.72]}), SVM)
    # The spread is 0.01: 4.303 * sqrt(1 / 3 + 1 / 4) * 0.01
    assert "0.71 against 0.50; the difference is +0.21 ± 0.03 (95 % interval, 3 splits)." in text


def test_majority_is_no_recipe_to_use():
    text = verdict(evaluation({"majority": [0.5] * 3, SVM: [0.2, 0.21, 0.22]}), SVM)
    assert f"{SVM} is worse than majority: balanced accuracy 0.21 against 0.50" in text
    assert "--recipe" not in text


def test_verdict_of_one_split():
    text = verdict(evaluation({"majority": [0.5], SVM: [0.7]}), SVM)
    assert "from too few splits" in text
