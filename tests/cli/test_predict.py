"""`skspec predict`: the labels of Python, in every form."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from skspec import MelSpectrogramImage, load, read_audio, save
from skspec.recordings import predict_recording


@pytest.fixture
def kicks(drums):
    return sorted((drums / "kick").iterdir())


@pytest.fixture
def spoilt(kicks, tmp_path):
    """Two kicks and a file of text between them."""
    folder = tmp_path / "spoilt"
    folder.mkdir()
    shutil.copy(kicks[0], folder / "a.flac")
    (folder / "b.wav").write_text("no sound")
    shutil.copy(kicks[1], folder / "c.flac")
    return folder


@pytest.fixture(scope="session")
def recording(drums, tmp_path_factory):
    """All kicks, then all skins."""
    path = tmp_path_factory.mktemp("recordings") / "tape.wav"
    files = [file for label in ("kick", "skin") for file in sorted((drums / label).iterdir())]
    soundfile.write(path, np.concatenate([read_audio(file)[0] for file in files]), 16_000)
    return path


def test_folder_as_table_csv_and_json(run, run_json, model, drums, kicks):
    fitted = load(model)
    probability = fitted.predict_proba(kicks)

    content = run_json("predict", model, drums / "kick")
    assert content["skipped"] == []
    assert [row["path"] for row in content["predictions"]] == [str(kick) for kick in kicks]
    labels = [row["label"] for row in content["predictions"]]
    assert labels == fitted.predict(kicks).tolist()

    _, out, _ = run("predict", model, drums / "kick", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert table["label"].tolist() == labels
    np.testing.assert_allclose(table[["p_kick", "p_skin"]], probability, atol=1e-6)

    _, out, _ = run("predict", model, *kicks)
    assert out.splitlines()[0].split() == ["path", "label", "probability"]
    assert out.splitlines()[1].split() == [
        str(kicks[0]),
        labels[0],
        f"{probability[0].max():.3f}",
    ]


def test_format_json_is_json(run, run_json, model, kicks):
    assert run("predict", model, *kicks, "--format", "json") == run(
        "predict", model, *kicks, "--json"
    )


def test_output_is_a_file(run, model, kicks, tmp_path):
    status, out, err = run("predict", model, *kicks, "--output", tmp_path / "labels.csv")
    assert (status, out) == (0, "")
    assert err == f"Wrote 8 rows to {tmp_path / 'labels.csv'}.\n"
    assert pd.read_csv(tmp_path / "labels.csv")["path"].tolist() == [str(kick) for kick in kicks]


def test_unreadable_file_stops_or_not(run, run_json, model, spoilt):
    status, out, err = run("predict", model, spoilt)
    assert (status, out) == (1, "")
    assert err.startswith(f"skspec: path {str(spoilt / 'b.wav')!r}: is text, not sound.")
    assert len(err.splitlines()) == 1

    skipped = run_json("predict", model, spoilt, "--on-error", "skip")
    assert [row["path"][-6:] for row in skipped["predictions"]] == ["a.flac", "c.flac"]
    assert skipped["skipped"] == [{"path": str(spoilt / "b.wav"), "reason": "is text, not sound"}]

    rows = run_json("predict", model, spoilt, "--on-error", "nan")["predictions"]
    assert rows[1]["label"] is rows[1]["probability"] is rows[1]["p_kick"] is None
    assert [rows[0], rows[2]] == skipped["predictions"]


def test_nothing_readable_is_an_empty_table(run_json, model, spoilt):
    content = run_json("predict", model, spoilt / "b.wav", "--on-error", "skip")
    assert content["predictions"] == []
    assert len(content["skipped"]) == 1


def test_missing_file_and_model(run, model, tmp_path):
    status, _, err = run("predict", model, tmp_path / "none.wav")
    assert status == 1
    assert "no such file" in err
    status, _, err = run("predict", tmp_path / "none.skspec", tmp_path)
    assert status == 1
    assert err == f"skspec: No such file or directory: {str(tmp_path / 'none.skspec')!r}\n"


def test_file_that_is_no_model(run, kicks):
    status, _, err = run("predict", kicks[0], kicks[1])
    assert status == 1
    assert len(err.splitlines()) == 1
    assert str(kicks[0]) in err


def test_windows_of_a_recording(run_json, model, recording):
    options = ["--window", 0.5, "--hop", 0.25, "--smooth", 3, "--merge"]
    rows = run_json("predict", model, recording, *options)["predictions"]
    expected = predict_recording(load(model), recording, 0.5, 0.25, smooth=3, merge=True)
    assert [row["start"] for row in rows] == expected["start"].tolist()
    assert [row["label"] for row in rows] == expected["label"].tolist()
    assert {row["path"] for row in rows} == {str(recording)}


def test_a_journal_for_each_recording(run_json, model, recording, tmp_path):
    (tmp_path / "other").mkdir()
    other = shutil.copy(recording, tmp_path / "other" / recording.name)
    words = ["predict", model, recording, other, "--window", 0.5]
    journal = tmp_path / "journal"
    rows = run_json(*words, "--journal", journal)["predictions"]
    assert rows == run_json(*words)["predictions"]
    written = sorted(journal.glob("*.jsonl"))
    assert len(written) == 2
    before = [path.read_bytes() for path in written]
    assert run_json(*words, "--journal", journal)["predictions"] == rows
    assert [path.read_bytes() for path in written] == before


def test_tracks_for_audacity_and_raven(run, model, recording, tmp_path):
    words = ["predict", model, recording, "--window", 1, "--format"]
    expected = predict_recording(load(model), recording, 1)
    assert run(*words, "audacity", "--output", tmp_path / "track.txt")[0] == 0
    track = pd.read_csv(tmp_path / "track.txt", sep="\t", header=None)
    assert track[2].tolist() == expected["label"].tolist()
    assert run(*words, "raven", "--output", tmp_path / "raven.txt")[0] == 0
    assert pd.read_csv(tmp_path / "raven.txt", sep="\t")["High Freq (Hz)"].unique() == [8000]


def test_tracks_of_several_recordings_are_files_of_a_folder(run, model, recording, tmp_path):
    for night in ("monday", "sunday"):
        (tmp_path / "nights" / night).mkdir(parents=True)
        shutil.copy(recording, tmp_path / "nights" / night / "tape.wav")
    words = ["--window", 1, "--format", "audacity", "--output", tmp_path / "tracks"]
    assert run("predict", model, tmp_path / "nights", *words)[0] == 0
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.txt")}
    assert names == {"tracks/monday/tape.wav.txt", "tracks/sunday/tape.wav.txt"}


def test_each_recording_has_a_track_of_its_own(run, model, recording, tmp_path):
    (tmp_path / "a").mkdir()
    paths = [shutil.copy(recording, tmp_path / name) for name in ("a/b.wav", "a_b.wav")]
    words = ["--window", 1, "--format", "audacity", "--output", tmp_path / "tracks"]
    _, _, err = run("predict", model, *paths, *words)
    assert err == f"Wrote 2 files to {tmp_path / 'tracks'}.\n"
    assert len(list((tmp_path / "tracks").rglob("*.txt"))) == 2
    # One more, into the folder that is there now.
    assert run("predict", model, recording, *words)[0] == 0
    assert (tmp_path / "tracks" / "tape.wav.txt").is_file()


@pytest.mark.parametrize(
    ("output", "words", "message"),
    [
        ("", [], "is a folder. Give a file."),
        ("", ["--window", 1], "is a folder. Give a file."),
        ("a.wav", ["--window", 1, "--format", "raven"], "is a file. Give a folder for the tracks"),
    ],
)
def test_output_that_cannot_be_written_is_met_first(run, model, tmp_path, output, words, message):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_text("no sound, but it is not looked at")
    target = tmp_path / output
    status, out, err = run("predict", model, tmp_path, "--output", target, *words)
    assert (status, out) == (1, "")
    assert err.startswith(f"skspec: Got --output {str(target)!r}, but that {message}")


def test_folder_of_the_output_is_made(run, model, kicks, recording, tmp_path):
    assert run("predict", model, kicks[0], "--output", tmp_path / "new" / "a.csv")[0] == 0
    assert len(pd.read_csv(tmp_path / "new" / "a.csv")) == 1
    words = ["--window", 1, "--format", "raven", "--output", tmp_path / "other" / "a.txt"]
    assert run("predict", model, recording, *words)[0] == 0
    assert (tmp_path / "other" / "a.txt").is_file()


@pytest.mark.parametrize("words", [[], ["--window", 1]], ids=["clips", "windows"])
def test_rate_must_be_that_of_the_model(run, model, recording, words):
    status, out, err = run("predict", model, recording, "--sr", 8000, *words)
    assert (status, out) == (1, "")
    assert "Got sr=8000.0, but Pipeline takes waveforms at [16000.0] Hz." in err
    assert run("predict", model, recording, "--sr", 16000, *words) == run(
        "predict", model, recording, *words
    )


def test_model_that_is_no_classifier(run, kicks, tmp_path):
    save(MelSpectrogramImage(sr=16_000).fit(kicks), tmp_path / "mel.skspec")
    status, out, err = run("predict", tmp_path / "mel.skspec", *kicks)
    assert (status, out) == (1, "")
    assert "is a MelSpectrogramImage without classes_. Give a fitted classifier." in err


def test_damaged_recording_is_read_as_far_as_it_goes(run, run_json, model, recording, tmp_path):
    cut = tmp_path / "cut.wav"
    cut.write_bytes(recording.read_bytes()[:100_044])
    assert run("predict", model, cut, "--window", 1)[0] == 1
    content = run_json("predict", model, cut, "--window", 1, "--on-error", "skip")
    assert len(content["predictions"]) == 3  # of 50,000 samples at 16 kHz, whole seconds
    assert "truncated" in content["skipped"][0]["reason"]
    _, _, err = run("predict", model, cut, "--window", 1, "--on-error", "skip")
    assert err.count("truncated") == err.count(str(cut)) == 1


@pytest.mark.parametrize("on_error", ["skip", "nan"])
def test_recording_without_a_sample_stops_no_others(run_json, model, recording, tmp_path, on_error):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    words = ["--window", 1, "--on-error", on_error]
    content = run_json("predict", model, tmp_path / "empty.wav", recording, *words)
    alone = run_json("predict", model, recording, *words)
    assert content["predictions"] == alone["predictions"]
    (skipped,) = content["skipped"]
    assert skipped["path"] == str(tmp_path / "empty.wav")
    assert skipped["reason"].endswith("holds no sample")


@pytest.mark.slow
def test_model_with_two_rates_takes_that_of_its_card(run_json, drums, kicks, tmp_path):
    path = tmp_path / "m.skspec"
    tiny = ["--set", "backbone=tiny", "--set", "weights=null", "--set", "epochs=1"]
    words = ["--recipe", "herron", "--sr", 8000, "--no-evaluation", "--output", path]
    run_json("train", drums / "table.csv", *words, *tiny)
    rows = run_json("predict", path, *kicks[:2])["predictions"]
    assert [row["label"] for row in rows] == load(path).predict(kicks[:2]).tolist()
