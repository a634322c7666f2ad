"""Images on demand: the same bits as stored ones, and what is drawn on waveforms."""

import pickle

import joblib
import numpy as np
import pytest
import soundfile
import soxr
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline

from skspec import (
    Augmenter,
    ChannelStack,
    ChromaImage,
    DeepFeatures,
    ImageBatch,
    MelSpectrogramImage,
    OnDemandImages,
    PretrainedCNNClassifier,
    ZCAWhitener,
    load_percussion,
    make_voices,
)
from skspec._image_batch import on_demand
from skspec.exceptions import AudioReadError, InputError, ParameterError
from skspec.images._waveform_policy import WaveformPolicy

MEL = MelSpectrogramImage(sr=16_000, duration_s=0.5, n_fft=512, hop_length=128, n_mels=32)
NOTHING = {"sr": 100, "noise_snr_db": None, "shift_s": 0.0, "gain_db": 0.0, "speed": 0.0, "seed": 0}


def paths():
    drums = load_percussion()
    rows = np.r_[0:6, 20:26, 40:46]
    return drums.paths[rows], drums.y[rows], drums.groups[rows]


def forms():
    files, _, _ = paths()
    voices = make_voices(6, n_speakers=2, random_state=0)[0]
    return {
        "paths": files,
        "table": voices,
        "ragged": [v[: 6000 + 100 * i] for i, v in enumerate(voices)],
    }


class TestSameAsStored:
    @pytest.mark.parametrize("form", ["paths", "table", "ragged"])
    def test_bitwise(self, form):
        X = forms()[form]
        stored = MEL.fit_transform(X)
        batch = OnDemandImages(MEL).fit_transform(X)
        assert on_demand(batch.values)
        assert batch.shape == stored.shape
        assert_array_equal(np.asarray(batch), stored)
        assert_array_equal(batch.batch([3, 0, 3]), stored[[3, 0, 3]])
        assert_array_equal(batch.batch([2, 4], epoch=5, training=True), stored[[2, 4]])

    def test_whatever_the_number_of_jobs(self):
        X = forms()["paths"]
        drawn = [
            OnDemandImages(clone(MEL).set_params(n_jobs=n_jobs), speed=0.1, random_state=0)
            .fit_transform(X)
            .batch([5, 3, 17, 3, 0], epoch=2, training=training)
            for n_jobs in (None, 2, 3)
            for training in (False, True)
        ]
        for plain, changed in zip(drawn[::2], drawn[1::2], strict=True):
            assert_array_equal(plain, drawn[0])
            assert_array_equal(changed, drawn[1])

    def test_a_stack_of_channels(self):
        X, _, _ = paths()
        stack = ChannelStack([("mel", MEL), ("chroma", ChromaImage(sr=16_000, duration_s=0.5))])
        stored = stack.fit_transform(X)
        assert_array_equal(np.asarray(OnDemandImages(stack).fit_transform(X)), stored)

    def test_a_trained_network(self):
        X, y, _ = paths()
        probabilities = []
        for images in (MEL, OnDemandImages(MEL)):
            cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
            aug = Augmenter(time_mask=10, mixup=0.3, random_state=0)
            pipe = make_pipeline(clone(images), aug, cnn).fit(X, y)
            probabilities.append(pipe.predict_proba(X))
        assert_array_equal(*probabilities)

    def test_deep_features(self):
        X, _, _ = paths()
        deep = DeepFeatures("tiny", weights=None, random_state=0)
        stored = make_pipeline(MEL, deep).fit_transform(X)
        assert_array_equal(make_pipeline(OnDemandImages(MEL), deep).fit_transform(X), stored)

    def test_other_steps_make_an_array_of_them(self):
        X, _, _ = paths()
        white = make_pipeline(OnDemandImages(MEL), ZCAWhitener()).fit_transform(X)
        assert not on_demand(white.values)
        assert_array_equal(np.asarray(white), make_pipeline(MEL, ZCAWhitener()).fit_transform(X))


class TestRows:
    def test_selection_stays_on_demand_and_keeps_the_clips_draws(self):
        X, _, _ = paths()
        batch = OnDemandImages(MEL, noise_snr_db=10.0, random_state=0).fit_transform(X)
        rows = np.array([5, 1, 7])
        part = batch[rows]
        assert on_demand(part.values)
        whole = batch.batch(np.arange(len(X)), 2, training=True)
        assert_array_equal(part.batch([0, 1, 2], 2, training=True), whole[rows])
        assert_array_equal(part[1:].batch([0], 2, training=True), whole[[1]])

    def test_like_an_array(self):
        X = forms()["table"]
        batch, stored = OnDemandImages(MEL).fit_transform(X), MEL.fit_transform(X)
        assert_array_equal(batch[2], stored[2])
        assert_array_equal(batch.values[1:3, 0], stored[1:3, 0])
        assert_array_equal(list(batch)[4], stored[4])
        assert len(batch[:0].values) == 0

    def test_augmenter_adds_its_policy_and_predicting_draws_nothing(self):
        X = forms()["table"]
        images = OnDemandImages(MEL, noise_snr_db=0.0, random_state=0).fit(X)
        augmenter = Augmenter(time_mask=10, random_state=0)
        trained = augmenter.fit_transform(images.fit_transform(X))
        assert on_demand(trained.values)
        given = augmenter.transform(images.fit_transform(X))
        assert on_demand(given.values)
        stored = MEL.fit_transform(X)
        assert_array_equal(given.batch([1], 3, training=True), stored[[1]])
        assert not np.array_equal(trained.batch([1], 3, training=True), stored[[1]])


class TestPolicy:
    wave = np.sin(np.arange(2000) / 5).astype(np.float32)

    def policy(self, **settings):
        return WaveformPolicy(**{**NOTHING, **settings})

    @pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
    def test_noise_has_the_stated_ratio(self, snr_db):
        policy = self.policy(noise_snr_db=snr_db)
        ratios = []
        for epoch in range(30):
            noise = policy(self.wave, 0, epoch).astype(float) - self.wave
            ratios.append(10 * np.log10(np.mean(self.wave**2) / np.mean(noise**2)))
        assert_allclose(np.mean(ratios), snr_db, atol=0.1)

    def test_silence_stays_silent(self):
        silence = np.zeros(50, dtype=np.float32)
        assert_array_equal(self.policy(noise_snr_db=0.0)(silence, 0, 0), silence)

    def test_shift_fills_with_silence(self):
        clip = np.arange(1, 301, dtype=np.float32)
        shifts = set()
        for epoch in range(300):
            moved = self.policy(shift_s=0.03)(clip, 0, epoch)
            n = int(151 - moved[150])
            expected = np.zeros_like(clip)
            expected[max(n, 0) : 300 + min(n, 0)] = clip[max(-n, 0) : 300 - max(n, 0)]
            assert_array_equal(moved, expected)
            shifts.add(n)
        assert shifts == set(range(-3, 4))

    def test_gain_in_decibel(self):
        gains = [
            20 * np.log10(np.abs(self.policy(gain_db=6.0)(self.wave, 0, e)).max() / self.wave.max())
            for e in range(200)
        ]
        assert np.abs(gains).max() <= 6.0001
        assert min(gains) < -5
        assert max(gains) > 5

    def test_speed_resamples(self):
        lengths = {len(self.policy(speed=0.1)(self.wave, 0, epoch)) for epoch in range(200)}
        assert min(lengths) >= 2000 / 1.1 - 1
        assert max(lengths) <= 2000 / 0.9 + 1
        assert len(lengths) > 50
        changed = self.policy(speed=0.1)(self.wave, 0, 0)
        factor = len(self.wave) / len(changed)
        expected = soxr.resample(self.wave, 100 * factor, 100)
        assert_allclose(changed[:1500], expected[:1500], atol=0.05)

    def test_a_pure_function_of_epoch_and_clip(self):
        policy = self.policy(noise_snr_db=5.0, shift_s=0.1, gain_db=3.0, speed=0.05)
        assert_array_equal(policy(self.wave, 3, 1), policy(self.wave, 3, 1))
        assert not np.array_equal(policy(self.wave, 3, 1)[:900], policy(self.wave, 3, 2)[:900])
        assert not np.array_equal(policy(self.wave, 3, 1)[:900], policy(self.wave, 4, 1)[:900])

    def test_the_image_is_that_of_the_changed_waveform(self):
        X = forms()["table"]
        images = OnDemandImages(MEL, noise_snr_db=10.0, random_state=3)
        drawn = images.fit_transform(X).batch([4], 7, training=True)
        changed = images.policy_(X[4], 4, 7)
        assert_array_equal(drawn, MEL.fit_transform([changed]))


class TestEstimator:
    @pytest.mark.slow
    def test_in_a_grouped_search_of_nested_parameters(self):
        X, y, groups = paths()
        cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
        pipe = Pipeline([("images", OnDemandImages(MEL, random_state=0)), ("cnn", cnn)])
        grid = {"images__image__n_mels": [16, 32], "images__noise_snr_db": [None, 20.0]}
        cv = StratifiedGroupKFold(2)
        search = GridSearchCV(pipe, grid, cv=cv, error_score="raise").fit(X, y, groups=groups)
        assert search.predict(X).shape == y.shape

    def test_pickle_and_hash(self):
        X = forms()["table"]
        batch = OnDemandImages(MEL, noise_snr_db=10.0, random_state=0).fit_transform(X)
        again = pickle.loads(pickle.dumps(batch))
        assert_array_equal(again.batch([1], 1, True), batch.batch([1], 1, True))
        other = OnDemandImages(MEL, noise_snr_db=11.0, random_state=0).fit_transform(X)
        assert joblib.hash(other) != joblib.hash(batch)

    def test_nothing_is_decoded_before_it_is_asked_for(self, tmp_path, monkeypatch):
        import skspec.audio._blocks as blocks

        opened = []
        read = blocks.read_audio
        monkeypatch.setattr(
            blocks, "read_audio", lambda path, sr: opened.append(path) or read(path, sr)
        )
        X, _, _ = paths()
        batch = OnDemandImages(MEL).fit_transform(X)
        assert opened == []
        batch.batch([2, 5])
        assert opened == [X[2], X[5]]

    def test_a_file_that_breaks_later_is_named_by_its_place_in_the_batch(self, tmp_path):
        files = []
        for i in range(3):
            files.append(str(tmp_path / f"{i}.wav"))
            soundfile.write(files[-1], np.zeros(8000), 16_000)
        batch = OnDemandImages(MEL).fit_transform(files)
        (tmp_path / "2.wav").write_text("no sound any more")
        with pytest.raises(AudioReadError, match=r"clip 2, path .*2\.wav") as caught:
            batch.batch([0, 2])
        assert caught.value.index == 2

    def test_a_clip_of_another_length_is_named(self):
        mel = MelSpectrogramImage(sr=16_000)
        batch = OnDemandImages(mel).fit([np.zeros(3000)] * 2)
        with pytest.raises(InputError, match="clip 1: 2000 samples"):
            batch.transform([np.zeros(3000), np.zeros(2000)]).batch([1])

    @pytest.mark.parametrize("bad", [{"speed": 1.0}, {"shift_s": -1}, {"noise_snr_db": "loud"}])
    def test_parameters(self, bad):
        with pytest.raises(ParameterError, match=f"'{next(iter(bad))}' parameter"):
            OnDemandImages(MEL, **bad).fit(forms()["table"])

    def test_only_waveform_transformers(self):
        with pytest.raises(ParameterError, match="'image' parameter"):
            OnDemandImages(ZCAWhitener()).fit(forms()["table"])

    def test_image_batch_of_arrays_is_not_on_demand(self):
        assert not on_demand(ImageBatch(np.zeros((1, 1, 2, 2))).values)
