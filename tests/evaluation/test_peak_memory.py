"""The peak of resident memory."""

import math
import sys

import numpy as np
import pytest

from skspec.evaluation._peak_memory import PeakMemory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_peak_counts_from_when_the_meter_was_made():
    meter = PeakMemory()
    before = meter.megabytes()
    assert before > 1
    np.ones(8_000_000)  # 64 MB, given back at once
    grown = meter.megabytes()
    assert 55 < grown - before < 120
    assert PeakMemory().megabytes() < grown - 55


def test_nan_where_the_system_does_not_tell(tmp_path):
    assert math.isnan(PeakMemory(tmp_path / "nothing").megabytes())
    (tmp_path / "status").write_text("Name: other\n")
    assert math.isnan(PeakMemory(tmp_path).megabytes())
