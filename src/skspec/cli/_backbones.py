"""``skspec backbones``: the pretrained networks."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from skspec.cli._output import Output
from skspec.nn import backbones


def run(arguments: argparse.Namespace) -> None:
    """Print the table of all, or of those that are named."""
    table = backbones(arguments.names or None)
    content = {"backbones": [asdict(info) for info in table]}
    Output.of(arguments).result(repr(table), content)
