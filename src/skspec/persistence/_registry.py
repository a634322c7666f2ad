"""The short names under which classes and functions stand in model files."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator

import skspec
from skspec._compat import CALIBRATION_PARTS
from skspec.exceptions import ParameterError

_OWN = {
    "Compute": "skspec.nn._device",
    "FeatureSpec": "skspec.nn._features",
    "FrozenCache": "skspec.nn",
    "HeadSpec": "skspec.nn._network",
    "ImagePolicy": "skspec.images._image_policy",
    "ImageStatistics": "skspec.nn._input",
    "LSTMBackbone": "skspec.nn._small_nets",
    "NetworkSpec": "skspec.nn._network",
    "RegisteredBackbone": "skspec.nn._network",
    "SmallCNNBackbone": "skspec.nn._small_nets",
    "WaveformPolicy": "skspec.images._waveform_policy",
    "time_statistics": "skspec.features",
}
_SCIKIT_LEARN = {
    "calibration": "CalibratedClassifierCV",
    "decomposition": "PCA",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier",
    "ensemble": "StackingClassifier VotingClassifier",
    "feature_selection": (
        "SelectKBest SelectPercentile VarianceThreshold chi2 f_classif mutual_info_classif"
    ),
    "frozen": "FrozenEstimator",
    "isotonic": "IsotonicRegression",
    "linear_model": "LogisticRegression RidgeClassifier",
    "model_selection": (
        "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut ShuffleSplit StratifiedGroupKFold "
        "StratifiedKFold StratifiedShuffleSplit"
    ),
    "naive_bayes": "GaussianNB",
    "neighbors": "KNeighborsClassifier",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing": (
        "FunctionTransformer LabelBinarizer LabelEncoder MaxAbsScaler MinMaxScaler Normalizer "
        "PowerTransformer QuantileTransformer RobustScaler StandardScaler"
    ),
    "svm": "LinearSVC NuSVC SVC",
}
_MODULES = {
    **_OWN,
    **CALIBRATION_PARTS,
    **{
        name: f"sklearn.{module}"
        for module, names in _SCIKIT_LEARN.items()
        for name in names.split()
    },
}
_REGISTERED: dict[str, Any] = {}


def register(name: str, thing: Any) -> None:
    """Let a class or function of your own be saved under a name, and found by it in `load`.

    Parameters
    ----------
    name : str
        What stands in the file. The same name must be registered wherever the file is loaded.
        Registering it again replaces what it stood for.
    thing : class or function
        An estimator class that keeps scikit-learn's rules: a constructor that only assigns its
        parameters, and fitted attributes whose names end or start with an underscore. Or a
        function, as for scikit-learn's `FunctionTransformer`.

    Raises
    ------
    ParameterError
        For a name that is no identifier or that skspec has already, or a thing that cannot be
        called.

    Notes
    -----
    `load` calls the class with the parameters of the file, so register only what may be called
    with any.

    Examples
    --------
    >>> from skspec.persistence import register
    >>> def first_bins(images):
    ...     return images[:, 0, :4].mean(axis=-1)
    >>> register("first_bins", first_bins)
    """
    if not isinstance(name, str) or not name.isidentifier() or not callable(thing):
        raise ParameterError(
            f"Got name={name!r} and thing={thing!r}, but expected an identifier, and a class or "
            "function."
        )
    if _built_in(name) is not None:
        raise ParameterError(f"Got name={name!r}, which skspec has already: take another.")
    _REGISTERED[name] = thing


def find(name: str) -> Any:
    """Give the class or function of that name, None where there is none."""
    return _REGISTERED[name] if name in _REGISTERED else _built_in(name)


def name_of(thing: Any) -> str | None:
    """Give the name of a class or function, None where it has none."""
    for name, registered in _REGISTERED.items():
        if registered is thing:
            return name
    name = getattr(thing, "__name__", "")
    return name if _built_in(name) is thing else None


def _built_in(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name, None)
    thing = getattr(skspec, name) if name in dir(skspec) else None
    return thing if inspect.isclass(thing) and issubclass(thing, BaseEstimator) else None
