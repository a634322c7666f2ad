"""Exit codes, one line for each error, and no waiting for torch."""

import errno
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from skspec import __version__
from skspec.cli import _main, main
from skspec.cli._arguments import make_parser
from skspec.exceptions import InputError

COMMANDS = ["scan", "train", "predict", "evaluate", "info", "backbones", "doctor", "demo"]
HEAVY = {"torch", "sklearn", "librosa", "scipy", "matplotlib", "pandas", "numpy"}


@pytest.fixture
def fake(monkeypatch):
    """Let `skspec doctor` do what a test wants."""

    def fake(action):
        module = SimpleNamespace(run=lambda arguments: action())
        monkeypatch.setattr(_main, "import_module", lambda name: module)

    return fake


def raiser(error):
    def action():
        raise error

    return action


def test_help_of_every_command_loads_no_heavy_package():
    code = f"""
import sys
from skspec.cli import main
for words in [[], *([name] for name in {COMMANDS!r})]:
    try:
        main([*words, "--help"])
    except SystemExit as end:
        assert end.code == 0
print("LOADED", *sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    text, loaded = run.stdout.split("LOADED")
    assert text.count("usage: skspec") == 1 + len(COMMANDS)
    assert {name.split(".")[0] for name in loaded.split()} & HEAVY == set()


def test_commands_of_the_documentation_parse():
    text = (Path(__file__).parents[2] / "docs" / "command_line.md").read_text(encoding="utf-8")
    lines = re.findall(r"^skspec .*$", text, flags=re.MULTILINE)
    assert len(lines) > 3
    modules = {make_parser().parse_args(shlex.split(line)[1:]).module for line in lines}
    assert modules == {"_scan", "_train", "_predict"}


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"skspec {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["train", "folder", "--recipe", "nonsense"],
        ["train", "folder", "--set", "nonsense"],
        ["train", "folder", "--set", "sr=8000"],
        ["train", "folder", "--set", "svc__C=Infinity"],
        ["train", "folder", "--set", "svc__C=[1, 1e999]"],
        ["train", "folder", "--sr", "0"],
        ["train", "folder", "--jobs", "two"],
        ["train", "folder", "--no-evaluation", "--plots", "plots"],
        ["train", "folder", "--group-pattern", "("],
        ["train", "folder", "--group", "a", "--group-pattern", "b"],
        ["train"],
        ["train", "--dataset", "savee"],
        ["train", "folder", "--dataset", "savee", "--label", "a"],
        ["train", ".", "--group", "author"],
        ["predict", "model", "file", "--hop", "1"],
        ["predict", "model", "file", "--hop", "0"],
        ["predict", "model", "file", "--threshold", "0"],
        ["predict", "model", "file", "--format", "raven", "--window", "1"],
    ],
    ids=" ".join,
)
def test_words_that_do_not_fit_end_with_2_and_the_usage(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: skspec")


@pytest.mark.parametrize("status", [None, 0, 1])
def test_status_is_that_of_the_command(fake, status):
    fake(lambda: status)
    assert main(["doctor"]) == (status or 0)


def test_error_of_skspec_is_one_line(fake, capsys):
    fake(raiser(InputError("Found nothing. Not used:\n  a: hidden\n  b: no sound file")))
    assert main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "skspec: Found nothing. Not used: a: hidden b: no sound file\n"
    assert captured.out == ""


def test_error_of_the_system_is_one_line(fake, capsys):
    fake(raiser(OSError(errno.ENOSPC, "No space left on device", "model.skspec")))
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err == "skspec: No space left on device: 'model.skspec'\n"


@pytest.mark.parametrize("error", [ValueError("a mistake of ours"), OSError("not the system's")])
def test_unexpected_error_keeps_its_traceback(fake, error):
    fake(raiser(error))
    with pytest.raises(type(error), match=str(error)):
        main(["doctor"])


def test_interrupt_ends_with_130(fake, capsys):
    fake(raiser(KeyboardInterrupt()))
    assert main(["doctor"]) == 130
    assert "skspec: interrupted" in capsys.readouterr().err


def test_warning_is_one_line_and_the_hook_is_given_back(fake, capsys):
    before = warnings.showwarning
    fake(lambda: warnings.warn("First.\nSecond.", stacklevel=1))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().err == "skspec: warning: First. Second.\n"
    assert warnings.showwarning is before


def test_closed_pipe_is_quiet():
    code = """
import sys, types
from skspec.cli import _main
def run(arguments):
    for _ in range(100_000):
        print("a line")
_main.import_module = lambda name: types.SimpleNamespace(run=run)
sys.exit(_main.main(["doctor"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "a line\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 141
