"""`PretrainedCNNClassifier`: a pretrained image network, tuned in stages on spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar

from skspec._compat import StrOptions
from skspec._seeding import seed_at
from skspec.models._base import StagedImageClassifier
from skspec.models._head import Head
from skspec.models._losses import LossParameters
from skspec.models._stage import Stage
from skspec.nn._cache import FrozenCache
from skspec.nn._input import ImageStatistics, resolve_input_size
from skspec.nn._network import NetworkSpec, RegisteredBackbone, TransferNetwork


class PretrainedCNNClassifier(StagedImageClassifier):
    """Classify spectrogram images by a network that was pretrained on pictures.

    The usual plan trains a new head on the frozen backbone first, then all of it at a lower
    learning rate (``stages="two_stage"``). What is frozen stays bit for bit as it was, its
    BatchNorm statistics included.

    Parameters
    ----------
    backbone : str, default="efficientnet_b0"
        One that `backbones` lists, such as ``"resnet50"`` or ``"efficientnet_lite0"``; any model
        of timm, as ``"timm/NAME"``; or what `register_backbone` added.
    weights : "imagenet", path or None, default="imagenet"
        Pretrained weights (downloaded once, or from an installed package), a local
        ``.safetensors`` or ``.pth`` state dict, or None for random ones.
    upto : str, default=None
        Last block of the backbone to keep; None keeps all. Middle blocks carry most for sound.
    head : Head, default=None
        What classifies; None is ``Head()``.
    stages : {"frozen", "two_stage", "full"} or list of (str, Stage), default="two_stage"
        How to train. ``"two_stage"`` has the stages ``warmup`` and ``finetune``, ``"frozen"``
        has ``frozen``, ``"full"`` has ``full``. What counts is steps, epochs times clips over
        `batch_size`: with a few dozen clips take smaller batches, more epochs or higher rates.
    loss : str or loss, default="cross_entropy"
        What the training makes small: ``"cross_entropy"``, ``"binary_cross_entropy"``,
        ``"hinge"``, ``"focal"``, or an object, `CrossEntropy`, `BinaryCrossEntropy`,
        `MultiClassHinge` or `Focal`, whose parameters are ``loss__*`` in a search.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss.
    batch_size : int > 0, default=32
        Images per batch. In training, a last batch of a single image joins the one before it, of
        any size.
    input_size : tuple of int, default=None
        Height and width that images are resized to; None takes the backbone's.
    input_scaling : {"fit", "unit", "imagenet"} or None, default="fit"
        ``"fit"``: one affine map, learned on the training images, onto the mean and deviation
        that the weights expect; ``"unit"``: onto [0, 1]; ``"imagenet"``: onto [0, 1], then the
        weights' normalisation; None: as they are.
    validation : float, splitter, array of int or None, default=None
        Clips held out to choose the best epoch: a fraction, a scikit-learn splitter (its first
        split), or row indices. With `groups` in `fit` a fraction, or a splitter that knows
        groups, keeps a group on one side; a fraction is then about 1/k for a whole k, at most
        half. None trains on everything and keeps the last epoch.
    monitor : {"valid_loss", "valid_accuracy"}, default="valid_loss"
        What makes an epoch the best.
    cache : "fit", path, FrozenCache or None, default="fit"
        Where to keep what the frozen blocks give for each image, so that they run once and not in
        every epoch: for the time of a fit; in a folder, which folds, candidates and processes
        share; or in a `FrozenCache`, which clones share. None computes it anew each time.
        Weights and predictions are bitwise the same whichever it is.
    precision : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Number format. ``"auto"``: float32 on the CPU, bfloat16 autocast on CUDA.
    device : str, default="auto"
        ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    on_divergence : {"raise", "restore"}, default="raise"
        What to do where the loss becomes NaN or infinite: raise an error; or warn, end the
        training, and keep the weights of the best epoch, or without a validation part those of
        the last epoch that ended in order (before the first one, the untrained weights).
    compile : bool, default=False
        Whether ``torch.compile`` makes a program of the network for training and predicting. It
        takes a minute and needs a C++ compiler on the CPU; worth it for long trainings on CUDA.
    checkpoint : path, default=None
        Folder for checkpoints, one at the end of every epoch. After a crash, ``kill -9`` or
        Ctrl-C, `fit` with the same parameters, data, versions and number of threads goes on from
        the last one, to bitwise the same weights; see Notes. Own classes and functions count by
        name: take another folder after changing them.
    checkpoint_every_s : float >= 0, default=300.0
        Seconds after which there is one within an epoch; 0 writes one after every batch.
    callbacks : list of skorch callbacks, default=None
        Copied for each stage.
    random_state : int, RandomState, Generator or None, default=None
        Seed of initial weights, order, dropout and the validation split. With the same seed and
        the same number of torch threads, results are bitwise the same. `checkpoint` needs one.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_frozen_blocks_ : int
        How many blocks, from the first, no stage lets learn.
    history_ : list of dict
        One for each epoch: stage, epoch, lr and head_lr (the rates that the epoch began with, of
        the last learning block and of the head), train_loss; valid_loss and valid_accuracy where
        there is a validation part, lr_end (what lr was in the last batch) where the stage has a
        schedule.
    best_epoch_ : int or None
        The epoch whose weights are kept; None without a validation part.
    interrupted_ : bool
        Whether Ctrl-C or a callback ended the training early.
    diverged_ : bool
        Whether the training ended because of a loss that was not finite; only with
        ``on_divergence="restore"``.
    loss_ : loss
        The loss object that was used.
    network_ : torch.nn.Module
        The trained network.
    image_shape_in_ : tuple of int
        (n_channels, n_bins, n_frames) seen in `fit`.
    n_features_in_ : int
        Only after 2-D input.

    Raises
    ------
    ParameterError
        A parameter has a value that is not allowed.
    InputError
        Images or labels cannot be used; the clip is named.
    BackboneNotFoundError, WeightsUnavailableError, DeviceUnavailableError
        As their names say, with what can be done.
    FitDivergedError
        The loss became NaN or infinite.

    Warns
    -----
    GroupsWarning
        Validation clips are split off and `fit` knows no groups.
    LeakageWarning
        A group stands on both sides of the split that `validation` gives.
    ConvergenceWarning
        The loss became NaN or infinite, and ``on_divergence="restore"``; or the training was
        interrupted.
    UserWarning
        The device ran out of memory: batches go through the network in parts, see Notes.
    CheckpointWarning
        A checkpoint could not be written, was damaged, or belongs to a fit that still runs.

    Notes
    -----
    Each clip's loss is weighted by sample weight times class weight, the weights scaled to a mean
    of 1. How outputs become probabilities depends on the loss and stands there; with the
    cross-entropy ``predict_proba`` is the softmax.

    Where a CUDA device runs out of memory in a batch, its images go through in parts, half as
    large, or smaller, for the rest of the fit, and the gradients are added up: a step is still
    one of the whole batch. Only BatchNorm layers that learn see a difference: their statistics
    are then those of a part.

    Checkpoints lie in a folder named by all that decides the result, data included: one
    `checkpoint` serves a whole search, and no fit goes on from another's. The last two are kept,
    with AdamW some four times the learning weights' size each, and verified by SHA-256 when read:
    for a damaged one the one before it is taken, with a warning. One that cannot be written, as
    on a full disk, is a warning each time; the last one stays, and training goes on. Until the
    folder is deleted, fitting again what has ended gives its weights at once: a search that was
    killed computes only what is missing. Callbacks start anew where a fit goes on.

    References
    ----------
    J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep neural
    networks?", NeurIPS 2014.

    Examples
    --------
    >>> from skspec import MelSpectrogramImage, PretrainedCNNClassifier, make_voices
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000), cnn).fit(X, y)
    >>> pipe.predict_proba(X).shape
    (12, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **StagedImageClassifier._parameter_constraints,
        "backbone": [str],
        "weights": [str, PathLike, None],
        "upto": [str, None],
        "input_scaling": [StrOptions({"fit", "unit", "imagenet"}), None],
        "cache": [str, PathLike, FrozenCache, None],
    }

    def __init__(
        self,
        backbone: str = "efficientnet_b0",
        *,
        weights: str | PathLike[str] | None = "imagenet",
        upto: str | None = None,
        head: Head | None = None,
        stages: str | Sequence[tuple[str, Stage]] = "two_stage",
        loss: str | LossParameters = "cross_entropy",
        class_weight: Any = None,
        batch_size: int = 32,
        input_size: tuple[int, int] | None = None,
        input_scaling: str | None = "fit",
        validation: Any = None,
        monitor: str = "valid_loss",
        cache: str | PathLike[str] | FrozenCache | None = "fit",
        precision: str = "auto",
        device: str = "auto",
        on_divergence: str = "raise",
        compile: bool = False,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every_s: float = 300.0,
        callbacks: Sequence[Any] | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.upto = upto
        self.head = head
        self.stages = stages
        self.loss = loss
        self.class_weight = class_weight
        self.batch_size = batch_size
        self.input_size = input_size
        self.input_scaling = input_scaling
        self.validation = validation
        self.monitor = monitor
        self.cache = cache
        self.precision = precision
        self.device = device
        self.on_divergence = on_divergence
        self.compile = compile
        self.checkpoint = checkpoint
        self.checkpoint_every_s = checkpoint_every_s
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _network_spec(self, n_outputs: int, statistics: ImageStatistics) -> NetworkSpec:
        return NetworkSpec(
            backbone=RegisteredBackbone(self.backbone, self.upto),
            head=self._given_head().spec(),
            n_outputs=n_outputs,
            image_shape=self.image_shape_in_,
            input_size=resolve_input_size(self.backbone, self.input_size, self.image_shape_in_[1:]),
            input_scaling=self.input_scaling,
            statistics=statistics,
        )

    def _build(self, spec: NetworkSpec, seed: int) -> TransferNetwork:
        return spec.build(
            self.weights, seed=seed_at(seed, "weights"), head_seed=seed_at(seed, "head")
        )
