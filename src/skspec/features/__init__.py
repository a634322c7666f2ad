"""Images to vectors."""

from skspec.features._deep_features import DeepFeatures
from skspec.features._time_statistics import time_statistics

__all__ = ["DeepFeatures", "time_statistics"]
