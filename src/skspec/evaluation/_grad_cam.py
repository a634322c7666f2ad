"""`grad_cam`: where in its spectrogram a network found a class."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skspec._image_checks import check_images
from skspec.exceptions import InputTypeError, ParameterError
from skspec.models._base import StagedImageClassifier
from skspec.nn._frozen import prediction_batches
from skspec.nn._memory import PartSize
from skspec.nn._network import TransferNetwork
from skspec.nn._saliency import grad_cam_maps


def grad_cam(
    estimator: BaseEstimator,
    X: Any,
    *,
    target: ArrayLike | None = None,
    block: str | None = None,
) -> NDArray[np.floating[Any]]:
    """Give maps of where in each image a network found a class, by Grad-CAM.

    They show what a decision rests on: a voice, or the hum behind it. `GradCAMDisplay` draws one
    over its spectrogram.

    Parameters
    ----------
    estimator : PretrainedCNNClassifier, SmallCNNClassifier or Pipeline
        Fitted; a Pipeline that ends in one, its other steps make the images.
    X : images, or what the Pipeline takes
        The clips.
    target : label or array-like of shape (n_clips,), default=None
        The class, one for all clips or one for each; None takes what is predicted.
    block : str, default=None
        The block of the backbone whose feature maps are weighed. None takes the last one, which
        knows most of the class and least of the place: earlier ones give finer maps.

    Returns
    -------
    maps : ndarray of shape (n_clips, n_bins, n_frames)
        Between 0 and 1, on the bins and frames of the images, with a maximum of 1 in each clip.
        All 0 where no place speaks for the class.

    Raises
    ------
    InputTypeError
        The estimator is none of these.
    ParameterError
        `target` is not a class, or the block has no maps.
    BackboneNotFoundError
        There is no block of that name; the error lists them.

    See Also
    --------
    GradCAMDisplay : A map over its spectrogram, with seconds and Hz.

    Notes
    -----
    With feature maps ``A_k`` of a block and the class's score ``y`` (the network's output; where
    two classes have one output, for the first of them its negative), the map is

    ``relu(sum_k a_k A_k)``, ``a_k = mean over positions of dy / dA_k``,

    resized to the image bilinearly, and divided by its maximum [1]_. It is computed in the number
    format of the weights, without autocast. Maps of different clips have no common scale.

    Recurrent layers, those of `LSTMClassifier`, have no such gradient on CUDA, only on the CPU.

    References
    ----------
    .. [1] R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh, D. Batra, "Grad-CAM:
       Visual explanations from deep networks via gradient-based localization", ICCV 2017.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import MelSpectrogramImage, PretrainedCNNClassifier, grad_cam, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000), cnn).fit(X, y)
    >>> grad_cam(pipe, X[:3], block="block2").shape
    (3, 128, 32)
    """
    classifier, X = _last_step(estimator, X)
    network, compute = classifier.network_, classifier.compute_
    images = check_images(classifier, X, reset=False, keep_on_demand=True)
    labels = classifier.predict(images) if target is None else target
    targets = torch.from_numpy(_positions(labels, classifier.classes_, len(images)))
    block = network.backbone.block_names[-1] if block is None else block
    batches = prediction_batches(network, images, 0, compute, None, classifier.batch_size)
    parts = targets.to(compute.device).split(classifier.batch_size)
    size, maps = PartSize(), []
    for x, chosen in zip(batches, parts, strict=True):
        work = partial(_in_parts, network, x, chosen, block)
        maps.append(size.fitting(len(x), work).cpu())
    return torch.cat(maps).numpy()


def _last_step(estimator: BaseEstimator, X: Any) -> tuple[StagedImageClassifier, Any]:
    """Give the classifier, and what the steps before it make of X."""
    piped = isinstance(estimator, Pipeline)
    classifier = estimator[-1] if piped else estimator
    if not isinstance(classifier, StagedImageClassifier):
        raise InputTypeError(
            f"{type(classifier).__name__} has no network that a map could be made of; expected a "
            "PretrainedCNNClassifier, a SmallCNNClassifier, or a Pipeline that ends in one. Of an "
            "estimator around others take one of those, such as estimators_[0], best_estimator_."
        )
    check_is_fitted(classifier, "network_")
    return classifier, estimator[:-1].transform(X) if piped and len(estimator) > 1 else X


def _positions(labels: ArrayLike, classes: NDArray[Any], n_clips: int) -> NDArray[np.intp]:
    """Give the position among the classes of one label for all clips, or of one for each."""
    given = np.asarray(labels)
    known = {label: i for i, label in enumerate(classes.tolist())}
    wrong = [label for label in given.ravel().tolist() if label not in known]
    if wrong or given.shape not in ((), (n_clips,)):
        got = repr(wrong[0]) if wrong else f"an array of shape {given.shape}"
        raise ParameterError(
            f"Got target={got}, but expected one of the classes {classes.tolist()}, an array of "
            f"shape ({n_clips},) with one of them for each clip, or None."
        )
    positions = [known[label] for label in given.ravel().tolist()]
    return np.broadcast_to(positions, n_clips).astype(np.intp)


def _in_parts(
    network: TransferNetwork, x: torch.Tensor, targets: torch.Tensor, block: str, parts: list[slice]
) -> torch.Tensor:
    return torch.cat([grad_cam_maps(network, x[part], targets[part], block) for part in parts])
