"""Where to start with a new corpus, by the evidence so far."""

from __future__ import annotations

import math
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skspec.features import AcousticFunctionals, DeepFeatures, time_statistics
from skspec.images import MelSpectrogramImage
from skspec.models import DeepEnsembleClassifier, Head, PretrainedCNNClassifier, Stage
from skspec.waveforms import SilenceTrimmer

_N_FRAMES = 128
_FRAME_S = 0.064
_SILENCE_DB = 40.0


def recommended(
    sr: float = 22_050,
    duration_s: float = 1.0,
    *,
    backbone: str = "efficientnet_lite0",
    block: str = "block2b",
    weights: Any = "imagenet",
    random_state: Any = None,
) -> Pipeline:
    """Give the Pipeline to start with: three views of a sound, one linear classifier each, a vote.

    Clips lose the silence at their ends. Then the statistics of the Mel spectrogram, acoustic
    functionals, and an early block of a pretrained network, frozen and pooled in four bands of
    frequency, each go to a logistic regression, and their probabilities are averaged. It trains
    in seconds, needs no GPU, and gives probabilities.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to, or of the waveforms.
    duration_s : float > 0, default=1.0
        Length in seconds that the spectrogram shows; longer clips are cropped for it, shorter
        ones padded. The acoustic functionals see clips whole.
    backbone : str, default="efficientnet_lite0"
        The network, see `skspec.backbones`. The default's weights come with the extra ``lite``.
    block : str, default="block2b"
        Block of it whose output is used.
    weights : "imagenet", path or None, default="imagenet"
        As in `DeepFeatures`.
    random_state : int, RandomState or None, default=None
        Seed of the network's weights where `weights` is None.

    Returns
    -------
    pipeline : Pipeline
        Steps ``trim`` and ``vote``; the latter's parts are ``mel``, ``acoustic`` and ``deep``.

    See Also
    --------
    recommended_finetune : The best one that trains the network.
    baselines : What it has to beat.

    Notes
    -----
    Balanced accuracy, mean over 15 random splits that keep authors, speakers or levels of a game
    together (``benchmarks/recommended.py``, whose results have the intervals, up to 0.2 wide on
    percussion): the embedded percussion sounds; synthetic voices at -5 dB and Czech dialogues,
    both with 24 training clips only. Each row but the first differs from the second in one thing.

    ==============================  ==========  ======  =========
    system                          percussion  voices  dialogues
    ==============================  ==========  ======  =========
    mel statistics + SVM (simple)         0.66    0.69       0.90
    **recommended**                       0.87    0.79       0.99
    Mel statistics alone                  0.80    0.69       0.98
    acoustic functionals alone            0.75    0.82       0.99
    network alone                         0.74    0.74       0.97
    joined, one regression                0.85    0.79       0.99
    SVMs in place of regressions          0.80    0.74       0.98
    spectrograms 80 dB deep               0.66    0.79       0.99
    silence kept                          0.87    0.79       0.99
    a later block (4c)                    0.80    0.78       0.99
    the last block                        0.72    0.77       0.97
    ==============================  ==========  ======  =========

    Examples
    --------
    >>> from skspec import make_voices, recipes
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> pipe = recipes.recommended(16_000, backbone="tiny", block="block3", weights=None)
    >>> pipe.fit(X, y).predict_proba(X).shape
    (12, 2)
    """
    image = log_mel(sr, duration_s)
    deep = DeepFeatures(
        backbone,
        blocks=block,
        weights=weights,
        pooling="mean_std",
        n_bands=4,
        input_size=(128, 128),
        random_state=random_state,
    )
    views = [
        ("mel", make_pipeline(image, FunctionTransformer(time_statistics), *_linear())),
        ("acoustic", make_pipeline(AcousticFunctionals(sr=sr), *_linear())),
        ("deep", make_pipeline(log_mel(sr, duration_s), deep, *_linear())),
    ]
    return Pipeline([("trim", _trimmer(sr)), ("vote", VotingClassifier(views, voting="soft"))])


def recommended_finetune(
    sr: float = 22_050,
    duration_s: float = 1.0,
    *,
    backbone: str = "efficientnet_lite0",
    upto: str | None = "block3b",
    weights: Any = "imagenet",
    epochs: int = 12,
    n_networks: int = 4,
    device: str = "auto",
    random_state: Any = None,
    verbose: int = 0,
) -> Pipeline:
    """Give the Pipeline to start with where the network itself is to learn.

    The pretrained network ends early, after a block that still knows where in frequency things
    are; its head pools over time and in four bands of frequency, apart. All of it learns, the
    head at ten times the rate, with the statistics of batch normalisation as they were. Several
    such networks are averaged.

    Parameters
    ----------
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to, or of the waveforms.
    duration_s : float > 0, default=1.0
        Length in seconds that the spectrogram shows; longer clips are cropped, shorter padded.
    backbone : str, default="efficientnet_lite0"
        The network, see `skspec.backbones`. The default's weights come with the extra ``lite``.
    upto : str or None, default="block3b"
        Block that it ends with; None is all of it.
    weights : "imagenet", path or None, default="imagenet"
        As in `PretrainedCNNClassifier`.
    epochs : int > 0, default=12
        Passes over the clips. Some hundred clips want about so many, tens of thousands fewer.
    n_networks : int > 0, default=4
        Networks that are trained, from other random numbers, and averaged.
    device : str, default="auto"
        As in `PretrainedCNNClassifier`.
    random_state : int, RandomState or None, default=None
        Seed of everything random.
    verbose : int, default=0
        1 shows progress bars with the time left.

    Returns
    -------
    pipeline : Pipeline
        Steps ``trim``, ``mel`` and ``cnn``; the last is a `DeepEnsembleClassifier`, whose
        ``cnn__estimator__full__lr`` and the like can be searched.

    See Also
    --------
    recommended : Trains no network, and is the better start with few clips.

    Notes
    -----
    Balanced accuracy on the embedded percussion sounds, mean over 8 random splits that keep
    authors together (``benchmarks/recommended.py --networks``; the intervals are as wide as 0.3),
    and seconds of a split on one core beside other work:

    ===============================  =================  =======
    system                           balanced accuracy  seconds
    ===============================  =================  =======
    mel statistics + SVM (simple)                 0.69      0.1
    plain fine-tuning in two stages               0.44       45
    plain fine-tuning of all                      0.54       98
    one network, one band                         0.60        5
    one network, up to ``block4c``                0.66       16
    one network                                   0.66       22
    **recommended_finetune**                      0.70       51
    ===============================  =================  =======

    On drum kits that had no part in this choice (``benchmarks/drums.py``, 20 splits) it is at 0.71,
    plain fine-tuning at 0.60 in two stages and 0.64 of all, the simple baseline at 0.67, and
    `recommended`, which trains no network, at 0.71 as well.

    Examples
    --------
    >>> from skspec import make_voices, recipes
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> tiny = {"backbone": "tiny", "upto": None, "weights": None, "n_networks": 2, "epochs": 1}
    >>> pipe = recipes.recommended_finetune(16_000, random_state=0, **tiny)
    >>> pipe.fit(X, y).predict_proba(X).shape
    (12, 2)
    """
    network = PretrainedCNNClassifier(
        backbone,
        weights=weights,
        upto=upto,
        head=Head(n_bands=4),
        stages=[("full", Stage(epochs=epochs, lr=3e-4, head_lr_factor=10, batchnorm="frozen"))],
        class_weight="balanced",
        batch_size=16,
        input_size=(128, _N_FRAMES),
        device=device,
        random_state=random_state,
    )
    ensemble = DeepEnsembleClassifier(
        network, n_estimators=n_networks, random_state=random_state, verbose=verbose
    )
    return Pipeline([("trim", _trimmer(sr)), ("mel", log_mel(sr, duration_s)), ("cnn", ensemble)])


def log_mel(sr: float, duration_s: float) -> MelSpectrogramImage:
    """Give 128 bands by about 128 frames, 40 dB deep: what lies below is mostly padding."""
    n_fft = 2 ** round(math.log2(_FRAME_S * sr))
    hop_length = round(duration_s * sr / (_N_FRAMES - 1))
    return MelSpectrogramImage(
        sr=sr,
        duration_s=duration_s,
        n_fft=n_fft,
        hop_length=min(max(1, hop_length), n_fft // 2),
        n_mels=128,
        top_db=_SILENCE_DB,
    )


def _trimmer(sr: float) -> SilenceTrimmer:
    return SilenceTrimmer(sr=sr, top_db=_SILENCE_DB)


def _linear() -> tuple[BaseEstimator, BaseEstimator]:
    """Give a regression that stays calm among more features than clips."""
    return StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
