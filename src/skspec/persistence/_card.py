"""`ModelCard`: what people need to know of a model, inside its file."""

from __future__ import annotations

import datetime
import math
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from skspec.exceptions import ParameterError

PACKAGES = ("skspec", "scikit-learn", "torch", "torchvision", "numpy", "scipy", "librosa")


@dataclass
class ModelCard:
    """What a model was made of, for what, and how good it is.

    `save` writes it into the model file as plain JSON, `read_card` gives it back.

    Parameters
    ----------
    description : str, default=""
        What the model does, in a sentence or more.
    data : str or dict, default=None
        What it was trained on: names, numbers of clips and speakers, how they were split.
    labels : list, default=None
        The classes; `save` takes the estimator's `classes_` where this is None.
    metrics : DataFrame, dict, or list of dict, default=None
        How good it is on which data, such as the table of an evaluation; a table becomes a list
        of its rows.
    intended_use : str, default=""
        What it is for, and what it is not for.
    licence : str, default=""
        Of the model.
    notes : str, default=""
        Anything else.
    estimator : str, default=""
        Written by `save`: the estimator as Python shows it.
    versions : dict of str to str, default={}
        Written by `save`: Python and the packages.
    date : str, default=""
        Written by `save`: when, in UTC.

    Examples
    --------
    >>> from skspec import ModelCard
    >>> card = ModelCard("Angry or calm?", data={"clips": 480}, metrics={"accuracy": 0.81})
    >>> card.data
    {'clips': 480}
    """

    description: str = ""
    data: Any = None
    labels: Any = None
    metrics: Any = None
    intended_use: str = ""
    licence: str = ""
    notes: str = ""
    estimator: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    date: str = ""


def finished_card(card: ModelCard | Mapping[str, Any] | None, estimator: Any) -> dict[str, Any]:
    """Give the card as JSON has it, with what `save` knows."""
    content = _as_dict(card)
    if content["labels"] is None:
        content["labels"] = getattr(estimator, "classes_", None)
    # Without addresses of functions, which differ from run to run.
    content["estimator"] = re.sub(r" at 0x[0-9a-f]+", "", repr(estimator))
    content["versions"] = versions()
    now = datetime.datetime.now(tz=datetime.UTC)
    content["date"] = now.isoformat(timespec="seconds")
    return {name: _plain(value, name) for name, value in content.items()}


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that numbers depend on."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def _as_dict(card: Any) -> dict[str, Any]:
    card, names = {} if card is None else card, [f.name for f in fields(ModelCard)]
    if not isinstance(card, ModelCard):
        if not isinstance(card, Mapping) or not set(card) <= set(names):
            raise ParameterError(
                f"Got card={card!r}, but expected a ModelCard, or a dict with some of {names}."
            )
        card = ModelCard(**card)
    return {name: getattr(card, name) for name in names}


def _plain(value: Any, where: str) -> Any:
    """Give a value as JSON has it; NaN becomes null, a table the list of its rows."""
    if isinstance(value, pd.DataFrame):
        numbered = isinstance(value.index, pd.RangeIndex)
        value = (value if numbered else value.reset_index()).to_dict("records")
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ParameterError(
        f"Got a {type(value).__name__} at {where} of the card, but expected text, numbers, lists, "
        "dicts or tables."
    )


def _key(key: Any) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
