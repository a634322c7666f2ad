"""Emotions by Chakhtouna, Sekkate and Adib, from Mel spectrograms."""

from __future__ import annotations

from functools import partial
from os import PathLike
from typing import Any, Literal

from sklearn.pipeline import Pipeline

from skspec._validation import check_choice
from skspec.exceptions import ParameterError
from skspec.images import MelSpectrogramImage
from skspec.models import Head, PretrainedCNNClassifier, Stage
from skspec.recipes._chakhtouna_reported import RIVAL, reported
from skspec.recipes._recipe import Recipe, Systems
from skspec.waveforms import FixedLength

#: The first block that learns in C2; see the notes of `chakhtouna` for how 32 layers are counted.
FIRST_BLOCK = {
    "vgg16": "block4",
    "vgg19": "block4",
    "efficientnet_b0": "block6d",
    "efficientnetv2_b0": "block6g",
}

#: The paper's names of the networks.
NAMES = {
    "vgg16": "VGG-16",
    "vgg19": "VGG-19",
    "efficientnet_b0": "EfficientNet B0",
    "efficientnetv2_b0": "EfficientNetV2 B0",
}
TUNINGS = ("C1", "C2", "scratch")
SHARES = {"train": 0.7, "test": 0.3}


def _first_to_learn(backbone: str, tuning: str) -> str:
    """Give what a stage of that tuning trains."""
    check_choice("tuning", tuning, TUNINGS)
    if tuning != "C2":
        return "head" if tuning == "C1" else "all"
    if backbone not in FIRST_BLOCK:
        raise ParameterError(
            f"Got backbone={backbone!r} with tuning='C2', but the paper says which layers learn "
            f"of {list(FIRST_BLOCK)} only. Take tuning='C1' and set cnn__tune__train, the first "
            "block to learn."
        )
    return FIRST_BLOCK[backbone]


def _grid(**params: Any) -> Systems:
    """Give the systems of Table 2 and the rival of Table 4, under the paper's names."""
    systems = {
        f"{name}-{tuning}": chakhtouna(backbone, tuning, **params)
        for backbone, name in NAMES.items()
        for tuning in ("C1", "C2")
    }
    return {**systems, RIVAL: chakhtouna("resnet18", "scratch", **params)}


@partial(
    Recipe,
    grid=_grid,
    shares=SHARES,
    reported=reported(),
)
def chakhtouna(
    backbone: str = "vgg16",
    tuning: Literal["C1", "C2", "scratch"] = "C1",
    *,
    weights: str | PathLike[str] | None = "imagenet",
    sr: float = 16_000,
    duration_s: float | Literal["longest"] = "longest",
    n_fft: int = 1024,
    n_mels: int = 128,
    epochs: int = 30,
    batch_size: int = 32,
    lr: float = 1e-4,
    input_size: tuple[int, int] = (224, 224),
    device: str = "auto",
    random_state: Any = None,
    verbose: int = 0,
) -> Pipeline:
    """Tell eight emotions apart by a pretrained network on Mel spectrograms.

    Dense layers learn on a network that is frozen (C1), or whose last blocks learn with them
    (C2). ``chakhtouna.grid()`` gives four networks in both ways and the paper's rival,
    ``chakhtouna.split(dataset)`` the paper's split, ``chakhtouna.reported`` its figures.

    Parameters
    ----------
    backbone : str, default="vgg16"
        ``"vgg16"``, ``"vgg19"``, ``"efficientnet_b0"`` or ``"efficientnetv2_b0"``; with C1 or
        from scratch any other that `backbones` lists.
    tuning : {"C1", "C2", "scratch"}, default="C1"
        What learns: the dense layers; the last blocks as well; all, from random weights, whatever
        `weights` says.
    weights : "imagenet", path or None, default="imagenet"
        As in `PretrainedCNNClassifier`.
    sr : float > 0, default=16000
        Sampling rate in Hz. Files are resampled to it.
    duration_s : float > 0 or "longest", default="longest"
        Length in seconds that clips are cropped to, or filled up to with a part of themselves;
        "longest" is that of the longest training clip.
    n_fft : int > 1, default=1024
        Samples in a frame, which overlaps the frame before by half.
    n_mels : int > 0, default=128
        Mel bands.
    epochs : int > 0, default=30
        Passes over the training clips.
    batch_size : int > 0, default=32
        Images per batch.
    lr : float > 0, default=1e-4
        Learning rate of all that learns.
    input_size : tuple of int, default=(224, 224)
        Height and width that images are resized to.
    device : str, default="auto"
        Where the network trains.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the dense layers' first weights and of the training.
    verbose : int, default=0
        1 shows a progress bar of the training.

    Returns
    -------
    Pipeline
        From waveforms or paths to labels, with the steps ``length``, ``mel`` and ``cnn``; the
        latter has the one stage ``tune``.

    Raises
    ------
    ParameterError
        For a `tuning` that there is not, and for C2 of a network that the paper does not have.

    See Also
    --------
    skspec.datasets.load_demos : The paper's data, without neutral by ``neutral=False``.

    Notes
    -----
    From the paper: Mel spectrogram, Hamming window, frames that overlap by half, clips repeated
    to the longest (section 3.2); split (4.1); dense layers of 512 and 256 with ReLU and a dropout
    of 0.5 between them, softmax (Table 1); blocks 4 and 5 of VGG, 32 layers of the EfficientNets
    (4.2).

    The 32 layers are counted as Keras counts, from the end of the network without its classifier:
    activations, BatchNorm, dropout and additions are layers of their own, a squeeze and excitation
    is five. So EfficientNetB0 has 237 layers and EfficientNetV2B0 has 255, the paper's numbers;
    the latter in the versions of Keras whose blocks of it had no dropout layer.

    - EfficientNetB0: 3 of the top, 13 of block 7a, and 15 of block 6d, which also has dropout and
      addition, are 31. The 32nd is the addition that ends block 6c: block 6d is the first.
    - EfficientNetV2B0: 3 of the top and 14 each of blocks 6h and 6g, which have the addition, are
      31. The 32nd is the addition that ends block 6f: block 6g is the first.

    Differs from the paper, or is not said there:

    - Optimizer, learning rate, epochs, batch size and image size: Adam, and the defaults above.
    - Sampling rate, samples in a frame and number of Mel bands.
    - How a network's last maps become a vector: by their mean.
    - Images have one channel in dB, given to the network three times, not colours. They are
      mapped onto [0, 1] and normalised as the weights expect.
    - "longest" is of the clips in `fit`, not of the whole data set: longer test clips are cropped.
    - The split divides every class by the shares; ``by="speakers"`` divides the speakers.
    - Its rival [2]_ is a ResNet trained from scratch on Mel spectrograms, the paper says no more:
      here a ResNet-18 with all settings as above. Its figure is of data without neutral.

    References
    ----------
    .. [1] A. Chakhtouna, S. Sekkate, A. Adib, "Speech emotion recognition using pre-trained and
       fine-tuned transfer learning approaches".
    .. [2] M. Gerczuk, S. Amiriparian, S. Ottl, B. W. Schuller, "EmoNet: a transfer learning
       framework for multi-corpus speech emotion recognition", IEEE Trans. Affective Computing,
       2021.

    Examples
    --------
    >>> from skspec import recipes
    >>> pipe = recipes.chakhtouna("efficientnet_b0", "C2", sr=16_000)
    >>> list(pipe.named_steps), pipe.get_params()["cnn__tune__train"]
    (['length', 'mel', 'cnn'], 'block6d')
    >>> table = recipes.chakhtouna.reported
    >>> table[table.system.eq("VGG-19-C2") & table.metric.eq("accuracy")].value.tolist()
    [0.8, 0.7983, 0.797]
    """
    train = _first_to_learn(backbone, tuning)
    cnn = PretrainedCNNClassifier(
        backbone,
        weights=None if tuning == "scratch" else weights,
        head=Head(pooling="mean", hidden=(512, 256), dropout=(0.0, 0.5, 0.0)),
        stages=[("tune", Stage(train, epochs=epochs, optimizer="adam", lr=lr))],
        batch_size=batch_size,
        input_size=input_size,
        input_scaling="imagenet",
        device=device,
        random_state=random_state,
        verbose=verbose,
    )
    mel = MelSpectrogramImage(
        sr, n_fft=n_fft, hop_length=n_fft // 2, window="hamming", n_mels=n_mels
    )
    length = FixedLength(duration_s, sr=sr, pad="wrap")
    return Pipeline([("length", length), ("mel", mel), ("cnn", cnn)])
