"""What `import skspec` costs, that every public name is there, and what the source never does."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skspec

SOURCE = Path(skspec.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# numpy.random names that make generators of their own; all others touch the global state.
OWN_GENERATORS = {
    "BitGenerator",
    "Generator",
    "MT19937",
    "PCG64",
    "Philox",
    "RandomState",
    "SeedSequence",
    "default_rng",
}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "shelve", "marshal"}


def dotted(node):
    """Give `a.b.c` for such an expression, '' for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def imported(node):
    """Give the full names that an import statement brings."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def is_private(name):
    return any(p.startswith("_") and not p.startswith("__") for p in name.split("."))


def import_faults(node):
    for name in imported(node):
        if name.startswith("sklearn.") and is_private(name):
            yield f"private scikit-learn import {name}"
        if PICKLES & set(name.split(".")):
            yield f"pickle by {name}"
        *module, last = name.split(".")
        if module == ["numpy", "random"] and last not in OWN_GENERATORS:
            yield f"global numpy random state by {name}"


def call_faults(node):
    if isinstance(node, ast.Attribute):
        name = dotted(node)
        *module, last = name.split(".")
        if module in (["np", "random"], ["numpy", "random"]) and last not in OWN_GENERATORS:
            yield f"global numpy random state by {name}"
    if not isinstance(node, ast.Call):
        return
    name = dotted(node.func)
    if name in {"eval", "exec", "builtins.eval", "builtins.exec"}:
        yield f"{name}()"
    if name == "joblib.load":
        yield "joblib.load() runs pickles"
    if name == "torch.load":
        safe = {k.arg: k.value for k in node.keywords}.get("weights_only")
        if not (isinstance(safe, ast.Constant) and safe.value is True):
            yield "torch.load() without weights_only=True"


def faults(source):
    """Give what a file does that it must not, one line each."""
    nodes = ast.walk(ast.parse(source))
    return [
        fault for node in nodes for find in (import_faults, call_faults) for fault in find(node)
    ]


def in_fresh_interpreter(code):
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return run.stdout.split()


HEAVY = {"torch", "sklearn", "librosa", "scipy", "skorch", "matplotlib", "pandas", "numpy"}


@pytest.mark.parametrize(
    ("extra", "heavy"), [("", set()), ("import numpy;", {"numpy"})], ids=["skspec", "self-check"]
)
def test_import_loads_no_heavy_package(extra, heavy):
    code = f"import sys, skspec; dir(skspec); {extra} print(*sys.modules)"
    loaded = {name.split(".")[0] for name in in_fresh_interpreter(code)}
    assert "skspec" in loaded
    assert loaded & HEAVY == heavy


@pytest.mark.parametrize("name", skspec.__all__)
def test_every_public_name_resolves(name):
    thing = getattr(skspec, name)
    assert thing is not None
    assert name in dir(skspec)


PACKAGES = [
    "audio",
    "datasets",
    "evaluation",
    "features",
    "images",
    "models",
    "nn",
    "persistence",
    "recipes",
    "recordings",
    "search",
    "waveforms",
]


def test_every_name_of_the_subpackages_resolves():
    for package in PACKAGES:
        module = __import__(f"skspec.{package}", fromlist=["__all__"])
        for name in getattr(module, "__all__", []):
            assert getattr(module, name) is not None, f"{package}.{name}"


def test_public_things_have_docstrings():
    bare = [name for name in skspec.__all__ if not getattr(skspec, name).__doc__]
    assert bare == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_source_is_clean(path):
    found = faults(path.read_text(encoding="utf-8"))
    if path.name == "_compat.py":
        found = [fault for fault in found if "private scikit-learn" not in fault]
    assert found == []


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("from sklearn.utils._param_validation import Interval", "private scikit-learn"),
        ("from sklearn.utils.validation import _check_sample_weight", "private scikit-learn"),
        ("import sklearn._loss", "private scikit-learn"),
        ("import pickle", "pickle"),
        ("from pickle import loads", "pickle"),
        ("from joblib.externals import cloudpickle", "pickle"),
        ("import torch\ntorch.load('x')", "torch.load"),
        ("import torch\ntorch.load('x', weights_only=False)", "torch.load"),
        ("import joblib\njoblib.load('x')", "joblib.load"),
        ("def f():\n    return eval('1')", "eval"),
        ("exec('1')", "exec"),
        ("import numpy as np\nnp.random.seed(0)", "global numpy"),
        ("import numpy as np\nx = 1 + np.random.rand()", "global numpy"),
        ("from numpy.random import shuffle", "global numpy"),
    ],
)
def test_the_checker_finds_planted_faults(planted, word):
    assert any(word in fault for fault in faults(planted))


def test_the_checker_lets_good_code_through():
    good = (
        "import numpy as np\nimport torch\nfrom numpy.random import Generator\n"
        "from sklearn.base import clone\nmodel.eval()\nnp.random.default_rng(0)\n"
        "torch.load('x', weights_only=True)"
    )
    assert faults(good) == []


def test_there_are_files_to_check():
    assert {"_training.py", "_backbone.py", "_compat.py"} <= {path.name for path in FILES}
