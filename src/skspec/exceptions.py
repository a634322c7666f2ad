"""Every error skspec raises; each is a `SkspecError` and a builtin error as well."""

from __future__ import annotations

import os


class SkspecError(Exception):
    """What all errors of skspec have in common."""


class ParameterError(SkspecError, ValueError, TypeError):
    """A constructor parameter has a value that is not allowed."""


class InputError(SkspecError, ValueError):
    """The data given to an estimator cannot be used."""


class InputTypeError(SkspecError, TypeError):
    """The data given to an estimator is of a kind that is not waveforms, paths or images."""


class AudioReadError(SkspecError, OSError):
    """A sound file could not be read.

    Parameters
    ----------
    path : str or path-like
        The file.
    reason : str
        What is wrong with it.
    remedy : str, default=""
        What to do about it.
    index : int, default=None
        Position of the file in the batch, where there is one.

    Attributes
    ----------
    path, reason, remedy, index
        As given.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        reason: str,
        remedy: str = "",
        index: int | None = None,
    ) -> None:
        super().__init__(path, reason, remedy, index)
        self.path = os.fspath(path)
        self.reason = reason
        self.remedy = remedy
        self.index = index

    def __str__(self) -> str:
        clip = "" if self.index is None else f"clip {self.index}, "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{clip}path {self.path!r}: {self.reason}.{remedy}"


class DownloadError(SkspecError, OSError):
    """A file could not be downloaded, or is not the one that was published."""


class BackboneNotFoundError(SkspecError, ValueError):
    """No backbone, or no block of it, has the name that was asked for."""


class WeightsUnavailableError(SkspecError, OSError):
    """Pretrained weights could not be found, downloaded or loaded."""


class DeviceUnavailableError(SkspecError, RuntimeError):
    """The device that was asked for is not there."""


class MissingDependencyError(SkspecError, ImportError):
    """An optional package is needed and is not installed."""


class FitDivergedError(SkspecError, ArithmeticError):
    """The training loss became NaN or infinite."""


class ModelFileError(SkspecError, ValueError):
    """A model cannot be saved, or a file is not a whole model file of skspec.

    Parameters
    ----------
    path : str or path-like
        The file.
    reason : str
        What is wrong.

    Attributes
    ----------
    path, reason
        As given.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"path {self.path!r}: {self.reason}."


class ExportError(SkspecError, ValueError):
    """A step of a Pipeline has no form in the format that it is to be exported to."""


class GroupsWarning(UserWarning):
    """Groups are missing, or stand so that a split cannot be trusted."""


class LeakageWarning(UserWarning):
    """A group, or copies of one recording, stand on both sides of a split."""


class CacheWarning(UserWarning):
    """A cache was damaged or could not be written; results are the same without it."""


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written or read; what that means for the training stands in it."""


class AudioWarning(UserWarning):
    """A waveform is usable but looks wrong."""


class ModelFileWarning(UserWarning):
    """A model was saved with another version of scikit-learn, and may give other numbers."""
