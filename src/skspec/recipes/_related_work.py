"""Systems that the papers cite, to have beside theirs."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skspec.features import AcousticFunctionals, DeepFeatures, ReliefSelector
from skspec.images import ColormapImage, MelSpectrogramImage, MFCCImage
from skspec.models import LSTMClassifier, PretrainedCNNClassifier
from skspec.nn import FrozenCache
from skspec.recipes._recipe import Systems

#: The networks whose features Er joins with acoustic ones.
DEEP = ("vgg16", "resnet18", "resnet50", "resnet101", "squeezenet1_0", "densenet201")

COLOURS: dict[str, Literal["r", "g", "b"]] = {"red": "r", "green": "g", "blue": "b"}


def related_work(
    sr: float = 22_050,
    duration_s: float = 3.0,
    *,
    weights: str | PathLike[str] | None = "imagenet",
    n_selected: int = 100,
    cache: str | PathLike[str] | FrozenCache | None = None,
    device: str = "auto",
    random_state: Any = None,
) -> Systems:
    """Give systems that the papers of `recipes` compare themselves with, or build on.

    For a table with one's own: each takes waveforms or paths and gives labels. Those on deep
    features train no network, so they suit few clips and need no GPU.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz. Files are resampled to it.
    duration_s : float > 0, default=3.0
        Length that clips are padded or cropped to for images, in seconds.
    weights : "imagenet", path or None, default="imagenet"
        Of the pretrained networks, as in `PretrainedCNNClassifier`.
    n_selected : int > 0, default=100
        Features that ReliefF keeps.
    cache : path, FrozenCache or None, default=None
        Of the deep features, as in `DeepFeatures`.
    device : str, default="auto"
        Where networks run.
    random_state : int, RandomState or None, default=None
        Seed of all that is random.

    Returns
    -------
    dict of str to estimator
        - ``"vgg16 + acoustic, ReliefF, SVM"`` and so on for ``resnet18``, ``resnet50``,
          ``resnet101``, ``squeezenet1_0`` and ``densenet201``: deep features of a Mel spectrogram
          joined with statistics of loudness, MFCC and zero crossings [1]_. Fitting needs the
          extra ``relief``.
        - ``"resnet50, SVM"`` and ``"resnet50, bagged SVMs"``: an SVM on deep features, and ten of
          them, each trained on clips drawn with replacement [2]_.
        - ``"efficientnet_b0 on mel"`` and ``"efficientnet_b0 on MFCC"``: tuned in two stages [3]_.
        - ``"alexnet on red"``, ``"alexnet on green"``, ``"alexnet on blue"``: tuned in two stages
          on one colour of the picture of a Mel spectrogram [4]_.
        - ``"LDA, naive Bayes"``: on statistics of MFCC and pitch [5]_.
        - ``"CNN, LSTM"``: two layers of LSTM on two convolutions, from random weights [6]_.

    Notes
    -----
    The papers name these works in a sentence each; all that such a sentence does not say is this
    package's default: no system repeats a work in detail. In particular [5]_ takes MFCC of
    wavelet bands too, and [6]_ reads waveforms and predicts a number for each moment.

    Of their figures the papers repeat: [1]_ 79.41 % (RAVDESS) and 90.21 % (EMO-DB) with ResNet101,
    85.37 % (IEMOCAP) with VGG-16; [2]_ over 90 %; [3]_ 99.27 % mean average precision; [5]_
    80.10 % with unheard and 89.09 % with known speakers (EMO-DB at 30 dB); [6]_ concordance
    correlations of 0.815 and 0.502 (RECOLA).

    References
    ----------
    .. [1] M. B. Er, "A novel approach for classification of speech emotions based on deep and
       acoustic features", IEEE Access 8, 2020.
    .. [2] L. Le, A. N. M. H. Kabir, C. Ji, S. Basodi, Y. Pan, "Using transfer learning, SVM, and
       ensemble classification to classify baby cries based on their spectrogram images", MASSW
       2019.
    .. [3] "A transfer learning strategy for owl sound classification by using image classification
       model with audio spectrogram", Int. J. Electrical Engineering and Informatics 13(3), 2021.
    .. [4] M. Lech, M. Stolar, R. Bolia, M. Skinner, "Amplitude-frequency analysis of emotional
       speech using transfer learning and classification of spectrogram images", Adv. Sci.
       Technol. Eng. Syst. J. 3(4), 2018.
    .. [5] S. Sekkate, M. Khalil, A. Adib, S. Ben Jebara, "A multiresolution-based fusion strategy
       for improving speech emotion recognition efficiency", MSPN 2019.
    .. [6] P. Tzirakis, J. Zhang, B. W. Schuller, "End-to-end speech emotion recognition using deep
       neural networks", ICASSP 2018.

    Examples
    --------
    >>> from skspec import make_voices
    >>> from skspec.recipes import related_work
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> systems = related_work(16_000, 1.0, random_state=0)
    >>> len(systems)
    15
    >>> systems["LDA, naive Bayes"].fit(X, y).predict(X).shape
    (12,)
    """
    mel: dict[str, Any] = {"sr": sr, "duration_s": duration_s}
    network = {"weights": weights, "device": device, "random_state": random_state}
    deep = {**network, "cache": cache}
    return {
        **_deep_and_acoustic(mel, deep, n_selected),
        **_deep_svms(mel, deep),
        **_tuned(mel, network),
        "LDA, naive Bayes": make_pipeline(
            AcousticFunctionals(sr, features=("mfcc", "pitch")),
            StandardScaler(),
            LinearDiscriminantAnalysis(),
            GaussianNB(),
        ),
        "CNN, LSTM": make_pipeline(
            MelSpectrogramImage(**mel),
            LSTMClassifier(n_layers=2, conv=(16, 32), device=device, random_state=random_state),
        ),
    }


def _deep_and_acoustic(mel: dict[str, Any], deep: dict[str, Any], n_selected: int) -> Systems:
    """Give an SVM on the best of both kinds of features, for each network."""
    return {
        f"{backbone} + acoustic, ReliefF, SVM": make_pipeline(
            FeatureUnion(
                [
                    (
                        "deep",
                        make_pipeline(MelSpectrogramImage(**mel), DeepFeatures(backbone, **deep)),
                    ),
                    (
                        "acoustic",
                        AcousticFunctionals(
                            mel["sr"], features=("rms", "mfcc", "zero_crossing_rate")
                        ),
                    ),
                ]
            ),
            StandardScaler(),
            ReliefSelector(n_selected),
            SVC(),
        )
        for backbone in DEEP
    }


def _deep_svms(mel: dict[str, Any], deep: dict[str, Any]) -> Systems:
    """Give one SVM on features of ResNet50, and ten."""
    bagged = BaggingClassifier(SVC(), n_estimators=10, random_state=deep["random_state"])
    return {
        f"resnet50, {name}": make_pipeline(
            MelSpectrogramImage(**mel),
            DeepFeatures("resnet50", **deep),
            StandardScaler(),
            classifier,
        )
        for name, classifier in {"SVM": SVC(), "bagged SVMs": bagged}.items()
    }


def _tuned(mel: dict[str, Any], network: dict[str, Any]) -> Systems:
    """Give pretrained networks that learn on, on different images."""
    images = {"mel": MelSpectrogramImage(**mel), "MFCC": MFCCImage(**mel)}
    efficientnets = {
        f"efficientnet_b0 on {name}": make_pipeline(
            image, PretrainedCNNClassifier("efficientnet_b0", **network)
        )
        for name, image in images.items()
    }
    alexnets = {
        f"alexnet on {colour}": make_pipeline(
            MelSpectrogramImage(**mel),
            ColormapImage("jet", channels=channels),
            PretrainedCNNClassifier("alexnet", **network),
        )
        for colour, channels in COLOURS.items()
    }
    return {**efficientnets, **alexnets}
