"""herron: every setting of the paper, its data table, its split, its numbers."""

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
import torchvision
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.svm import SVC
from sklearn.utils import Bunch

from skspec import DeepEnsembleClassifier
from skspec.exceptions import InputError, ParameterError
from skspec.recipes import herron, herron_data

TINY = {"backbone": "tiny", "weights": None, "device": "cpu", "random_state": 0}
FIRST = ["alexnet", "squeezenet", "densenet121"]
LATER = ["", "_mfcc", "_cyclic", "_step", "_hinge", "_ensemble", "_svm"]
SYSTEMS = [*FIRST, *("densenet161" + end for end in LATER)]


def stage_of(pipe):
    ((_, stage),) = pipe["cnn"].stages
    return stage


def count(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


CLIPS = [np.random.default_rng(n).normal(0.1, 0.1, size=n) for n in (48_000, 60_000)]


class TestPictures:
    def test_clips_are_100_000_points_without_mean_and_normalised(self):
        pipe = herron()
        assert list(pipe.named_steps) == ["resample", "standardize", "image", "zca", "cnn"]
        points = pipe[:2].fit_transform(CLIPS)
        assert points.shape == (2, 100_000)
        for clip, made in zip(CLIPS, points, strict=True):
            expected = scipy.signal.resample(clip, 100_000)
            expected = (expected - expected.mean()) / expected.std()
            assert_allclose(made, expected, atol=1e-4)

    def test_three_windows_that_overlap_alike(self):
        image = herron()["image"]
        assert list(image.resolutions) == [(1024, 256), (2048, 512), (4096, 1024)]
        assert {hop / window for window, hop in image.resolutions} == {0.25}
        assert (image.n_fft, image.n_mels, image.size) == (4096, 128, (128, 256))
        assert image.scale == "db"
        assert herron()[:3].fit_transform(CLIPS).shape == (2, 3, 128, 256)

    def test_the_finest_spectrogram_with_mfcc_and_slope(self):
        pipe = herron(channels="mfcc")
        assert pipe[:3].fit_transform(CLIPS).shape == (2, 3, 128, 256)
        waveforms = pipe[:2].fit_transform(CLIPS)
        (_, mel), (_, mfcc) = pipe["image"].transformers
        frames = {"n_fft": 4096, "win_length": 1024, "hop_length": 256, "pad_mode": "reflect"}
        power = librosa.feature.melspectrogram(
            y=waveforms[0], sr=100_000 / 3, n_mels=128, htk=True, norm=None, **frames
        )
        expected = librosa.power_to_db(power, ref=np.max)
        assert_allclose(mel.fit_transform(waveforms)[0, 0], expected, atol=0.02)
        levels = librosa.power_to_db(power)
        coefficients = librosa.feature.mfcc(S=levels, n_mfcc=40)
        made = mfcc.fit_transform(waveforms)[0]
        assert_allclose(made[0], coefficients, atol=0.05)
        assert_allclose(made[1], librosa.feature.delta(coefficients), atol=0.05)

    @pytest.mark.parametrize("channels", ["multires", "mfcc"])
    def test_each_picture_is_whitened_by_itself(self, channels):
        images = herron(channels=channels)[:4].fit_transform(CLIPS)
        for channel in images.reshape(6, 128, 256).astype(float):
            assert_allclose(channel.mean(axis=1), 0, atol=1e-3)
            variances = np.linalg.eigvalsh(np.cov(channel, bias=True))
            # Axes that have any variance have one of 1; frames and coefficients are interpolated.
            assert variances.max() == pytest.approx(1, abs=1e-2)
            assert np.sum(variances > 0.9) > 30
        alone = herron(channels=channels)[:4].fit_transform(CLIPS[1:])
        assert_array_equal(images[1], alone[0])


class TestTraining:
    def test_the_first_comparison(self):
        grid = herron.grid()
        assert list(grid) == SYSTEMS
        for name in FIRST:
            cnn, stage = grid[name]["cnn"], stage_of(grid[name])
            assert (cnn.loss, cnn.batch_size, cnn.weights) == ("cross_entropy", 24, "imagenet")
            assert (cnn.input_size, cnn.input_scaling) == ((128, 256), None)
            assert (stage.epochs, stage.lr, stage.schedule) == (60, 1e-4, None)
        assert [grid[name]["cnn"].backbone for name in FIRST] == [
            "alexnet", "squeezenet1_0", "densenet121",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", [*FIRST, "densenet161", "densenet161_cyclic"])
    def test_all_learns_by_adamw_that_decays_all(self, name):
        plan = stage_of(herron.grid()[name]).plan("full", ["stem", "top"], "any")
        assert (plan.first_block, plan.optimizer) == (0, torch.optim.AdamW)
        assert plan.optimizer_params == {"weight_decay": 1e-3}
        assert plan.decay_on == "all"
        assert plan.head_lr == plan.lr

    def test_what_follows_stops_at_50_and_changes_one_thing(self):
        grid = herron.grid()
        networks = {name: grid[name]["cnn"] for name in SYSTEMS[3:-2]}
        networks["densenet161_ensemble"] = grid["densenet161_ensemble"]["ensemble"].estimator
        assert {cnn.backbone for cnn in networks.values()} == {"densenet161"}
        assert {cnn.stages[0][1].epochs for cnn in networks.values()} == {50}
        hinges = [name for name, cnn in networks.items() if cnn.loss == "hinge"]
        assert hinges == ["densenet161_hinge"]
        constant = [name for name, cnn in networks.items() if cnn.stages[0][1].schedule is None]
        assert constant == ["densenet161", "densenet161_mfcc"]

    def rates(self, **params):
        images = np.random.default_rng(0).normal(size=(4, 1, 16, 16)).astype(np.float32)
        cnn = herron(**{**TINY, **params})["cnn"].set_params(input_size=(16, 16))
        history = cnn.fit(images, [0, 1, 0, 1]).history_
        assert [epoch["head_lr"] for epoch in history] == [epoch["lr"] for epoch in history]
        return [epoch["lr"] for epoch in history]

    def test_rates_of_the_step_schedule(self):
        assert_allclose(self.rates(), [1e-3] * 20 + [1e-4] * 20 + [1e-5] * 10)

    def test_rates_of_the_cyclic_schedule(self):
        triangle = np.interp(np.arange(50) % 10, [0, 5, 10], [1e-4, 1e-3, 1e-4])
        assert_allclose(self.rates(schedule="cyclic"), triangle)

    def test_constant_rate_and_other_lengths(self):
        assert_allclose(self.rates(schedule="constant", epochs=3), [1e-4] * 3)

    def test_schedules_are_not_shared(self):
        herron().set_params(cnn__full__schedule__factor=0.5)
        one, two = stage_of(herron()).schedule, stage_of(herron()).schedule
        assert one is not two
        assert (one.factor, two.factor) == (0.1, 0.1)

    def test_the_hinge_is_the_papers_multi_label_margin(self):
        cnn = herron(loss="hinge", epochs=1, **TINY)["cnn"]
        cnn.fit(np.random.default_rng(0).normal(size=(6, 1, 16, 16)), np.arange(6) % 3)
        scores, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
        one_label = torch.stack([labels, *[torch.full((5,), -1)] * 2], dim=1)
        expected = torch.nn.MultiLabelMarginLoss()(scores, one_label)
        assert_allclose(cnn.loss_.spec().per_clip(scores, labels).mean(), expected, rtol=1e-6)

    def test_freezing_early_layers(self):
        blocks = [str(i) for i in range(12)]
        assert stage_of(herron(train="last:10")).plan("full", blocks, "any").first_block == 2

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"channels": "mel"}, r"channels='mel', but expected one of \['multires', 'mfcc'\]"),
            ({"output": "svc"}, r"output='svc', but expected one of \['network', 'svm'\]"),
            ({"schedule": "cosine"}, r"schedule='cosine', but expected one of \['constant'"),
            ({"output": "svm", "n_networks": 4}, "n_networks=4 with output='svm', but expected 1"),
        ],
    )
    def test_what_there_is_not(self, params, message):
        with pytest.raises(ParameterError, match=message):
            herron(**params)


class TestEnds:
    X = np.random.default_rng(0).normal(size=(8, 3, 128, 256)).astype(np.float32)
    Y = np.arange(8)

    def test_four_networks_on_the_same_data_are_averaged(self):
        ensemble = herron(n_networks=4, epochs=1, **TINY)["ensemble"].fit(self.X, self.Y)
        assert isinstance(ensemble, DeepEnsembleClassifier)
        members = [member.predict_proba(self.X) for member in ensemble.estimators_]
        assert len(members) == 4
        assert all((members[0] != other).any() for other in members[1:])
        assert_allclose(ensemble.predict_proba(self.X), np.mean(members, axis=0), rtol=1e-6)

    def test_a_support_vector_machine_on_frozen_features(self):
        pipe = herron(output="svm", **TINY)
        assert list(pipe.named_steps)[4:] == ["features", "scale", "svm"]
        assert isinstance(pipe["svm"], SVC)
        features = pipe["features"].fit(self.X)
        assert features.input_size == (128, 256)
        network = features.network_
        with torch.inference_mode():
            maps = network.backbone(torch.from_numpy(self.X))
        assert_allclose(features.transform(self.X), maps.mean(dim=(2, 3)), atol=1e-5)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", [*FIRST, "densenet161"])
    def test_eight_outputs_on_all_of_the_network(self, name):
        cnn = herron.grid(weights=None, epochs=1, device="cpu")[name]["cnn"]
        cnn.fit(self.X, self.Y)
        whole = torchvision.models.get_model(cnn.backbone, weights=None)
        assert count(cnn.network_.backbone) == count(whole.features)
        head = {
            # AlexNet's convolutions leave 3 x 7 of 128 x 256, not 6 x 6.
            "alexnet": (256 * 3 * 7 + 1) * 4096 + 4097 * 4096 + 4097 * 8,
            "squeezenet": 513 * 8,
            "densenet121": 1025 * 8,
            "densenet161": 2209 * 8,
        }
        assert count(cnn.network_.head) == head[name]


class TestEverySystemFits:
    @pytest.mark.parametrize("name", ["densenet161_mfcc", "densenet161_step", "densenet161_svm"])
    def test_with_a_small_network(self, name, voices, first_clips):
        pipe = herron.grid(**TINY, epochs=1)[name]
        self.check(pipe, *first_clips(voices))

    @pytest.mark.slow
    @pytest.mark.parametrize("name", SYSTEMS)
    def test_as_it_is(self, name, percussion, first_clips, shrunk):
        pipe = shrunk(herron.grid()[name], n_estimators=2)
        self.check(pipe, *first_clips(percussion))

    @pytest.mark.slow
    @pytest.mark.parametrize("train", ["head", "last:3", "all"])
    def test_a_resnet(self, train, percussion, first_clips, shrunk):
        self.check(shrunk(herron("resnet18", train=train)), *first_clips(percussion))

    def check(self, pipe, X, y):
        assert set(pipe.fit(X, y).predict(X)) <= set(y)
        if not isinstance(pipe[-1], SVC):
            assert_allclose(pipe.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("by", ["paper", "speakers"])
def test_split(voices, by):
    parts = herron.split(voices, 0, by=by)
    assert list(parts) == ["train", "test"]
    assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(60))
    train, test = (set(voices.groups[rows]) for rows in parts.values())
    if by == "paper":
        assert [len(rows) for rows in parts.values()] == [48, 12]
        assert train & test
    else:
        assert (len(train), len(test)) == (10, 2)
        assert not train & test


class TestData:
    @pytest.fixture
    def table(self, percussion):
        self.own = percussion
        extras = {"savee": percussion, "tess": percussion, "cremad": percussion}
        return herron_data(percussion, extras, samples_per_set=20, random_state=0)

    def test_five_sets_of_training_data(self, table):
        counts = {
            name: data.metadata["dataset"].value_counts().to_dict()
            for name, (data, _) in table.items()
        }
        rest = {"savee": 76, "tess": 76}
        assert counts == {
            "class": {"class": 76},
            "all": {"class": 76, **rest, "cremad": 76},
            "20_each": {"class": 76, "savee": 20, "tess": 20, "cremad": 20},
            "20_each_without_cremad": {"class": 76, "savee": 20, "tess": 20},
            "all_without_cremad": {"class": 76, **rest},
        }

    def test_all_are_tested_on_the_same_clips_of_the_class(self, table):
        held_out = herron.split(self.own, 0)["test"]
        for data, cv in table.values():
            ((train, test),) = cv.split(data.paths, data.y)
            assert_array_equal(test, held_out)
            assert_array_equal(data.paths[test], self.own.paths[held_out])
            assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(data.y)))

    def test_by_speakers(self, percussion):
        made = herron_data(percussion, {"cremad": percussion}, by="speakers", random_state=0)
        for data, cv in made.values():
            ((train, test),) = cv.split(data.paths, data.y, data.groups)
            assert not set(data.groups[train]) & set(data.groups[test])

    def test_labels_that_the_class_does_not_have_are_left_out(self, percussion):
        drums = Bunch(**{**percussion, "y": np.where(percussion.y == "kick", "bass", percussion.y)})
        names = {"snare": "drum", "skin": "drum"}
        made = herron_data(percussion, {"cremad": drums}, label_map=names, random_state=0)
        data, _ = made["all"]
        assert set(data.y) == {"cymbal", "kick", "drum"}
        assert (data.metadata["dataset"] == "cremad").sum() == 76 - 17
        assert len(data.skipped) == 17

    def test_which_set_did_harm_must_be_said(self, percussion):
        with pytest.raises(ParameterError, match=r"without='cremad', but expected one of \['a'\]"):
            herron_data(percussion, {"a": percussion})

    def test_a_supplement_does_not_take_the_place_of_the_class(self, percussion):
        extras = {"class": percussion, "cremad": percussion}
        with pytest.raises(ParameterError, match=r"supplement named 'class', .* another name"):
            herron_data(percussion, extras)

    def test_speakers_must_be_known(self, percussion):
        unknown = Bunch(**{**percussion, "groups": None})
        with pytest.raises(InputError, match="groups=None"):
            herron_data(unknown, {"cremad": unknown}, by="speakers")


class TestReported:
    TABLE = herron.reported.set_index(["system", "metric"])["value"]

    def test_table_one(self):
        accuracy = {
            "class": 0.81,
            "all": 0.75,
            "256_each": 0.77,
            "256_each_without_cremad": 0.82,
            "all_without_cremad": 0.83,
        }
        for data, value in accuracy.items():
            assert self.TABLE[f"densenet161 on {data}", "accuracy"] == value

    def test_the_ensemble(self):
        ensemble = self.TABLE["densenet161_ensemble"]
        assert (ensemble["accuracy"], ensemble["accuracy_gain"]) == (0.855, 0.025)
        single = self.TABLE["densenet161 on all_without_cremad", "accuracy"]
        assert ensemble["accuracy"] - ensemble["accuracy_gain"] == pytest.approx(single)

    def test_schedule_and_loss(self):
        assert self.TABLE["densenet161_step", "accuracy_gain"] == 0.01
        assert self.TABLE["densenet161_hinge", "accuracy_gain"] == -0.01

    def test_every_system_is_one_of_the_grid(self):
        systems = {name.split(" on ")[0] for name in herron.reported["system"]}
        assert systems <= set(herron.grid())
