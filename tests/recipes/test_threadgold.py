"""threadgold: every setting of the paper, its segments, its split, its numbers."""

import librosa
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from skspec import ImageScaler, make_voices
from skspec.exceptions import ParameterError, SkspecError
from skspec.recipes import threadgold, threadgold_segments

OWN = ["simple_cnn", "mandel", "reduced_mandel", "lstm"]
VGG = ["vgg16_15_frozen", "vgg16_10_frozen"]
SYSTEMS = ["random", "one_class", *OWN, *VGG]
BLOCKS = [f"block{i}" for i in range(1, 6)]
GENDERS = ("male", "female")


def on_segments(system, **params):
    return threadgold(system, on="segments", **params)


def count(module):
    return sum(p.numel() for p in module.parameters())


def learning(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


class TestSettings:
    def test_the_nine_systems_and_their_features(self):
        grid = threadgold.grid(random_state=0)
        assert list(grid) == [*SYSTEMS, "vgg16_15_frozen_20_epochs"]
        for name in OWN:
            assert type(grid[name]["segments"].estimator["image"]).__name__ == "ChromaImage"
        for name in VGG:
            image = grid[name]["segments"].estimator["image"]
            assert type(image).__name__ == "MelSpectrogramImage"

    def test_guesses(self):
        X, y = np.zeros((60, 1)), np.repeat(["female", "male"], [20, 40])
        assert set(threadgold("one_class").fit(X, y).predict(X)) == {"male"}
        guesses = threadgold("random", random_state=0)
        assert isinstance(guesses, DummyClassifier)
        assert 0.4 < np.mean(guesses.fit(X, y).predict(np.zeros((1000, 1))) == "male") < 0.6

    def test_librosa_says_how_silence_is_cut_out(self):
        trim = threadgold(top_db=30, frame_length=1024, hop_length=256, sr=16_000)["trim"]
        sound = 0.5 * np.sin(np.arange(8000))
        clip = np.concatenate([sound, np.zeros(8000), sound]).astype(np.float32)
        kept = librosa.effects.split(clip, top_db=30, frame_length=1024, hop_length=256)
        expected = np.concatenate([clip[start:end] for start, end in kept])
        assert_array_equal(trim.fit_transform([clip])[0], expected)

    @pytest.mark.parametrize(
        ("feature", "shape"),
        [
            ("mel", (1, 128, 100)),
            ("mfcc", (1, 20, 100)),
            ("chroma", (1, 12, 100)),
            ("contrast", (1, 7, 100)),
            (("mel", "chroma", "contrast"), (3, 128, 100)),
        ],
    )
    def test_a_segment_has_100_frames(self, feature, shape):
        segments = threadgold(feature=feature)["segments"]
        n_timepoints = round(segments.segment_s * segments.sr)
        assert n_timepoints == 2048 + 99 * 512
        assert segments.hop_s == pytest.approx(100 * 512 / 22_050)
        image = clone(segments.estimator["image"]).fit(np.zeros((1, n_timepoints)))
        assert image.image_shape_ == shape

    def test_several_features_are_scaled_to_one_size(self):
        steps = threadgold(feature=("mel", "mfcc"), n_mfcc=13)["segments"].estimator
        assert steps["image"].get_params()["mfcc__n_mfcc"] == 13
        assert isinstance(steps["scale"], ImageScaler)
        assert steps["scale"].per == "channel"

    @pytest.mark.parametrize(("system", "first"), list(zip(VGG, [4, 3], strict=True)))
    def test_vgg16_learns_its_last_blocks_by_sgd(self, system, first):
        cnn = on_segments(system)["cnn"]
        assert (cnn.backbone, cnn.weights) == ("vgg16", "imagenet")
        assert (cnn.input_size, cnn.input_scaling) == ((128, 100), "unit")
        assert (cnn.loss, cnn.batch_size) == ("cross_entropy", 32)
        ((_, stage),) = cnn.stages
        plan = stage.plan("finetune", BLOCKS, "vgg16")
        assert plan.first_block == first
        assert plan.optimizer is torch.optim.SGD
        assert plan.optimizer_params == {"momentum": 0.9, "weight_decay": 0.0}
        assert (plan.lr, plan.head_lr, plan.schedule) == (1e-4, 1e-4, None)

    @pytest.mark.parametrize("system", OWN)
    def test_own_nets_learn_everything_by_adam(self, system):
        ((_, stage),) = on_segments(system)["cnn"].stages
        assert (stage.train, stage.optimizer, stage.lr) == ("all", "adam", 1e-3)

    def test_epochs(self):
        def epochs(estimator):
            ((_, stage),) = estimator["cnn"].stages
            return stage.epochs

        grid = threadgold.grid(on="segments")
        assert epochs(grid["vgg16_15_frozen"]) == 500
        others = [*OWN, "vgg16_10_frozen", "vgg16_15_frozen_20_epochs"]
        assert [epochs(grid[name]) for name in others] == [20] * 6
        grid = threadgold.grid(on="segments", epochs=3)
        assert {epochs(grid[name]) for name in [*VGG, *others]} == {3}

    def test_adam_in_place_of_sgd(self):
        system = threadgold().set_params(
            segments__estimator__cnn__finetune__optimizer="adam",
            segments__estimator__cnn__finetune__optimizer_params=None,
        )
        ((_, stage),) = system["segments"].estimator["cnn"].stages
        assert stage.plan("finetune", BLOCKS, "vgg16").optimizer is torch.optim.Adam

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"system": "vgg16"}, r"system='vgg16', but expected one of \['random', 'one_class'"),
            ({"feature": "cqt"}, r"feature='cqt', but expected one of \['mel', 'mfcc'"),
            ({"on": "files"}, r"on='files', but expected one of \['clips', 'segments'\]"),
        ],
    )
    def test_what_there_is_not(self, params, message):
        with pytest.raises(ParameterError, match=message):
            threadgold(**params)


class TestNetworks:
    X = np.random.default_rng(0).normal(scale=0.1, size=(4, 2048 + 99 * 512))
    Y = np.array(["female", "male", "female", "male"])

    def test_mandel_has_the_papers_layers(self):
        made = on_segments("mandel", epochs=1, validation=None, random_state=0)
        network = made.fit(self.X, self.Y)["cnn"].network_
        table = [160, 6192, 23_160, 2_949_248, 8256, 130]
        layers = (torch.nn.Conv2d, torch.nn.Linear)
        assert [count(m) for m in network.modules() if isinstance(m, layers)] == table
        assert count(network) == learning(network) == sum(table) == 2_987_146

    def test_reduced_mandel_has_one_layer_less_and_the_same_dropout(self):
        dropouts, n_layers = [], []
        for system in ("mandel", "reduced_mandel"):
            made = on_segments(system, epochs=1, validation=None, random_state=0)
            modules = list(made.fit(self.X, self.Y)["cnn"].network_.modules())
            dropouts.append([m.p for m in modules if hasattr(m, "p") and m.p > 0])
            n_layers.append(len([m for m in modules if isinstance(m, torch.nn.Conv2d)]))
        assert n_layers == [3, 2]
        assert dropouts[0] == dropouts[1]
        assert len(dropouts[0]) == 3

    def test_simple_cnn_is_a_convolution_and_two_outputs(self):
        made = on_segments("simple_cnn", epochs=1, validation=None, random_state=0)
        network = made.fit(self.X, self.Y)["cnn"].network_
        conv, dense = (
            m for m in network.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))
        )
        assert (conv.kernel_size, conv.padding) == ((2, 2), (0, 0))
        assert (dense.in_features, dense.out_features) == (32 * 11 * 99, 2)

    def test_the_lstm_decides_by_its_last_state(self):
        made = on_segments("lstm", epochs=1, validation=None, random_state=0).fit(self.X, self.Y)
        network = made["cnn"].network_
        image = torch.rand(1, 1, 12, 100)
        with torch.inference_mode():
            states, _ = network.backbone.blocks[0].lstm(image[:, 0].transpose(1, 2))
            expected = network.head.layers(states[:, -1])
            assert_allclose(network.eval()(image, start=0), expected, atol=1e-6)

    def test_the_epoch_of_the_best_accuracy_is_kept(self):
        rows = np.tile(np.arange(4), 4)
        made = on_segments("simple_cnn", epochs=6, validation=np.arange(4), random_state=0)
        cnn = made.set_params(cnn__batch_size=2).fit(self.X[rows], self.Y[rows])["cnn"]
        accuracy = [epoch["valid_accuracy"] for epoch in cnn.history_]
        loss = [epoch["valid_loss"] for epoch in cnn.history_]
        assert cnn.best_epoch_ == np.argmax(accuracy) != np.argmin(loss)

    @pytest.mark.slow
    @pytest.mark.parametrize(("system", "n_blocks"), list(zip(VGG, [1, 2], strict=True)))
    def test_vgg16_has_the_papers_parameters(self, system, n_blocks):
        made = on_segments(system, weights=None, epochs=1, validation=None, random_state=0)
        cnn = made.fit(self.X, self.Y)["cnn"]
        assert count(cnn.network_.backbone) == 14_714_688
        top = 4 * 3 * 512 * 256 + 256 + 256 * 2 + 2
        assert count(cnn.network_.head) == top
        table = [1_180_160 + 2 * 2_359_808, 3 * 2_359_808]
        assert learning(cnn.network_) == top + sum(table[-n_blocks:])
        untrained = made["cnn"]._build(cnn.network_spec_, 0).backbone.blocks
        for before, after in zip(untrained[:-n_blocks], cnn.network_.backbone.blocks, strict=False):
            for a, b in zip(before.parameters(), after.parameters(), strict=True):
                assert torch.equal(a, b)


class TestEverySystemFits:
    @pytest.mark.parametrize("system", ["random", "one_class", "mandel", "lstm"])
    def test_quick_ones(self, system, percussion, first_clips, shrunk):
        self.check(
            threadgold.grid(sr=16_000, validation=None)[system], percussion, first_clips, shrunk
        )

    @pytest.mark.slow
    @pytest.mark.parametrize("system", ["simple_cnn", "reduced_mandel", *VGG])
    def test_the_others(self, system, percussion, first_clips, shrunk):
        self.check(
            threadgold.grid(sr=16_000, validation=None)[system], percussion, first_clips, shrunk
        )

    @pytest.mark.slow
    def test_with_three_features(self, percussion, first_clips, shrunk):
        made = threadgold(feature=("mel", "chroma", "contrast"), sr=16_000, validation=None)
        self.check(made, percussion, first_clips, shrunk)

    @pytest.mark.slow
    def test_with_a_network_trained_on_sound(self, percussion, first_clips, shrunk):
        made = threadgold(sr=32_000, frame_length=1024, hop_length=320, validation=None)
        made["segments"].estimator.set_params(image__n_mels=64, cnn__backbone="cnn14")
        self.check(made, percussion, first_clips, shrunk)

    def check(self, made, dataset, first_clips, shrunk):
        paths, y = first_clips(dataset)
        made = shrunk(made).fit(paths, y)
        assert_allclose(made.predict_proba(paths).sum(axis=1), 1, rtol=1e-5)
        assert set(made.predict(paths)) <= set(y)


class TestSegments:
    def test_they_are_what_librosa_draws_of_the_joined_files(self):
        X, y, _ = make_voices(6, n_speakers=2, random_state=0)
        settings = {"sr": 16_000, "frame_length": 512, "hop_length": 128}
        made = threadgold_segments(
            Bunch(paths=X, y=y), top_db=20, datapoint_length=30, datapoint_hop=10, **settings
        )
        image = threadgold(on="segments", datapoint_length=30, **settings)["image"]
        image.set_params(scale="linear")
        for label in ("female", "male"):
            clips = X[y == label]
            kept = [
                clip[start:end]
                for clip in clips
                for start, end in librosa.effects.split(
                    clip, top_db=20, frame_length=512, hop_length=128
                )
            ]
            whole = librosa.feature.melspectrogram(
                y=np.concatenate(kept), sr=16_000, n_fft=512, hop_length=128
            )
            drawn = image.fit_transform(made.paths[made.y == label])[:, 0]
            assert len(drawn) == (whole.shape[1] - 30) // 10 + 1
            for i, segment in enumerate(drawn):
                assert_allclose(segment, whole[:, 10 * i : 10 * i + 30], atol=1e-4 * whole.max())

    def test_which_files_a_segment_is_of(self):
        levels = np.repeat(0.1 * np.arange(1, 7), 1000).reshape(6, 1000)
        y = np.tile(["a", "b"], 3)
        settings = {"frame_length": 64, "hop_length": 32, "datapoint_length": 20}
        made = threadgold_segments(Bunch(paths=levels, y=y), sr=16_000, **settings)
        for segment, files in zip(made.paths, made.metadata.to_numpy(), strict=True):
            heard = np.unique(segment[segment > 0].round(1))
            assert_allclose(heard[[0, -1]], 0.1 * (files + 1), atol=1e-6)
        assert (made.metadata["first_clip"] < made.metadata["last_clip"]).any()

    def test_as_many_files_of_every_class_the_first_ones(self):
        X = np.random.default_rng(0).normal(scale=0.1, size=(7, 4000))
        y = np.repeat(["b", "a"], [4, 3])
        settings = {"sr": 16_000, "datapoint_length": 3, "hop_length": 256}
        most = threadgold_segments(Bunch(paths=X, y=y), **settings)
        assert sorted(np.unique(most.metadata)) == [0, 1, 2, 4, 5, 6]
        two = threadgold_segments(Bunch(paths=X, y=y), feature_set_count=4, **settings)
        assert sorted(np.unique(two.metadata)) == [0, 1, 4, 5]
        with pytest.raises(ParameterError, match="feature_set_count=8, but expected 2 to 6: the"):
            threadgold_segments(Bunch(paths=X, y=y), feature_set_count=8, **settings)

    def test_lists_of_clips_and_numbers_as_labels(self):
        X = [np.random.default_rng(n).normal(scale=0.1, size=n) for n in (4000, 5000, 6000, 7000)]
        settings = {"sr": 16_000, "datapoint_length": 3, "hop_length": 256}
        made = threadgold_segments(Bunch(paths=X, y=[1, 0, 1, 0]), **settings)
        assert made.y.dtype.kind == "i"
        owners = {label: np.unique(made.metadata[made.y == label]).tolist() for label in (0, 1)}
        assert owners == {0: [1, 3], 1: [0, 2]}

    def test_too_little_sound(self):
        clips = np.random.default_rng(0).normal(scale=0.1, size=(2, 4000))
        with pytest.raises(SkspecError, match="class 'a' last for less than one segment of 52736"):
            threadgold_segments(Bunch(paths=clips, y=np.array(["a", "b"])))

    def test_they_can_be_split_and_learned(self, voices):
        settings = {"sr": 16_000, "datapoint_length": 20}
        made = threadgold_segments(voices, **settings)
        parts = threadgold.split(made, 0)
        clf = on_segments("simple_cnn", validation=None, random_state=0, epochs=1, **settings)
        clf.fit(made.paths[parts["train"]], made.y[parts["train"]])
        assert clf.predict(made.paths[parts["test"]]).shape == parts["test"].shape


@pytest.mark.parametrize("by", ["paper", "speakers"])
def test_split(voices, by):
    parts = threadgold.split(voices, 0, by=by)
    assert list(parts) == ["train", "validation", "test"]
    assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(60))
    speakers = [set(voices.groups[rows]) for rows in parts.values()]
    if by == "paper":
        assert [len(rows) for rows in parts.values()] == [36, 12, 12]
        assert speakers[0] & speakers[2]
    else:
        assert [len(names) for names in speakers] == [7, 3, 2]
        assert not (speakers[0] | speakers[1]) & speakers[2]
        assert not speakers[0] & speakers[1]


class TestReported:
    TABLE = threadgold.reported.set_index(["system", "metric"])

    @pytest.mark.parametrize(
        ("system", "f1"),
        [
            ("random", 0.49),
            ("one_class", 0.34),
            ("simple_cnn", 0.64),
            ("mandel", 0.81),
            ("reduced_mandel", 0.79),
            ("lstm", 0.73),
            ("vgg16_15_frozen_20_epochs", 0.93),
            ("vgg16_10_frozen", 0.91),
            ("vgg16_15_frozen", 0.95),
        ],
    )
    def test_f1(self, system, f1):
        assert self.TABLE.loc[(system, "f1"), "value"] == f1

    def test_the_final_network(self):
        final = self.TABLE.loc["vgg16_15_frozen"]["value"]
        assert (final["accuracy"], final["best_epoch"]) == (0.948, 135)
        right = final["male taken for male, count"] + final["female taken for female, count"]
        assert (right, round(right / 537, 3)) == (509, 0.948)

    def test_scores_follow_from_the_counts(self):
        counted = [name for name in threadgold.grid() if (name, "precision") in self.TABLE.index]
        assert len(counted) == 6
        for system in counted:
            value = self.TABLE.loc[system]["value"]
            counts = [[value[f"{a} taken for {b}, count"] for b in GENDERS] for a in GENDERS]
            for i, gender in enumerate(GENDERS):
                right, said, true = counts[i][i], np.sum(counts, axis=0)[i], np.sum(counts[i])
                assert value[f"precision of {gender}"] == pytest.approx(
                    right / max(said, 1), abs=0.0051
                )
                assert value[f"recall of {gender}"] == pytest.approx(right / true, abs=0.0051)

    def test_every_system_is_one_of_the_grid(self):
        assert set(threadgold.reported["system"]) == set(threadgold.grid())
