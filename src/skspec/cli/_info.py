"""``skspec info``: the card of a saved model."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

import pandas as pd

from skspec.cli._output import Output, listing, plain_table
from skspec.persistence import ModelCard, read_card

#: The order of columns that people read; the file has them in that of the alphabet.
ORDER = ["system", "metric", "mean", "low", "high", "n_splits"]


def run(arguments: argparse.Namespace) -> None:
    """Print the card."""
    card = read_card(arguments.model)
    size = arguments.model.stat().st_size
    content = {"model": str(arguments.model), "bytes": size, **asdict(card)}
    Output.of(arguments).result(_text(content, card), content)


def _text(content: dict[str, Any], card: ModelCard) -> str:
    # Tables below their names, and what is empty not at all.
    plain = {k: v for k, v in content.items() if k not in ("metrics", "estimator") and v}
    parts = [listing(plain)]
    if isinstance(card.metrics, list) and card.metrics:
        table = pd.DataFrame(card.metrics)
        known = [name for name in ORDER if name in table]
        table = table[[*known, *table.columns.difference(known)]]
        parts.append(f"metrics\n{plain_table(table)}")
    elif card.metrics:
        parts.append(listing({"metrics": card.metrics}))
    return "\n\n".join([*parts, f"estimator\n{card.estimator}"])
