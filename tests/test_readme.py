"""What README.md promises: two commands that exist, and an example that runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
MAKE_COMMANDS = re.findall(r"^make (\w+)$", README, flags=re.MULTILINE)


def test_the_two_commands():
    assert MAKE_COMMANDS == ["demo", "test"]


@pytest.mark.parametrize("target", [*MAKE_COMMANDS, "quick", "lint", "docs", "clean", "help"])
def test_make_has_the_target(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("name", re.findall(r"`([\w./]+\.md)`", README))
def test_files_it_names_exist(name):
    assert (ROOT / name).is_file()


def test_there_is_one_example():
    assert len(PYTHON_BLOCKS) == 1


@pytest.mark.slow
def test_example_runs_and_beats_chance(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    exec(compile(PYTHON_BLOCKS[0], "README.md", "exec"), namespace)
    assert namespace["scores"].shape == (3,)
    assert namespace["scores"].mean() > 0.45
    assert re.search(r"balanced accuracy 0\.\d\d;", capsys.readouterr().out)
