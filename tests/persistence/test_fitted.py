"""The usual steps of scikit-learn come back bit for bit; what cannot be saved says so."""

import numpy as np
import pytest
import sklearn
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC, NuSVC

import skspec
from skspec.exceptions import ModelFileError
from skspec.persistence import register
from skspec.persistence._registry import _REGISTERED, find

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6)) ** 2
Y = np.array(["calm", "angry", "sad"])[(X[:, 0] + 0.3 * X[:, 1] > np.array([[0.4], [1.4]])).sum(0)]
MORE = RNG.normal(size=(50, 6)) ** 2
VOTERS = [("log", LogisticRegression()), ("bayes", GaussianNB())]

STEPS = [
    StandardScaler(),
    MinMaxScaler(),
    MaxAbsScaler(),
    RobustScaler(),
    Normalizer(),
    PowerTransformer(),
    QuantileTransformer(n_quantiles=20),
    PCA(3),
    SelectKBest(f_classif, k=3),
    VarianceThreshold(0.1),
    FeatureUnion([("pca", PCA(2)), ("scaled", StandardScaler())]),
    SVC(),
    SVC(kernel="poly", decision_function_shape="ovo"),
    NuSVC(nu=0.1),
    LinearSVC(),
    LogisticRegression(),
    RidgeClassifier(),
    KNeighborsClassifier(),
    KNeighborsClassifier(3, algorithm="brute", metric="cosine", weights="distance"),
    KNeighborsClassifier(algorithm="ball_tree", p=1),
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(reg_param=0.1),
    GaussianNB(),
    DummyClassifier(strategy="stratified", random_state=0),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=StratifiedKFold(2)),
    VotingClassifier(VOTERS, voting="soft"),
    StackingClassifier(VOTERS, final_estimator=SVC()),
    make_pipeline(StandardScaler(), PCA(4), KNeighborsClassifier()),
]


def outputs(estimator):
    names = ("transform", "decision_function", "predict_proba", "predict")
    found = [getattr(estimator, name)(MORE) for name in names if hasattr(estimator, name)]
    return [(array.dtype, array.tobytes()) for array in found]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skspec"


@pytest.fixture(autouse=True)
def _registry_of_our_own(monkeypatch):
    monkeypatch.setattr("skspec.persistence._registry._REGISTERED", dict(_REGISTERED))


@pytest.mark.parametrize("estimator", STEPS, ids=lambda e: type(e).__name__)
def test_steps_come_back_bit_for_bit(estimator, path):
    sklearn.base.clone(estimator)
    made = sklearn.base.clone(estimator).fit(X, Y)
    skspec.save(made, path)
    loaded = skspec.load(path)
    assert repr(loaded) == repr(made)
    assert outputs(loaded) == outputs(made) != []


@pytest.mark.parametrize("labels", [Y, Y.astype(object), (Y == "sad").astype(np.int8), Y == "sad"])
def test_labels_keep_their_kind(labels, path):
    made = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, labels)
    skspec.save(made, path)
    predicted = skspec.load(path).predict(MORE)
    assert predicted.dtype == made.predict(MORE).dtype
    assert (predicted == made.predict(MORE)).all()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_support_vectors_with_probabilities(path):
    made = SVC(probability=True, random_state=0).fit(X, Y)
    skspec.save(made, path)
    assert skspec.load(path).predict_proba(MORE).tobytes() == made.predict_proba(MORE).tobytes()


def test_a_randomized_decomposition(path):
    """Its components are some rows of an array by columns."""
    clips = RNG.normal(size=(100, 300))
    made = PCA(20, svd_solver="randomized", random_state=0).fit(clips)
    assert not made.components_.flags.forc
    skspec.save(made, path)
    assert skspec.load(path).transform(clips).tobytes() == made.transform(clips).tobytes()


def test_names_of_columns_come_back(path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    made = make_pipeline(StandardScaler(), KNeighborsClassifier()).set_output(transform="pandas")
    skspec.save(made.fit(frame, Y), path)
    loaded = skspec.load(path)
    assert loaded[0].get_feature_names_out().tolist() == list("abcdef")
    assert loaded[0].transform(frame).columns.tolist() == list("abcdef")
    assert (loaded.predict(frame) == made.predict(frame)).all()


@pytest.mark.parametrize("kind", [LogisticRegression, SVC])
def test_requests_for_metadata_come_back(kind, path):
    with sklearn.config_context(enable_metadata_routing=True):
        made = kind().set_fit_request(sample_weight=True)
        skspec.save(make_pipeline(StandardScaler(), made), path)
        loaded = skspec.load(path)[-1]
        assert loaded.get_metadata_routing().fit.requests == {"sample_weight": True}


def test_members_of_a_vote_stay_one_object(path):
    skspec.save(VotingClassifier(VOTERS).fit(X, Y), path)
    loaded = skspec.load(path)
    assert loaded.estimators_[0] is loaded.named_estimators_["log"]


@pytest.mark.parametrize("kind", [dict, tuple])
def test_what_is_too_deep_to_load_is_too_deep_to_save(kind, path):
    weights, n_saved = kind(), 0
    with pytest.raises(ModelFileError, match="too much inside each other"):  # noqa: PT012
        while True:
            skspec.save(LogisticRegression(class_weight=weights), path)
            assert skspec.load(path).class_weight == weights
            weights = {"a": weights} if kind is dict else kind([weights])
            n_saved += 1
    assert n_saved > 30


def local(images):
    return images


class Threshold(ClassifierMixin, BaseEstimator):
    def __init__(self, level=0.5):
        self.level = level

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(X[:, 0] > self.level).astype(int)]


def _changed():
    made = StandardScaler().fit(X)
    made.surprise = 1
    return made


def _product(X, Y):
    return X @ Y.T


def _holding_itself():
    weights = {}
    weights[1] = weights
    return LogisticRegression(class_weight=weights)


REFUSED = [
    (RandomForestClassifier(2), "the model is a sklearn.ensemble.*RandomForestClassifier"),
    (GridSearchCV(SVC(), {"C": [1.0]}, cv=2).fit(X, Y), "Save its best_estimator_"),
    (FunctionTransformer(local), r"FunctionTransformer.func is the function 'local'.*register"),
    (FunctionTransformer(lambda x: x), r"the function '<lambda>'"),
    (Threshold(), "Threshold is a .*Threshold"),
    (Pipeline([("s", StandardScaler())], memory="cache"), "Pipeline cannot be saved: its memory"),
    (DummyClassifier(random_state=np.random.RandomState(0)), "random_state is .*Give an integer"),
    (_changed(), "StandardScaler cannot have a fitted attribute 'surprise'"),
    (_holding_itself(), "holds itself"),
    (SVC(kernel="precomputed").fit(X @ X.T, Y), "SVC cannot be saved: its kernel 'precomputed' is"),
    (NuSVC(nu=0.1, kernel=_product).fit(X, Y), r"its kernel <function _product .*fit it to dense"),
    (make_pipeline(SVC()).fit(csr_array(X), Y), r"steps\[0\]\[1\] .*was fitted to sparse data"),
    (KNeighborsClassifier().fit(X, np.stack([Y, Y], 1)), "several columns of labels"),
    (LogisticRegression(class_weight={1: np.array([1, 2], "M8[s]")}), "dtype datetime64"),
    (
        make_pipeline(skspec.PretrainedCNNClassifier(callbacks=[object()])),
        r"Pipeline.steps\[0\]\[1\].callbacks\[0\] is a builtins.object",
    ),
]


@pytest.mark.parametrize(("estimator", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_be_saved_says_so_and_writes_nothing(estimator, words, path):
    words = words.replace("the model is", "RandomForestClassifier is")
    with pytest.raises(ModelFileError, match=words) as caught:
        skspec.save(estimator, path)
    assert caught.value.path == str(path)
    assert list(path.parent.iterdir()) == []


def test_classes_and_functions_of_ones_own_once_registered(path):
    register("threshold", Threshold)
    register("local", local)
    made = make_pipeline(FunctionTransformer(local), Threshold(0.2)).fit(X, Y)
    skspec.save(made, path)
    assert (skspec.load(path).predict(MORE) == made.predict(MORE)).all()


def test_ones_own_must_be_registered_where_they_are_loaded(path, monkeypatch):
    register("threshold", Threshold)
    skspec.save(Threshold(), path)
    monkeypatch.setattr("skspec.persistence._registry._REGISTERED", {})
    with pytest.raises(ModelFileError, match=r"'threshold' is not registered.*register before"):
        skspec.load(path)


@pytest.mark.parametrize(
    ("name", "thing"), [("SVC", Threshold), ("a b", Threshold), ("x", 3), ("Head", Threshold)]
)
def test_register_refuses(name, thing):
    with pytest.raises(skspec.exceptions.ParameterError, match="Got name="):
        register(name, thing)


def test_registering_again_replaces():
    register("local", local)
    register("local", _product)
    assert find("local") is _product


def test_a_backbone_of_ones_own_must_be_registered(path, monkeypatch):
    from torch import nn

    from skspec.nn import _registry

    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))
    skspec.register_backbone(
        "one_conv", lambda: nn.Sequential(nn.Conv2d(3, 4, 3)), lambda net: [("a", net[0])],
        input_size=(16, 16),
    )  # fmt: skip
    images = RNG.random((4, 1, 16, 16))
    deep = skspec.DeepFeatures("one_conv", weights=None, random_state=0).fit(images)
    skspec.save(deep, path)
    assert skspec.load(path).transform(images).tobytes() == deep.transform(images).tobytes()
    del _registry._ENTRIES["one_conv"]
    with pytest.raises(ModelFileError, match=r"Got backbone='one_conv'.*register_backbone"):
        skspec.load(path)
