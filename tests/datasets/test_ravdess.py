"""RAVDESS: names, counts as published, and the fetched archive."""

import hashlib
import itertools
import zipfile

import numpy as np
import pytest

from skspec.datasets import _ravdess, fetch_ravdess, load_ravdess


def published_names(channel):
    """Name the audio-only clips that the authors list for speech (1) or song (2)."""
    emotions = range(1, 9) if channel == 1 else range(1, 7)
    actors = [actor for actor in range(1, 25) if channel == 1 or actor != 18]
    for actor, emotion, intensity in itertools.product(actors, emotions, (1, 2)):
        if (emotion, intensity) != (1, 2):  # there is no strong neutral
            for statement, repetition in itertools.product((1, 2), (1, 2)):
                numbers = (3, channel, emotion, intensity, statement, repetition, actor)
                yield f"Actor_{actor:02d}/" + "-".join(f"{n:02d}" for n in numbers) + ".wav"


def test_counts_are_those_that_were_published(tree):
    folder = tree(*published_names(1), *published_names(2))
    speech = load_ravdess(folder)
    assert len(speech.paths) == 1440
    assert len(speech.skipped) == 1012
    assert len(load_ravdess(folder, channel="song").paths) == 1012
    assert len(load_ravdess(folder, channel=None).paths) == 2452
    labels, counts = np.unique(speech.y, return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {
        "neutral": 96,
        "calm": 192,
        "happy": 192,
        "sad": 192,
        "angry": 192,
        "fearful": 192,
        "disgust": 192,
        "surprised": 192,
    }
    per_actor = speech.metadata.groupby("speaker").size()
    assert per_actor.tolist() == [60] * 24
    genders = speech.metadata.groupby("gender")["speaker"].nunique()
    assert genders.to_dict() == {"female": 12, "male": 12}


def test_the_name_that_the_authors_explain(tree):
    """Fearful, normal intensity, "dogs", first repetition, actor 12, who is female."""
    data = load_ravdess(tree("03-01-06-01-02-01-12.wav"))
    assert data.metadata.iloc[0].to_dict() == {
        "file": "03-01-06-01-02-01-12.wav",
        "modality": "audio-only",
        "channel": "speech",
        "emotion": "fearful",
        "intensity": "normal",
        "statement": "Dogs are sitting by the door",
        "repetition": 1,
        "speaker": "12",
        "gender": "female",
        "code": "06",
    }
    assert data.sr == 48_000


def test_what_is_not_asked_for_is_listed(tree, reasons):
    names = {
        "03-02-03-01-01-01-07.wav": "song, but channel='speech' was asked for",
        "01-01-03-01-01-01-07.wav": "audio-video, but modality='audio-only' was asked for",
        "02-01-03-01-01-01-07.wav": "video without sound",
        "01-01-03-01-01-01-07.mp4": "its name ends in '.mp4', not in '.wav'",
        "03-01-09-01-01-01-07.wav": "'09' is no emotion",
        "03-01-03-01-01-01-25.wav": "'25' is no speaker",
        "03-01-03-01-01-01.wav": "its name is not like '03-01-06-01-02-01-12.wav'",
    }
    folder = tree("03-01-03-01-01-01-07.wav", *names)
    data = load_ravdess(folder)
    assert data.metadata["file"].tolist() == ["03-01-03-01-01-01-07.wav"]
    assert reasons(data, folder) == names
    both = load_ravdess(folder, channel=None, modality=None)
    assert len(both.paths) == 3
    assert load_ravdess(folder, modality="audio-video").metadata["modality"].tolist() == [
        "audio-video"
    ]


def test_the_doubled_folder_of_copies_is_used_once(tree, reasons):
    names = ["Actor_01/03-01-03-01-01-01-01.wav", "Actor_02/03-01-03-01-01-01-02.wav"]
    folder = tree(*names, *(f"audio_speech_actors_01-24/{name}" for name in names))
    data = load_ravdess(folder)
    assert data.metadata["file"].tolist() == names
    assert reasons(data, folder) == {
        f"audio_speech_actors_01-24/{name}": f"the same clip as {name!r}" for name in names
    }


def test_fetch_unpacks_what_the_archive_holds(tmp_path, monkeypatch, serve):
    archive = tmp_path / "served" / "Audio_Song_Actors_01-24.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("Actor_01/03-02-03-01-01-01-01.wav", b"sound")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    server = serve(archive.parent)
    monkeypatch.setitem(_ravdess.ARCHIVES, "song", (f"{server.url}/{archive.name}", sha256))
    monkeypatch.setenv("HOME", str(tmp_path))
    data = fetch_ravdess("~/home", channel="song")
    assert data.paths.tolist() == [
        str(tmp_path / "home" / "ravdess_song" / "Actor_01" / "03-02-03-01-01-01-01.wav")
    ]
    again = fetch_ravdess(tmp_path / "home", channel="song")
    assert again.paths.tolist() == data.paths.tolist()
    assert len(server.requests) == 1


@pytest.mark.parametrize("channel", ["speech", "song"])
def test_archives_are_pinned(channel):
    url, sha256 = _ravdess.ARCHIVES[channel]
    assert url.startswith("https://zenodo.org/records/1188976/files/Audio_")
    assert channel.title() in url
    assert len(bytes.fromhex(sha256)) == 32
