"""What is wrong with a model file, before its path is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skspec.exceptions import ModelFileError


class UnusableError(ValueError):
    """A value cannot be saved, or something in a file is not what may be there."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raise what is wrong inside as a `ModelFileError` that names the file."""
    try:
        yield
    except UnusableError as error:
        raise ModelFileError(path, str(error)) from error
