"""Images, or segments of waveforms, to labels."""

from skspec.models._deep_ensemble import DeepEnsembleClassifier
from skspec.models._head import Head
from skspec.models._losses import BinaryCrossEntropy, CrossEntropy, Focal, MultiClassHinge
from skspec.models._lstm import LSTMClassifier
from skspec.models._pretrained_cnn import PretrainedCNNClassifier
from skspec.models._schedules import (
    CosineSchedule,
    CyclicSchedule,
    OneCycleSchedule,
    PlateauSchedule,
    StepSchedule,
)
from skspec.models._segmented import SegmentedClassifier
from skspec.models._small_cnn import SmallCNNClassifier
from skspec.models._stage import Stage

__all__ = [
    "BinaryCrossEntropy",
    "CosineSchedule",
    "CrossEntropy",
    "CyclicSchedule",
    "DeepEnsembleClassifier",
    "Focal",
    "Head",
    "LSTMClassifier",
    "MultiClassHinge",
    "OneCycleSchedule",
    "PlateauSchedule",
    "PretrainedCNNClassifier",
    "SegmentedClassifier",
    "SmallCNNClassifier",
    "Stage",
    "StepSchedule",
]
