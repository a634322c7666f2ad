"""``skspec``: run a command, and say in one line what went wrong."""

from __future__ import annotations

import os
import sys
import warnings
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module

from skspec.cli._arguments import UsageError, make_parser
from skspec.cli._output import one_line, show_warning
from skspec.exceptions import SkspecError

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The words after ``skspec``; None takes those of the process.

    Returns
    -------
    int
        0; 1 after an error that is printed as one line, or findings of ``scan --strict``; 130 after
        Ctrl-C; 141 where nobody reads the output any more. A wrong word ends the process with 2.
    """
    arguments = make_parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = show_warning
            # Imported here: `skspec --help` should not wait for torch.
            status = import_module(f"skspec.cli.{arguments.module}").run(arguments)
        sys.stdout.flush()
        return int(status or 0)
    except UsageError as error:
        parser: ArgumentParser = arguments.parser
        parser.error(str(error))
    except SkspecError as error:
        return _fail(str(error))
    except BrokenPipeError:
        return _close_pipe()
    except OSError as error:
        if error.errno is None:  # not of the system, so not of the user either
            raise
        named = "" if error.filename is None else f": {error.filename!r}"
        return _fail(f"{error.strerror}{named}")
    except KeyboardInterrupt:
        print("\nskspec: interrupted", file=sys.stderr)
        return INTERRUPTED


def _fail(message: str) -> int:
    print(f"skspec: {one_line(message)}", file=sys.stderr)
    return FAILED


def _close_pipe() -> int:
    """Let Python's own flush at its end meet no closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED
