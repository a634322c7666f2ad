"""An Optuna study over a Pipeline: grouped, pruned, shared by processes, resumable."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import MaxTrialsCallback
from optuna.trial import Trial, TrialState
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer

from skspec._fit_groups import fit_or_stop
from skspec._progress import progress_bar
from skspec._seeding import resolve_seed
from skspec.evaluation._dataset import Clips, make_splits, unpack_dataset
from skspec.exceptions import FitDivergedError, ParameterError
from skspec.search._pruning import EpochPruning
from skspec.search._suggest import suggest

#: How a trial can end that counts as one of `n_trials`.
ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
_STALE_LOCK_S = 30


def optimize(
    estimator: BaseEstimator,
    space: Mapping[str, Any],
    dataset: Any,
    *,
    cv: Any = None,
    scoring: Any = "balanced_accuracy",
    n_trials: int = 20,
    monitor: str | None = None,
    storage: str | PathLike[str] | None = None,
    study_name: str = "skspec",
    sampler: optuna.samplers.BaseSampler | None = None,
    pruner: optuna.pruners.BasePruner | None = None,
    random_state: Any = 0,
    verbose: int = 0,
) -> optuna.Study:
    """Search a space by cross-validation, with an Optuna study that can be shared and resumed.

    Parameters
    ----------
    estimator : estimator
        What is tuned, usually a Pipeline. Each trial trains clones of it.
    space : dict
        Parameter name -> list of choices, or `uniform` or `loguniform` of `scipy.stats`; see
        `head_space`.
    dataset : Bunch, or tuple (X, y) or (X, y, groups)
        As `skspec.evaluation.evaluate` takes it. Groups also reach the `fit` of what takes them,
        so that an inner validation part is split by them too.
    cv : int, splitter or splits, default=None
        As of `evaluate`: None is five grouped folds.
    scoring : str or callable, default="balanced_accuracy"
        A scorer of scikit-learn; higher is better.
    n_trials : int > 0, default=20
        Trials that the study has when the search ends, those of other processes and of earlier
        calls included.
    monitor : {"valid_accuracy", "valid_loss", "train_loss"}, default=None
        Column of a classifier's `history_` by which hopeless trials are ended: told to the pruner
        after each epoch of the first split. None lets all trials end.
    storage : path, default=None
        Journal file of the study. Several processes may work at it at once, and after a kill the
        same call goes on where it was. None keeps the study in memory.
    study_name : str, default="skspec"
        Name of the study in `storage`.
    sampler : optuna sampler, default=None
        None is `TPESampler`, seeded.
    pruner : optuna pruner, default=None
        None is `MedianPruner`.
    random_state : int, RandomState or None, default=0
        Seed of the folds and of the sampler. With `storage`, give every call the same int, or
        trials on different folds are compared; what is tried then depends on who is first.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Returns
    -------
    study : optuna.Study
        Its `best_value` is a mean over the test parts of `cv`, and too good to report: it was
        chosen. `tuned` makes an estimator of it.

    Raises
    ------
    ParameterError
        A parameter of `space` is none of the estimator's, or cannot be searched.

    Notes
    -----
    A trial whose training diverges fails by itself, and the search goes on. Any other error ends
    the search; what the study has until then stays in `storage`.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skspec import make_voices
    >>> from skspec.search import optimize, tuned
    >>> X, y, speakers = make_voices(24, n_speakers=8, random_state=0)
    >>> space = {"C": loguniform(1e-3, 1e3)}
    >>> linear = LogisticRegression()
    >>> study = optimize(linear, space, (X, y, speakers), cv=3, n_trials=3, random_state=0)
    >>> len(study.trials)
    3
    >>> tuned(linear, space, study).get_params()["C"] == study.best_params["C"]
    True
    """
    clips = unpack_dataset(dataset)
    seed = resolve_seed(random_state) % 2**32
    splits = make_splits(cv, clips, seed)
    _check_names(estimator, space)
    with _quiet_optuna():
        study = _study(storage, study_name, sampler, pruner, seed)
        objective = partial(
            _score,
            estimator=estimator,
            space=space,
            clips=clips,
            splits=splits,
            scorer=get_scorer(scoring),
            monitor=monitor,
        )
        _run(study, objective, n_trials, verbose)
    return study


def tuned(estimator: BaseEstimator, space: Mapping[str, Any], study: optuna.Study) -> BaseEstimator:
    """Give a clone of an estimator with the best parameters of a study, not fitted.

    Parameters
    ----------
    estimator, space
        As `optimize` was given them.
    study : optuna.Study
        As it returned it.

    Returns
    -------
    estimator
        Ready to be fitted on all clips.
    """
    return clone(estimator).set_params(**suggest(study.best_trial, space))


def _score(
    trial: Trial,
    *,
    estimator: BaseEstimator,
    space: Mapping[str, Any],
    clips: Clips,
    splits: list[Any],
    scorer: Any,
    monitor: str | None,
) -> float:
    candidate = clone(estimator).set_params(**suggest(trial, space))
    scores = []
    for i, (train_rows, test_rows) in enumerate(splits):
        train, test = clips.take(train_rows), clips.take(test_rows)
        system = clone(candidate)
        if monitor is not None and i == 0:
            _watch(system, EpochPruning(trial, monitor))
        fit_or_stop(system, train.X, train.y, train.groups)
        scores.append(scorer(system, test.X, test.y))
    return float(np.mean(scores))


def _watch(estimator: BaseEstimator, callback: EpochPruning) -> None:
    """Add a callback to the classifier in an estimator."""
    names = [name for name in estimator.get_params() if name.rpartition("__")[2] == "callbacks"]
    if not names:
        raise ParameterError(
            f"Got monitor={callback.monitor!r}, but {estimator!r} has no classifier that is "
            "trained in epochs. Set monitor=None."
        )
    name = min(names, key=len)
    estimator.set_params(**{name: [*(estimator.get_params()[name] or ()), callback]})


def _study(
    storage: str | PathLike[str] | None,
    name: str,
    sampler: optuna.samplers.BaseSampler | None,
    pruner: optuna.pruners.BasePruner | None,
    seed: int,
) -> optuna.Study:
    study = optuna.create_study(
        storage=None if storage is None else _journal(os.fspath(storage)),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        pruner=pruner,
    )
    if sampler is None:
        own = 0 if storage is None else os.getpid() + len(study.trials)
        sampler = optuna.samplers.TPESampler(seed=(seed + own) % 2**32)
    study.sampler = sampler
    return study


def _journal(path: str) -> JournalStorage:
    # The lock of a process that was killed is free after a while.
    lock = JournalFileOpenLock(path, grace_period=_STALE_LOCK_S)
    return JournalStorage(JournalFileBackend(path, lock_obj=lock))


def _run(study: optuna.Study, objective: Any, n_trials: int, verbose: int) -> None:
    ended = len(study.get_trials(deepcopy=False, states=ENDED))
    if ended >= n_trials:
        return
    with progress_bar(n_trials - ended, "search", verbose=verbose, unit="trial") as bar:
        study.optimize(
            objective,
            n_trials=n_trials - ended,
            catch=(FitDivergedError,),
            callbacks=[MaxTrialsCallback(n_trials, states=ENDED), lambda *_: bar.update()],
        )


def _check_names(estimator: BaseEstimator, space: Mapping[str, Any]) -> None:
    """Find a misspelt parameter before hours of trials do."""
    for name in space:
        try:
            clone(estimator).set_params(**{name: None})
        except (ValueError, AttributeError) as error:  # "passthrough" has no parameters
            raise ParameterError(
                f"Got {name!r} in the space, but the estimator has no such parameter: {error}"
            ) from error


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna from printing a line for each trial: there is a progress bar."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
