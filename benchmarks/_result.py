"""What every benchmark writes: its figures with the machine and the versions."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import scipy
import sklearn
import skorch
import torch
import torchvision

import skspec

RESULTS = Path(__file__).parent / "results"


def write_result(name: str, figures: dict[str, Any]) -> Path:
    """Write ``results/NAME.json`` and print it."""
    packages = (skspec, numpy, scipy, sklearn, skorch, torch, torchvision)
    machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{package.__name__: package.__version__ for package in packages},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    text = json.dumps({"machine": machine, **figures}, indent=2)
    path.write_text(text + "\n")
    print(text)
    return path


def timed(function: Callable[[], Any]) -> float:
    """Give the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def faster(function: Callable[[], Any]) -> float:
    """Give the seconds of the faster of two calls, so that none pays for what ran before it."""
    return min(timed(function), timed(function))


def spread(values: Any) -> dict[str, float]:
    """Give minimum, median and maximum."""
    array = numpy.asarray(values, dtype=float)
    return {
        "min": round(float(array.min()), 4),
        "median": round(float(numpy.median(array)), 4),
        "max": round(float(array.max()), 4),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
