"""Summaries, differences and tables of an `Evaluation`, from scores made up."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import confusion_matrix

from skspec.evaluation import Evaluation, corrected_interval
from skspec.evaluation._intervals import corrected_p_value
from skspec.exceptions import InputError, ParameterError

SCORES = {"net": [0.7, 0.8, 0.75], "svm": [0.6, np.nan, 0.7], "chance": [0.5, 0.5, 0.5]}
PREDICTIONS = [
    # system, split, index, group, true, predicted
    ("net", 0, 0, "ann", "cat", "cat"),
    ("net", 0, 1, "ann", "dog", "cat"),
    ("net", 1, 2, "bob", "dog", "dog"),
    ("net", 1, 3, "bob", "dog", "dog"),
    ("net", 2, 1, "ann", "dog", "dog"),
    ("svm", 0, 0, "ann", "cat", "dog"),
]


def evaluation(groups=("ann", "ann", "bob", "bob")):
    rows = [
        (system, split, metric, label, value + shift)
        for system, values in SCORES.items()
        for split, value in enumerate(values)
        for metric, label, shift in [
            ("balanced_accuracy", None, 0),
            ("recall", "cat", 0.1),
            ("recall", "dog", 0.2),
        ]
    ]
    columns = ["system", "split", "metric", "label", "value"]
    places = ["system", "split", "index", "group", "true", "predicted"]
    return Evaluation(
        systems=list(SCORES),
        scores=pd.DataFrame(rows, columns=columns).astype({"label": object}),
        predictions=pd.DataFrame(PREDICTIONS, columns=places),
        splits=[(np.arange(2), np.arange(2, 4))] * 3,
        classes=np.array(["cat", "dog"]),
        groups=None if groups is None else np.array(groups),
        test_share=0.5,
        errors=pd.DataFrame(),
        leaks=pd.DataFrame(),
    )


def test_intervals_take_the_share_of_the_evaluation():
    result = evaluation()
    assert result.interval("net", level=0.9) == corrected_interval(SCORES["net"], 0.5, 0.9)
    shifted = corrected_interval(np.add(SCORES["net"], 0.2), 0.5)
    assert_allclose(result.interval("net", "recall", label="dog"), shifted)
    assert result.split_scores("svm").to_dict() == {0: 0.6, 2: 0.7}


def test_summary():
    table = evaluation().summary(level=0.9)
    assert list(table.columns) == ["mean", "low", "high", "half_width", "n_splits"]
    assert table.index.tolist() == ["net", "svm", "chance"]
    for system, row in table.iterrows():
        values = [value for value in SCORES[system] if not np.isnan(value)]
        mean, half = corrected_interval(values, 0.5, 0.9)
        assert_allclose(row, [mean, mean - half, mean + half, half, len(values)])


def test_differences_are_paired_on_the_splits_that_both_have():
    table = evaluation().differences("net")
    assert table.index.tolist() == ["svm", "chance"]
    gains = {"svm": [-0.1, -0.05], "chance": [-0.2, -0.3, -0.25]}
    for system, row in table.iterrows():
        mean, half = corrected_interval(gains[system], 0.5)
        p_value = corrected_p_value(gains[system], 0.5)
        expected = [mean, mean - half, mean + half, half, len(gains[system]), p_value]
        assert_allclose(row, expected)
    assert table.columns[-1] == "p_value"


def test_differences_of_one_class():
    table = evaluation().differences("net", "recall", label="dog")
    mean, half = corrected_interval([-0.2, -0.3, -0.25], 0.5)
    assert_allclose(table.loc["chance", ["mean", "half_width"]].astype(float), [mean, half])


def test_by_group():
    table = evaluation().by_group()
    assert table.values.tolist() == [
        ["net", "ann", None, 2 / 3, 3],
        ["net", "bob", None, 1.0, 2],
        ["svm", "ann", None, 0.0, 1],
    ]
    recall = evaluation().by_group("recall")
    assert recall.values.tolist() == [
        ["net", "ann", "cat", 1.0, 1],
        ["net", "ann", "dog", 0.5, 2],
        ["net", "bob", "dog", 1.0, 2],
        ["svm", "ann", "cat", 0.0, 1],
    ]
    assert list(table.columns) == list(recall.columns)
    with pytest.raises(InputError, match="The dataset has no groups"):
        evaluation(groups=None).by_group()
    with pytest.raises(ParameterError, match=r"Got metric='f1', but expected one of \['accuracy'"):
        evaluation().by_group("f1")


@pytest.mark.parametrize("normalize", ["true", "pred", "all", None])
def test_confusion(normalize):
    table = evaluation().confusion("net", normalize)
    true, predicted = zip(*[row[4:] for row in PREDICTIONS if row[0] == "net"], strict=True)
    assert_allclose(table, confusion_matrix(true, predicted, normalize=normalize))
    assert table.index.tolist() == table.columns.tolist() == ["cat", "dog"]
    assert (table.index.name, table.columns.name) == ("true", "predicted")


def test_tables_show_the_summaries():
    result = evaluation()
    row = next(
        line for line in result.to_markdown(["balanced_accuracy"]).splitlines() if "net" in line
    )
    mean, half = result.interval("net")
    assert row.split("|")[2].strip() == f"{mean:.2f} ± {half:.2f}"
    assert rf"net & {mean:.2f} $\pm$ {half:.2f} \\" in result.to_latex(["balanced_accuracy"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.interval("nett"), r"Got system='nett', but expected one of \['net', 'svm'"),
        (lambda e: e.summary("f2"), r"Got metric='f2', but expected one of \['balanced_accuracy'"),
        (lambda e: e.differences("nett"), "Got system='nett'"),
        (lambda e: e.confusion("nett"), "Got system='nett'"),
        (lambda e: e.summary("recall"), r"Got label=None, but expected one of \['cat', 'dog'\]"),
        (lambda e: e.interval("net", "recall", label="owl"), "Got label='owl', but expected one"),
        (lambda e: e.differences("net", "recall"), "Got label=None"),
        (lambda e: e.summary(label="cat"), r"Got label='cat', but expected one of \[None\]"),
    ],
)
def test_names_that_are_not_there(call, message):
    with pytest.raises(ParameterError, match=message):
        call(evaluation())
