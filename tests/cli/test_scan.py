"""`skspec scan`."""

import shutil

import pandas as pd
import pytest


@pytest.fixture
def folder(drums, tmp_path):
    """Three kicks, a copy of the first and a file of text."""
    for path in sorted((drums / "kick").iterdir())[:3]:
        shutil.copy(path, tmp_path)
    first = min(tmp_path.iterdir())
    shutil.copy(first, tmp_path / "zz_copy.flac")
    (tmp_path / "zz_text.wav").write_text("no sound")
    (tmp_path / "notes.txt").write_text("not looked at")
    return tmp_path


def test_findings_and_summary(run, folder):
    status, out, _ = run("scan", folder)
    assert status == 0
    assert "is text, not sound" in out
    assert "copy of " in out
    assert out.splitlines()[-1].startswith("5 files, ")
    assert out.splitlines()[-1].endswith("1 cannot be read, 0 have remarks, 1 are copies.")
    assert "notes.txt" not in out


def test_strict_counts_findings(run, folder, drums):
    assert run("scan", folder, "--strict")[0] == 1
    assert run("scan", *sorted((drums / "kick").iterdir())[:2], "--strict")[0] == 0


def test_json_and_table_have_every_file(run, run_json, folder, tmp_path):
    content = run_json("scan", folder)
    assert len(content["files"]) == content["n_files"] == 5
    assert (content["n_unreadable"], content["n_copies"]) == (1, 1)
    assert content["files"][-1]["duration_s"] is None
    run("scan", folder, "--output", tmp_path / "scan.csv")
    table = pd.read_csv(tmp_path / "scan.csv", keep_default_na=False)
    assert table["path"].tolist() == [file["path"] for file in content["files"]]


def test_a_folder_is_no_output_and_a_missing_one_is_made(run, folder):
    status, out, err = run("scan", folder, "--output", folder)
    assert (status, out) == (1, "")
    assert err.startswith(f"skspec: Got --output {str(folder)!r}, but that is a folder.")
    assert run("scan", folder, "--output", folder / "new" / "scan.csv")[0] == 0
    assert len(pd.read_csv(folder / "new" / "scan.csv")) == 5


def test_a_name_that_is_not_text_is_refused(run, folder):
    status, out, err = run("scan", folder, folder / "caf\udce9.wav")
    assert (status, out) == (1, "")
    assert err.startswith("skspec: The name ")
    assert err.endswith("caf\\udce9.wav' is not text in UTF-8. Rename the file.\n")


def test_all_lists_whole_files_too(run, folder):
    assert len(run("scan", folder, "--all")[1].splitlines()) == 1 + 5 + 2
    assert len(run("scan", folder)[1].splitlines()) == 1 + 2 + 2


def test_a_missing_file_is_a_finding_and_an_empty_folder_an_error(run, tmp_path):
    _, out, _ = run("scan", tmp_path / "nothing.wav")
    assert "no such file" in out
    status, out, err = run("scan", tmp_path)
    assert (status, out) == (1, "")
    assert err == f"skspec: There is no sound file in the folder {str(tmp_path)!r}.\n"
