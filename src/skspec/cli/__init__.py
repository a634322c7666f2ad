"""The command line."""

from skspec.cli._main import main

__all__ = ["main"]
