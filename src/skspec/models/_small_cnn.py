"""`SmallCNNClassifier`: a few convolutions, trained from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar

from skspec._compat import StrOptions
from skspec.models._head import Head
from skspec.models._losses import LossParameters
from skspec.models._small_net import SmallNetClassifier
from skspec.models._stage import Stage
from skspec.nn._network import BackboneSource
from skspec.nn._small_nets import ARCHITECTURES, SmallCNNBackbone


class SmallCNNClassifier(SmallNetClassifier):
    """Classify small spectrogram images by a few convolutions, trained from random weights.

    What a pretrained network has to beat. Every value behind the convolutions goes to a dense
    layer, so keep the images small: a chroma image of 12 rows, or a larger one and `input_size`.

    Parameters
    ----------
    architecture : {"simple", "mandel", "mandel_small"}, default="simple"
        ``"simple"``: one convolution of 32 filters and the outputs. ``"mandel"``: convolutions of
        32, 48 and 120 filters, max pooling, hidden layers of 128 and 64. ``"mandel_small"``: the
        same without the third convolution. All convolutions are 2 x 2, not padded, with ReLU.
    head : Head, default=None
        What classifies; None is the architecture's own: ``Head(pooling="flatten", dropout=0.0)``
        for ``"simple"``, for the others ``Head(pooling="flatten", hidden=(128, 64),
        dropout=(0.25, 0.25, 0.4))``.
    stages : {"frozen", "two_stage", "full"} or list of (str, Stage), default="full"
        How to train, as in `PretrainedCNNClassifier`. ``"full"`` has the stage ``full``: all
        learns for 20 epochs, by AdamW at a rate of 1e-3. The blocks are ``conv1``, ``conv2``,
        ``conv3``.
    loss : str or loss, default="cross_entropy"
        ``"cross_entropy"``, ``"binary_cross_entropy"``, ``"hinge"``, ``"focal"``, or an object
        with parameters, as in `PretrainedCNNClassifier`.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss.
    batch_size : int > 0, default=32
        Images per batch, as in `PretrainedCNNClassifier`.
    input_size : tuple of int, default=None
        Height and width that images are resized to; None leaves them as they are.
    input_scaling : {"fit", "unit"} or None, default="fit"
        ``"fit"``: one affine map, learned on the training images, onto mean 0 and deviation 1;
        ``"unit"``: onto [0, 1]; None: as they are.
    validation : float, splitter, array of int or None, default=None
        Clips held out to choose the best epoch, as in `PretrainedCNNClassifier`.
    monitor : {"valid_loss", "valid_accuracy"}, default="valid_loss"
        What makes an epoch the best.
    precision : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Number format. ``"auto"``: float32 on the CPU, bfloat16 autocast on CUDA.
    device : str, default="auto"
        ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    on_divergence : {"raise", "restore"}, default="raise"
        What to do where the loss becomes NaN or infinite: raise an error, or warn and keep the
        best weights so far, as in `PretrainedCNNClassifier`.
    compile : bool, default=False
        Whether ``torch.compile`` makes a program of the network; for a net this small it hardly
        pays.
    checkpoint : path, default=None
        Folder for checkpoints, one at the end of every epoch, from which `fit` goes on after a
        crash, as in `PretrainedCNNClassifier`.
    checkpoint_every_s : float >= 0, default=300.0
        Seconds after which there is one within an epoch; 0 writes one after every batch.
    callbacks : list of skorch callbacks, default=None
        Copied for each stage.
    random_state : int, RandomState, Generator or None, default=None
        Seed of initial weights, order, dropout and the validation split; `checkpoint` needs one.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    history_ : list of dict
        One for each epoch, as in `PretrainedCNNClassifier`.
    best_epoch_ : int or None
        The epoch whose weights are kept; None without a validation part.
    interrupted_ : bool
        Whether Ctrl-C or a callback ended the training early.
    diverged_ : bool
        Whether a loss that was not finite ended it; only with ``on_divergence="restore"``.
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
        Images or labels cannot be used, or the images are smaller than the convolutions need:
        2 pixels along each axis for ``"simple"``, 5 for ``"mandel"``, 4 for ``"mandel_small"``.
        An axis of exactly one pixel is not convolved.
    DeviceUnavailableError
        There is no such device.
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
    CheckpointWarning
        A checkpoint could not be written, was damaged, or belongs to a fit that still runs.

    Notes
    -----
    The nets are those of [1]_, section "Refinement", the larger of them after [2]_: 2,987,146
    parameters for images of 12 x 100 and two classes.

    Differs from the paper: it does not say how many filters ``"simple"`` has (32 here), nor which
    layers the reduced net went without (the third convolution here). It names no dropout rates;
    they are those of [2]_. Initial weights are torch's (uniform within 1 / sqrt(fan in)), not
    Keras's. The optimizer is AdamW.

    References
    ----------
    .. [1] C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender", 2018.
    .. [2] M. Mandel, "Building a Dead Simple Speech Recognition Engine using ConvNet in Keras",
       2017.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import ChromaImage, SmallCNNClassifier, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> cnn = SmallCNNClassifier(random_state=0)
    >>> make_pipeline(ChromaImage(sr=16_000), cnn).fit(X, y).predict_proba(X).shape
    (12, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SmallNetClassifier._parameter_constraints,
        "architecture": [StrOptions(set(ARCHITECTURES))],
        "input_scaling": [StrOptions({"fit", "unit"}), None],
    }

    def __init__(
        self,
        architecture: str = "simple",
        *,
        head: Head | None = None,
        stages: str | Sequence[tuple[str, Stage]] = "full",
        loss: str | LossParameters = "cross_entropy",
        class_weight: Any = None,
        batch_size: int = 32,
        input_size: tuple[int, int] | None = None,
        input_scaling: str | None = "fit",
        validation: Any = None,
        monitor: str = "valid_loss",
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
        self.architecture = architecture
        self.head = head
        self.stages = stages
        self.loss = loss
        self.class_weight = class_weight
        self.batch_size = batch_size
        self.input_size = input_size
        self.input_scaling = input_scaling
        self.validation = validation
        self.monitor = monitor
        self.precision = precision
        self.device = device
        self.on_divergence = on_divergence
        self.compile = compile
        self.checkpoint = checkpoint
        self.checkpoint_every_s = checkpoint_every_s
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _default_head(self) -> Head:
        if self.architecture == "simple":
            return Head(pooling="flatten", dropout=0.0)
        return Head(pooling="flatten", hidden=(128, 64), dropout=(0.25, 0.25, 0.4))

    def _backbone(self, n_channels: int, input_size: tuple[int, int], head: Head) -> BackboneSource:
        return SmallCNNBackbone(self.architecture, n_channels, input_size)
