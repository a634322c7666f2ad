"""What is built, installed and cited is one and the same version, and complete."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import skspec

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "skspec"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_one_version_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGES.md").read_text(encoding="utf-8")
    assert PROJECT["version"] == skspec.__version__
    assert re.search(r"^version: (\S+)$", citation, flags=re.MULTILINE)[1] == skspec.__version__
    assert re.search(r"^## (\S+)", changes, flags=re.MULTILINE)[1] == skspec.__version__


def test_citation_has_what_the_format_requires():
    keys = re.findall(
        r"^([\w-]+):", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"cff-version", "message", "title", "authors"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_the_command_is_installed():
    (command,) = metadata.entry_points(group="console_scripts", name="skspec")
    assert callable(command.load())


def test_help_of_the_command_lists_demo():
    code = "import sys; from skspec.cli import main; sys.exit(main(['--help']))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0
    assert "demo" in run.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build both archives without isolation, so without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d"]
    run = subprocess.run([*command, folder], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.mark.slow
def test_wheel_holds_the_whole_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert names == {path.relative_to(ROOT / "src").as_posix() for path in files}
    assert {"skspec/py.typed", "skspec/__init__.pyi"} <= names
    assert "skspec/datasets/data/percussion/percussion.csv" in names
    assert sum(name.endswith(".flac") for name in names) == 76


@pytest.mark.slow
def test_wheel_carries_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


@pytest.mark.slow
def test_unpacked_wheel_works(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "import skspec; print(skspec.__file__); print(len(skspec.load_percussion().paths))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    file, n_clips = run.stdout.split()
    assert Path(file).is_relative_to(tmp_path)
    assert n_clips == "76"


@pytest.mark.slow
def test_sdist_can_be_tested_and_rebuilt(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {
        "LICENSE",
        "README.md",
        "CHANGES.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "Makefile",
        "pyproject.toml",
        "docs/quickstart.md",
        "src/skspec/py.typed",
        "tests/test_packaging.py",
        "tools/build_percussion.py",
    }
    assert expected <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]
