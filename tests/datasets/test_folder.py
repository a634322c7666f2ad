"""Folders named by label, and tables."""

import pathlib

import numpy as np
import pandas as pd
import pytest
import soundfile

from skspec import MelSpectrogramImage
from skspec.datasets import load_folder
from skspec.exceptions import InputError, MissingDependencyError, ParameterError

TABLE = pd.DataFrame(
    {
        "path": ["1.wav", "deep/2.flac", "3.mp3"],
        "label": ["owl", "wren", "owl"],
        "bird": [7, 8, 7],
        "noise": [0.5, 0.25, 1.0],
    }
)


@pytest.fixture
def folder(tree):
    return tree(*TABLE["path"])


def test_outermost_folders_are_labels(tree):
    data = load_folder(tree("kick/deep/1.wav", "kick/2.FLAC", "snare/1.wav"))
    assert data.y.tolist() == ["kick", "kick", "snare"]
    assert data.metadata["file"].tolist() == ["kick/2.FLAC", "kick/deep/1.wav", "snare/1.wav"]
    assert data.groups is None
    assert data.sr is None
    assert data.skipped.empty


def test_what_is_no_clip_is_listed(tree, reasons):
    folder = tree("kick/1.wav", "kick/._1.wav", "kick/cover.jpg", "2.wav", "notes.txt", ".cache/x")
    data = load_folder(folder)
    assert len(data.paths) == 1
    assert reasons(data, folder) == {
        "kick/._1.wav": "hidden",
        ".cache": "hidden",
        "kick/cover.jpg": "no sound file",
        "notes.txt": "no sound file",
        "2.wav": "in no folder that would be its label",
    }


def test_equal_names_of_different_clips_are_all_used(tree):
    assert len(load_folder(tree("a/1.wav", "b/1.wav", "b/c/1.wav")).paths) == 3


@pytest.mark.parametrize("ending", ["frame", "csv", "tsv"])
def test_a_table_gives_labels_groups_and_metadata(folder, tmp_path, ending):
    table = TABLE
    if ending != "frame":
        table = tmp_path / f"table.{ending}"
        TABLE.to_csv(table, sep="\t" if ending == "tsv" else ",", index=False)
    data = load_folder(folder, table=table, group="bird")
    assert data.paths.tolist() == [str(folder / name) for name in TABLE["path"]]
    assert data.y.tolist() == ["owl", "wren", "owl"]
    assert data.groups.tolist() == ["7", "8", "7"]
    assert data.metadata["noise"].tolist() == [0.5, 0.25, 1.0]
    assert list(data.metadata) == list(TABLE)
    assert load_folder(folder, table=table).groups is None


def test_parquet_tables(folder, tmp_path):
    pytest.importorskip("pyarrow")
    TABLE.to_parquet(tmp_path / "table.parquet")
    data = load_folder(folder, table=tmp_path / "table.parquet", group="bird")
    assert data.groups.tolist() == ["7", "8", "7"]


def test_a_missing_reader_is_an_error_that_says_what_to_install(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "table.parquet").touch()
    with pytest.raises(MissingDependencyError, match=r"'pyarrow'.*pip install 'skspec\[tables\]'"):
        load_folder(folder, table=tmp_path / "table.parquet")


def test_columns_may_have_other_names(folder):
    table = TABLE.rename(columns={"path": "file", "label": "species"})
    assert load_folder(folder, table=table, path="file", label="species").y[1] == "wren"


def test_absolute_paths_and_paths_outside_are_taken(folder, tree):
    other = tree("4.wav", folder="other")
    table = pd.DataFrame(
        {"path": [str(folder / "1.wav"), "../other/4.wav", str(other / "4.wav")], "label": "owl"}
    )
    data = load_folder(folder, table=table)
    assert data.paths.tolist() == [str(folder / "1.wav"), str(other / "4.wav")]
    assert "in an earlier row as well" in data.skipped["reason"].tolist()


def test_relative_folders_and_absolute_rows_name_the_same_files(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    rows = [(str(folder / "1.wav"), "owl"), ("1.wav", "wren"), (str(folder / "3.mp3"), "owl")]
    pd.DataFrame(rows, columns=["path", "label"]).to_csv(folder / "labels.csv", index=False)
    data = load_folder(folder.name, table=folder / "labels.csv")
    assert data.paths.tolist() == [str(folder / "1.wav"), str(folder / "3.mp3")]
    assert sorted(data.skipped.to_numpy().tolist()) == [
        [str(pathlib.Path(folder.name, "1.wav")), "in an earlier row as well"],
        [str(pathlib.Path(folder.name, "deep/2.flac")), "in no row of the table"],
    ]


def test_rows_that_cannot_be_used_are_listed(folder, reasons):
    rows = [
        ("1.wav", "owl", "7"),
        ("gone.wav", "owl", "7"),
        ("deep/2.flac", None, "7"),
        ("3.mp3", "owl", ""),
        ("./1.wav", "wren", "8"),
    ]
    table = pd.DataFrame(rows, columns=["path", "label", "bird"])
    data = load_folder(folder, table=table, group="bird")
    assert data.paths.tolist() == [str(folder / "1.wav")]
    assert data.metadata.index.tolist() == [0]
    assert reasons(data, folder) == {
        "gone.wav": "no such file",
        "deep/2.flac": "its row has no label",
        "3.mp3": "its row has no bird",
        "1.wav": "in an earlier row as well",
    }


def test_a_row_without_a_path_is_listed(folder):
    table = pd.DataFrame({"path": ["1.wav", None], "label": ["owl", "owl"]})
    data = load_folder(folder, table=table)
    assert len(data.paths) == 1
    assert "its row has no path" in data.skipped["reason"].tolist()


def test_files_in_no_row_are_listed_but_the_table_is_not(folder, reasons):
    TABLE[:1].to_csv(folder / "labels.csv", index=False)
    data = load_folder(folder, table=folder / "labels.csv")
    assert reasons(data, folder) == dict.fromkeys(
        ["3.mp3", "deep/2.flac"], "in no row of the table"
    )


def test_labels_are_text_and_only_empty_cells_are_missing(tree, tmp_path):
    names = [f"{number}.wav" for number in range(5)]
    labels = ["NA", "None", "1", "01", ""]
    lines = [f"{name},{label}" for name, label in zip(names, labels, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["path,label", *lines]))
    assert load_folder(tree(*names), table=tmp_path / "table.csv").y.tolist() == labels[:4]


def test_a_given_table_is_not_changed(folder):
    table = TABLE.copy()
    data = load_folder(folder, table=table, group="bird")
    data.metadata["label"] = "changed"
    pd.testing.assert_frame_equal(table, TABLE)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            TABLE.drop(columns="label"),
            r"The table has no column \['label'\]; its columns are \['pa",
        ),
        ("table.ods", r"table='table\.ods', but .* ends in \.csv, \.tsv, \.parquet, \.xlsx"),
        ("nowhere.csv", r"Table 'nowhere\.csv' cannot be read: .*No such file"),
        (TABLE[:0], "Found no clip of a data set in .*1.wav: in no row of the table"),
    ],
)
def test_tables_that_cannot_be_used_are_errors(folder, table, message):
    with pytest.raises(InputError, match=f"(?s){message}"):
        load_folder(folder, table=table)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00"], ids=["empty", "no text"])
def test_broken_tables_are_errors(folder, tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"table\.csv' cannot be read"):
        load_folder(folder, table=tmp_path / "table.csv")


def test_a_group_without_a_table_is_an_error(folder):
    with pytest.raises(ParameterError, match=r"Got group='bird' without a table"):
        load_folder(folder, group="bird")


def test_paths_are_what_estimators_read(tmp_path):
    (tmp_path / "tone").mkdir()
    soundfile.write(tmp_path / "tone" / "1.wav", np.sin(np.arange(8000) / 5) / 2, 8000)
    data = load_folder(tmp_path)
    images = MelSpectrogramImage(sr=8000, n_mels=16, n_fft=256).fit_transform(data.paths)
    assert images.shape[:3] == (1, 1, 16)
