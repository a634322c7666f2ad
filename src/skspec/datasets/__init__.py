"""Labelled sound: real clips that come with the package, and synthetic voices."""

from skspec.datasets._percussion import load_percussion
from skspec.datasets._voices import make_voices

__all__ = ["load_percussion", "make_voices"]
