"""The recipe of herron's paper: emotions from spectrograms of three resolutions."""

from __future__ import annotations

from functools import partial
from os import PathLike
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skspec._validation import check_choice
from skspec.exceptions import ParameterError
from skspec.features import DeepFeatures
from skspec.models import DeepEnsembleClassifier, PretrainedCNNClassifier
from skspec.models._losses import LossParameters
from skspec.recipes._herron_parts import CHANNELS, SCHEDULES, SIZE, head, image_steps, stages
from skspec.recipes._herron_reported import reported
from skspec.recipes._recipe import Recipe, Systems

SHARES = {"train": 0.8, "test": 0.2}
SYSTEMS: dict[str, dict[str, Any]] = {
    "alexnet": {"backbone": "alexnet", "epochs": 60, "schedule": "constant"},
    "squeezenet": {"backbone": "squeezenet1_0", "epochs": 60, "schedule": "constant"},
    "densenet121": {"backbone": "densenet121", "epochs": 60, "schedule": "constant"},
    "densenet161": {"schedule": "constant"},
    "densenet161_mfcc": {"channels": "mfcc", "schedule": "constant"},
    "densenet161_cyclic": {"schedule": "cyclic"},
    "densenet161_step": {},
    "densenet161_hinge": {"loss": "hinge"},
    "densenet161_ensemble": {"n_networks": 4},
    "densenet161_svm": {"output": "svm"},
}


def _grid(**params: Any) -> Systems:
    return {name: herron(**{**settings, **params}) for name, settings in SYSTEMS.items()}


@partial(
    Recipe,
    grid=_grid,
    shares=SHARES,
    reported=reported(),
)
def herron(
    backbone: str = "densenet161",
    *,
    channels: str = "multires",
    output: str = "network",
    train: str = "all",
    epochs: int = 50,
    schedule: str = "step",
    loss: str | LossParameters = "cross_entropy",
    n_networks: int = 1,
    batch_size: int = 24,
    weights: str | PathLike[str] | None = "imagenet",
    sr: float = 44_100,
    device: str = "auto",
    random_state: int | None = None,
    verbose: int = 0,
) -> Pipeline:
    """Give a classifier of clips by whitened spectrograms, as in the herron paper [1]_.

    Every clip becomes 100,000 points, of these three mel spectrograms of other windows, each
    whitened by itself, and a network that was trained on pictures learns them, all of it.
    ``grid()`` gives all systems of the paper, ``split`` its 80/20, ``reported`` its numbers, and
    `herron_data` its five sets of training data.

    Parameters
    ----------
    backbone : str, default="densenet161"
        As in `PretrainedCNNClassifier`. The paper compares ``"alexnet"``, ``"squeezenet1_0"`` and
        a DenseNet, and stays with ``"densenet161"``.
    channels : {"multires", "mfcc"}, default="multires"
        Three resolutions; or the finest of them, MFCC and their slope.
    output : {"network", "svm"}, default="network"
        What decides: the last layer; or a support vector machine on the features of the
        pretrained network, in which nothing learns then.
    train : str, default="all"
        What learns, as in `Stage`: ``"last:10"`` freezes all but the last ten blocks.
    epochs : int > 0, default=50
        Epochs; the first comparison of nets has 60.
    schedule : {"step", "constant", "cyclic"}, default="step"
        The learning rate: 1e-3, a tenth of it every 20 epochs; 1e-4; or up and down in straight
        lines between 1e-4 and 1e-3, ten epochs from low to low.
    loss : str or loss, default="cross_entropy"
        As in `PretrainedCNNClassifier`; the paper also has ``"hinge"``.
    n_networks : int > 0, default=1
        Networks that are trained on the same data and averaged; the paper has 4.
    batch_size : int > 0, default=24
        Images per batch.
    weights : "imagenet", path or None, default="imagenet"
        As in `PretrainedCNNClassifier`.
    sr : float > 0, default=44100
        Sampling rate in Hz that files are read with, before they become 100,000 points.
    device : str, default="auto"
        Where the network trains.
    random_state : int, default=None
        Seed of the network or networks.
    verbose : int, default=0
        1 shows a progress bar of the training.

    Returns
    -------
    Pipeline
        With the steps ``resample``, ``standardize``, ``image``, ``zca``, and ``cnn``; for several
        networks ``ensemble``, whose ``estimator`` is the ``cnn``; for the support vector machine
        ``features``, ``scale`` and ``svm``.

    Raises
    ------
    ParameterError
        `channels`, `output` or `schedule` has no such value, or several networks are asked for
        with a support vector machine.

    Notes
    -----
    AdamW, weight decay 1e-3 on all parameters, biases too, as torch does by itself. Spectrograms
    have 128 mel bins of 4096 Fourier components, with (window, hop) of (1024, 256), (2048, 512)
    and (4096, 1024), and are resized to 128 x 256 before the logarithm.

    Differs from the paper, or is not said there:

    - It gives hop before window in its list, which would leave sound out.
    - Mel bins are our reading of "128 frequency bins". Their details (HTK's formula, no norm,
      reflected ends) are torchaudio's, which it names, and so are 40 MFCC, here stretched to 128
      rows and whitened as well.
    - Of its 100,000 points there is no rate: frequencies are named as if clips lasted 3 s.
    - The logarithm is decibels down to 80 below the loudest point, so that silence is finite.
    - Images are not scaled again after the whitening.
    - Ours are the size of its first DenseNet (121), the version of SqueezeNet (1.0), bounds and
      period of the cycle, and that all that follows the first comparison ends at epoch 50.
    - AlexNet's two hidden layers of 4096 start from random weights, and SqueezeNet's last layer
      stands behind the mean over the image, without a ReLU.
    - "Multi-label margin", so its figure 2, is ``"hinge"`` where a clip has one label.
    - In the ensemble the last layers start from other weights too; probabilities are averaged.

    What its author wished for: frozen early layers are `train`, ResNets
    ``backbone="resnet50"``, a support vector machine is `output` (on a tuned network,
    ``loss="hinge"`` is what the paper calls the same), and a recurrent network stands in the
    examples.

    References
    ----------
    .. [1] L. Herron, "Emotive Classification of Audio Recordings Using Transfer Learning".

    Examples
    --------
    >>> from skspec import make_voices
    >>> from skspec.recipes import herron
    >>> X, y, groups = make_voices(8, n_speakers=4, random_state=0)
    >>> pipe = herron("tiny", weights=None, epochs=1, random_state=0)
    >>> pipe.fit(X, y).predict_proba(X).shape
    (8, 2)

    A recurrent network behind the same images, and the images without whitening:

    >>> from skspec import LSTMClassifier
    >>> recurrent = herron().set_params(cnn=LSTMClassifier(64, conv=(16, 32)))
    >>> plain = herron().set_params(zca="passthrough", cnn__input_scaling="fit")
    """
    check_choice("channels", channels, CHANNELS)
    check_choice("output", output, ("network", "svm"))
    check_choice("schedule", schedule, SCHEDULES)
    images = image_steps(channels, sr)
    network: dict[str, Any] = {
        "weights": weights,
        "batch_size": batch_size,
        "input_size": SIZE,
        "input_scaling": None,
        "device": device,
        "random_state": random_state,
        "verbose": verbose,
    }
    if output == "svm":
        if n_networks != 1:
            raise ParameterError(
                f"Got n_networks={n_networks!r} with output='svm', but expected 1: nothing in the "
                "network learns, so all would be the same."
            )
        features = DeepFeatures(backbone, **network)
        last = [("features", features), ("scale", StandardScaler()), ("svm", SVC())]
        return Pipeline([*images, *last])
    plan = stages(train, epochs, schedule)
    cnn = PretrainedCNNClassifier(backbone, head=head(backbone), stages=plan, loss=loss, **network)
    if n_networks == 1:
        return Pipeline([*images, ("cnn", cnn)])
    ensemble = DeepEnsembleClassifier(cnn, n_networks, random_state=random_state)
    return Pipeline([*images, ("ensemble", ensemble)])
