"""Images and waveforms to vectors."""

from skspec.features._acoustic_functionals import AcousticFunctionals
from skspec.features._deep_features import DeepFeatures
from skspec.features._relief_selector import ReliefSelector
from skspec.features._time_statistics import time_statistics

__all__ = ["AcousticFunctionals", "DeepFeatures", "ReliefSelector", "time_statistics"]
