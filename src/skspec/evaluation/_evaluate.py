"""`evaluate`: several estimators on the same splits of a dataset."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.exceptions import FitFailedWarning

from skspec._progress import progress_bar
from skspec._validation import check_choice
from skspec.evaluation._cross_validation import SplitRun, run_split
from skspec.evaluation._dataset import make_splits, unpack_dataset
from skspec.evaluation._evaluation import Evaluation
from skspec.evaluation._gather import gather
from skspec.evaluation._leaks import warn_of_leaks
from skspec.evaluation._metrics import Metric, check_metric_names
from skspec.exceptions import ParameterError

Task = tuple[str, int]


def evaluate(
    estimators: BaseEstimator | Mapping[str, BaseEstimator],
    dataset: Any,
    cv: Any = None,
    *,
    metrics: Mapping[str, Metric] | None = None,
    error_score: str = "warn",
    check_copies: bool = True,
    keep_estimators: bool = False,
    n_jobs: int | None = None,
    random_state: Any = 0,
    verbose: int = 0,
) -> Evaluation:
    """Fit every estimator on the same splits of a dataset, and score it on what was held out.

    Speakers stay on one side of every split where they are known, scores come with intervals
    that allow for overlapping training sets, and can be compared split by split.

    Parameters
    ----------
    estimators : estimator or dict of str to estimator
        Each is cloned for each split. One alone goes by the name of its class.
    dataset : Bunch, or tuple (X, y) or (X, y, groups)
        A Bunch with `paths`, `y` and `groups` as loaders give it, or anything that the estimators
        take with labels and groups of shape (n_clips,). Groups also reach the `fit` of what takes
        them, such as networks, whose validation split keeps them together.
    cv : int, splitter, iterable of (train, test) or None, default=None
        An integer is the number of shuffled folds, None is 5: `StratifiedGroupKFold` where groups
        are known, else `StratifiedKFold`. `RandomGroupedSplit` is for few groups.
    metrics : dict of str to callable, default=None
        Further metrics, ``function(y_true, y_pred)`` by name, other than the names in the Notes.
    error_score : {"warn", "raise"}, default="warn"
        What is done when an estimator fails on a split: its error is recorded and the others go
        on, or it is raised.
    check_copies : bool, default=True
        Whether to look for copies of a recording on both sides of a split, for which files of
        equal size are read once; see `find_leaks`.
    keep_estimators : bool, default=False
        Whether the result has all fitted estimators.
    n_jobs : int or None, default=None
        Fits at the same time, in processes; joblib's meaning.
    random_state : int, RandomState or None, default=0
        Seed of the shuffled folds.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Returns
    -------
    Evaluation
        Scores, predictions, intervals and tables.

    Raises
    ------
    InputError
        The dataset or the splits are not what they should be, or every fit failed.
    ParameterError
        A parameter has a value that is not allowed.

    Warns
    -----
    GroupsWarning
        There are no groups to split by, or a class of some test part is not in its training part.
    LeakageWarning
        A group or a recording stands on both sides of a split.
    FitFailedWarning
        An estimator failed on a split.

    Notes
    -----
    The metrics: ``accuracy``; ``balanced_accuracy``, the mean recall of the classes that are in
    the test part (also called UAR, unweighted average recall); ``macro_f1``, the mean F1 of the
    classes that are in the test part or were predicted; ``precision``, ``recall`` and ``f1`` of
    each class, NaN where they are 0 / 0; where there is `predict_proba`,
    ``expected_calibration_error`` (15 bins, see `expected_calibration_error`) and ``log_loss``;
    ``seconds_fit`` and ``seconds_predict``; ``peak_memory_mb``, the largest resident memory of
    the process while it fitted and predicted, in 10^6 bytes. The last includes all that the
    process held before, and fits that share a process (threads) share it; it is NaN where the
    system does not tell (all but Linux).

    Examples
    --------
    >>> from skspec import baselines, evaluate, make_voices
    >>> systems = baselines(16_000, random_state=0)
    >>> two = {name: systems[name] for name in ("majority", "mel statistics + SVM")}
    >>> result = evaluate(two, make_voices(24, n_speakers=8, random_state=0), cv=4)
    >>> result.summary("accuracy")["n_splits"].to_dict()
    {'majority': 4, 'mel statistics + SVM': 4}
    >>> result.differences("majority", "accuracy").index.tolist()
    ['mel statistics + SVM']
    """
    check_choice("error_score", error_score, ("warn", "raise"))
    check_metric_names(metrics or {})
    systems, clips = _named(estimators), unpack_dataset(dataset)
    splits = make_splits(cv, clips, random_state)
    leaks = warn_of_leaks(clips.X, splits, clips.groups, copies=check_copies)
    tasks = [(name, i) for name in systems for i in range(len(splits))]
    options = {"keep": keep_estimators, "catch": error_score == "warn"}
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(run_split)(systems[name], clips, splits[i], **options) for name, i in tasks
    )
    return gather(_collect(tasks, runs, verbose), clips, splits, leaks, metrics)


def _named(estimators: Any) -> dict[str, BaseEstimator]:
    if not isinstance(estimators, Mapping):
        return {type(estimators).__name__: estimators}
    if not estimators:
        raise ParameterError("Got estimators={}, but expected at least one.")
    return dict(estimators)


def _collect(tasks: list[Task], runs: Iterator[SplitRun], verbose: int) -> dict[Task, SplitRun]:
    """Wait for all, and warn of what fails as it fails."""
    done = {}
    with progress_bar(len(tasks), "cross-validation", verbose=verbose, unit="fit") as bar:
        for name, i in tasks:
            bar.set_description(name)
            run = done[name, i] = next(runs)
            if run.error is not None:
                message = f"{name!r} failed on split {i}, which has no scores: {run.error}"
                warnings.warn(message, FitFailedWarning, stacklevel=3)
            bar.update()
    return done
