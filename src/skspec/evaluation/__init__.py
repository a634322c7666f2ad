"""Displays and tables."""

from skspec.evaluation._augmenter_display import AugmenterDisplay
from skspec.evaluation._cross_validation import (
    SystemResult,
    corrected_interval,
    cross_validate_systems,
    scores_table,
)
from skspec.evaluation._spectrogram_display import SpectrogramDisplay
from skspec.evaluation._training_history_display import TrainingHistoryDisplay

__all__ = [
    "AugmenterDisplay",
    "SpectrogramDisplay",
    "SystemResult",
    "TrainingHistoryDisplay",
    "corrected_interval",
    "cross_validate_systems",
    "scores_table",
]
