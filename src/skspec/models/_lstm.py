"""`LSTMClassifier`: a recurrent network over frames, trained from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar

from skspec._compat import Interval, StrOptions
from skspec.exceptions import ParameterError
from skspec.models._head import Head
from skspec.models._losses import LossParameters
from skspec.models._small_net import SmallNetClassifier
from skspec.models._stage import Stage
from skspec.nn._network import BackboneSource
from skspec.nn._small_nets import LSTMBackbone


class LSTMClassifier(SmallNetClassifier):
    """Classify spectrogram images frame after frame, by an LSTM trained from random weights.

    It can tell in which order things happen, which a mean over time cannot. Each frame's values,
    of all channels and bins, are one time step. With `conv` a few
    convolutions look at the image first (a CNN followed by an LSTM).

    Parameters
    ----------
    hidden : int > 0, default=64
        Width of the state; twice that leaves a bidirectional layer.
    n_layers : int > 0, default=1
        LSTM layers, one on the states of the other.
    bidirectional : bool, default=False
        Whether each layer also runs from the last frame to the first.
    conv : sequence of int, default=()
        Filters of 3 x 3 convolutions in front, each with ReLU and a maximum over pairs of bins;
        time keeps its steps.
    dropout : float in [0, 1), default=0.2
        Dropout between LSTM layers. What stands behind the last one is the head's.
    head : Head, default=None
        What classifies; None is ``Head()``, the mean of the states of all frames.
        ``Head(pooling="last")`` takes the state after the last frame alone, of a bidirectional
        layer those after the last and after the first: where clips end in silence, it may have
        forgotten what it heard. ``"attention"`` is worth a try.
    stages : {"frozen", "two_stage", "full"} or list of (str, Stage), default="full"
        How to train, as in `PretrainedCNNClassifier`. ``"full"`` has the stage ``full``: all
        learns for 20 epochs, by AdamW at a rate of 1e-3. The blocks are ``conv1`` and so on, then
        ``lstm1`` and so on.
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
        Number format. ``"auto"``: float32 on the CPU, bfloat16 autocast on CUDA; the LSTM itself
        runs in float32 then, because rounding adds up over the frames.
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
        Images or labels cannot be used; the clip is named.
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
    The layers are those of [1]_ as torch has them, with torch's initial weights (uniform within
    1 / sqrt(`hidden`)). One LSTM layer has 4 h (d + h + 2) parameters per direction, with d values
    in a frame and h = `hidden`.

    Differs from the paper [2]_: it compares an LSTM with its convolutional nets, but gives no
    sizes. All defaults are our choice.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
    .. [2] C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender", 2018.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import Head, LSTMClassifier, MelSpectrogramImage, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> lstm = LSTMClassifier(16, conv=(8,), head=Head(pooling="attention"), random_state=0)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000, n_mels=32), lstm).fit(X, y)
    >>> pipe.predict_proba(X).shape
    (12, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SmallNetClassifier._parameter_constraints,
        "hidden": [Interval(Integral, 1, None, closed="left")],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "conv": [tuple, list],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_scaling": [StrOptions({"fit", "unit"}), None],
    }

    def __init__(
        self,
        hidden: int = 64,
        *,
        n_layers: int = 1,
        bidirectional: bool = False,
        conv: Sequence[int] = (),
        dropout: float = 0.2,
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
        self.hidden = hidden
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.conv = conv
        self.dropout = dropout
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

    def _backbone(self, n_channels: int, input_size: tuple[int, int], head: Head) -> BackboneSource:
        if any(not isinstance(filters, Integral) or filters < 1 for filters in self.conv):
            raise ParameterError(f"Got conv={self.conv!r}, but expected integers > 0.")
        return LSTMBackbone(
            n_channels=n_channels,
            input_size=input_size,
            hidden=int(self.hidden),
            n_layers=int(self.n_layers),
            bidirectional=bool(self.bidirectional),
            conv=tuple(int(filters) for filters in self.conv),
            dropout=float(self.dropout),
            # Only the layer itself knows where its backward half ends.
            last=head.pooling == "last",
        )
