"""`DeepEnsembleClassifier`: several trainings of one network, averaged."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval
from skspec._fit_groups import groups_for_fit, not_taken, takes_weights, was_interrupted
from skspec._progress import progress_bar
from skspec._seeding import resolve_seed, seed_at
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.nn._cache import FrozenCache


class DeepEnsembleClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train the same classifier several times from other seeds, and average.

    Members learn in another order, from other initial weights of what is new; what they learn from
    is the same, but for a `validation` fraction, which each holds out by its own seed. Their mean
    is nearly always better than one of them, and where they disagree the clip is unlike what they
    were trained on.

    Parameters
    ----------
    estimator : classifier
        With `predict_proba` and a `random_state`, of its own or of a step. In a Pipeline put the
        ensemble at the end, so that images are made once and not once for each member.
    n_estimators : int > 0, default=4
        Members.
    n_jobs : int or None, default=None
        Members trained at the same time, in threads; joblib's meaning: None is 1, -1 all cores.
        One network already uses all cores, so this pays for small ones.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the members' seeds, which replace their own.
    verbose : int, default=0
        1 shows a progress bar over members, with the time left.

    Attributes
    ----------
    estimators_ : list of classifier
        The fitted members.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Where the members have it.

    Raises
    ------
    ParameterError
        A parameter has a value that is not allowed, or `estimator` has no `random_state`, so that
        all members would be the same.

    Notes
    -----
    The probability is the mean of the members'. Ctrl-C ends the fit with the members that there
    are. What is frozen in all members is computed once for all of them where their ``cache`` is
    ``"fit"`` or shared. With a `validation` fraction each member holds out other clips; what is
    frozen is then shared only with ``input_scaling=None``, or where the training minimum and
    maximum decide the scaling and are the same.

    References
    ----------
    B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and scalable predictive uncertainty
    estimation using deep ensembles", NeurIPS 2017.

    Examples
    --------
    >>> from skspec import DeepEnsembleClassifier, MelSpectrogramImage, PretrainedCNNClassifier
    >>> from skspec import make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> images = MelSpectrogramImage(sr=16_000).fit_transform(X)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full")
    >>> ensemble = DeepEnsembleClassifier(cnn, n_estimators=2, random_state=0).fit(images, y)
    >>> ensemble.predict_proba(images).shape, ensemble.disagreement(images).shape
    ((12, 2), (12,))
    """

    _parameter_constraints = {  # noqa: RUF012
        "estimator": [BaseEstimator],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        n_estimators: int = 4,
        *,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> DeepEnsembleClassifier:
        """Train all members.

        Parameters
        ----------
        X : ImageBatch, array-like or sequence
            What `estimator` takes.
        y : array-like of shape (n_clips,)
            Labels.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip; `estimator` must take it.
        groups : array-like of shape (n_clips,), default=None
            Speaker or recording of each clip, for the members' validation splits; `estimator`
            must take it.

        Returns
        -------
        self
        """
        check_parameters(self)
        params = self._fit_params(sample_weight, groups)
        members = self._members(FrozenCache())
        caches = {key: value for key, value in self._part_params("cache").items() if value == "fit"}
        with progress_bar(
            len(members), type(self).__name__, verbose=self.verbose, unit="member"
        ) as bar:
            parallel = Parallel(n_jobs=self.n_jobs, prefer="threads", return_as="generator")
            fitted = []
            for member in parallel(delayed(_fit)(member, X, y, params) for member in members):
                fitted.append(member.set_params(**caches))  # lets go of the shared rows
                bar.update()
                if was_interrupted(member):  # those that there are stay, as an epoch's weights do
                    break
        self.estimators_ = fitted
        self.classes_ = fitted[0].classes_
        return self

    def _fit_params(
        self, sample_weight: ArrayLike | None, groups: ArrayLike | None
    ) -> dict[str, ArrayLike]:
        params = groups_for_fit(self.estimator, groups)
        if sample_weight is not None and takes_weights(self.estimator):
            params["sample_weight"] = sample_weight
        for name, given in {"sample_weight": sample_weight, "groups": groups}.items():
            if given is not None and not any(key.rpartition("__")[2] == name for key in params):
                raise ParameterError(not_taken(self.estimator, name))
        return params

    def _part_params(self, name: str) -> dict[str, Any]:
        """Give the parameters of that name of the estimator and all its parts."""
        params = self.estimator.get_params()
        return {k: v for k, v in params.items() if k == name or k.endswith(f"__{name}")}

    def _members(self, cache: FrozenCache) -> list[BaseEstimator]:
        """Give unfitted members with seeds of their own and one cache for what all have frozen."""
        seeded = self._part_params("random_state")
        if not seeded:
            raise ParameterError(
                f"Got estimator={self.estimator!r}, which has no random_state, so all members "
                "would be the same. Use it by itself."
            )
        seed = resolve_seed(self.random_state)
        shared = {key: cache for key, value in self._part_params("cache").items() if value == "fit"}
        return [
            clone(self.estimator).set_params(
                **shared, **{key: seed_at(seed, "member", i) % 2**32 for key in seeded}
            )
            for i in range(self.n_estimators)
        ]

    def predict_members(self, X: Any) -> NDArray[Any]:
        """Give every member's probabilities, of shape (n_estimators, n_clips, n_classes)."""
        check_is_fitted(self)
        return np.stack([member.predict_proba(X) for member in self.estimators_])

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the members' mean probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : ImageBatch, array-like or sequence
            What `estimator` takes.

        Returns
        -------
        ndarray of shape (n_clips, n_classes)
        """
        return self.predict_members(X).mean(axis=0)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each clip."""
        probability = self.predict_proba(X)
        return self.classes_[probability.argmax(axis=1)]

    def disagreement(self, X: Any) -> NDArray[Any]:
        """Give how far the members disagree on each clip, in nats.

        Returns
        -------
        ndarray of shape (n_clips,)
            Entropy of the mean probabilities less the mean entropy of the members': 0 where all
            say the same, at most the logarithm of the number of classes.
        """
        members = self.predict_members(X)
        return np.maximum(_entropy(members.mean(axis=0)) - _entropy(members).mean(axis=0), 0.0)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`, where the members know it."""
        if not hasattr(self, "estimators_"):
            raise AttributeError(f"{type(self).__name__} is not fitted yet.")
        return self.estimators_[0].n_features_in_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        return tags


def _fit(member: BaseEstimator, X: Any, y: ArrayLike, params: dict[str, Any]) -> BaseEstimator:
    return member.fit(X, y, **params)


def _entropy(probability: NDArray[Any]) -> NDArray[Any]:
    return -xlogy(probability, probability).sum(axis=-1)
