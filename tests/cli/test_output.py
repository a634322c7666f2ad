"""Tables, JSON, and which stream gets what."""

import json

import numpy as np
import pandas as pd
import pytest

from skspec.cli._output import Output, listing, plain_table, prepare_file, records
from skspec.exceptions import InputError

TABLE = pd.DataFrame({"name": ["a", "bcd"], "n": [10, 2], "share": [0.5, np.nan]})


def test_table_aligns_text_left_and_numbers_right():
    assert plain_table(TABLE).splitlines() == [
        "name   n  share",
        "a     10  0.500",
        "bcd    2      -",
    ]


def test_records_have_null_for_nan_and_every_digit():
    table = TABLE.assign(share=[1 / 3, np.nan])
    assert records(table) == [
        {"name": "a", "n": 10, "share": pytest.approx(1 / 3, abs=1e-15)},
        {"name": "bcd", "n": 2, "share": None},
    ]


def test_listing_indents_what_is_nested():
    content = {"a": 1, "long": ["x", "y"], "inner": {"b": None}, "empty": {}}
    assert listing(content).splitlines() == [
        "a      1",
        "long   x, y",
        "inner",
        "  b  None",
        "empty  {}",
    ]


@pytest.mark.parametrize(("quiet", "err"), [(False, "remark\n"), (True, "")])
def test_remarks_go_to_stderr_and_the_result_to_stdout(capsys, quiet, err):
    output = Output(as_json=True, quiet=quiet)
    output.note("remark")
    output.result("text", {"grün": None})
    captured = capsys.readouterr()
    assert captured.err == err
    assert json.loads(captured.out) == {"grün": None}


def test_file_to_write_gets_its_folder_and_is_none(tmp_path):
    prepare_file(None)
    prepare_file(tmp_path / "new" / "folder" / "table.csv")
    assert (tmp_path / "new" / "folder").is_dir()
    with pytest.raises(InputError, match=r"Got --output '.*new', but that is a folder\. Give a"):
        prepare_file(tmp_path / "new")


def test_no_progress_where_nobody_looks():
    assert Output(as_json=False, quiet=False).verbose == 0  # stderr of a test is no terminal
