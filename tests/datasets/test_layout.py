"""What all loaders have in common: the dataset, the walk, what is said of odd files."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from skspec import datasets
from skspec.datasets._layout import walk
from skspec.exceptions import InputError, ParameterError, SkspecError

EMOTIONS = {
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgust",
    "surprised",
    "guilty",
}
#: Loader -> two clips of different labels and speakers.
NAMED = {
    "load_ravdess": ("03-01-05-01-01-01-01.wav", "03-01-03-01-01-01-02.wav"),
    "load_savee": ("DC_a01.wav", "KL_h01.wav"),
    "load_tess": ("OAF_back_angry.wav", "YAF_back_happy.wav"),
    "load_cremad": ("1001_DFA_ANG_XX.wav", "1002_DFA_HAP_XX.wav"),
    "load_demos": ("PR_f_01_rab01.wav", "NP_m_02_gio01.wav"),
    "load_bvc": ("female/S_01_4001_VE1.wav", "male/S_01_4002_VE1.wav"),
}


@pytest.fixture(params=NAMED)
def loader(request):
    return getattr(datasets, request.param)


@pytest.fixture
def clips(loader):
    return NAMED[loader.__name__]


def test_a_loader_gives_a_dataset(loader, clips, tree):
    folder = tree(*clips, "README.txt")
    data = loader(folder)
    assert set(data) == {"paths", "y", "groups", "metadata", "skipped", "sr", "description"}
    for array in (data.paths, data.y, data.groups):
        assert array.dtype.kind == "U"
        assert array.shape == (2,)
    assert all(Path(path).is_file() for path in data.paths)
    assert isinstance(data.metadata, pd.DataFrame)
    assert data.metadata.index.tolist() == [0, 1]
    assert [str(folder / file) for file in data.metadata["file"]] == data.paths.tolist()
    assert data.metadata["speaker"].tolist() == data.groups.tolist()
    assert list(data.skipped) == ["path", "reason"]
    assert "Citation: " in data.description
    assert "Licence: " in data.description
    splits = list(GroupKFold(2).split(data.paths, data.y, data.groups))
    assert sorted(data.paths[test][0] for _, test in splits) == sorted(data.paths)


def test_emotions_have_the_same_words_everywhere(tree):
    codes = {
        "load_ravdess": [f"03-01-{code:02d}-01-01-01-01.wav" for code in range(1, 9)],
        "load_savee": [f"DC_{code}01.wav" for code in ("a", "d", "f", "h", "n", "sa", "su")],
        "load_tess": [
            f"OAF_x_{code}.wav"
            for code in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")
        ],
        "load_cremad": [
            f"1001_DFA_{code}_XX.wav" for code in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
        ],
        "load_demos": [
            f"PR_f_01_{code}01.wav"
            for code in ("col", "dis", "gio", "neu", "pau", "rab", "sor", "tri")
        ],
    }
    n_emotions = {}
    for name, files in codes.items():
        data = getattr(datasets, name)(tree(*files, folder=name))
        assert len(data.y) == len(set(data.y)) == len(files)
        assert set(data.y) <= EMOTIONS
        n_emotions[name] = len(data.y)
    assert n_emotions == {
        "load_ravdess": 8,
        "load_savee": 7,
        "load_tess": 7,
        "load_cremad": 6,
        "load_demos": 8,
    }


def test_odd_files_are_listed_with_a_reason(loader, clips, tree, reasons):
    name = os.path.basename(clips[0])
    folder = tree(*clips, f"._{name}", "__MACOSX/._x.wav", ".git/config", "README", "clip one.wav")
    found = reasons(loader(folder), folder)
    assert found[f"._{name}"] == found["__MACOSX/._x.wav"] == found[".git"] == "hidden"
    assert found["README"] == "its name ends in '', not in '.wav'"
    assert found["clip one.wav"].startswith("its name is not like '")
    assert len(found) == 5


def test_endings_may_be_in_capitals(loader, clips, tree):
    folder = tree(clips[0], clips[1].replace(".wav", ".WAV"))
    assert len(loader(folder).paths) == 2


def test_copies_in_a_folder_of_their_own_are_skipped(loader, clips, tree, reasons):
    folder = tree(*clips, *(f"z_copy/{clip}" for clip in clips))
    data = loader(folder)
    assert not any("z_copy" in path for path in data.paths)
    assert reasons(data, folder) == {
        f"z_copy/{clip}": f"the same clip as {clip!r}" for clip in clips
    }


def test_order_does_not_depend_on_the_file_system(loader, clips, tree):
    forth = loader(tree(*clips, folder="forth"))
    back = loader(tree(*clips[::-1], folder="back"))
    assert forth.metadata["file"].tolist() == back.metadata["file"].tolist()


def test_a_folder_without_a_clip_is_an_error_that_shows_what_is_there(loader, tree):
    folder = tree(*(f"song {number}.ogg" for number in range(7)))
    with pytest.raises(InputError, match=r"Found no clip of .*expected files such as") as caught:
        loader(folder)
    assert "song 0.ogg: its name ends in '.ogg', not in '.wav'" in str(caught.value)
    assert "song 5.ogg" not in str(caught.value)
    assert "and 2 more" in str(caught.value)
    assert isinstance(caught.value, SkspecError)
    with pytest.raises(InputError, match=r"There is no file in it\."):
        loader(tree(folder="empty"))


def test_no_folder_is_an_error(loader, tmp_path):
    with pytest.raises(InputError, match=r"Got folder='.*nowhere', but there is no such folder\."):
        loader(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("loader", "parameters", "message"),
    [
        ("load_ravdess", {"channel": "talk"}, r"channel='talk', .* \['speech', 'song', None\]"),
        ("load_ravdess", {"modality": 3}, "modality=3, but expected one of"),
        ("fetch_ravdess", {"channel": None}, "channel=None, but expected one of"),
        ("load_demos", {"neutral": "no"}, r"neutral='no', but expected one of \[True, False\]"),
        ("load_demos", {"prototypical": 2}, "prototypical=2, but expected"),
        ("load_common_voice", {"label": "name"}, r"label='name', .*'gender', 'age', 'accent'"),
    ],
)
def test_unknown_choices_are_errors(loader, parameters, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        getattr(datasets, loader)(tmp_path, **parameters)


def test_walk_gives_every_file_once_in_order(tree):
    root = tree("b/2.wav", "b/10.wav", "a/deep/er/1.wav", "0.wav")
    files, skipped = walk(str(root))
    assert files == ["0.wav", "a/deep/er/1.wav", "b/10.wav", "b/2.wav"]
    assert skipped == []


def test_walk_follows_links_and_is_not_caught_in_a_circle(tree):
    root = tree("a/1.wav")
    other = tree("2.wav", folder="other")
    (root / "link").symlink_to(other, target_is_directory=True)
    (root / "up").symlink_to(root, target_is_directory=True)
    files, skipped = walk(str(root))
    assert files == ["a/1.wav", "link/2.wav"]
    assert skipped == [(str(root / "up"), "leads to a folder that was read already")]


def test_walk_lists_folders_that_it_may_not_read(tree, monkeypatch):
    root = tree("a/1.wav", "locked/2.wav")
    scandir = os.scandir

    def locked(path):
        if str(path) == str(root / "locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    files, skipped = walk(str(root))
    assert files == ["a/1.wav"]
    assert skipped == [(str(root / "locked"), "cannot be read: Permission denied")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_names_that_are_no_text_are_listed(tree):
    root = tree("OAF_back_angry.wav", "README")
    odd = os.fsencode(root) + b"/OAF_\xff_sad.wav"
    open(odd, "xb").close()
    data = datasets.load_tess(root)
    assert len(data.paths) == 1
    assert data.skipped["path"].map(os.fsencode).tolist()[0] == odd
    assert data.skipped["reason"].tolist()[0] == "its name is not text in UTF-8"


def test_percussion_and_loaders_give_the_same_kind_of_thing():
    data = datasets.load_percussion()
    assert isinstance(data.metadata, pd.DataFrame)
    assert data.skipped.empty
    assert list(data.skipped) == ["path", "reason"]
    np.testing.assert_array_equal(data.metadata["label"].to_numpy(str), data.y)
