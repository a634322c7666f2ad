"""Heads and stages by name: found, set, never shared by accident."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skspec import Focal, Head, PretrainedCNNClassifier, Stage, StepSchedule
from skspec.exceptions import ParameterError
from skspec.models._nested import NestedParamsMixin
from skspec.models._stage import named_stages


def cnn(**settings):
    return PretrainedCNNClassifier("tiny", **{"weights": None, **settings})


X, Y = [[0.0, 1.0], [1.0, 0.0], [0.0, 2.0], [2.0, 0.0]], ["a", "b", "a", "b"]


class TestGet:
    def test_words_and_none_are_expanded(self):
        params = cnn().get_params()
        assert params["head__dropout"] == Head().dropout
        assert {"warmup__lr", "finetune__lr", "finetune__epochs"} <= params.keys()
        assert params["head"] is None
        assert params["stages"] == "two_stage"
        assert isinstance(params["finetune"], Stage)

    def test_every_nested_name_is_there(self):
        params = cnn(stages=[("one", Stage()), ("two", Stage("head"))]).get_params()
        expected = {f"head__{name}" for name in Head().get_params()}
        expected |= {f"{s}__{name}" for s in ("one", "two") for name in Stage().get_params()}
        expected |= {"loss__label_smoothing"}
        assert {key for key in params if "__" in key} == expected
        assert params["two__train"] == "head"

    def test_shallow(self):
        params = cnn().get_params(deep=False)
        assert not any("__" in key for key in params)
        assert "warmup" not in params

    def test_invalid_stages_do_not_break_repr_or_get_params(self):
        for stages in ("nonsense", 3, [Stage()], [], None, [("a",)]):
            classifier = cnn(stages=stages)
            assert classifier.get_params()["stages"] == stages
            assert "PretrainedCNNClassifier" in repr(classifier)

    def test_an_invalid_loss_does_not_break_repr_or_get_params(self):
        for loss in ("nonsense", 3, None):
            params = cnn(loss=loss).get_params()
            assert params["loss"] == loss
            assert not any(key.startswith("loss__") for key in params)
            assert "PretrainedCNNClassifier" in repr(cnn(loss=loss))

    def test_a_class_without_head_and_loss(self):
        class Plain(NestedParamsMixin, BaseEstimator):
            def __init__(self, stages="frozen"):
                self.stages = stages

        stage = named_stages("frozen")[0][1]
        expected = {f"frozen__{name}" for name in stage.get_params()}
        assert Plain().get_params().keys() == {"stages", "frozen"} | expected
        with pytest.raises(ParameterError, match="'loss__gamma'"):
            Plain().set_params(loss__gamma=1)


class TestSet:
    def test_head(self):
        classifier = cnn().set_params(head__hidden=(8,), head__dropout=0.5)
        assert (classifier.head.hidden, classifier.head.dropout) == ((8,), 0.5)

    def test_stage_of_a_word(self):
        classifier = cnn().set_params(finetune__lr=0.5)
        assert classifier.get_params()["finetune__lr"] == 0.5
        assert [name for name, _ in classifier.stages] == ["warmup", "finetune"]
        warmup = dict(classifier.stages)["warmup"]
        assert warmup.get_params() == cnn().get_params()["warmup"].get_params()

    def test_a_whole_stage(self):
        stage = Stage("head", epochs=1)
        classifier = cnn().set_params(finetune=stage)
        assert dict(classifier.stages)["finetune"] is stage

    @pytest.mark.parametrize("order", [1, -1])
    def test_whole_before_part_in_any_order(self, order):
        changes = {"finetune": Stage("head"), "finetune__lr": 0.5}
        classifier = cnn().set_params(**dict(list(changes.items())[::order]))
        assert classifier.get_params()["finetune__train"] == "head"
        assert classifier.get_params()["finetune__lr"] == 0.5

    def test_stages_and_part_together(self):
        classifier = cnn().set_params(full__lr=0.5, stages="full")
        assert classifier.get_params()["full__lr"] == 0.5
        classifier.set_params(stages="frozen")
        assert classifier.stages == "frozen"

    def test_loss_of_a_word(self):
        classifier = cnn().set_params(loss__label_smoothing=0.1)
        assert classifier.loss.get_params() == {"label_smoothing": 0.1}
        assert cnn(loss="focal").get_params()["loss__gamma"] == 2.0
        assert "loss__gamma" not in cnn(loss="hinge").get_params()

    def test_a_whole_loss_before_its_part(self):
        classifier = cnn().set_params(loss__gamma=0.5, loss=Focal())
        assert classifier.loss.gamma == 0.5

    def test_a_whole_schedule_and_its_part(self):
        classifier = cnn().set_params(finetune__schedule=StepSchedule(3))
        assert classifier.get_params()["finetune__schedule__step_epochs"] == 3
        changed = clone(classifier).set_params(finetune__schedule__step_epochs=7)
        assert changed.get_params()["finetune__schedule"].step_epochs == 7
        assert classifier.get_params()["finetune__schedule"].step_epochs == 3
        assert "finetune__schedule__step_epochs" not in cnn().get_params()

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_whole_schedule_before_its_part_in_any_order(self, order):
        changes = {"finetune__schedule": StepSchedule(3), "finetune__schedule__factor": 0.5}
        classifier = cnn().set_params(**dict(list(changes.items())[::order]))
        schedule = classifier.get_params()["finetune__schedule"]
        assert (schedule.step_epochs, schedule.factor) == (3, 0.5)

    def test_through_a_search(self):
        grid = {"full__schedule": [None, StepSchedule(1)], "loss__label_smoothing": [0.0, 0.9]}
        classifier = cnn(stages="full", input_size=(8, 8), device="cpu", random_state=0)
        search = GridSearchCV(classifier.set_params(full__epochs=2), grid, cv=2)
        search.fit(X, Y)
        assert len(set(map(str, search.cv_results_["params"]))) == 4
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_own_parameters(self):
        assert cnn().set_params(batch_size=3).batch_size == 3
        classifier = cnn()
        assert classifier.set_params() is classifier

    def test_through_a_pipeline(self):
        pipe = Pipeline([("cnn", cnn())]).set_params(cnn__finetune__lr=0.5, cnn__head__n_bands=4)
        assert pipe.get_params()["cnn__finetune__lr"] == 0.5
        assert pipe["cnn"].head.n_bands == 4

    def test_it_reaches_the_training(self):
        stages = [("train", Stage(epochs=5))]
        classifier = cnn(stages=stages, input_size=(8, 8), device="cpu", random_state=0)
        classifier.set_params(train__epochs=2, train__lr=0.25, head__hidden=(5,)).fit(X, Y)
        assert [row["lr"] for row in classifier.history_] == [0.25, 0.25]
        assert classifier.network_.head.layers[1].out_features == 5


class TestNoLeak:
    def test_a_shared_head_and_shared_stages(self):
        head, stages = Head(), [("a", Stage()), ("b", Stage())]
        one, other = cnn(head=head, stages=stages), cnn(head=head, stages=stages)
        one.set_params(head__dropout=0.7, a__lr=0.5)
        assert head.dropout == other.get_params()["head__dropout"] == 0.2
        assert stages[0][1].lr == other.get_params()["a__lr"] == 1e-4
        assert other.stages is stages
        assert (one.get_params()["head__dropout"], one.get_params()["a__lr"]) == (0.7, 0.5)

    def test_a_shared_loss_and_a_shared_schedule(self):
        loss, schedule = Focal(), StepSchedule(3)
        stage = Stage(schedule=schedule)
        one, other = (cnn(loss=loss, stages=[("a", stage)]) for _ in range(2))
        one.set_params(loss__gamma=0.5, a__schedule__step_epochs=7)
        assert (loss.gamma, other.loss) == (2.0, loss)
        assert (schedule.step_epochs, stage.schedule) == (3, schedule)
        assert (one.loss.gamma, one.get_params()["a__schedule"].step_epochs) == (0.5, 7)
        cnn().set_params(loss__label_smoothing=0.5)
        assert cnn().get_params()["loss__label_smoothing"] == 0.0

    def test_fit_does_not_keep_the_given_loss(self):
        loss = Focal()
        classifier = cnn(loss=loss, stages="full", input_size=(8, 8), device="cpu")
        before = classifier.set_params(full__epochs=1).fit(X, Y).predict_proba(X)
        assert classifier.loss is loss
        classifier.set_params(loss="binary_cross_entropy")  # only the next fit asks for it
        np.testing.assert_array_equal(classifier.predict_proba(X), before)

    def test_defaults_of_later_instances(self):
        cnn().set_params(head__dropout=0.7, warmup__lr=0.5)
        assert cnn().get_params()["head__dropout"] == 0.2
        assert cnn().get_params()["warmup__lr"] == 1e-3

    def test_a_clone_is_independent(self):
        classifier = cnn(head=Head(hidden=(3,)), stages=[("a", Stage(lr=0.1))])
        copy = clone(classifier)
        assert copy.head is not classifier.head
        assert copy.get_params()["a__lr"] == 0.1
        copy.set_params(a__lr=0.9, head__hidden=())
        assert classifier.get_params()["a__lr"] == 0.1
        assert classifier.head.hidden == (3,)

    def test_a_set_parameter_survives_clone(self):
        classifier = clone(cnn().set_params(finetune__lr=0.5))
        assert classifier.get_params()["finetune__lr"] == 0.5


class TestErrors:
    def test_stage_of_another_word_names_the_valid_ones(self):
        message = r"'finetune__lr' of .*stages='frozen' the stages are \['frozen'\].*'batch_size'"
        with pytest.raises(ParameterError, match=message):
            cnn(stages="frozen").set_params(finetune__lr=0.1)

    def test_through_a_pipeline(self):
        pipe = Pipeline([("cnn", cnn(stages="frozen"))])
        with pytest.raises(ValueError, match=r"stages are \['frozen'\]"):
            pipe.set_params(cnn__finetune__lr=0.1)

    def test_unknown_parameter_of_a_part_lists_its_own(self):
        with pytest.raises(ParameterError, match=r"'warmup__rate'.*'warmup' has .*'lr'"):
            cnn().set_params(warmup__rate=1)
        with pytest.raises(ParameterError, match=r"'head__width'.*'head' has .*'hidden'"):
            cnn().set_params(head__width=1)

    def test_unknown_parameter_of_the_loss(self):
        with pytest.raises(ParameterError, match=r"'loss__gamma'.*has .*'label_smoothing'"):
            cnn().set_params(loss__gamma=1)

    def test_unknown_parameter(self):
        with pytest.raises(ParameterError, match=r"Invalid parameter 'bath_size'.*'batch_size'"):
            cnn().set_params(bath_size=1)

    @pytest.mark.parametrize(
        "stages",
        [
            [("head", Stage())],
            [("batch_size", Stage())],
            [("loss", Stage())],
            [("a", Stage()), ("a", Stage())],
            [("a__b", Stage())],
            [("a", "head")],
            [(3, Stage())],
            [("a", None)],
        ],
    )
    def test_bad_pairs(self, stages):
        with pytest.raises(ParameterError, match="but expected a Stage under a name that occurs"):
            cnn(stages=stages).fit(X, Y)

    @pytest.mark.parametrize("stages", [[], [Stage()], [("a",)], ()])
    def test_no_pairs(self, stages):
        with pytest.raises(ParameterError, match=r"expected a non-empty list of \(name, Stage\)"):
            cnn(stages=stages).fit(X, Y)

    def test_unknown_word(self):
        with pytest.raises(ParameterError, match=r"Got stages='three'.*'two_stage'"):
            cnn(stages="three").fit(X, Y)

    def test_found_before_weights_are_looked_for(self):
        with pytest.raises(ParameterError, match="Got stages='three'"):
            cnn(stages="three", weights="/nowhere/x.pth").fit(X, Y)

    def test_bad_values_are_found_in_fit_not_before(self):
        classifier = cnn(head=Head(n_bands=0), stages=[("a", Stage(lr=-1))])
        with pytest.raises(ParameterError, match="n_bands"):
            classifier.fit(X, Y)
        with pytest.raises(ParameterError, match="'lr' parameter of Stage"):
            classifier.set_params(head=None).fit(X, Y)
