"""What a batch of waveforms or images is, and what the parameters of an estimator may be."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from skspec._compat import InvalidParameterError, validate_parameter_constraints
from skspec.exceptions import ParameterError


def check_parameters(estimator: BaseEstimator) -> None:
    """Check an estimator's constructor parameters against its `_parameter_constraints`."""
    try:
        validate_parameter_constraints(
            estimator._parameter_constraints,
            estimator.get_params(deep=False),
            caller_name=type(estimator).__name__,
        )
    except InvalidParameterError as error:
        raise ParameterError(str(error)) from None
