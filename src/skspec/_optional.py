"""Import what belongs to an extra, or say how to install it."""

from __future__ import annotations

import importlib
from types import ModuleType

from skspec.exceptions import MissingDependencyError


def import_optional(module: str, *, extra: str) -> ModuleType:
    """Give the imported `module`, or an error that names the `extra` it comes with."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module that is there but lacks one of its own needs is another fault: let it show.
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingDependencyError(
            f"This needs the package {module.split('.')[0]!r}, which is not installed. "
            f"Install it with: pip install 'skspec[{extra}]'"
        ) from error
