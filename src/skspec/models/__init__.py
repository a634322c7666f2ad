"""Images, or segments of waveforms, to labels."""

from skspec.models._head import Head
from skspec.models._pretrained_cnn import PretrainedCNNClassifier
from skspec.models._segmented import SegmentedClassifier
from skspec.models._stage import Stage

__all__ = ["Head", "PretrainedCNNClassifier", "SegmentedClassifier", "Stage"]
