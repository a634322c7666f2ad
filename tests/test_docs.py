"""Every page of the guide runs, and the reference lists every public name."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

import skspec

DOCS = Path(__file__).parents[1] / "docs"


def python_blocks(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def members(module):
    """Give the public names of a module: its `__all__`, or the classes that it defines."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [n for n, v in inspect.getmembers(module, inspect.isclass) if n[0] != "_"]
    return {name: getattr(module, name) for name in names}


def public_things():
    """Give every public thing under the name it is documented by."""
    names = {}
    modules = {name: thing for name, thing in members(skspec).items() if inspect.ismodule(thing)}
    for name, module in modules.items():
        names.update({f"skspec.{name}.{k}": v for k, v in members(module).items()})
    top = {f"skspec.{k}": v for k, v in members(skspec).items() if k not in modules}
    inner = {k: v for k, v in names.items() if v not in top.values()}
    return {**top, **inner}


def documented_names():
    names, module = [], ""
    for line in (DOCS / "api.md").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule::"):
            module = line.split()[-1]
        elif re.fullmatch(r"   \w+", line):
            names.append(f"{module}.{line.strip()}")
    return names


def test_reference_lists_every_public_name_once():
    documented, public = documented_names(), set(public_things())
    assert public - set(documented) == set(), "missing from docs/api.md"
    assert set(documented) - public == set(), "in docs/api.md, but not public"
    assert len(documented) == len(set(documented))


def test_index_shows_real_parameters():
    (block,) = python_blocks("index.md")
    names = {name: getattr(skspec, name) for name in re.findall(r"\b[A-Z]\w+(?=\()", block)[1:]}
    from sklearn.pipeline import Pipeline

    namespace = {"Pipeline": Pipeline, **names}
    exec(block[: block.index("pipe.fit")], namespace)
    assert list(namespace["pipe"].named_steps) == ["mel", "aug", "cnn"]


@pytest.fixture
def run_page(monkeypatch, tmp_path):
    """Give what runs all Python of a page in order, in an empty folder, and tells its names."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    monkeypatch.chdir(tmp_path)

    def run(page):
        namespace = {}
        for block in python_blocks(page):
            exec(compile(block, page, "exec"), namespace)
        pyplot.close("all")
        return Bunch(**namespace)

    return run


def pictures(folder):
    return sorted(path.stem for path in folder.glob("*.png"))


@pytest.mark.slow
def test_quickstart(run_page, tmp_path):
    names = run_page("quickstart.md")
    assert names.deep_scores.mean() > 0.45
    assert names.cnn_scores.mean() > 0.45
    assert names.table.summary()["n_splits"].tolist() == [3]
    assert (names.loaded.predict(names.drums.paths[:5]) == names.drums.y[:5]).any()
    assert pictures(tmp_path) == ["learning_curve", "spectrogram"]


@pytest.mark.slow
def test_guide_to_data(run_page):
    names = run_page("guide/data.md")
    assert names.honest < 0.40
    assert names.leaky > 0.75
    assert len(names.found) > 0
    assert len(names.none) == 0
    assert names.own.groups.tolist() == names.drums.groups.tolist()
    mine = set(names.mine.paths)
    tested = names.with_others.predictions["index"]
    assert set(names.both.paths[tested]) == mine
    assert len(names.both.paths) == len(mine) + 20


@pytest.mark.slow
def test_guide_to_images(run_page, tmp_path):
    names = run_page("guide/images.md")
    assert names.shapes["three resolutions"] == (13, 3, 128, 256)
    assert names.shapes["mel and MFCC"][:2] == (13, 2)
    assert abs(names.covariance - np.eye(64)).max() < 0.05
    assert (names.drawn == names.again).all()
    assert not (names.drawn == names.images).all()
    assert (names.stored == names.made).all()
    assert (names.two_threads == names.images).all()
    assert pictures(tmp_path) == ["augmented"]


@pytest.mark.slow
def test_guide_to_networks(run_page):
    names = run_page("guide/networks.md")
    assert names.frozen_scores.mean() > 0.6
    assert [row["stage"] for row in names.cnn.history_] == ["warmup"] * 4 + ["finetune"] * 3
    assert names.cnn.n_frozen_blocks_ > 0
    assert (names.cache.n_computed, names.cache.n_found) == (48, 48)
    assert (names.first == names.second).all()


@pytest.mark.slow
def test_guide_to_searching(run_page):
    names = run_page("guide/search.md")
    assert names.n_computed == len(names.X)
    assert names.grid.best_score_ > 0.6
    assert len(names.study.trials) == len(names.again.trials) == 4
    assert names.best["cnn"].best_epoch_ is not None
    assert not set(names.speakers[names.train]) & set(names.speakers[names.test])


@pytest.mark.slow
def test_guide_to_evaluation(run_page, tmp_path):
    names = run_page("guide/evaluation.md")
    accuracy = names.result.summary("accuracy")["mean"]
    assert accuracy["mel statistics + SVM"] > accuracy["majority"]
    in_noise = names.table[names.table["metric"] == "accuracy"]["value"].tolist()
    assert in_noise[-1] < in_noise[0]
    assert names.crossed.matrix().shape == (2, 2)
    assert names.maps.shape[0] == 4
    drawn = ["history", "reliability", "saliency", "speakers", "systems"]
    assert pictures(tmp_path) == drawn


@pytest.mark.slow
def test_guide_to_scaling_out(run_page, tmp_path):
    pytest.importorskip("distributed")
    names = run_page("guide/scaling_out.md")
    scores = names.search.cv_results_["mean_test_score"]
    assert scores.tolist() == names.here.tolist()
    assert len(names.study.trials) == 4
    assert len(names.windows) == 23
    assert names.windows["end"].iloc[-1] == 12.0
    assert names.segments["n_windows"].sum() == 23
    written = (tmp_path / "long.txt").read_text().splitlines()
    assert len(written) == len(names.segments)


@pytest.mark.slow
def test_guide_to_files(run_page):
    pytest.importorskip("onnxruntime")
    names = run_page("guide/files.md")
    expected = names.pipe.predict_proba(names.X)
    assert (names.loaded.predict_proba(names.X) == expected).all()
    assert abs(names.probabilities - expected).max() < 1e-4
    mean = names.result.interval("Pipeline")[0]
    assert names.read.metrics[0]["mean"] == pytest.approx(mean)


def test_every_page_of_the_guide_is_in_the_index_and_run():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    pages = sorted(f"guide/{path.name}" for path in (DOCS / "guide").glob("*.md"))
    assert pages
    for page in pages:
        assert f"[]({page})" in index
        assert f"\n{page.removesuffix('.md')}\n" in index
        assert f'run_page("{page}")' in tests
