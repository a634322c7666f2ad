"""Losses as parameters: what the training makes small."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real

from sklearn.base import BaseEstimator

from skspec._compat import Interval
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.nn import _losses
from skspec.nn._losses import Loss


class LossParameters(BaseEstimator, ABC):
    """A loss that a classifier can be given; the torch side of it is what `spec` makes."""

    def spec(self) -> Loss:
        """Check the parameters and give the loss that trains."""
        check_parameters(self)
        return self._loss()

    @abstractmethod
    def _loss(self) -> Loss: ...


class CrossEntropy(LossParameters):
    """The negative logarithm of the true class's probability; what ``"cross_entropy"`` means.

    Probabilities are the softmax of the network's outputs, one for each class.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0.0
        Share of each label that is spread evenly over all classes: it keeps the network from
        growing too sure of labels that may be wrong. The validation loss is smoothed as well.

    Notes
    -----
    With smoothing ``s`` and ``K`` classes the loss of a clip is ``-sum_k q_k log p_k``, where
    ``q_k`` is ``1 - s + s / K`` for the true class and ``s / K`` for the others.

    References
    ----------
    C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016,
    section 7.

    Examples
    --------
    >>> from skspec import CrossEntropy, PretrainedCNNClassifier
    >>> cnn = PretrainedCNNClassifier(loss=CrossEntropy(label_smoothing=0.1))
    >>> cnn.set_params(loss__label_smoothing=0.2).loss
    CrossEntropy(label_smoothing=0.2)
    """

    _parameter_constraints = {  # noqa: RUF012
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def _loss(self) -> Loss:
        return _losses.CrossEntropyLoss(self.label_smoothing)


class BinaryCrossEntropy(LossParameters):
    """Cross-entropy of sigmoids; what ``"binary_cross_entropy"`` means.

    Two classes have one output, whose sigmoid is the probability of ``classes_[1]``. More classes
    have one output each, "this class or not"; their sigmoids are divided by their sum to make
    probabilities.

    Notes
    -----
    The loss of a clip is the mean over its outputs of ``-(t log p + (1 - t) log(1 - p))``, ``t``
    being 1 for the true class and 0 for another. With two classes it has the same minimum as the
    cross-entropy of a softmax, but another number of weights, and so another training.

    Examples
    --------
    >>> from skspec import BinaryCrossEntropy, PretrainedCNNClassifier
    >>> cnn = PretrainedCNNClassifier("vgg19", loss=BinaryCrossEntropy())
    """

    _parameter_constraints: dict[str, list[object]] = {}  # noqa: RUF012

    def _loss(self) -> Loss:
        return _losses.BinaryCrossEntropyLoss()


class MultiClassHinge(LossParameters):
    """How far the true class's score is from a margin above all others; ``"hinge"`` means it.

    It stops pulling at clips that are right by the margin. Its probabilities are the softmax of
    the scores, and they are not calibrated: nothing in this loss makes a score a logarithm of a
    probability, so calibrate them (scikit-learn's `CalibratedClassifierCV`) before using them as
    more than an order. Mixed images (mixup, CutMix) are refused: it takes one label for a clip.

    Parameters
    ----------
    margin : float > 0, default=1.0
        How far above.

    Notes
    -----
    The loss of a clip with scores ``x`` and true class ``y`` of ``K`` is
    ``sum_{k != y} max(0, margin - x_y + x_k) / K``.

    References
    ----------
    J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition",
    ESANN 1999.

    Examples
    --------
    >>> from skspec import MultiClassHinge, PretrainedCNNClassifier
    >>> cnn = PretrainedCNNClassifier("densenet161", loss=MultiClassHinge(margin=0.5))
    """

    _parameter_constraints = {  # noqa: RUF012
        "margin": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, margin: float = 1.0) -> None:
        self.margin = margin

    def _loss(self) -> Loss:
        return _losses.HingeLoss(self.margin)


class Focal(LossParameters):
    """Cross-entropy that makes little of clips that are already right; ``"focal"`` means it.

    For data in which easy clips outnumber the hard ones. Probabilities are the softmax of the
    network's outputs, and less sure than those of the cross-entropy. Weights that balance the
    classes, the alpha of the paper, are the classifier's `class_weight`.

    Parameters
    ----------
    gamma : float >= 0, default=2.0
        How little: 0 is the cross-entropy.

    Notes
    -----
    The loss of a clip is ``-(1 - p) ** gamma * log(p)``, ``p`` being the probability of its true
    class. A mixed image has the losses of both its labels, each by its share.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection",
    ICCV 2017, section 3.2.

    Examples
    --------
    >>> from skspec import Focal, PretrainedCNNClassifier
    >>> cnn = PretrainedCNNClassifier(loss=Focal(gamma=1.0), class_weight="balanced")
    """

    _parameter_constraints = {  # noqa: RUF012
        "gamma": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, gamma: float = 2.0) -> None:
        self.gamma = gamma

    def _loss(self) -> Loss:
        return _losses.FocalLoss(self.gamma)


LOSSES: dict[str, type[LossParameters]] = {
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
    "hinge": MultiClassHinge,
    "focal": Focal,
}


def named_loss(loss: str | LossParameters) -> LossParameters:
    """Give the loss that a word stands for; a loss as it is."""
    if isinstance(loss, LossParameters):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ParameterError(
            f"Got loss={loss!r}, but expected one of {sorted(LOSSES)}, CrossEntropy(), "
            "BinaryCrossEntropy(), MultiClassHinge() or Focal()."
        )
    return LOSSES[loss]()
