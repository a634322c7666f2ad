"""The recipe of threadgold's paper: speaker gender from segments, nine systems."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from skspec._validation import check_choice
from skspec.models import SegmentedClassifier
from skspec.recipes._recipe import Recipe, Systems
from skspec.recipes._threadgold_data import segment_timepoints
from skspec.recipes._threadgold_parts import ARCHITECTURES, LEARNING, image_steps, network
from skspec.recipes._threadgold_reported import reported
from skspec.waveforms import SilenceTrimmer

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
GUESSES = {"random": "uniform", "one_class": "most_frequent"}
SYSTEMS = (*GUESSES, *ARCHITECTURES, "lstm", *LEARNING)


def _grid(**params: Any) -> Systems:
    systems = {system: threadgold(system, **params) for system in SYSTEMS}
    first = {"epochs": 20, **params}
    return {**systems, "vgg16_15_frozen_20_epochs": threadgold("vgg16_15_frozen", **first)}


@partial(
    Recipe,
    grid=_grid,
    shares=SHARES,
    reported=reported(),
)
def threadgold(
    system: str = "vgg16_15_frozen",
    feature: str | Sequence[str] | None = None,
    *,
    on: str = "clips",
    epochs: int | None = None,
    validation: Any = 0.25,
    sr: float = 22_050,
    frame_length: int = 2048,
    hop_length: int = 512,
    top_db: float = 60.0,
    n_mfcc: int = 20,
    datapoint_length: int = 100,
    datapoint_hop: int | None = None,
    weights: str | PathLike[str] | None = "imagenet",
    device: str = "auto",
    random_state: int | None = None,
    verbose: int = 0,
) -> BaseEstimator:
    """Give a classifier of clips by their segments, as in the threadgold paper [1]_.

    Silence is cut out, what is left is cut into segments of 100 frames, their images are
    classified, and the clip gets the class of the highest mean probability. ``grid()`` gives all
    systems of the paper, ``split`` its 60/20/20, ``reported`` its numbers.

    Parameters
    ----------
    system : str, default="vgg16_15_frozen"
        ``"vgg16_15_frozen"`` and ``"vgg16_10_frozen"`` tune VGG16, its last block or its last two;
        ``"simple_cnn"``, ``"mandel"``, ``"reduced_mandel"`` and ``"lstm"`` start from random
        weights; ``"random"`` and ``"one_class"`` guess.
    feature : {"mel", "mfcc", "chroma", "contrast"} or sequence of them, default=None
        The image; of several, each is a channel, of the height of the first, scaled to mean 0 and
        deviation 1. VGG16 takes one or three. None is ``"mel"`` for VGG16 and ``"chroma"``
        otherwise.
    on : {"clips", "segments"}, default="clips"
        What the estimator takes: clips, or the segments that `threadgold_segments` gives.
    epochs : int > 0, default=None
        None is the paper's: 500 for ``"vgg16_15_frozen"``, 20 otherwise.
    validation : float, splitter, array of int or None, default=0.25
        What is held out of the clips in `fit` to choose the epoch of the best accuracy; a quarter
        of the train and validation parts together are the paper's 60 and 20 %. See
        `PretrainedCNNClassifier`.
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it; arrays must have it.
    frame_length : int > 0, default=2048
        Samples in a frame.
    hop_length : int > 0, default=512
        Samples between frames.
    top_db : float > 0, default=60.0
        What is so many dB below a clip's loudest frame is silence.
    n_mfcc : int > 0, default=20
        Coefficients of ``feature="mfcc"``.
    datapoint_length : int > 0, default=100
        Frames in a segment.
    datapoint_hop : int > 0, default=None
        Frames from the start of one segment to that of the next; None sets them end to end.
    weights : "imagenet", path or None, default="imagenet"
        Of VGG16, as in `PretrainedCNNClassifier`.
    device : str, default="auto"
        Where the network trains.
    random_state : int, default=None
        Seed of the guesses, or of the network.
    verbose : int, default=0
        1 shows a progress bar of the training.

    Returns
    -------
    Pipeline or DummyClassifier
        With the steps ``trim`` and ``segments``, whose ``estimator`` is a Pipeline of ``image``
        (``scale`` where there are several) and ``cnn``; this alone for ``on="segments"``.

    Notes
    -----
    VGG16 sees 128 x 100 pixels, scaled to [0, 1], and ends in dense 256, ReLU, dropout 0.5 and
    the softmax; SGD with momentum 0.9 at 1e-4. Keras counts the input as a layer, so with 15
    frozen layers block 5 learns, and blocks 4 and 5 with 10.

    Differs from the paper, or is not said there:

    - It joins files, cuts the whole and splits segments, so that a file, and a speaker, stand on
      both sides of its split. Here a clip's segments stay together. Its own way is
      `threadgold_segments` and ``on="segments"``.
    - It scores segments, here clips; `predict_segments` of the fitted step ``segments`` tells
      what each segment was taken for.
    - Segments lie end to end, and the last one of a clip ends with it, or is filled with silence.
    - No PNG files: images go to the network as they are, in decibels down to 80 below the
      segment's loudest point, with one map of all onto [0, 1].
    - ImageNet weights are torchvision's, not Keras's.
    - `sr`, `frame_length`, `hop_length`, `top_db` and `n_mfcc` are librosa's defaults, and
      batches have 32 segments.
    - The nets on chroma learn by Adam at 1e-3, Keras's default. What is not known of the simple
      net, the reduced one and the LSTM is said in `SmallCNNClassifier` and `LSTMClassifier`; the
      LSTM decides by its last state.
    - Epochs are known of the simple net (20) and the final one (500); the first comparison of
      frozen layers seems to have 20, where figure 27 ends. The other systems have 20.
    - ``"one_class"`` gives the most frequent class, not always the male one.

    VGG16 then took all for male at a rate of 0.01, and by Adam: that is ``set_params`` of
    ``segments__estimator__cnn__finetune__lr``, or of ``..__optimizer`` to ``"adam"`` and
    ``..__optimizer_params`` to None.

    What its author wished for: several features at once, and a network that was trained on sound,
    stand in the examples. Poorer recordings, "phone calls in high winds": `evaluate_under_noise`.
    Other labels, age or accent: `load_common_voice` has them.

    References
    ----------
    .. [1] C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender", 2018.

    Examples
    --------
    >>> from skspec import make_voices
    >>> from skspec.recipes import threadgold
    >>> X, y, groups = make_voices(8, n_speakers=4, random_state=0)
    >>> mandel = threadgold("mandel", epochs=1, validation=None, sr=16_000, random_state=0)
    >>> mandel.fit(X, y).predict_proba(X).shape
    (8, 2)

    Three features at once; a network that was trained on sound, with the images it knows:

    >>> many = threadgold(feature=("mel", "chroma", "contrast"))
    >>> heard = threadgold(sr=32_000, frame_length=1024, hop_length=320)
    >>> network = heard["segments"].estimator.set_params(
    ...     image__n_mels=64, image__fmin=50, image__fmax=14_000, image__ref=1.0,
    ...     image__top_db=None, cnn__backbone="cnn14", cnn__weights="Cnn14.pth",
    ...     cnn__input_size=None, cnn__input_scaling=None)
    """
    check_choice("system", system, SYSTEMS)
    check_choice("on", on, ("clips", "segments"))
    if system in GUESSES:
        return DummyClassifier(strategy=GUESSES[system], random_state=random_state)
    feature = feature or ("mel" if system in LEARNING else "chroma")
    frames = {"frame_length": frame_length, "hop_length": hop_length}
    cnn = network(
        system,
        epochs,
        weights,
        datapoint_length,
        validation=validation,
        device=device,
        random_state=random_state,
        verbose=verbose,
    )
    classifier = Pipeline([*image_steps(feature, sr, n_mfcc, **frames), ("cnn", cnn)])
    if on == "segments":
        return classifier
    segments = SegmentedClassifier(
        classifier,
        segment_s=segment_timepoints(datapoint_length, **frames) / sr,
        hop_s=(datapoint_hop or datapoint_length) * hop_length / sr,
        sr=sr,
    )
    trimmer = SilenceTrimmer(top_db, sr=sr, remove="all", **frames)
    return Pipeline([("trim", trimmer), ("segments", segments)])
