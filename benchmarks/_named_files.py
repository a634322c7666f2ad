"""Named files, bad and odd, read between two good ones under each way to deal with errors."""

from __future__ import annotations

import re
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audio"))

from _faulty_files import CASES, DATA, SR, Case, fmt, wav

from skspec import read_audio, read_clips
from skspec.exceptions import AudioReadError, AudioWarning

POLICIES = ("raise", "skip", "nan")
KINDS = ("silent", "unnamed", "other_exceptions", "refused_though_right")


def count_named_files(cases: dict[str, Case] = CASES) -> dict[str, Any]:
    """Read each file under each policy; count what must not happen.

    Returns
    -------
    dict
        ``bad`` files and those that are ``odd`` but right, each of which is read under three
        policies; ``silent``: other samples than those of the file, or none, without an error or a
        warning; ``unnamed``: errors and warnings that lack the path, the position or the reason;
        ``other_exceptions`` than an `AudioReadError`; ``refused_though_right``; and ``cases``:
        their names.
    """
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder, "good.wav")
        good.write_bytes(wav(fmt(), DATA))
        for name, case in cases.items():
            place = Path(folder, name)
            place.mkdir()
            path, samples = case.build(place)
            for on_error in POLICIES:
                judge = _judge_bad if case.error else _judge_odd
                kind = judge(case, good, path, on_error, samples)
                if kind is not None:
                    found[kind].append(f"{name}, on_error={on_error!r}")
    counts = Counter("bad" if case.error else "odd" for case in cases.values())
    return {
        "readings": len(POLICIES) * len(cases),
        **counts,
        **{kind: len(names) for kind, names in found.items()},
        "cases": {kind: names for kind, names in found.items() if names},
    }


def _judge_bad(case: Case, good: Path, path: Any, on_error: str, _: Any) -> str | None:
    """Give what is wrong with how a bad file was met."""
    try:
        waveforms, report = _read([good, path, good], SR, on_error)[:2]
    except AudioReadError as error:
        expected = f"clip 1, path {str(path)!r}: "
        named = error.index == 1 and str(error).startswith(expected)
        fits = on_error == "raise" and re.search(case.error, str(error))
        return None if named and fits else "unnamed"
    except Exception:
        return "other_exceptions"
    kept = ["sound", "sound"] if on_error == "skip" else ["sound", "NaN", "sound"]
    if on_error == "raise" or [_kind(waveform) for waveform in waveforms] != kept:
        return "silent"
    named = list(report["index"]) == [1] and list(report["path"]) == [str(path)]
    return None if named and re.search(case.error, f"path {report['reason'][0]}") else "unnamed"


def _judge_odd(case: Case, good: Path, path: Any, on_error: str, samples: Any) -> str | None:
    """Give what is wrong with how a file was read that is odd, but right."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AudioWarning)
            sr = read_audio(path)[1]
        waveforms, report, said = _read([good, path, good], sr, on_error)
    except AudioReadError:
        return "refused_though_right"
    except Exception:
        return "other_exceptions"
    if len(report) or len(waveforms) != 3:
        return "refused_though_right"
    if waveforms[1].shape != samples.shape or np.abs(waveforms[1] - samples).max() > 1e-6:
        return "silent"
    if case.warning:
        expected = [text for text in said if re.search(case.warning, text)]
        return None if any(repr(str(path)) in text for text in expected) else "unnamed"
    return None


def _read(paths: list[Any], sr: float, on_error: str) -> tuple[list[np.ndarray], Any, list[str]]:
    """Read files; give waveforms, report and the texts of warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AudioWarning)
        waveforms, report = read_clips(paths, sr, on_error=on_error)
    return waveforms, report, [str(warning.message) for warning in caught]


def _kind(waveform: np.ndarray) -> str:
    return "NaN" if np.isnan(waveform).all() else "sound"
