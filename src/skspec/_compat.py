"""Every private scikit-learn import, and nowhere else."""

from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._array_api import np_compat as numpy_namespace
from sklearn.utils._param_validation import (
    Hidden,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "check_sample_weight",
    "numpy_namespace",
    "safe_indexing",
    "validate_parameter_constraints",
]
