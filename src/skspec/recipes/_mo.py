"""Mo's gender of a speaker, from pictures of spectrograms."""

from __future__ import annotations

from functools import partial
from os import PathLike
from typing import Any, Literal

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skspec._validation import check_choice
from skspec.exceptions import ParameterError
from skspec.images import Augmenter, ColormapImage, MelSpectrogramImage, SpectrogramImage
from skspec.models import Head, PretrainedCNNClassifier, Stage
from skspec.recipes._recipe import COLUMNS, Recipe, Systems

#: Batch size, learning rate of the first stage, and input size: the paper's Table III.
SETTINGS = {
    "mobilenet_v2": (4, 1e-5, (224, 224)),
    "vgg16": (4, 1e-5, (224, 224)),
    "vgg19": (4, 1e-5, (224, 224)),
    "resnet50": (8, 1e-6, (224, 224)),
    "alexnet": (4, 1e-4, (227, 227)),
}

#: What draws the levels, and the colours that they are plotted in by default.
COLOURS = {"mel": "magma", "spectrogram": "viridis"}

#: 80 % and 20 %, of which again 20 % are the test set.
SHARES = {"train": 0.8, "validation": 0.16, "test": 0.04}

REPORTED = pd.DataFrame(
    [
        ("vgg19, mel", "train", "accuracy", 0.9353, "section IV (Fig. 3; image not named)"),
        ("vgg19, mel", "validation", "accuracy", 0.8775, "section IV (Fig. 3; image not named)"),
        ("vgg19, mel", "test", "accuracy", 0.8654, "section IV (Fig. 4)"),
        ("the worst of ten", "test", "accuracy", 0.6, "section IV (Fig. 4), about"),
        ("the best of ten", "test", "accuracy", 0.9, "section IV (Fig. 4), at most"),
    ],
    columns=COLUMNS,
)


def _image(image: str, sr: float, duration_s: float) -> BaseEstimator:
    """Give what draws the levels of a picture."""
    if image == "mel":
        return MelSpectrogramImage(sr, duration_s=duration_s, pad="wrap")
    return SpectrogramImage(
        sr,
        duration_s=duration_s,
        pad="wrap",
        n_fft=256,
        hop_length=128,
        window="hamming",
        center=False,
        power=1.0,
        ref=1.0,
        top_db=None,
    )


def _stages(lr: float, epochs: int) -> list[tuple[str, Stage]]:
    """Give the classifier's half of the epochs, and the whole network's."""
    if epochs < 2:
        raise ParameterError(f"Got epochs={epochs!r}, but expected at least 2, one for each stage.")
    half = epochs // 2
    freeze = Stage("head", epochs=half, optimizer="adam", lr=lr)
    unfreeze = Stage(
        "all", epochs=epochs - half, optimizer="rmsprop", lr=lr / 10, batchnorm="frozen"
    )
    return [("freeze", freeze), ("unfreeze", unfreeze)]


def _grid(**params: Any) -> Systems:
    """Give the systems of Table III, as ``"vgg19, mel"``."""
    return {
        f"{backbone}, {image}": mo(backbone, image, **params)
        for backbone in SETTINGS
        for image in sorted(COLOURS)
    }


@partial(
    Recipe,
    grid=_grid,
    shares=SHARES,
    reported=REPORTED,
)
def mo(
    backbone: str = "vgg19",
    image: Literal["mel", "spectrogram"] = "mel",
    *,
    weights: str | PathLike[str] | None = "imagenet",
    sr: float = 22_050,
    duration_s: float = 3.0,
    cmap: str | None = None,
    epochs: int = 20,
    batch_size: int | None = None,
    lr: float | None = None,
    input_size: tuple[int, int] | None = None,
    device: str = "auto",
    random_state: Any = None,
    verbose: int = 0,
) -> Pipeline:
    """Tell the gender of a speaker from a coloured picture of a spectrogram.

    A network that was pretrained on pictures first trains one sigmoid on top, then all of itself
    at a tenth of the rate. ``mo.grid()`` gives the paper's ten systems, ``mo.split(dataset)`` its
    split, ``mo.reported`` its figures.

    Parameters
    ----------
    backbone : str, default="vgg19"
        One of the paper's, ``"mobilenet_v2"``, ``"vgg16"``, ``"vgg19"``, ``"resnet50"`` and
        ``"alexnet"``, or any other that `backbones` lists.
    image : {"mel", "spectrogram"}, default="mel"
        A Mel spectrogram as librosa draws it, or an amplitude spectrogram as matplotlib does.
    weights : "imagenet", path or None, default="imagenet"
        As in `PretrainedCNNClassifier`.
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it.
    duration_s : float > 0, default=3.0
        Length that clips are cropped to, or repeated to fill, in seconds.
    cmap : str, default=None
        Colours that matplotlib knows; None is ``"magma"`` for ``"mel"`` and ``"viridis"`` for
        ``"spectrogram"``, what librosa and matplotlib plot in.
    epochs : int > 1, default=20
        Passes over the training clips; only the classifier learns in the first half.
    batch_size : int > 0, default=None
        Images per batch; None is the paper's, 8 for ``"resnet50"`` and 4 for the others.
    lr : float > 0, default=None
        Learning rate of the first stage, ten times that of the second; None is the paper's:
        1e-6 for ``"resnet50"``, 1e-4 for ``"alexnet"``, 1e-5 for the others.
    input_size : tuple of int, default=None
        Height and width that pictures are resized to; None is the paper's, (227, 227) for
        ``"alexnet"`` and (224, 224) for its others, and for the rest the backbone's own.
    device : str, default="auto"
        Where the network trains.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the classifier's first weights, the augmentation and the training.
    verbose : int, default=0
        1 shows a progress bar of the training.

    Returns
    -------
    Pipeline
        From waveforms or paths to labels, with the steps ``image``, ``colours``, ``aug`` and
        ``cnn``; the latter's stages are ``freeze`` and ``unfreeze``. Set what is not a parameter
        here by its name: ``pipe.set_params(image__n_mels=64, cnn__head__dropout=0.5)``.

    Raises
    ------
    ParameterError
        For an `image` that there is not, and for less than two `epochs`.

    Notes
    -----
    From the paper: both images and the Hamming window (section III.A); rotation by 180 degrees
    and mirroring, global average pooling, dropout 0.2, one sigmoid, binary cross-entropy (III.B);
    halves, optimizers and both rates of VGG19 (III.C, Table I); split (III.D); batch sizes, first
    rates and input sizes (Table III).

    ``"paper"`` of ``mo.split`` takes 20 % of the validation part out of it as test part, which
    leaves 80, 16 and 4 % of the clips; every class is divided so. ``"speakers"`` divides the
    speakers by the same shares.

    For the curves of Fig. 3 fit on training and validation part together, with the places of the
    latter's rows as ``cnn__validation``; then the best epoch is kept, which the paper does not
    say that it did.

    Differs from the paper, or is not said there:

    - Epochs, and rate and optimizer of the second stage but for VGG19: 20 here, a tenth of the
      first rate, RMSprop. The paper's net, its stages and its split are those of [2]_, which
      trains 10 epochs each way at such rates, and keeps BatchNorm's statistics; so here.
    - The frames: 256 samples, every 128, as matplotlib's `specgram` has them, and 2048, every
      512, as `librosa` has them for ``"mel"``, with its Hann window; levels in dB.
    - The clips' length: the paper seems to draw clips of any length as pictures of one size,
      which stretches time. Here time has one scale, and short clips are repeated.
    - Sampling rate (librosa's default here) and colours.
    - Pictures are not saved and read, have no axes, and low frequencies are in their first row,
      upside down. Values in [0, 1] are normalised as the pretrained weights expect.
    - Augmentation does not multiply the training set: each epoch draws one of four versions of
      each picture, with equal chances, as it is, mirrored in time, rotated, or both.
    - AlexNet's pooling is the same as that of the others; its own dense layers are left out.

    References
    ----------
    .. [1] Y. Mo, "Transfer learning in voice recognition based on pre-trained image model", 2023.
    .. [2] "Transfer learning and fine-tuning", TensorFlow's tutorials,
       https://www.tensorflow.org/tutorials/images/transfer_learning

    Examples
    --------
    >>> from skspec import recipes
    >>> pipe = recipes.mo("resnet50", "spectrogram", sr=16_000)
    >>> list(pipe.named_steps), pipe["cnn"].batch_size
    (['image', 'colours', 'aug', 'cnn'], 8)
    >>> list(recipes.mo.grid())[:2]
    ['mobilenet_v2, mel', 'mobilenet_v2, spectrogram']
    """
    check_choice("image", image, COLOURS)
    its_batch_size, its_lr, its_input_size = SETTINGS.get(backbone, (4, 1e-5, None))
    cnn = PretrainedCNNClassifier(
        backbone,
        weights=weights,
        head=Head(pooling="mean", dropout=0.2),
        stages=_stages(its_lr if lr is None else lr, epochs),
        loss="binary_cross_entropy",
        batch_size=its_batch_size if batch_size is None else batch_size,
        input_size=its_input_size if input_size is None else input_size,
        input_scaling="imagenet",
        device=device,
        random_state=random_state,
        verbose=verbose,
    )
    return Pipeline(
        [
            ("image", _image(image, sr, duration_s)),
            ("colours", ColormapImage(COLOURS[image] if cmap is None else cmap)),
            ("aug", Augmenter(time_flip=0.5, rotate_180=0.5, random_state=random_state)),
            ("cnn", cnn),
        ]
    )
