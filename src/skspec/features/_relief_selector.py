"""`ReliefSelector`: the features that tell near neighbours of different classes apart."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skspec._compat import Interval
from skspec._optional import import_optional
from skspec._validation import check_parameters
from skspec.exceptions import InputError


class ReliefSelector(SelectorMixin, BaseEstimator):
    """Keep the features that differ most between near clips of different classes.

    ReliefF looks at each clip's nearest neighbours, so it finds features that tell classes apart
    only together with others, which a test of one column at a time does not. Needs skrebate:
    ``pip install 'skspec[relief]'``.

    Parameters
    ----------
    n_features : int > 0, default=100
        How many to keep; all where there are not more.
    n_neighbors : int > 0, default=10
        Nearest clips of the same class, and of each other class, that each clip is compared with.

    Attributes
    ----------
    scores_ : ndarray of shape (n_columns,)
        ReliefF's weight of each feature, in [-1, 1]; the largest are kept.
    n_features_in_ : int
        Columns of `X`.

    Raises
    ------
    ParameterError
        In `fit`, for a parameter that is not allowed.
    MissingDependencyError
        In `fit`, where skrebate is not installed.
    InputError
        In `fit`, where all clips are of one class.

    Notes
    -----
    With differences divided by each feature's range, a feature's weight is the mean over all clips
    of its mean difference to the near clips of other classes, minus that to the near ones of the
    same class. Near is by the sum of all features' differences. Other classes count alike, where
    [1]_ weighs them by how frequent they are. n clips take time as n * n.

    References
    ----------
    .. [1] I. Kononenko, "Estimating attributes: analysis and extensions of RELIEF", ECML 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ReliefSelector
    >>> y = np.tile(["a", "b"], 10)
    >>> X = np.random.default_rng(0).normal(size=(20, 5))
    >>> X[:, 3] += 4 * (y == "a")
    >>> ReliefSelector(1, n_neighbors=3).fit(X, y).get_support(indices=True)
    array([3])
    """

    _parameter_constraints = {  # noqa: RUF012
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, n_features: int = 100, *, n_neighbors: int = 10) -> None:
        self.n_features = n_features
        self.n_neighbors = n_neighbors

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Weigh the features.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features_in)
            Vectors.
        y : array-like of shape (n_clips,)
            Labels.

        Returns
        -------
        self
        """
        check_parameters(self)
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        classes, encoded = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise InputError(
                f"ReliefSelector needs clips of at least two classes, but y has only one class: "
                f"{classes.tolist()[0]!r}."
            )
        relief = import_optional("skrebate", extra="relief").ReliefF(
            n_neighbors=self.n_neighbors,
            # Left to itself it takes columns of few values, and so all of few clips, for
            # categories, and many classes for numbers.
            categorical_threshold=1,
            label_type="binary" if len(classes) == 2 else "multiclass",
        )
        self.scores_ = relief.fit(X, encoded).feature_importances_
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        mask = np.zeros(len(self.scores_), dtype=bool)
        mask[np.argsort(-self.scores_, kind="stable")[: self.n_features]] = True
        return mask

    def __sklearn_tags__(self) -> Tags:
        tags: Any = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
