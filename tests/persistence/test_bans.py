"""What could run code from a file is banned in the source, and each ban is shown to fire."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import skspec

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(skspec.__file__).parent.rglob("*.py"))
HAS_RUFF = importlib.util.find_spec("ruff") is not None

# Code, and the rule of ruff that must find it.
BANNED = {
    "import pickle": "TID251",
    "import cloudpickle": "TID251",
    "import dill": "TID251",
    "import marshal": "TID251",
    "import shelve": "TID251",
    "import pickle\npickle.loads(b'')": "S301",
    "import joblib\njoblib.load('x')": "TID251",
    "import torch\ntorch.save({}, 'x')": "TID251",
    "eval('1')": "S307",
    "import tarfile\ntarfile.open('x').extractall()": "S202",
    "import shutil\nshutil.unpack_archive('x')": "TID251",
    "import zipfile\nzipfile.ZipFile.extractall(None)": "TID251",
}


def faults(source):
    """Give the calls that ruff has no rule for."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in {"extractall", "unpack_archive"}:
            yield f"line {node.lineno}: {name}"
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if "allow_pickle" in given:
            yield f"line {node.lineno}: allow_pickle"
        if ast.unparse(node.func) == "torch.load" and given.get("weights_only") != "True":
            yield f"line {node.lineno}: torch.load without weights_only=True"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_source_unpacks_and_unpickles_nothing(path):
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "archive.extractall('x')",
        "shutil.unpack_archive('x')",
        "np.load('x', allow_pickle=True)",
        "torch.load('x')",
        "torch.load('x', weights_only=False)",
    ],
)
def test_the_search_finds_it(code):
    assert len(list(faults(code))) == 1


@pytest.mark.skipif(not HAS_RUFF, reason="`make lint` has ruff; this shows that its rules fire")
@pytest.mark.parametrize("code", BANNED, ids=lambda code: code.replace("\n", "; "))
def test_ruff_finds_it(code):
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    run = subprocess.run(
        [*command, "--stdin-filename", "src/skspec/planted.py", "-"],
        input=f'"""Planted."""\n\n{code}\n', cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert BANNED[code] in run.stdout
