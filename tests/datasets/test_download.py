"""Archives from a server on this machine: cut, resumed, wrong, hostile."""

import hashlib
import zipfile

import numpy as np
import pytest

from skspec.datasets import _download
from skspec.datasets._download import fetch_zip, unpack
from skspec.exceptions import DownloadError, SkspecError

MEMBERS = {
    "a/1.wav": np.random.default_rng(0).bytes(3000),
    "b/2.wav": b"",
}


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "served" / "set.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as content:
        content.mkdir("a")
        for name, data in MEMBERS.items():
            content.writestr(name, data)
    return path


@pytest.fixture
def server(archive, serve):
    return serve(archive.parent)


@pytest.fixture
def fetch(server, archive, tmp_path):
    """Give a function that fetches the archive into the folder ``home/set``."""
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()

    def call(name="set.zip", sha256=sha256):
        return fetch_zip(f"{server.url}/{name}", tmp_path / "home" / "set", sha256=sha256)

    return call


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_fetched_folder_has_all_members_and_nothing_is_left_beside_it(fetch):
    folder = fetch()
    assert contents(folder) == MEMBERS
    assert sorted(path.name for path in folder.parent.iterdir()) in (["set"], ["set", "set.lock"])


def test_a_second_call_asks_for_nothing_and_changes_nothing(fetch, server):
    folder = fetch()
    (folder / "a" / "1.wav").write_bytes(b"changed by its owner")
    assert fetch() == folder
    assert len(server.requests) == 1
    assert contents(folder)["a/1.wav"] == b"changed by its owner"


def test_a_cut_transfer_goes_on_where_it_stopped(fetch, server, archive, monkeypatch):
    monkeypatch.setattr(_download, "PIECE", 100)
    server.cut_after = 1000
    for received in (1000, 2000):
        with pytest.raises(DownloadError, match=r"could not be downloaded: .* Call again to go on"):
            fetch()
        unfinished = archive.parent.parent / "home" / "set.zip.unfinished"
        assert unfinished.read_bytes() == archive.read_bytes()[:received]
        assert not (unfinished.parent / "set").exists()
    server.cut_after = None
    assert contents(fetch()) == MEMBERS
    assert [asked for _, asked in server.requests] == ["bytes=0-", "bytes=1000-", "bytes=2000-"]
    assert not unfinished.exists()


def test_a_server_without_ranges_starts_again(fetch, server, monkeypatch):
    monkeypatch.setattr(_download, "PIECE", 100)
    server.ranges, server.cut_after = False, 1000
    with pytest.raises(DownloadError):
        fetch()
    server.cut_after = None
    assert contents(fetch()) == MEMBERS


def test_a_transfer_that_was_cut_after_the_last_byte_is_whole(fetch, server, archive):
    home = archive.parent.parent / "home"
    home.mkdir()
    (home / "set.zip.unfinished").write_bytes(archive.read_bytes())
    assert contents(fetch()) == MEMBERS
    assert len(server.requests) == 1


def test_another_file_is_refused_and_deleted(fetch, archive):
    archive.write_bytes(b"another file")
    with pytest.raises(
        DownloadError, match=r"is not the file with SHA-256 .* was deleted"
    ) as caught:
        fetch()
    assert isinstance(caught.value, SkspecError)
    assert isinstance(caught.value, OSError)
    home = archive.parent.parent / "home"
    assert [path.name for path in home.iterdir() if path.suffix != ".lock"] == []


def test_the_beginning_of_another_file_is_found_out_and_the_next_call_is_right(fetch, archive):
    home = archive.parent.parent / "home"
    home.mkdir()
    (home / "set.zip.unfinished").write_bytes(b"another file")
    with pytest.raises(DownloadError, match="Call again"):
        fetch()
    assert contents(fetch()) == MEMBERS


def test_no_such_file_is_an_error(fetch):
    with pytest.raises(DownloadError, match="404"):
        fetch("nothing.zip")


def test_no_server_is_an_error(tmp_path, server):
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="could not be downloaded"):
        fetch_zip(f"{url}/set.zip", tmp_path / "home" / "set", sha256="0" * 64)


def test_what_an_interrupted_unpacking_left_is_replaced(fetch, tmp_path):
    left = tmp_path / "home" / "set.unfinished"
    left.mkdir(parents=True)
    (left / "half.wav").write_bytes(b"half")
    assert contents(fetch()) == MEMBERS
    assert not left.exists()


@pytest.mark.parametrize("name", ["../evil.wav", "a/../../evil.wav", "/evil.wav"])
def test_members_that_would_stand_outside_are_refused_and_nothing_is_written(tmp_path, name):
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr("good.wav", b"")
        content.writestr(name, b"evil")
    with pytest.raises(DownloadError, match=r"outside of its folder; nothing was unpacked\."):
        unpack(path, tmp_path / "home" / "set")
    assert list(tmp_path.iterdir()) == [path]


def test_a_member_that_is_a_link_becomes_a_plain_file(tmp_path):
    path = tmp_path / "hostile.zip"
    link = zipfile.ZipInfo("link.wav")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as content:
        content.writestr(link, "/etc/hostname")
    unpack(path, tmp_path / "set")
    assert not (tmp_path / "set" / "link.wav").is_symlink()
    assert (tmp_path / "set" / "link.wav").read_text() == "/etc/hostname"
