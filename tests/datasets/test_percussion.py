"""The embedded drum hits: what is in the folder, and what cross-validation makes of it."""

import csv
import hashlib
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedGroupKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec.datasets import load_percussion

LABELS = ["cymbal", "kick", "skin", "snare"]


@pytest.fixture(scope="module")
def data():
    return load_percussion()


@pytest.fixture(scope="module")
def clips(data):
    return [soundfile.read(path, dtype="float32")[0] for path in data.paths]


def spectral_centroid(waveform, sr=16_000):
    power = np.abs(np.fft.rfft(waveform)) ** 2
    return np.sum(power * np.fft.rfftfreq(len(waveform), 1 / sr)) / power.sum()


def test_counts(data):
    assert data.paths.shape == data.y.shape == data.groups.shape == (76,)
    assert len(set(data.paths)) == 76
    labels, counts = np.unique(data.y, return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {
        "cymbal": 12,
        "kick": 17,
        "skin": 36,
        "snare": 11,
    }
    assert len(set(data.groups)) == 20


def test_arrays_are_what_cross_validation_indexes(data):
    assert all(array.dtype.kind == "U" for array in (data.paths, data.y, data.groups))
    kicks = data.paths[data.y == "kick"]
    assert all(Path(path).is_file() for path in kicks)


def test_every_file_is_short_mono_16_khz_flac(data):
    assert data.sr == 16_000
    for path in data.paths:
        info = soundfile.info(path)
        assert (info.format, info.subtype) == ("FLAC", "PCM_16")
        assert (info.samplerate, info.channels) == (data.sr, 1)
        assert 0.03 <= info.frames / info.samplerate <= 1.0


def test_peaks_are_equal(clips):
    np.testing.assert_allclose([np.abs(clip).max() for clip in clips], 0.9, atol=1e-4)


def test_folder_is_under_one_megabyte_and_holds_nothing_else(data):
    files = sorted(Path(data.paths[0]).parent.iterdir())
    assert sum(path.stat().st_size for path in files) < 1_000_000
    names = {path.name for path in files}
    assert names == {*data.metadata["file"].tolist(), "percussion.csv", "DATA.md"}


def test_digests_are_those_of_the_table(data):
    digests = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in data.paths]
    assert digests == data.metadata["sha256"].tolist()


def test_metadata_is_the_table(data):
    table = Path(data.paths[0]).parent / "percussion.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(data.metadata) == list(rows[0])
    for name, column in data.metadata.items():
        assert column.tolist() == [row[name] for row in rows]
    assert data.metadata["label"].tolist() == data.y.tolist()
    assert data.metadata["author"].tolist() == data.groups.tolist()
    assert [Path(path).name for path in data.paths] == data.metadata["file"].tolist()


def test_all_is_cc0_from_the_two_packages(data):
    assert set(data.metadata["licence"]) == {"CC0"}
    packages, counts = np.unique(data.metadata["source_package"], return_counts=True)
    assert packages.tolist() == ["hydrogen-drumkits", "sonic-pi-samples"]
    assert counts.tolist() == [9, 67]


def test_authors_in_file_names_are_the_groups(data):
    for name, group in zip(data.metadata["file"], data.groups, strict=True):
        if "__" in name:
            assert name.split("__")[1] == group


def test_no_author_is_two_groups(data):
    names = {re.sub(r"[\W_]", "", name).casefold() for name in data.groups}
    assert len(names) == len(set(data.groups))


def test_no_clip_is_there_twice(clips):
    assert len({clip.tobytes() for clip in clips}) == len(clips)


def test_no_two_authors_share_a_sound(data, clips):
    spectra = np.stack([np.fft.rfft(clip / np.linalg.norm(clip), 32_768) for clip in clips])
    for i, j in itertools.combinations(range(len(clips)), 2):
        if data.groups[i] != data.groups[j]:
            assert np.abs(np.fft.irfft(spectra[i] * spectra[j].conj())).max() < 0.8


@pytest.mark.parametrize("seed", [None, *range(100)])
def test_every_fold_has_every_class_on_both_sides(data, seed):
    cv = StratifiedGroupKFold(n_splits=3, shuffle=seed is not None, random_state=seed)
    for train, test in cv.split(data.paths, data.y, data.groups):
        assert sorted(set(data.y[train])) == sorted(set(data.y[test])) == LABELS
        assert not set(data.groups[train]) & set(data.groups[test])


def test_three_authors_have_skins_so_four_folds_cannot_work(data):
    assert set(data.groups[data.y == "skin"]) == {"dio_333", "looppool", "menegass"}
    assert set(data.y[data.groups == "dio_333"]) == {"skin"}


def test_centroid_separates_kick_from_cymbal(data, clips):
    centroids = np.array([spectral_centroid(clip) for clip in clips])
    assert centroids[data.y == "kick"].max() < 300
    assert centroids[data.y == "cymbal"].min() > 1500


def test_description_counts_what_is_there(data):
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", data.description, re.M)
    *authors, (word, *totals) = rows
    assert word == "all"
    columns = ["kick", "snare", "cymbal", "skin"]
    assert [int(count) for count in totals] == [np.sum(data.y == label) for label in columns]
    assert {name for name, *_ in authors} == set(data.groups)
    for name, *counts in authors:
        mine = data.y[data.groups == name]
        assert [int(count) for count in counts] == [np.sum(mine == label) for label in columns]


@pytest.mark.parametrize("fact", ["CC0 1.0", "n_splits=3", "tools/build_percussion.py", "dio_333"])
def test_description_says(data, fact):
    assert fact in data.description


def test_each_call_gives_arrays_of_its_own(data):
    other = load_percussion()
    other.y[:] = "kick"
    assert set(load_percussion().y) == set(other.metadata["label"]) == set(LABELS)


def test_cross_validation_on_paths_is_above_chance(data):
    def log_bands(paths):
        spectra = [np.abs(np.fft.rfft(soundfile.read(path)[0], 16_000)) ** 2 for path in paths]
        edges = np.geomspace(30, 8000, 13).astype(int)[:-1]
        return np.log([np.add.reduceat(power, edges) / power.sum() + 1e-6 for power in spectra])

    pipe = make_pipeline(FunctionTransformer(log_bands), KNeighborsClassifier(3))
    scores = cross_validate(
        pipe,
        data.paths,
        data.y,
        groups=data.groups,
        cv=StratifiedGroupKFold(3),
        scoring="balanced_accuracy",
    )["test_score"]
    assert scores.mean() > 0.4
