"""Images to labels: classifiers that are trained in stages."""

from skspec.models._head import Head
from skspec.models._pretrained_cnn import PretrainedCNNClassifier
from skspec.models._stage import Stage

__all__ = ["Head", "PretrainedCNNClassifier", "Stage"]
