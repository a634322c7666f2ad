"""``skspec``: commands and their arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from skspec.exceptions import SkspecError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; give 0, or 1 after an error that is printed as one line."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except SkspecError as error:
        print(f"skspec: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skspec", description="Audio classification by transfer learning on spectrograms."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="compare classifiers on the embedded percussion sounds, and draw the results",
    )
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        metavar="FOLDER",
        help="where pictures go (default: demo_output)",
    )
    demo.add_argument("--seed", type=int, default=0, help="of splits and networks (default: 0)")
    demo.set_defaults(run=_demo)
    return parser


def _demo(arguments: argparse.Namespace) -> None:
    # Imported here: `skspec --help` should not wait for torch.
    from skspec.cli._demo import run_demo

    run_demo(arguments.output, arguments.seed)
