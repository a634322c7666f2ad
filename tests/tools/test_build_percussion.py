"""The script that rebuilds the drum hits: what it does without the packages."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from skspec.datasets import load_percussion

SCRIPT = Path(__file__).parents[2] / "tools" / "build_percussion.py"
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2016 Somebody
License: MIT

Files: etc/samples/a.flac
 etc/samples/b?.flac
Copyright: 2010-2012 An Author
Source: http://example.org/
License: CC0

License: CC0
 Whole text.
 .
 Files: are not named here.
"""


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("build_percussion", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    kept = Path(load_percussion().paths[0]).parent
    shutil.copytree(kept, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("name", ["etc/samples/a.flac", "etc/samples/b1.flac"])
def test_terms_of_a_listed_file(tool, name):
    terms = tool.terms_of(tool.parse_copyright(COPYRIGHT), name)
    assert terms == ("2010-2012 An Author", "CC0")
    assert tool.author_of("sonic-pi-samples", "a", terms) == "An Author"


@pytest.mark.parametrize("name", ["etc/samples/c.flac", "etc/samples/b.flac"])
def test_what_is_not_listed_is_refused(tool, name):
    with pytest.raises(SystemExit, match=r"is not under CC0.*MIT"):
        tool.terms_of(tool.parse_copyright(COPYRIGHT), name)


def test_author_of_a_kit_file_is_in_its_name(tool):
    terms = tool.Terms("who made the kit", "CC0")
    assert tool.author_of("hydrogen-drumkits", "15590__lewis__sabmute", terms) == "lewis"


@pytest.mark.parametrize(("seconds", "n"), [(0.25, 4000), (1.0, 16_000), (3.0, 16_000)])
def test_clip_is_mono_at_16_khz_and_at_most_a_second(tool, seconds, n):
    stereo = np.random.default_rng(0).uniform(-1, 1, (round(44_100 * seconds), 2))
    clip = tool.to_clip(stereo, 44_100)
    assert clip.shape == (n,)
    assert clip.dtype == np.int16
    assert np.abs(clip).max() == round(0.9 * 32767)


def test_cut_end_is_faded(tool):
    clip = tool.to_clip(np.ones((32_000, 1)), 16_000)
    assert clip[-1] == 0
    assert clip[-161] == clip[8000]


def test_choice_is_what_the_table_says(tool):
    data = load_percussion()
    chosen = {
        (package, label, stem)
        for (package, label), stems in tool.CHOICE.items()
        for stem in stems.split()
    }
    stems = [Path(name).stem for name in data.metadata["file"]]
    assert chosen == set(zip(data.metadata["source_package"], data.y, stems, strict=True))
    assert list(data.metadata) == list(tool.COLUMNS)


def test_twins_are_refused(tool, folder):
    rows = [{"file": "bd_808.flac", "author": "one"}, {"file": "twin.flac", "author": "two"}]
    clip, sr = soundfile.read(folder / "bd_808.flac")
    soundfile.write(folder / "twin.flac", np.append(np.zeros(50), 0.5 * clip), sr)
    with pytest.raises(SystemExit, match=r"bd_808\.flac and twin\.flac are the same sound"):
        tool.refuse_twins(rows, folder)


def test_report_of_equal_folders(tool, folder, capsys):
    assert tool.report(folder, tool.FOLDER) == 0
    assert "bit for bit the same" in capsys.readouterr().out


def test_other_encoding_of_equal_samples_is_equal(tool, folder):
    clip, sr = soundfile.read(folder / "bd_808.flac", dtype="int16")
    soundfile.write(folder / "bd_808.flac", clip, sr, compression_level=0.0)
    assert tool.report(folder, tool.FOLDER) == 0


def test_report_says_what_differs(tool, folder, capsys):
    clip, sr = soundfile.read(folder / "bd_808.flac", dtype="int16")
    soundfile.write(folder / "bd_808.flac", clip[::-1], sr)
    (folder / "bd_ada.flac").unlink()
    table = (folder / "percussion.csv").read_text("utf-8").replace("EKVelika", "E", 1)
    (folder / "percussion.csv").write_text(table, "utf-8")
    assert tool.report(folder, tool.FOLDER) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "percussion.csv: other rows" in lines
    assert "bd_808.flac: other samples" in lines
    assert "bd_ada.flac: only in one of the two" in lines
