"""The examples run, and draw and tell what they say."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_pictures(folder, *names):
    """Compare the pictures of a folder with those named, and see that none is a blank page."""
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(names)
    for name in names:
        pixels = matplotlib.image.imread(folder / name)
        assert pixels.shape[0] >= 150
        assert pixels.std() > 0.05


@pytest.mark.slow
def test_gallery(tmp_path):
    load("gallery").main(tmp_path)
    names = ["gallery.png", "gallery_network.png", "gallery_prepared.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    for path in tmp_path.iterdir():
        pixels = matplotlib.image.imread(path)
        assert pixels.shape[0] >= 600
        assert pixels.std() > 0.1  # not a blank page


@pytest.mark.slow
def test_paper_mo(tmp_path, capsys):
    scores = load("paper_mo").main(tmp_path)
    assert set(scores) == {"spectrogram", "mel"}
    assert max(score["train"] for score in scores.values()) > 0.7
    assert "speakers of the test part are in the training part" in capsys.readouterr().out
    check_pictures(tmp_path, "paper_mo.png")


@pytest.mark.slow
def test_paper_threadgold(tmp_path):
    result, of_segments = load("paper_threadgold").main(tmp_path)
    accuracy = result.summary("accuracy")["mean"]
    assert accuracy["lstm"] > accuracy["one_class"] == 0.5
    assert of_segments > 0.6
    check_pictures(tmp_path, "paper_threadgold.png")


@pytest.mark.slow
def test_paper_herron(tmp_path):
    table = load("paper_herron").main(tmp_path)
    assert list(table.index) == [
        "class",
        "all",
        "10_each",
        "10_each_without_cremad",
        "all_without_cremad",
    ]
    assert table.max() > 0.3
    check_pictures(tmp_path, "paper_herron.png")


@pytest.mark.slow
def test_paper_chakhtouna(tmp_path):
    result = load("paper_chakhtouna").main(tmp_path)
    scores = result.summary("balanced_accuracy")["mean"]
    assert scores["C1: frozen"] > 0.4
    assert len(scores) == 3
    check_pictures(tmp_path, "paper_chakhtouna.png")


@pytest.mark.slow
def test_search_computes_every_image_once_and_goes_on(tmp_path):
    n_images, n_computed, best = load("search").main(tmp_path, n_trials=3)
    assert n_computed == n_images == 76
    assert best["cnn"].classes_.tolist() == ["cymbal", "kick", "skin", "snare"]
    size = (tmp_path / "study.log").stat().st_size
    load("search").main(tmp_path, n_trials=3)
    assert (tmp_path / "study.log").stat().st_size - size < 0.1 * size  # no trial was run again


@pytest.mark.slow
def test_search_on_dask():
    pytest.importorskip("distributed")
    # As a script: its worker processes import it.
    done = subprocess.run(
        [sys.executable, EXAMPLES / "search_on_dask.py"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2 workers: {" in done.stdout
    assert "the same scores without dask: True" in done.stdout


@pytest.mark.slow
def test_own_folder(tmp_path, capsys):
    result, model = load("own_folder").main(tmp_path)
    assert len(list((tmp_path / "sounds").rglob("*.flac"))) == 76
    scores = result.summary("balanced_accuracy")["mean"]
    assert scores["recommended"] > 0.5
    assert scores["recommended"] > scores["majority"]
    assert "76 files, 20 authors" in capsys.readouterr().out
    paths = sorted((tmp_path / "sounds" / "kick").glob("*.flac"))
    assert (model.predict(paths) == "kick").mean() > 0.8


@pytest.mark.slow
def test_new_backbone(tmp_path, capsys):
    result = load("new_backbone").main(tmp_path)
    assert result.interval("along", "accuracy")[0] > 0.6
    assert "along" in capsys.readouterr().out
    check_pictures(tmp_path, "new_backbone.png")


def test_every_example_is_run_here():
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [
        name for name in NAMES if f'load("{name}")' not in text and f'"{name}.py"' not in text
    ]
    assert not missing
