"""`Evaluation`: what estimators did on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import confusion_matrix

from skspec._validation import check_choice
from skspec.evaluation._dataset import Split
from skspec.evaluation._intervals import corrected_interval, corrected_p_value
from skspec.evaluation._tables import latex_table, markdown_table
from skspec.exceptions import InputError

SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "seconds_fit")


@dataclass(frozen=True)
class Evaluation:
    """Scores and predictions of several systems on the same splits, as `evaluate` gives them.

    Parameters
    ----------
    systems : list of str
        Names, in the order they were given.
    scores : DataFrame
        A row for each (``system``, ``split``, ``metric``, ``label``) with its ``value``; the
        label is None for what is measured on all classes together.
    predictions : DataFrame
        A row for each held-out clip of each system and split: ``system``, ``split``, ``index``
        (row in the dataset), ``group``, ``true``, ``predicted``, and ``p_LABEL`` for every class,
        NaN for systems without `predict_proba`.
    splits : list of (ndarray, ndarray)
        Training and test rows.
    classes : ndarray of shape (n_classes,)
        All labels of the dataset, sorted.
    groups : ndarray of shape (n_clips,) or None
        Group of each clip, where known.
    test_share : float
        Mean ratio of test to training clips, which intervals need.
    errors : DataFrame
        ``system``, ``split``, ``message`` of what failed; it has no scores.
    leaks : DataFrame
        What stands on both sides of a split, as `find_leaks` gives it.
    estimators : dict of str to list
        Fitted estimators by split, None where one failed; empty unless they were kept.
    """

    systems: list[str]
    scores: pd.DataFrame
    predictions: pd.DataFrame
    splits: list[Split]
    classes: NDArray[Any]
    groups: NDArray[Any] | None
    test_share: float
    errors: pd.DataFrame
    leaks: pd.DataFrame
    estimators: dict[str, list[BaseEstimator | None]] = field(default_factory=dict)

    def split_scores(
        self, system: str, metric: str = "balanced_accuracy", label: Any = None
    ) -> pd.Series:
        """Give one score for each split that has it, indexed by split."""
        self._check_names(system, metric)
        table = self.scores[self.scores["metric"] == metric]
        by_class = table["label"].notna().any()
        check_choice("label", label, self.classes.tolist() if by_class else [None])
        rows = table[table["system"] == system]
        rows = rows[rows["label"] == label] if by_class else rows
        return rows.set_index("split")["value"].dropna()

    def interval(
        self,
        system: str,
        metric: str = "balanced_accuracy",
        level: float = 0.95,
        label: Any = None,
    ) -> tuple[float, float]:
        """Give mean and half width of a system's interval, see `corrected_interval`."""
        return corrected_interval(self.split_scores(system, metric, label), self.test_share, level)

    def summary(
        self, metric: str = "balanced_accuracy", level: float = 0.95, label: Any = None
    ) -> pd.DataFrame:
        """Give each system's mean and interval.

        Parameters
        ----------
        metric : str, default="balanced_accuracy"
            One of those in `scores`.
        level : float in (0, 1), default=0.95
            Confidence.
        label : label, default=None
            Class, for metrics that are measured on each: precision, recall, f1.

        Returns
        -------
        DataFrame
            Indexed by system: ``mean``, ``low``, ``high``, ``half_width``, ``n_splits``.
        """
        scores = {name: self.split_scores(name, metric, label) for name in self.systems}
        return self._intervals(scores, level)

    def differences(
        self,
        baseline: str,
        metric: str = "balanced_accuracy",
        level: float = 0.95,
        label: Any = None,
    ) -> pd.DataFrame:
        """Give how much each other system differs from one, split by split.

        Parameters
        ----------
        baseline : str
            Whose scores are subtracted.
        metric : str, default="balanced_accuracy"
            One of those in `scores`.
        level : float in (0, 1), default=0.95
            Confidence.
        label : label, default=None
            Class, for metrics that are measured on each: precision, recall, f1.

        Returns
        -------
        DataFrame
            Indexed by system: the columns of `summary`, and ``p_value`` of no difference,
            two-sided, not corrected for how many systems are compared.
        """
        base = self.split_scores(baseline, metric, label)
        others = [name for name in self.systems if name != baseline]
        gains = {name: (self.split_scores(name, metric, label) - base).dropna() for name in others}
        p_values = [corrected_p_value(gain, self.test_share) for gain in gains.values()]
        return self._intervals(gains, level).assign(p_value=p_values)

    def by_group(self, metric: str = "accuracy") -> pd.DataFrame:
        """Give how each system does on each group, all splits together.

        Parameters
        ----------
        metric : {"accuracy", "recall"}, default="accuracy"
            Share of a group's clips that are right, or the same class by class.

        Returns
        -------
        DataFrame
            ``system``, ``group``, ``label`` (None for accuracy), ``value``, ``n_predictions``.

        Raises
        ------
        InputError
            The groups are not known.
        """
        if self.groups is None:
            raise InputError("The dataset has no groups, so there is nothing to tell apart.")
        keys = {"accuracy": ["system", "group"], "recall": ["system", "group", "true"]}
        check_choice("metric", metric, sorted(keys))
        right = self.predictions.assign(
            value=self.predictions["true"] == self.predictions["predicted"]
        )
        found = right.groupby(keys[metric], sort=False)["value"].agg(["mean", "size"]).reset_index()
        found = found.rename(columns={"true": "label", "mean": "value", "size": "n_predictions"})
        if metric == "accuracy":
            found.insert(2, "label", None)
        return found

    def confusion(self, system: str, normalize: str | None = "true") -> pd.DataFrame:
        """Give what was taken for what, all splits together.

        Parameters
        ----------
        system : str
            Which.
        normalize : {"true", "pred", "all"} or None, default="true"
            What adds up to 1: rows, columns or everything; None gives counts.

        Returns
        -------
        DataFrame
            A row for each true and a column for each predicted class.
        """
        self._check_names(system)
        rows = self.predictions[self.predictions["system"] == system]
        true, predicted = rows["true"].to_numpy(), rows["predicted"].to_numpy()
        counts = confusion_matrix(true, predicted, labels=self.classes, normalize=normalize)
        return pd.DataFrame(
            counts,
            index=pd.Index(self.classes, name="true"),
            columns=pd.Index(self.classes, name="predicted"),
        )

    def to_markdown(self, metrics: Sequence[str] | None = None, level: float = 0.95) -> str:
        """Give a Markdown table: mean ± half width of each metric, a row for each system.

        Without `metrics` it has accuracy, balanced accuracy, macro F1 and seconds to fit, those
        that were measured.
        """
        return markdown_table(self._summaries(metrics, level))

    def to_latex(self, metrics: Sequence[str] | None = None, level: float = 0.95) -> str:
        """Give the same table in LaTeX; it needs the package booktabs."""
        return latex_table(self._summaries(metrics, level))

    def _summaries(self, metrics: Sequence[str] | None, level: float) -> dict[str, pd.DataFrame]:
        if metrics is None:
            metrics = [metric for metric in SHOWN if metric in set(self.scores["metric"])]
        return {metric: self.summary(metric, level) for metric in metrics}

    def _intervals(self, scores: dict[str, pd.Series], level: float) -> pd.DataFrame:
        rows = []
        for values in scores.values():
            mean, half_width = corrected_interval(values, self.test_share, level)
            rows.append((mean, mean - half_width, mean + half_width, half_width, len(values)))
        columns = ["mean", "low", "high", "half_width", "n_splits"]
        return pd.DataFrame(rows, index=pd.Index(scores, name="system"), columns=columns)

    def _check_names(self, system: str, metric: str | None = None) -> None:
        check_choice("system", system, self.systems)
        if metric is not None:
            check_choice("metric", metric, self.scores["metric"].unique().tolist())
