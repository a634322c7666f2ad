"""Fetching packages, with stand-ins for apt-get and dpkg."""

import os

import pytest

APT_GET = """#!/bin/sh
echo "apt-get $@" >> "{log}"
[ "$1" = update ] && exec touch "{lists}"
[ -e "{lists}" ] || {{ echo "W: a warning" >&2; echo "E: Unable to locate $2" >&2; exit 100; }}
touch "$2_1.0_all.deb"
"""
DPKG = """#!/bin/sh
echo "dpkg" >> "{log}"
mkdir -p "$3/usr" && [ -e "$2" ] && echo sound > "$3/usr/sound"
"""


@pytest.fixture
def debian(benchmark_module):
    return benchmark_module("_debian")


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Put stand-ins in the way of the real programs; give what they write of themselves."""
    (tmp_path / "bin").mkdir()
    for name, script in {"apt-get": APT_GET, "dpkg": DPKG}.items():
        text = script.format(log=tmp_path / "log", lists=tmp_path / "lists")
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    (tmp_path / "lists").touch()
    return tmp_path


def test_downloaded_once_and_used_again(debian, tools, capsys):
    folder = tools / "cache"
    root = debian.unpacked("drums", folder)
    assert (root.name, (root / "usr/sound").read_text()) == ("drums_1.0_all", "sound\n")
    assert debian.unpacked("drums", folder) == root
    assert (tools / "log").read_text().splitlines() == ["apt-get download drums", "dpkg"]
    assert [path.name for path in folder.iterdir()] == ["drums_1.0_all"]
    assert "unpacked already" in capsys.readouterr().out


def test_lists_are_renewed_only_after_a_download_that_fails(debian, tools):
    (tools / "lists").unlink()
    debian.unpacked("drums", tools / "cache")
    assert (tools / "log").read_text().splitlines() == [
        "apt-get download drums",
        "apt-get update",
        "apt-get download drums",
        "dpkg",
    ]


def test_a_package_that_lies_there_needs_no_download(debian, tools):
    (tools / "drums_2.0_all.deb").touch()
    assert debian.unpacked("drums", tools).name == "drums_2.0_all"
    assert (tools / "log").read_text().splitlines() == ["dpkg"]


def test_a_package_that_is_nowhere(debian, tools):
    (tools / "bin" / "apt-get").write_text('#!/bin/sh\necho "E: No network" >&2\nexit 100\n')
    with pytest.raises(SystemExit, match=r"(?s)apt-get update.*E: No network.*'drums'.*put it in"):
        debian.unpacked("drums", tools / "cache")
    assert not list((tools / "cache").iterdir())


def test_a_package_that_cannot_be_unpacked_leaves_nothing(debian, tools):
    (tools / "bin" / "dpkg").write_text('#!/bin/sh\nmkdir "$3"\necho "bad" >&2\nexit 2\n')
    with pytest.raises(SystemExit, match=r"`dpkg -x` failed: bad"):
        debian.unpacked("drums", tools / "cache")
    assert not list((tools / "cache").iterdir())


def test_without_the_programs(debian, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"no apt-get here.*'drums' is needed"):
        debian.unpacked("drums", tmp_path / "cache")


def test_cache_folder_is_where_xdg_has_it(debian, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert debian.cache_folder() == tmp_path / "skspec"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert debian.cache_folder() == tmp_path / ".cache" / "skspec"
