"""`skspec evaluate`."""

import shutil

import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, recall_score

from skspec import load, load_folder


def test_scores_are_those_of_scikit_learn(run, run_json, model, drums):
    words = ["evaluate", model, drums / "table.csv", "--group", "author"]
    report = run_json(*words)
    data = load_folder(drums, table=drums / "table.csv")
    predicted = load(model).predict(data.paths)

    assert report["clips"] == 16
    assert report["scores"]["accuracy"] == pytest.approx(accuracy_score(data.y, predicted))
    balanced = balanced_accuracy_score(data.y, predicted)
    assert report["scores"]["balanced_accuracy"] == pytest.approx(balanced)
    recall = recall_score(data.y, predicted, average=None)
    assert [row["recall"] for row in report["by_label"]] == pytest.approx(recall.tolist())
    counts = confusion_matrix(data.y, predicted)
    assert [list(row.values()) for row in report["confusion"].values()] == counts.tolist()
    assert sum(group["clips"] for group in report["by_group"]) == 16

    status, out, err = run(*words)
    assert status == 0
    assert "Not checked: whether the model was trained on any of these clips" in err
    assert "accuracy 0.500" in out  # of the most frequent label
    assert "Lowest groups:" in out


def test_label_that_the_model_does_not_know_counts_as_wrong(run, run_json, model, drums, tmp_path):
    shutil.copytree(drums / "kick", tmp_path / "sounds" / "kick")
    shutil.copytree(drums / "skin", tmp_path / "sounds" / "tom")
    report = run_json("evaluate", model, tmp_path / "sounds")
    data = load_folder(tmp_path / "sounds")
    right = accuracy_score(data.y, load(model).predict(data.paths))
    assert report["scores"]["accuracy"] == pytest.approx(right)
    assert right <= 0.5
    assert list(report["confusion"]) == ["kick", "skin", "tom"]
    assert report["by_group"] is None
    _, _, err = run("evaluate", model, tmp_path / "sounds")
    assert "The model does not know tom: 8 clips that it gets wrong." in err


def test_no_readable_clip_is_one_line(run, model, tmp_path):
    (tmp_path / "kick").mkdir()
    (tmp_path / "kick" / "a.wav").write_text("no sound")
    status, out, err = run("evaluate", model, tmp_path)
    assert (status, out) == (1, "")
    assert err.startswith("skspec: None of 1 files can be read.")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_plots(run_json, model, drums, tmp_path):
    pytest.importorskip("matplotlib")
    words = ["--group", "author", "--plots", tmp_path]
    report = run_json("evaluate", model, drums / "table.csv", *words)
    names = ["confusion_matrix", "reliability", "groups"]
    assert report["plots"] == [str(tmp_path / f"{name}.png") for name in names]
    assert {path.stem for path in tmp_path.iterdir()} == set(names)
