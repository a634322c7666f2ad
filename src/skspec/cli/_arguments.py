"""The words that each command takes; nothing here imports what a command needs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from skspec import __version__
from skspec.cli._values import pattern, positive, setting

DATASETS = ("bvc", "common_voice", "cremad", "demos", "percussion", "ravdess", "savee", "tess")
RECIPES = (
    "recommended",
    "recommended_finetune",
    "mo",
    "threadgold",
    "herron",
    "chakhtouna",
    "mel statistics + SVM",
    "small CNN",
    "LSTM",
)
FORMATS = ("table", "csv", "json", "audacity", "raven")
_LABELLED = (
    "a folder with a folder of sound files for each label, or a table (.csv, .tsv, .parquet, "
    ".xlsx) with a row for each sound file"
)


class UsageError(Exception):
    """Words of a command line that do not go together."""


def make_parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="skspec", description="Audio classification by transfer learning on spectrograms."
    )
    parser.add_argument("--version", action="version", version=f"skspec {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (summary, add_arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        add_arguments(command)
        command.set_defaults(module=f"_{name}", parser=command)
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no remarks")


def _add_jobs(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--jobs",
        type=positive(int),
        default=1,
        metavar="N",
        help=f"{what} at the same time (default: 1)",
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    """Add what says where labelled clips are."""
    parser.add_argument("data", nargs="?", type=Path, metavar="DATA", help=_LABELLED)
    data = parser.add_argument_group("data")
    data.add_argument(
        "--dataset",
        choices=DATASETS,
        metavar="NAME",
        help=f"DATA is the folder of a published data set: {', '.join(DATASETS)}",
    )
    data.add_argument(
        "--folder", type=Path, help="what paths in the table start from (default: its own folder)"
    )
    data.add_argument("--path", metavar="COLUMN", help="of the sound files (default: path)")
    data.add_argument("--label", metavar="COLUMN", help="of the labels (default: label)")
    groups = data.add_mutually_exclusive_group()
    groups.add_argument("--group", metavar="COLUMN", help="of the speaker, animal or machine")
    groups.add_argument(
        "--group-pattern",
        type=pattern,
        metavar="REGEX",
        help="finds the group in a file's name: its first (...), or all that it matches",
    )


def _add_plots(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the results into it")


def _scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="sound files, folders")
    parser.add_argument("--all", action="store_true", help="list files without findings as well")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the whole table as CSV")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if there are findings")
    _add_jobs(parser, "files")
    _add_output(parser)


def _train(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    model = parser.add_argument_group("model")
    model.add_argument(
        "--output",
        type=Path,
        default=Path("model.skspec"),
        metavar="FILE",
        help="where the model is saved (default: model.skspec)",
    )
    model.add_argument(
        "--recipe",
        choices=RECIPES,
        default="recommended",
        help=f"one of: {', '.join(RECIPES)} (default: recommended)",
        metavar="NAME",
    )
    model.add_argument(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="KEY=VALUE",
        help="a parameter of the recipe or of a step, such as vote__deep__deepfeatures__pooling",
    )
    model.add_argument("--sr", type=positive(float), help="rate in Hz (default: the files' median)")
    model.add_argument(
        "--duration",
        type=positive(float),
        metavar="SECONDS",
        help="that pictures show (default: longer than 90 %% of the clips, 10 at most)",
    )
    model.add_argument("--seed", type=int, default=0, help="of all that is random (default: 0)")
    trial = parser.add_argument_group("evaluation")
    trial.add_argument(
        "--folds", type=positive(int), default=5, help="of the cross-validation (default: 5)"
    )
    trial.add_argument("--no-evaluation", action="store_true", help="only fit and save")
    _add_plots(parser)
    _add_jobs(parser, "fits")
    _add_output(parser)


def _predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that train has saved")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="sound files, folders")
    parser.add_argument("--format", choices=FORMATS, help="default: csv with --output, else table")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where to write; a folder for several recordings as audacity or raven",
    )
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip", "nan"),
        default="raise",
        help="at a file that cannot be read: stop, leave it out, or a row without label (windows: "
        "where its length is known)",
    )
    parser.add_argument(
        "--sr",
        type=positive(float),
        help="rate in Hz that the model takes (default: as its file says)",
    )
    windows = parser.add_argument_group("long recordings")
    windows.add_argument(
        "--window", type=float, metavar="SECONDS", help="classify windows of this length"
    )
    windows.add_argument(
        "--hop", type=float, metavar="SECONDS", help="from window to window (default: --window)"
    )
    windows.add_argument(
        "--smooth", type=int, metavar="N", help="mean over so many windows, an odd number"
    )
    windows.add_argument(
        "--threshold", type=float, metavar="P", help="no label where its probability is below"
    )
    windows.add_argument("--merge", action="store_true", help="join neighbours of the same label")
    windows.add_argument(
        "--journal", type=Path, metavar="FOLDER", help="go on from here after a run that was killed"
    )
    _add_output(parser)


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that train has saved")
    _add_data(parser)
    _add_plots(parser)
    _add_jobs(parser, "files scanned")
    _add_output(parser)


def _info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that train has saved")
    _add_output(parser)


def _backbones(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these; timm/NAME for any model of timm"
    )
    _add_output(parser)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        metavar="FOLDER",
        help="where pictures go (default: demo_output)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of splits and networks (default: 0)")


_COMMANDS: dict[str, Any] = {
    "scan": ("tell what is in sound files and what is wrong with them", _scan),
    "train": ("train a classifier on labelled sounds, score it honestly, and save it", _train),
    "predict": ("tell the labels of sound files, folders and long recordings", _predict),
    "evaluate": ("score a saved model on labelled sounds that it has not seen", _evaluate),
    "info": ("print what is known of a saved model", _info),
    "backbones": ("list the pretrained networks", _backbones),
    "doctor": ("tell versions, GPU, weights and caches", _add_output),
    "demo": ("compare classifiers on the embedded percussion sounds, and draw the results", _demo),
}
