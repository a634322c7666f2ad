"""scikit-learn's callbacks: they see every epoch, can predict with it, and can end the training."""

import importlib.util
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skspec import PretrainedCNNClassifier, Stage, _compat
from skspec.exceptions import FitDivergedError
from skspec.models._fit_tasks import FitTasks, fit_tasks

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has callbacks")

RNG = np.random.default_rng(0)
Y = np.array(["flat", "tall"] * 8)
X = RNG.random((16, 1, 16, 16), dtype=np.float32) + (Y == "tall")[:, None, None, None]
STAGES = [("warmup", Stage("head", epochs=2, lr=0.1)), ("finetune", Stage(epochs=3, lr=0.01))]


def cnn(**settings):
    defaults = {"weights": None, "stages": STAGES, "random_state": 0, "device": "cpu"}
    return PretrainedCNNClassifier(
        "tiny", **{**defaults, "batch_size": 8, "input_size": (16, 16), **settings}
    )


class Recorder:
    """Notes what it is told, and asks for nothing more."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.told.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context):
        self.told.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context):
        self.told.append(("end", context.task_name, context.task_id))


class Keeper(Recorder):
    """Keeps the fitted copy of each task, and asks for a stop after `stop_after` epochs."""

    def __init__(self, stop_after=None):
        super().__init__()
        self.kept, self.data, self.roots = [], [], set()
        self.stop_after = stop_after

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        super().on_fit_task_end(estimator, context)
        self.data.append((X, y, metadata))
        if context.task_name == "epoch":
            self.kept.append(fitted_estimator)
            self.roots.add(context.root_uuid)
        return len(self.kept) == self.stop_after


class Everywhere(Keeper):
    """Goes down into the parts of what it is given to."""

    max_propagation_depth = None


def epochs(n):
    return [(what, "epoch", i) for i in range(n) for what in ("begin", "end")]


def test_a_stop_never_hides_that_training_diverged():
    class Stopper(Recorder):
        def on_fit_task_end(self, estimator, context):
            return True

    stages = [("full", Stage(epochs=3, optimizer="sgd", lr=1e30))]
    with pytest.raises(FitDivergedError):
        cnn(stages=stages).set_callbacks(Stopper()).fit(X, Y)


class TestTasks:
    def test_one_for_the_fit_and_one_for_each_epoch_of_all_stages(self):
        recorder = Recorder()
        cnn().set_callbacks(recorder).fit(X, Y)
        assert recorder.told == [
            ("setup", "fit"),
            ("begin", "fit", 0),
            *epochs(5),
            ("end", "fit", 0),
            ("teardown", "fit"),
        ]

    def test_the_context_knows_how_many_there_are_at_most(self):
        class Counter(Recorder):
            def on_fit_task_begin(self, estimator, context):
                self.told.append((context.task_name, context.max_subtasks))

        counter = Counter()
        cnn().set_callbacks(counter).fit(X, Y)
        assert ("fit", 5) in counter.told
        assert ("epoch", 0) in counter.told

    def test_callbacks_change_no_weight(self):
        plain, watched = cnn().fit(X, Y), cnn().set_callbacks(Keeper()).fit(X, Y)
        assert_array_equal(plain.predict_proba(X), watched.predict_proba(X))
        assert plain.history_ == watched.history_

    @pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1, 16)])
    def test_they_are_told_the_data(self, weights):
        keeper = Keeper()
        cnn().set_callbacks(keeper).fit(X, Y, sample_weight=weights)
        assert len(keeper.data) == 6
        for X_told, y_told, metadata in keeper.data:
            assert X_told is X
            assert y_told is Y
            assert metadata is None if weights is None else metadata["sample_weight"] is weights

    def test_early_stopping_ends_every_task(self):
        recorder = Recorder()
        stages = [("one", Stage(epochs=30, lr=0.5, patience=1)), ("two", Stage("head", epochs=1))]
        fitted = cnn(stages=stages, validation=np.arange(4)).set_callbacks(recorder).fit(X, Y)
        assert len(fitted.history_) < 31
        assert recorder.told[2:-2] == epochs(len(fitted.history_))

    def test_a_failed_fit_is_torn_down(self):
        class Failing(Recorder):
            def on_fit_task_end(self, estimator, context):
                raise RuntimeError("no more")

        failing = Failing()
        with pytest.raises(RuntimeError, match="no more"):
            cnn().set_callbacks(failing).fit(X, Y)
        assert failing.told[-1] == ("teardown", "fit")

    def test_without_callbacks_there_is_nothing_to_run(self):
        with fit_tasks(cnn(), X, Y, None, 5) as tasks:
            assert tasks == []
        with fit_tasks(cnn().set_callbacks(Recorder()), X, Y, None, 5) as (task,):
            assert isinstance(task, FitTasks)

    def test_an_estimator_of_an_older_scikit_learn(self):
        with fit_tasks(FunctionTransformer(), X, Y, None, 5) as tasks:
            assert tasks == []


class TestFittedCopies:
    @pytest.mark.slow
    def test_each_predicts_as_a_fit_that_ended_there(self):
        keeper = Keeper()
        fitted = cnn().set_callbacks(keeper).fit(X, Y)
        for n, copy in enumerate(keeper.kept, start=1):
            parts = [Stage("head", epochs=min(n, 2), lr=0.1), Stage(epochs=max(n - 2, 1), lr=0.01)]
            shorter = cnn(stages=list(zip("ab", parts, strict=True))[: 1 if n <= 2 else 2])
            assert_array_equal(copy.predict_proba(X), shorter.fit(X, Y).predict_proba(X))
            assert len(copy.history_) == n
        assert_array_equal(keeper.kept[-1].predict(X), fitted.predict(X))
        assert fitted.network_ is not keeper.kept[-1].network_

    def test_with_validation_they_have_the_best_epoch_so_far(self):
        keeper = Keeper()
        stages = [("one", Stage(epochs=6, lr=0.3, optimizer="sgd"))]
        fitted = cnn(stages=stages, validation=np.arange(4)).set_callbacks(keeper).fit(X, Y)
        losses = [row["valid_loss"] for row in fitted.history_]
        best = [int(np.argmin(losses[: n + 1])) for n in range(6)]
        assert [copy.best_epoch_ for copy in keeper.kept] == best
        assert_array_equal(keeper.kept[-1].predict_proba(X), fitted.predict_proba(X))

    def test_they_are_made_only_if_asked_for(self, monkeypatch):
        def refuse(*_):
            raise AssertionError("nobody asked")

        monkeypatch.setattr("skspec.models._fit_tasks._as_if_stopped", refuse)
        cnn().set_callbacks(Recorder()).fit(X, Y)
        with pytest.raises(AssertionError, match="nobody asked"):
            cnn().set_callbacks(Keeper()).fit(X, Y)

    def test_those_of_a_second_fit_are_of_the_second_fit(self):
        keeper = Keeper()
        classifier = cnn().fit(X, Y).set_callbacks(keeper).fit(X, Y[::-1])
        assert_array_equal(keeper.kept[-1].predict_proba(X), classifier.predict_proba(X))

    def test_scoring_monitor(self):
        monitor = callback.ScoringMonitor(scoring="accuracy")
        fitted = cnn().set_callbacks(monitor).fit(X, Y, sample_weight=np.ones(16))
        rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert [row["task_id"] for row in rows] == [0, 1, 2, 3, 4]
        assert rows[-1]["accuracy"] == fitted.score(X, Y)


class TestStop:
    @pytest.mark.parametrize("n", [1, 2, 4, 5])
    def test_it_ends_the_training_after_that_epoch(self, n):
        keeper = Keeper(stop_after=n)
        fitted = cnn().set_callbacks(keeper).fit(X, Y)
        assert len(fitted.history_) == n
        assert fitted.interrupted_
        assert keeper.told[2:-2] == epochs(n)
        assert keeper.told[-2:] == [("end", "fit", 0), ("teardown", "fit")]
        assert_array_equal(fitted.predict_proba(X), keeper.kept[-1].predict_proba(X))

    def test_the_best_epoch_is_kept(self):
        stages = [("one", Stage(epochs=6, lr=0.3, optimizer="sgd"))]
        keeper = Keeper(stop_after=4)
        fitted = cnn(stages=stages, validation=np.arange(4)).set_callbacks(keeper).fit(X, Y)
        assert len(fitted.history_) == 4
        assert fitted.best_epoch_ == np.argmin([row["valid_loss"] for row in fitted.history_])


class TestWithin:
    def test_a_pipeline_hands_them_down(self):
        keeper = Everywhere(stop_after=3)
        pipe = Pipeline([("same", FunctionTransformer()), ("cnn", cnn())])
        with pytest.warns(UserWarning, match="FunctionTransformer does not support callbacks"):
            pipe.set_callbacks(keeper).fit(X, Y)
        assert [row["epoch"] for row in pipe[-1].history_] == [0, 1, 2]
        assert [told for told in keeper.told if told[1] == "epoch"] == epochs(3)
        assert len(keeper.roots) == 1
        assert not hasattr(pipe[-1], "_skl_callbacks")

    @pytest.mark.filterwarnings("ignore:The estimator FunctionTransformer does not support")
    def test_a_search_hands_them_down_to_every_fit(self):
        keeper = Everywhere()
        pipe = Pipeline([("same", FunctionTransformer()), ("cnn", cnn())])
        grid = {"cnn__warmup__epochs": [1, 2]}
        search = GridSearchCV(pipe, grid, cv=2).set_callbacks(keeper).fit(X, Y)
        refit = 3 + search.best_params_["cnn__warmup__epochs"]
        assert len(keeper.kept) == 2 * (4 + 5) + refit
        assert len(keeper.roots) == 1
        assert [told[0] for told in keeper.told if told[0] in ("setup", "teardown")] == [
            "setup",
            "teardown",
        ]

    def test_those_of_a_step_stay_with_its_clones(self):
        monitor = callback.ScoringMonitor(scoring="accuracy")
        pipe = Pipeline([("cnn", cnn().set_callbacks(monitor))])
        clone(pipe).fit(X, Y)
        rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert len(rows) == 5


def test_compat_has_stand_ins_for_an_older_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("older_compat", _compat.__file__)
    older = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(older)

    class Estimator(older.CallbackSupportMixin):
        @older.with_callbacks
        def fit(self, X):
            return X

    assert Estimator().fit(3) == 3
    assert not hasattr(Estimator, "set_callbacks")
    with fit_tasks(Estimator(), X, Y, None, 5) as tasks:
        assert tasks == []
