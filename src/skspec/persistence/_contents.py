"""The members of a model file: manifest, card, parameters, arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from skspec._storage import canonical_json, manifest_bytes, parse_manifest, sha256
from skspec.persistence._archive import archive_pieces, read_archive
from skspec.persistence._errors import UnusableError

#: Of the file's layout; a reader takes this number and all before it.
FORMAT = 1
MANIFEST, CARD, MODEL, ARRAYS = "manifest.json", "card.json", "model.json", "arrays.safetensors"
#: What JSON becomes in memory is up to fifty times as large.
LIMITS: dict[str, int | None] = {MANIFEST: 2**16, CARD: 2**20, MODEL: 2**23, ARRAYS: None}


@dataclass
class Contents:
    """What a model file holds: two trees of plain JSON values, and arrays by name."""

    card: dict[str, Any]
    model: Any
    arrays: dict[str, NDArray[Any]]

    def pieces(self) -> Iterator[bytes]:
        """Give the bytes of the file, piece by piece."""
        members = {
            CARD: canonical_json(self.card),
            MODEL: canonical_json(self.model),
            ARRAYS: safetensors.numpy.save(self.arrays),
        }
        for name, data in members.items():
            limit = LIMITS[name]
            if limit is not None and len(data) > limit:
                raise UnusableError(
                    f"{name} would have {len(data)} bytes, but a file may have {limit}: long "
                    "lists and dicts belong into numpy arrays"
                )
        return archive_pieces({MANIFEST: manifest_bytes(_manifest(members)), **members})


def read_contents(path: Path) -> Contents:
    """Read a model file and check every byte of it; nothing of it is built yet."""
    members = read_archive(path, LIMITS)
    _check_manifest(members)
    card = _parse(members[CARD], CARD)
    if not isinstance(card, dict):
        raise UnusableError(f"{CARD} holds no JSON object")
    model = _parse(members[MODEL], MODEL)
    return Contents(card, model, _parse_arrays(members[ARRAYS]))


def _manifest(members: dict[str, bytes]) -> dict[str, Any]:
    return {
        "format": "skspec",
        "version": FORMAT,
        "members": {
            name: {"sha256": sha256(data), "size": len(data)} for name, data in members.items()
        },
    }


def _check_manifest(members: dict[str, bytes]) -> None:
    others = {name: data for name, data in members.items() if name != MANIFEST}
    try:
        manifest = parse_manifest(members[MANIFEST], MANIFEST)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    version = manifest.get("version")
    if type(version) is int and version > FORMAT:
        raise UnusableError(
            f"its format is {version}, but this version of skspec reads up to {FORMAT}: update it"
        )
    listed, expected = manifest.get("members"), _manifest(others)
    if not isinstance(listed, dict) or listed.keys() != others.keys():
        raise UnusableError(f"{MANIFEST} does not list the members {sorted(others)}")
    for name, entry in expected["members"].items():
        if listed[name] != entry:
            raise UnusableError(f"{name} has not the size and SHA-256 that {MANIFEST} lists")
    if manifest != expected:
        raise UnusableError(f"{MANIFEST} has other entries than one of format {FORMAT}")


def _parse(data: bytes, name: str) -> Any:
    """Read JSON as `canonical_json` writes it: no NaN, no key twice, nothing between."""
    try:
        content = json.loads(data)
        intact = canonical_json(content) == data
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"{name} cannot be read: {error}") from error
    if not intact:
        raise UnusableError(f"{name} is not JSON as skspec writes it")
    return content


def _parse_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        return safetensors.numpy.load(data)
    except (SafetensorError, KeyError, ValueError, OverflowError) as error:
        raise UnusableError(f"{ARRAYS} cannot be read: {error}") from error
