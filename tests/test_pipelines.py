"""Six steps in a row, ending in a network or an SVM, searched by group on the embedded sounds."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from skspec import (
    Augmenter,
    DeepFeatures,
    FixedLength,
    ImageScaler,
    MelSpectrogramImage,
    MFCCImage,
    PretrainedCNNClassifier,
    SilenceTrimmer,
    WaveformStandardizer,
    ZCAWhitener,
    load_percussion,
)

CNN = Pipeline(
    [
        ("trim", SilenceTrimmer(top_db=40, sr=16_000)),
        ("length", FixedLength(0.5, sr=16_000)),
        ("mel", MelSpectrogramImage(sr=16_000, n_fft=512, hop_length=128, n_mels=32)),
        ("zca", ZCAWhitener()),
        ("aug", Augmenter(time_mask=10, mixup=0.2, random_state=0)),
        ("cnn", PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)),
    ]
)
SVM = Pipeline(
    [
        ("level", WaveformStandardizer(sr=16_000)),
        ("length", FixedLength(0.5, sr=16_000, pad="wrap")),
        ("mfcc", MFCCImage(sr=16_000, n_fft=512, hop_length=128, n_mels=40, deltas=2)),
        ("scale", ImageScaler("bin")),
        ("deep", DeepFeatures("tiny", weights=None, pooling="mean_std", n_bands=2, random_state=0)),
        ("svc", SVC(class_weight="balanced")),
    ]
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pipe", "grid"),
    [
        (CNN, {"trim__top_db": [30, 60], "mel__n_mels": [16, 32], "cnn__full__lr": [1e-3]}),
        (SVM, {"length__pad": ["zero", "wrap"], "mfcc__deltas": [0, 2], "deep__n_bands": [2, 4]}),
    ],
    ids=["network", "svm"],
)
def test_six_steps_in_a_grouped_search(pipe, grid):
    drums = load_percussion()
    cv = StratifiedGroupKFold(3)
    search = GridSearchCV(pipe, grid, cv=cv, scoring="balanced_accuracy", error_score="raise")
    search.fit(drums.paths, drums.y, groups=drums.groups)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == np.prod([len(values) for values in grid.values()])
    assert np.isfinite(scores).all()
    assert set(search.predict(drums.paths)) <= set(drums.y)
    expected = search.best_estimator_.score(drums.paths, drums.y)
    assert expected == np.mean(search.predict(drums.paths) == drums.y)


def test_the_svm_is_above_chance_on_unknown_authors():
    drums = load_percussion()
    cv = StratifiedGroupKFold(3)
    grid = {"svc__C": [10.0]}
    search = GridSearchCV(SVM, grid, cv=cv, scoring="balanced_accuracy", error_score="raise")
    search.fit(drums.paths, drums.y, groups=drums.groups)
    assert search.best_score_ > 0.4  # 0.25 is chance
