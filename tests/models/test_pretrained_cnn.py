"""PretrainedCNNClassifier: it learns, the same every time, and says what is wrong."""

import pickle

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skspec import Focal, Head, ImageBatch, PretrainedCNNClassifier, Stage, register_backbone
from skspec.exceptions import (
    BackboneNotFoundError,
    DeviceUnavailableError,
    FitDivergedError,
    GroupsWarning,
    InputError,
    InputTypeError,
    ParameterError,
    WeightsUnavailableError,
)


def stripes(n=32, size=16, seed=0):
    """Give noisy images with horizontal ("flat") or vertical ("tall") stripes."""
    rng = np.random.default_rng(seed)
    y = np.tile(["flat", "tall"], n // 2)
    wave = np.sin(np.arange(size) * 1.5)
    X = np.stack([wave[:, None] + 0 * wave if label == "flat" else wave + 0 * wave[:, None]
                  for label in y])  # fmt: skip
    return (X + 0.3 * rng.standard_normal(X.shape))[:, None].astype(np.float32), y


X, Y = stripes()
ONE = (("train", Stage("all", epochs=2, lr=0.01)),)


def cnn(backbone="tiny", **settings):
    defaults = {
        "weights": None,
        "stages": list(ONE),
        "input_size": (16, 16),
        "device": "cpu",
        "batch_size": 8,
        "random_state": 0,
    }
    return PretrainedCNNClassifier(backbone, **{**defaults, **settings})


class TestLearning:
    def test_it_tells_stripes_apart(self):
        classifier = cnn(stages=[("train", Stage("all", epochs=15, lr=0.01))]).fit(X, Y)
        assert classifier.score(*stripes(seed=1)) > 0.95
        assert classifier.history_[-1]["train_loss"] < 0.2 < classifier.history_[0]["train_loss"]

    def test_shuffled_labels_cannot_be_told_apart(self):
        y = np.random.default_rng(0).permutation(Y)
        classifier = cnn(stages=[("train", Stage("all", epochs=15, lr=0.01))]).fit(X, y)
        assert classifier.score(*stripes(seed=1)) < 0.85

    def test_two_stages_and_history(self):
        stages = [("warmup", Stage("head", epochs=2, lr=0.1)), ("finetune", Stage(epochs=3))]
        history = cnn(stages=stages).fit(X, Y).history_
        assert [row["stage"] for row in history] == ["warmup"] * 2 + ["finetune"] * 3
        assert [row["epoch"] for row in history] == [0, 1, 2, 3, 4]
        assert [row["lr"] for row in history] == [0.1] * 2 + [1e-4] * 3
        names = {"stage", "epoch", "lr", "head_lr", "train_loss"}
        assert all(set(row) == names for row in history)

    def test_the_first_loss_is_the_cross_entropy_of_the_untrained_network(self):
        classifier = cnn(batch_size=100, head=Head(dropout=0), stages=[("t", Stage(epochs=1))])
        loss = classifier.fit(X, Y).history_[0]["train_loss"]
        network = classifier.network_spec_.build(**_seeds(0))
        with torch.no_grad():
            logits = network.eval()(torch.from_numpy(X)).double().numpy()
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert_allclose(loss, -np.log(p[np.arange(32), (Y == "tall").astype(int)]).mean(), 1e-5)

    def test_probabilities(self):
        classifier = cnn().fit(X, Y)
        proba = classifier.predict_proba(X)
        assert proba.dtype == np.float32
        assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
        assert_array_equal(classifier.predict(X), np.array(["flat", "tall"])[proba.argmax(axis=1)])
        assert cnn(precision="float64").fit(X, Y).predict_proba(X).dtype == np.float64

    @pytest.mark.parametrize(
        "y", [Y, Y.astype(object), (Y == "tall"), (Y == "tall") * 3 - 1, Y.tolist()]
    )
    def test_labels_of_any_kind(self, y):
        classifier = cnn().fit(X, y)
        assert_array_equal(classifier.classes_, np.unique(y))
        assert classifier.predict(X).dtype == np.unique(y).dtype
        assert_array_equal(classifier.predict_proba(X), cnn().fit(X, Y).predict_proba(X))

    def test_three_classes(self):
        y = np.tile(["a", "b", "c", "a"], 8)
        assert cnn().fit(X, y).predict_proba(X).shape == (32, 3)

    def test_class_weight_equals_sample_weight(self):
        weights = {"flat": 3.0, "tall": 0.5}
        by_class = cnn(class_weight=weights).fit(X, Y)
        by_sample = cnn().fit(X, Y, sample_weight=[weights[label] for label in Y])
        assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))
        assert (by_class.predict_proba(X) != cnn().fit(X, Y).predict_proba(X)).any()

    def test_the_scale_of_sample_weights_does_not_matter(self):
        weight = np.linspace(1, 2, 32)
        one, four = (cnn().fit(X, Y, sample_weight=k * weight) for k in (1, 4))
        assert_array_equal(one.predict_proba(X), four.predict_proba(X))

    def test_a_heavy_class_is_predicted_more(self):
        heavy = cnn(class_weight={"flat": 50.0, "tall": 1.0}).fit(X, Y).predict_proba(X)
        light = cnn(class_weight={"flat": 1.0, "tall": 50.0}).fit(X, Y).predict_proba(X)
        assert heavy[:, 0].mean() > light[:, 0].mean() + 0.1

    def test_batches_do_not_change_predictions_much(self):
        classifier = cnn().fit(X, Y)
        whole = classifier.predict_proba(X)
        one_by_one = np.concatenate([classifier.predict_proba(image[None]) for image in X])
        assert_allclose(one_by_one, whole, atol=1e-6)

    def test_a_second_fit_starts_anew(self):
        classifier = cnn().fit(X, Y)
        first = classifier.predict_proba(X)
        assert_array_equal(classifier.fit(X, Y).predict_proba(X), first)

    def test_read_only_images(self):
        frozen = X.copy()
        frozen.flags.writeable = False
        assert_array_equal(cnn().fit(frozen, Y).predict(frozen), cnn().fit(X, Y).predict(X))

    def test_upto_ends_the_network(self):
        classifier = cnn(upto="block2").fit(X, Y)
        assert classifier.network_.backbone.block_names == ["block1", "block2"]
        assert classifier.network_.head.layers[-1].in_features == 16

    @pytest.mark.parametrize("scaling", ["fit", "unit", "imagenet", None])
    def test_every_scaling_trains(self, scaling):
        assert np.isfinite(cnn(input_scaling=scaling).fit(X, Y).predict_proba(X)).all()

    def test_fit_scaling_ignores_the_images_units(self):
        decibels = 40 * X.astype(np.float64) - 60
        one, other = (cnn(precision="float64").fit(Z, Y) for Z in (X.astype(float), decibels))
        assert_allclose(one.predict_proba(X), other.predict_proba(decibels), atol=1e-6)

    def test_bfloat16_on_the_cpu(self):
        proba = cnn(precision="bfloat16").fit(X, Y).predict_proba(X)
        assert proba.dtype == np.float32
        assert_allclose(proba, cnn().fit(X, Y).predict_proba(X), atol=0.05)


def _seeds(seed):
    from skspec._seeding import seed_at

    return {"seed": seed_at(seed, "weights"), "head_seed": seed_at(seed, "head")}


class TestValidation:
    GROUPS = np.repeat(list("uvwxyzst"), 4)

    def test_the_best_epoch_is_kept(self):
        stages = [("train", Stage("all", epochs=8, lr=0.05, optimizer="sgd"))]
        classifier = cnn(stages=stages, validation=0.25).fit(X, Y, groups=self.GROUPS)
        losses = [row["valid_loss"] for row in classifier.history_]
        assert classifier.best_epoch_ == int(np.argmin(losses))

    @pytest.mark.parametrize("monitor", ["valid_loss", "valid_accuracy"])
    def test_the_weights_are_those_of_the_best_epoch(self, monitor):
        valid = np.arange(8)
        stages = [("train", Stage("all", epochs=8, lr=0.3, optimizer="sgd"))]
        settings = {"validation": valid, "stages": stages, "head": Head(dropout=0)}
        classifier = cnn(monitor=monitor, **settings).fit(X, Y)
        row = classifier.history_[classifier.best_epoch_]
        p = classifier.predict_proba(X[valid]).astype(np.float64)
        truth = (Y[valid] == "tall").astype(int)
        assert_allclose(-np.log(p[np.arange(8), truth]).mean(), row["valid_loss"], rtol=1e-4)
        assert (p.argmax(axis=1) == truth).mean() == row["valid_accuracy"]
        best = {"valid_loss": np.min, "valid_accuracy": np.max}[monitor]
        assert row[monitor] == best([r[monitor] for r in classifier.history_])
        # What is kept is bitwise what training no longer than that gives.
        stages = [("train", clone(stages[0][1]).set_params(epochs=classifier.best_epoch_ + 1))]
        shorter = cnn(monitor=monitor, **{**settings, "stages": stages}).fit(X, Y)
        assert_array_equal(classifier.predict_proba(X), shorter.predict_proba(X))

    def test_without_validation_the_last_epoch_is_kept(self):
        assert cnn().fit(X, Y).best_epoch_ is None

    def test_without_groups_it_warns(self):
        with pytest.warns(GroupsWarning, match="PIPELINE_STEP__groups"):
            cnn(validation=0.25).fit(X, Y)

    def test_held_out_clips_do_not_reach_training(self):
        spoilt = X.copy()
        spoilt[:8] *= 100
        one, other = (cnn(validation=np.arange(8)).fit(Z, Y) for Z in (X, spoilt))
        assert one.network_spec_.statistics == other.network_spec_.statistics
        assert one.history_[0]["train_loss"] == other.history_[0]["train_loss"]

    def test_validation_images_are_not_augmented(self):
        def blank(images, indices, epoch):
            return images * 0

        batch = ImageBatch(X, [blank])
        stages = [("train", Stage("head", epochs=1, lr=1e-12))]
        settings = {"validation": np.arange(8), "stages": stages}
        plain, drawn = (cnn(**settings).fit(Z, Y).history_[0] for Z in (X, batch))
        assert_allclose(drawn["valid_loss"], plain["valid_loss"], rtol=1e-6)
        assert drawn["train_loss"] != plain["train_loss"]

    def test_patience_needs_validation(self):
        with pytest.raises(ParameterError, match=r"patience=2 in stage 'train'.*validation=None"):
            cnn(stages=[("train", Stage(patience=2))]).fit(X, Y)


class TestSameSeed:
    def test_bitwise(self):
        assert_array_equal(cnn().fit(X, Y).predict_proba(X), cnn().fit(X, Y).predict_proba(X))

    def test_whatever_the_global_states(self):
        one = cnn().fit(X, Y).predict_proba(X)
        torch.manual_seed(1234)
        torch.rand(7)
        np.random.seed(99)  # noqa: NPY002
        assert_array_equal(cnn().fit(X, Y).predict_proba(X), one)

    def test_the_global_states_are_left_alone(self):
        torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
        cnn().fit(X, Y).predict(X)
        assert torch.equal(torch.get_rng_state(), torch_before)
        assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002

    def test_other_seeds_differ(self):
        one, other = (cnn(random_state=s).fit(X, Y).predict_proba(X) for s in (0, 1))
        assert (one != other).any()

    @pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
    def test_other_kinds_of_random_state(self, kind):
        one, same = (cnn(random_state=kind(5)).fit(X, Y).predict_proba(X) for _ in range(2))
        assert_array_equal(one, same)

    @pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
    def test_two_jobs(self, backend):
        def predict(n_jobs):
            classifier = cnn(head=Head(hidden=(8,), dropout=0.5))
            cv = StratifiedKFold(4)
            return cross_val_predict(classifier, X, Y, cv=cv, n_jobs=n_jobs, method="predict_proba")

        alone = predict(1)
        with joblib.parallel_backend(backend):
            assert_array_equal(predict(2), alone)

    def test_threads_with_random_layers_in_the_backbone(self):
        # EfficientNet's stochastic depth draws in every block: a race would show here.
        def fit(_):
            settings = {"upto": "block2b", "input_size": (32, 32)}
            stages = [("train", Stage("all", epochs=1, lr=0.01))]
            classifier = cnn("efficientnet_b0", stages=stages, **settings)
            return classifier.fit(X[:8], Y[:8]).predict_proba(X[:8])

        with joblib.parallel_backend("threading"):
            first, *others = joblib.Parallel(4)(joblib.delayed(fit)(i) for i in range(4))
        for other in others:
            assert_array_equal(other, first)
        assert_array_equal(fit(0), first)


class TestState:
    @pytest.mark.parametrize("dump", [pickle, joblib], ids=["pickle", "joblib"])
    @pytest.mark.parametrize("precision", ["float32", "float64"])
    def test_a_fitted_classifier_predicts_the_same_bits(self, dump, precision, tmp_path):
        classifier = cnn(precision=precision, head=Head(hidden=(4,))).fit(X, Y)
        with (tmp_path / "x").open("wb") as file:
            dump.dump(classifier, file)
        with (tmp_path / "x").open("rb") as file:
            again = dump.load(file)
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))
        assert not again.network_.training
        assert again.history_ == classifier.history_

    def test_before_fit(self):
        again = pickle.loads(pickle.dumps(cnn()))
        assert_array_equal(again.fit(X, Y).predict_proba(X), cnn().fit(X, Y).predict_proba(X))

    def test_batchnorm_statistics_travel(self):
        classifier = cnn("resnet18", upto="layer1.0", input_size=(32, 32)).fit(X[:8], Y[:8])
        again = pickle.loads(pickle.dumps(classifier))
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))

    def test_the_state_holds_arrays_only(self):
        classifier = cnn().fit(X, Y)
        state = classifier.__getstate__()
        network = state["network_"]
        assert set(network) == set(classifier.network_.state_dict())
        assert all(type(array) is np.ndarray for array in network.values())
        assert not any(isinstance(value, torch.nn.Module) for value in state.values())
        # And it takes no network, no tensor and no optimizer with it anywhere.
        for word in (b"_rebuild_tensor", b"StageNet", b"TransferNetwork", b"torch.nn"):
            assert word not in pickle.dumps(classifier)

    def test_a_pickle_is_no_larger_than_the_weights(self):
        classifier = cnn(head=Head(hidden=(64,))).fit(X, Y)
        weights = sum(a.nbytes for a in classifier.__getstate__()["network_"].values())
        assert len(pickle.dumps(classifier)) < weights + 8000

    def test_a_copy_is_independent(self):
        classifier = cnn().fit(X, Y)
        before = classifier.predict_proba(X)
        again = pickle.loads(pickle.dumps(classifier))
        with torch.no_grad():
            for parameter in again.network_.parameters():
                parameter.zero_()
        assert_array_equal(classifier.predict_proba(X), before)

    def test_a_device_that_is_gone(self, monkeypatch):
        classifier = cnn().fit(X, Y)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        gone = type(classifier.compute_)(torch.device("cuda"), torch.float32, autocast=True)
        state = {**classifier.__getstate__(), "compute_": gone}
        again = cnn()
        again.__setstate__(state)
        assert again.compute_.device.type == "cpu"
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))

    def test_clone_is_not_fitted(self):
        classifier = clone(cnn().fit(X, Y))
        with pytest.raises(NotFittedError):
            classifier.predict(X)

    def test_html(self):
        for classifier in (cnn(), cnn(head=Head(hidden=(8,))).fit(X, Y)):
            html = classifier._repr_html_()
            assert "PretrainedCNNClassifier" in html
            assert "tiny" in html


@pytest.fixture
def eager(monkeypatch):
    """Let torch.compile trace and run what it traced, without a compiler; give what it got."""
    compile_, compiled = torch.compile, []

    def trace(function, **settings):
        compiled.append(function)
        return compile_(function, backend="eager", **settings)

    monkeypatch.setattr(torch, "compile", trace)
    return compiled


@pytest.mark.slow
class TestCompile:
    def test_same_network_same_names(self, eager):
        plain = cnn().fit(X, Y)
        assert not eager
        compiled = cnn(compile=True).fit(X, Y)
        assert [function.__self__ for function in eager] == [compiled.network_]
        assert compiled.network_.state_dict().keys() == plain.network_.state_dict().keys()
        assert_allclose(compiled.predict_proba(X), plain.predict_proba(X), atol=1e-6)

    def test_a_pickle_is_compiled_again(self, eager):
        compiled = cnn(compile=True).fit(X, Y)
        again = pickle.loads(pickle.dumps(compiled))
        assert [function.__self__ for function in eager] == [compiled.network_, again.network_]
        assert_array_equal(again.predict_proba(X), compiled.predict_proba(X))


class TestErrors:
    @pytest.mark.parametrize(
        ("settings", "error", "message"),
        [
            (
                {"backbone": "resnet17"},
                BackboneNotFoundError,
                r"Got backbone='resnet17', but expected one of \['resnet18'.*register_backbone",
            ),
            ({"backbone": 3}, ParameterError, "'backbone'"),
            ({"upto": "block4"}, BackboneNotFoundError, r"'block4', but .*'block1', 'block2'"),
            ({"weights": "/nowhere/x.pth"}, WeightsUnavailableError, "'/nowhere/x.pth'.*existing"),
            ({"weights": "imagenet"}, WeightsUnavailableError, "no ImageNet weights .*'tiny'"),
            ({"head": "big"}, ParameterError, "'head'"),
            ({"stages": 3}, ParameterError, "'stages'"),
            ({"class_weight": "even"}, ParameterError, "'class_weight'"),
            ({"batch_size": 0}, ParameterError, "'batch_size'"),
            ({"input_size": (8,)}, ParameterError, r"input_size=\(8,\).*\(height, width\)"),
            ({"input_size": (0, 8)}, ParameterError, r"input_size=\(0, 8\)"),
            ({"input_size": (8.5, 8)}, ParameterError, r"two integers > 0"),
            ({"input_scaling": "z"}, ParameterError, "'input_scaling'"),
            ({"validation": 1.5}, ParameterError, "'validation'"),
            ({"monitor": "loss"}, ParameterError, "'monitor'"),
            ({"loss": "mse"}, ParameterError, "'loss' .*'cross_entropy'"),
            ({"loss": 3}, ParameterError, "'loss'"),
            ({"loss": Focal(gamma=-1)}, ParameterError, "'gamma' parameter of Focal"),
            ({"on_divergence": "ignore"}, ParameterError, "'on_divergence'"),
            ({"compile": "yes"}, ParameterError, "'compile'"),
            ({"precision": "half"}, ParameterError, "'precision'"),
            ({"callbacks": 3}, ParameterError, "'callbacks'"),
            ({"random_state": "x"}, ParameterError, "'random_state'"),
            ({"device": "meta"}, DeviceUnavailableError, "device='meta', but expected 'auto'"),
            ({"device": "tpu?"}, DeviceUnavailableError, r"device='tpu\?'.*'cuda:N'"),
            (
                {"stages": [("t", Stage("block9"))]},
                BackboneNotFoundError,
                "'block9', but the blocks of 'tiny'",
            ),
        ],
    )
    def test_parameters(self, settings, error, message):
        settings = dict(settings)
        with pytest.raises(error, match=message):
            cnn(settings.pop("backbone", "tiny"), **settings).fit(X, Y)

    @pytest.mark.parametrize("device", ["cuda", "cuda:7"])
    def test_cuda_where_there_is_none(self, device, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(DeviceUnavailableError, match=r"finds 0 CUDA devices.*device='cpu'"):
            cnn(device=device).fit(X, Y)

    def test_auto_is_the_cpu_where_there_is_no_cuda(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert cnn(device="auto").fit(X, Y).compute_.device.type == "cpu"

    def test_nan_names_the_clip(self):
        bad = X.copy()
        bad[13, 0, 2, 2] = np.nan
        with pytest.raises(InputError, match=r"PretrainedCNNClassifier, clip 13: .*NaN"):
            cnn().fit(bad, Y)
        with pytest.raises(InputError, match=r"PretrainedCNNClassifier, clip 13: .*NaN"):
            cnn().fit(X, Y).predict(bad)

    @pytest.mark.parametrize(
        ("images", "labels", "error", "message"),
        [
            (X[:, 0], Y, InputError, r"shape \(32, 16, 16\), expected \(n_clips, n_channels"),
            (X[0, 0, 0], Y, InputError, "Reshape your data"),
            ([], [], InputError, "0 clips"),
            (X[:0], [], InputError, "0 clips"),
            (X[..., :0], Y, InputError, "images without pixels"),
            (["a.wav", "b.wav"], ["a", "b"], InputTypeError, "MelSpectrogramImage"),
            ([X[0, 0, 0], X[0, 0, 0, :5]], ["a", "b"], InputError, "MelSpectrogramImage"),
            (np.repeat(X, 2, axis=1), Y, InputError, "2 channels, but the backbone takes 3"),
            (X, Y[:-1], InputError, "X has 32 clips and y has 31 labels"),
            (X, None, InputError, "requires y to be passed"),
            (X, np.repeat("flat", 32), InputError, "needs clips of at least two classes.*'flat'"),
        ],
    )
    def test_data(self, images, labels, error, message):
        with pytest.raises(error, match=message):
            cnn().fit(images, labels)

    def test_groups_of_another_length(self):
        with pytest.raises(InputError, match="X has 32 clips and groups has 2 entries"):
            cnn().fit(X, Y, groups=["u", "v"])

    def test_other_shape_in_predict(self):
        with pytest.raises(InputError, match=r"fitted on images .*\(1, 16, 16\).*\(1, 8, 16\)"):
            cnn().fit(X, Y).predict(X[:, :, :8])

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    def test_not_fitted(self, method):
        with pytest.raises(NotFittedError, match="PretrainedCNNClassifier"):
            getattr(cnn(), method)(X)

    def test_a_second_fit_that_fails_leaves_nothing_fitted(self):
        classifier = cnn().fit(X, Y)
        with pytest.raises(InputError, match="31 labels"):
            classifier.fit(X, Y[:-1])
        with pytest.raises(NotFittedError):
            classifier.predict(X)

    @pytest.mark.parametrize("epochs", [1, 5])
    def test_divergence_is_no_silent_success(self, epochs):
        stages = [("train", Stage("all", epochs=epochs, lr=1e38, optimizer="sgd"))]
        classifier = cnn(stages=stages, batch_size=100, input_scaling=None)
        with pytest.raises(FitDivergedError, match=r"became (NaN|nan|inf).*Lower the .*lr"):
            classifier.fit(1e4 * X, Y)
        with pytest.raises(NotFittedError):
            classifier.predict(X)

    def test_a_user_backbone_that_is_not_registered_any_more(self, monkeypatch):
        from skspec.nn import _registry

        monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))
        register_backbone("mine", lambda: torch.nn.Conv2d(3, 4, 3), lambda m: [("a", m)])
        state = pickle.dumps(cnn("mine").fit(X, Y))
        del _registry._ENTRIES["mine"]
        with pytest.raises(BackboneNotFoundError, match=r"'mine'.*register_backbone"):
            pickle.loads(state)


REAL = {
    "resnet18": ("imagenet", "layer4.1"),
    "mobilenet_v2": ("imagenet", "top"),
    "efficientnet_b0": ("imagenet", "top"),
    "efficientnet_lite0": ("imagenet", "top"),
}


class TestRealBackbones:
    @pytest.mark.parametrize("name", sorted(REAL))
    def test_one_short_fit(self, name):
        stages = [
            ("warmup", Stage("head", epochs=1, lr=0.01)),
            ("finetune", Stage("last:1", epochs=1, lr=0.01, optimizer="sgd")),
        ]
        classifier = cnn(name, stages=stages, input_size=(32, 32), batch_size=5)
        classifier.fit(X[:11], Y[:11])  # 5 + 6: the last image joins the batch before it
        assert classifier.network_.backbone.block_names[-1] == REAL[name][1]
        proba = classifier.predict_proba(X[:11])
        assert np.isfinite(proba).all()
        assert_array_equal(clone(classifier).fit(X[:11], Y[:11]).predict_proba(X[:11]), proba)

    def test_imagenet_weights_of_lite0(self):
        from skspec.nn._backbone import build_backbone

        classifier = cnn(
            "efficientnet_lite0",
            weights="imagenet",
            stages=[("frozen", Stage("head", epochs=6, lr=0.05))],
            input_size=(32, 32),
        ).fit(X, Y)
        # Random features separate stripes as well: what shows the weights are weights.
        trained = classifier.network_.backbone.state_dict()
        loaded = build_backbone("efficientnet_lite0", "imagenet").state_dict()
        assert all(torch.equal(trained[key], loaded[key]) for key in loaded)
        assert classifier.score(*stripes(seed=1)) > 0.8
