import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark_module(monkeypatch):
    """Import a module from the folder of benchmarks, which is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module
