"""Words that a recipe can be given."""

from __future__ import annotations

from collections.abc import Iterable

from skspec.exceptions import ParameterError


def check_choice(name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse what is not one of the words that a parameter can have."""
    words = list(allowed)
    if value not in words:
        raise ParameterError(f"Got {name}={value!r}, but expected one of {words}.")
