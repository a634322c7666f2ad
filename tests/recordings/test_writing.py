"""Files for other programs, read back."""

import csv

import numpy as np
import pandas as pd
import pytest

from skspec.exceptions import ParameterError
from skspec.recordings import merge_windows, write_windows

FRAME = pd.DataFrame(
    {
        "start": [0.0, 0.1, 35_999.9],
        "end": [0.1, 0.30000000000000004, 36_000.0],
        "label": ["Großer\tBrachvogel\n", None, 'a "quoted", one'],
        "probability": [0.9, np.nan, 1 / 3],
    }
)


def read_tabs(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_csv_is_exact(tmp_path):
    write_windows(FRAME, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        back = pd.DataFrame(csv.DictReader(file)).replace("", np.nan)
    numbers = ["start", "end", "probability"]
    assert list(back) == list(FRAME)
    np.testing.assert_array_equal(back[numbers].astype(float), FRAME[numbers])
    assert list(back["label"].fillna("")) == list(FRAME["label"].fillna(""))


def test_audacity_is_start_end_label(tmp_path):
    write_windows(FRAME, tmp_path / "labels.txt", "audacity")
    assert read_tabs(tmp_path / "labels.txt") == [
        ["0.000000", "0.100000", "Großer Brachvogel"],
        ["35999.900000", "36000.000000", 'a "quoted", one'],
    ]


def test_raven_has_its_columns(tmp_path):
    write_windows(FRAME, tmp_path / "selections.txt", "raven", fmax=4000)
    names, *rows = read_tabs(tmp_path / "selections.txt")
    assert names == [
        *("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)"),
        *("Low Freq (Hz)", "High Freq (Hz)", "Label", "Probability"),
    ]
    place = ["Spectrogram 1", "1"]
    band = ["0.000000", "4000.000000"]
    assert rows == [
        ["1", *place, "0.000000", "0.100000", *band, "Großer Brachvogel", "0.900000"],
        ["2", *place, "35999.900000", "36000.000000", *band, 'a "quoted", one', "0.333333"],
    ]


def test_boxes_of_raven_reach_up_to_half_the_rate(tmp_path):
    frame = FRAME.copy()
    frame.attrs["sr"] = 22_050
    write_windows(frame, tmp_path / "selections.txt", "raven")
    assert read_tabs(tmp_path / "selections.txt")[1][6] == "11025.000000"
    with pytest.raises(ParameterError, match=r"fmax=None, but frame\.attrs has no 'sr'"):
        write_windows(FRAME, tmp_path / "other.txt", "raven")
    assert not (tmp_path / "other.txt").exists()


@pytest.mark.parametrize("format", ["csv", "audacity", "raven"])
def test_segments_and_no_rows_at_all(tmp_path, format):
    write_windows(merge_windows(FRAME), tmp_path / "segments", format, fmax=1000)
    write_windows(FRAME[:0], tmp_path / "none", format, fmax=1000)
    assert len((tmp_path / "segments").read_text().splitlines()) >= 2
    assert len((tmp_path / "none").read_text().splitlines()) == (format != "audacity")


def test_unknown_format(tmp_path):
    with pytest.raises(ParameterError, match=r"format='xml', but expected one of \['audacity'"):
        write_windows(FRAME, tmp_path / "table", "xml")
