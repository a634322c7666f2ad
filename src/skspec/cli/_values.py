"""Words of a command line as values."""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable
from typing import Any

#: Parameters of recipes that have options of their own.
_OPTIONS = {"sr": "--sr", "duration_s": "--duration", "random_state": "--seed"}


def positive(kind: type[int] | type[float]) -> Callable[[str], Any]:
    """Give what reads a number above 0."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text!r} is no {kind.__name__} above 0")
        return value

    return read


def pattern(text: str) -> re.Pattern[str]:
    """Give a regular expression."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from error


def setting(text: str) -> tuple[str, Any]:
    """Give name and value, which is read as JSON where it is some, and else is text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like key=value")
    if name in _OPTIONS:
        raise argparse.ArgumentTypeError(f"{name!r} is set by {_OPTIONS[name]}")
    try:
        return name, json.loads(value, parse_float=_finite, parse_constant=_finite)
    except ValueError:
        return name, value


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no finite number")
    return value
