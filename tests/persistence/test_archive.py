"""Every byte of a model file counts: what is flipped, cut off or added is noticed."""

import os
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skspec
from skspec.exceptions import ModelFileError
from skspec.persistence._archive import archive_pieces, read_archive

MEMBERS = {"a.json": b"{}", "b": b"", "c.bin": bytes(range(256))}
X = np.random.default_rng(0).normal(size=(20, 3))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "model.skspec"
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, X[:, 0] > 0)
    skspec.save(model, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "model.skspec"
    images = np.random.default_rng(0).random((4, 1, 16, 16))
    cnn = skspec.SmallCNNClassifier(stages="full", random_state=0)
    skspec.save(cnn.set_params(full__epochs=1).fit(images, [0, 1, 0, 1]), path)
    return path.read_bytes()


def assert_refused(data, path):
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        skspec.load(path)
    with pytest.raises(ModelFileError):
        skspec.read_card(path)


def flip(data, bit):
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_it_is_a_zip_that_others_read(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(archive_pieces(MEMBERS)))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_members_come_back(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(archive_pieces(MEMBERS)))
    assert read_archive(path, dict.fromkeys(MEMBERS)) == MEMBERS


def test_the_same_members_are_the_same_bytes():
    assert list(archive_pieces(MEMBERS)) == list(archive_pieces(dict(MEMBERS)))


@pytest.mark.parametrize("share", np.linspace(0, 1, 60, endpoint=False))
def test_a_flipped_bit_is_noticed(share, small, tmp_path):
    bit = int(share * len(small) * 8) + int(share * 60) % 8
    assert_refused(flip(small, bit), tmp_path / "flipped.skspec")


@pytest.mark.slow
def test_one_flipped_bit_in_every_byte_is_noticed(small, tmp_path):
    bits = np.arange(len(small)) * 8 + np.random.default_rng(0).integers(8, size=len(small))
    for bit in bits:
        assert_refused(flip(small, int(bit)), tmp_path / "flipped.skspec")


@pytest.mark.slow
def test_a_thousand_flipped_bits_in_a_network_are_noticed(network, tmp_path):
    for bit in np.random.default_rng(0).integers(len(network) * 8, size=1000):
        assert_refused(flip(network, int(bit)), tmp_path / "flipped.skspec")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_cut_file_is_noticed(share, small, tmp_path):
    assert_refused(small[: int(share * len(small))], tmp_path / "cut.skspec")
    assert_refused(small[:-1], tmp_path / "cut.skspec")


def test_data_around_it_are_noticed(small, tmp_path):
    assert_refused(small + b"\0", tmp_path / "longer.skspec")
    assert_refused(b"\0" + small, tmp_path / "longer.skspec")
    assert_refused(small + small, tmp_path / "longer.skspec")


def test_two_members_exchanged_are_noticed(tmp_path):
    swapped = {"b": MEMBERS["b"], "a.json": MEMBERS["a.json"], "c.bin": MEMBERS["c.bin"]}
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(archive_pieces(swapped)))
    with pytest.raises(ValueError, match=r"expected the member 'a\.json'"):
        read_archive(path, dict.fromkeys(MEMBERS))


def test_the_undamaged_file_is_read(small, network, tmp_path):
    for data in (small, network):
        (tmp_path / "whole.skspec").write_bytes(data)
        skspec.load(tmp_path / "whole.skspec")


def test_folders_and_pipes_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ModelFileError, match="no regular file"):
            skspec.load(path)
    with pytest.raises(FileNotFoundError):
        skspec.load(tmp_path / "missing")
