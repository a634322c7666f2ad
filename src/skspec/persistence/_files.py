"""`save` and `load`: an estimator as one file that runs no code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import sklearn
from sklearn.base import BaseEstimator

from skspec._storage import write_parts
from skspec.exceptions import ModelFileWarning, ParameterError
from skspec.persistence._card import ModelCard, finished_card
from skspec.persistence._contents import Contents, read_contents
from skspec.persistence._decoder import Decoder
from skspec.persistence._encoder import Encoder
from skspec.persistence._errors import UnusableError, naming


def save(
    estimator: BaseEstimator,
    path: str | PathLike[str],
    *,
    card: ModelCard | Mapping[str, Any] | None = None,
) -> None:
    """Write an estimator, fitted or not, into one file that `load` reads without running code.

    The file is whole or not there: with a full disk, what stood there before stays.

    Parameters
    ----------
    estimator : estimator
        Any of skspec, the usual ones of scikit-learn, Pipelines and ensembles of them; classes
        of your own after `skspec.persistence.register`. See :doc:`/security` for the list.
    path : path
        The file, by custom with the suffix ``.skspec``.
    card : ModelCard or dict, default=None
        What people should know of the model. Labels, versions and date are filled in.

    Raises
    ------
    ModelFileError
        Something in the estimator cannot be saved; the message says what, and where it is.
    ParameterError
        For a card with other entries than `ModelCard` has.
    OSError
        The file cannot be written.

    Notes
    -----
    The file is an uncompressed zip of four members: a manifest with size and SHA-256 of the
    others, the card, the parameters as JSON, and all arrays and weights as safetensors.

    Examples
    --------
    >>> import skspec
    >>> X, y, groups = skspec.make_voices(12, n_speakers=4, random_state=0)
    >>> model = skspec.baselines(16_000)["mel statistics + SVM"].fit(X, y)
    >>> skspec.save(model, "voices.skspec", card={"licence": "CC0-1.0"})
    >>> bool((skspec.load("voices.skspec").predict(X) == model.predict(X)).all())
    True
    """
    if not isinstance(estimator, BaseEstimator):
        raise ParameterError(
            f"Got estimator={estimator!r}, but expected an object whose class is a scikit-learn "
            "estimator."
        )
    path = Path(path)
    encoder, name = Encoder(), type(estimator).__name__
    with naming(path):
        model = encoder.encode(estimator, name)
        pieces = Contents(finished_card(card, estimator), model, encoder.arrays).pieces()
        write_parts(path, pieces)


def load(path: str | PathLike[str]) -> Any:
    """Give the estimator that `save` wrote; nothing in the file can run code.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    estimator
        With the same parameters, and bit for bit the same predictions on the same machine, but
        for ``PCA(svd_solver="arpack")``, whose last bits may differ. A network that was trained
        on a GPU is on the CPU where there is none.

    Raises
    ------
    ModelFileError
        The file is damaged, is no model file, or holds what no model file may hold.
    FileNotFoundError
        There is no such file.

    Warns
    -----
    ModelFileWarning
        It holds estimators of another minor version of scikit-learn.

    Notes
    -----
    Only classes and functions that skspec knows by a short name are used, or that were given to
    `skspec.persistence.register`. A backbone of your own must be registered before. The check
    sums find damage; they do not tell who wrote the file.

    Examples
    --------
    >>> import skspec
    >>> skspec.save(skspec.ZCAWhitener(epsilon=0.01), "whitener.skspec")
    >>> skspec.load("whitener.skspec")
    ZCAWhitener(epsilon=0.01)
    """
    path = Path(path)
    with naming(path):
        contents = read_contents(path)
        decoder = Decoder(contents.arrays)
        estimator = decoder.decode(contents.model, "the model")
        decoder.check_finished()
        if not isinstance(estimator, BaseEstimator):
            raise UnusableError(f"it holds a {type(estimator).__name__}, not an estimator")
    _warn_of_versions(contents.card, decoder.kinds)
    return estimator


def read_card(path: str | PathLike[str]) -> ModelCard:
    """Give the card of a model file without building its estimator.

    Parameters
    ----------
    path : path
        The file; all of it is checked as in `load`.

    Raises
    ------
    ModelFileError
        The file is damaged, or is no model file.

    Examples
    --------
    >>> import skspec
    >>> card = skspec.ModelCard("Whitens.", licence="CC0-1.0")
    >>> skspec.save(skspec.ZCAWhitener(), "whitener.skspec", card=card)
    >>> skspec.read_card("whitener.skspec").licence
    'CC0-1.0'
    """
    path = Path(path)
    with naming(path):
        content = read_contents(path).card
        try:
            return ModelCard(**content)
        except TypeError as error:
            raise UnusableError(f"its card has other entries than a card: {error}") from error


def _warn_of_versions(card: dict[str, Any], kinds: set[type]) -> None:
    found = [kind.__name__ for kind in kinds if kind.__module__.startswith("sklearn.")]
    versions = card.get("versions")
    saved = str(versions.get("scikit-learn")) if isinstance(versions, dict) else "unknown"
    if found and saved.split(".")[:2] != sklearn.__version__.split(".")[:2]:
        warnings.warn(
            f"{sorted(found)[0]} was saved with scikit-learn {saved}, and this is "
            f"{sklearn.__version__}: check that it predicts what it did, or fit it again.",
            ModelFileWarning,
            stacklevel=3,
        )
