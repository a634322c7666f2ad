"""The quickstart runs, and the reference lists every public name."""

import inspect
import re
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_quickstart_runs_in_order(monkeypatch, tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for block in python_blocks("quickstart.md"):
        exec(compile(block, "quickstart.md", "exec"), namespace)
    pyplot.close("all")

    assert namespace["deep_scores"].mean() > 0.45
    assert namespace["cnn_scores"].mean() > 0.45
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "learning_curve.png",
        "spectrogram.png",
    }
