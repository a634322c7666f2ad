"""Every docstring example runs and prints what it says; every parameter is documented."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import skspec
from skspec.nn import _registry

SOURCE = Path(skspec.__file__).parent
WITH_EXAMPLES = sorted(
    path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")
)
PUBLIC = [name for name in skspec.__all__ if not inspect.ismodule(getattr(skspec, name))]


@pytest.fixture(autouse=True)
def _registry_of_our_own(monkeypatch):
    """Keep backbones that an example registers out of other tests."""
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))


@pytest.fixture(autouse=True)
def _no_windows():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def module_name(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_name)
def test_examples(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(module_name(path))
    failed, tried = doctest.testmod(
        module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    assert tried > 0
    assert failed == 0, "the differences stand in the captured output"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_thing_has_an_example(name):
    assert ">>> " in inspect.getdoc(getattr(skspec, name))


def documented_parameters(thing):
    doc = inspect.getdoc(thing)
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}|\Z)", doc, re.DOTALL | re.M)
    names = re.findall(r"^([\w*, ]+?) : ", section.group(1), re.M) if section else []
    return [name.strip(" *") for group in names for name in group.split(",")]


@pytest.mark.parametrize("name", PUBLIC)
def test_parameters_are_documented_in_order(name):
    thing = getattr(skspec, name)
    assert documented_parameters(thing) == list(inspect.signature(thing).parameters)
