"""scikit-learn's own checks on every public estimator: none expected to fail, none skipped."""

import inspect
from unittest import SkipTest

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

import skspec
from skspec import (
    AcousticFunctionals,
    Augmenter,
    BinaryCrossEntropy,
    ChannelStack,
    ChromaImage,
    ColormapImage,
    CosineSchedule,
    CrossEntropy,
    CyclicSchedule,
    DeepEnsembleClassifier,
    DeepFeatures,
    FixedLength,
    Focal,
    Head,
    ImageScaler,
    LSTMClassifier,
    MelSpectrogramImage,
    MFCCImage,
    MultiClassHinge,
    MultiResSpectrogram,
    OnDemandImages,
    OneCycleSchedule,
    PlateauSchedule,
    PretrainedCNNClassifier,
    ReliefSelector,
    SegmentedClassifier,
    SilenceTrimmer,
    SmallCNNClassifier,
    SpectralContrastImage,
    SpectrogramImage,
    Stage,
    StepSchedule,
    TimeResampler,
    WaveformStandardizer,
    ZCAWhitener,
)
from skspec.exceptions import ParameterError

# float64, one full batch and a net without BatchNorm: a weight of 2 must equal a repeated clip.
NETWORK = PretrainedCNNClassifier(
    "tiny",
    weights=None,
    batch_size=1000,
    input_size=(16, 16),
    precision="float64",
    device="cpu",
    head=Head(dropout=0.0),
    stages=[("train", Stage("all", epochs=20, lr=0.01))],
)
ESTIMATORS = [
    FixedLength(),
    SilenceTrimmer(),
    TimeResampler(50),
    WaveformStandardizer(),
    ChromaImage(),
    MFCCImage(),
    MelSpectrogramImage(),
    MultiResSpectrogram(),
    SpectralContrastImage(),
    SpectrogramImage(),
    SpectralContrastImage(),
    MultiResSpectrogram(n_fft=512, resolutions=((256, 128), (512, 256)), n_mels=16, size=(16, 8)),
    ChannelStack([("mel", MelSpectrogramImage()), ("chroma", ChromaImage())], size=(16, 8)),
    ColormapImage(),
    ImageScaler(),
    OnDemandImages(MelSpectrogramImage()),
    ZCAWhitener(),
    SegmentedClassifier(LogisticRegression(), segment_s=0.02, sr=1000),
    AcousticFunctionals(),
    ReliefSelector(),
    Augmenter(time_mask=3, freq_mask=1, time_flip=0.5, rotate_180=0.5, random_state=0),
    DeepFeatures(
        "tiny",
        weights=None,
        blocks=["block1", "block3"],
        pooling="mean_std",
        n_bands=2,
        precision="float64",
        batch_size=1000,
        device="cpu",
        random_state=0,
    ),
    clone(NETWORK).set_params(random_state=0),
    SmallCNNClassifier(
        batch_size=1000,
        precision="float64",
        device="cpu",
        stages=[("train", Stage("all", epochs=15, lr=0.02))],
        random_state=0,
    ),
    LSTMClassifier(
        8,
        batch_size=1000,
        precision="float64",
        device="cpu",
        head=Head(dropout=0.0),
        stages=[("train", Stage("all", epochs=15, lr=0.05))],
        random_state=0,
    ),
]

# What takes minutes.
SLOW = [DeepEnsembleClassifier(NETWORK, n_estimators=2, random_state=0)]

# Parameter objects: `BaseEstimator` for get_params, clone and repr, but nothing to fit.
WITHOUT_FIT = {
    BinaryCrossEntropy,
    CosineSchedule,
    CrossEntropy,
    CyclicSchedule,
    Focal,
    Head,
    MultiClassHinge,
    OneCycleSchedule,
    PlateauSchedule,
    Stage,
    StepSchedule,
}


@pytest.mark.filterwarnings("ignore:.*full scale is 1")  # the checks' numbers are no sound
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    run(check, estimator)


@pytest.mark.slow
@parametrize_with_checks(SLOW)
def test_slow_scikit_learn_check(estimator, check):
    run(check, estimator)


def run(check, estimator):
    try:
        check(estimator)
    except (SkipTest, pytest.skip.Exception) as skipped:
        pytest.fail(f"skipped: {skipped}")


def public_estimators():
    public = [getattr(skspec, name) for name in skspec.__all__]
    classes = [thing for thing in public if inspect.isclass(thing)]
    modules = [thing for thing in public if inspect.ismodule(thing)]
    for module in modules:
        names = getattr(module, "__all__", dir(module))
        classes += [getattr(module, name) for name in names if not name.startswith("_")]
    return {c for c in classes if inspect.isclass(c) and issubclass(c, BaseEstimator)}


def test_no_public_estimator_is_missing():
    assert public_estimators() == {type(e) for e in [*ESTIMATORS, *SLOW]} | WITHOUT_FIT


@pytest.mark.parametrize("kind", sorted(WITHOUT_FIT, key=lambda kind: kind.__name__))
def test_those_outside_have_nothing_to_fit(kind):
    assert not hasattr(kind, "fit")
    assert not hasattr(kind, "transform")
    assert not hasattr(kind, "predict")


def test_a_failing_estimator_would_be_found():
    # The list above is only worth something if the wrapper lets failures through.
    with pytest.raises(ParameterError, match="batch_size"):
        PretrainedCNNClassifier("tiny", weights=None, batch_size=0).fit([[0.0], [1.0]], [0, 1])
