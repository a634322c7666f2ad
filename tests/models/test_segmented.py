import itertools

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skspec import (
    DeepEnsembleClassifier,
    MelSpectrogramImage,
    SegmentedClassifier,
    load_percussion,
    make_voices,
    time_statistics,
)
from skspec.exceptions import InputError, ParameterError
from skspec.models._segmented import aggregate_segments, segment_starts


def mel_pipeline(final, sr=16_000):
    mel = MelSpectrogramImage(sr=sr, n_fft=512, hop_length=128, n_mels=40)
    return make_pipeline(mel, FunctionTransformer(time_statistics), StandardScaler(), final)


class TestSegmentStarts:
    @pytest.mark.parametrize("n_timepoints", range(1, 40))
    @pytest.mark.parametrize(("length", "hop"), [(4, 2), (5, 5), (7, 3), (3, 1)])
    def test_covers_every_sample_and_never_overruns(self, n_timepoints, length, hop):
        starts = segment_starts(n_timepoints, length, hop)
        covered = {i for start in starts for i in range(start, start + length)}
        assert covered >= set(range(n_timepoints))
        assert starts == sorted(set(starts))
        assert starts[-1] == max(0, n_timepoints - length)
        assert all(b - a <= hop for a, b in itertools.pairwise(starts))


class TestAggregate:
    probability = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    firsts = np.array([0, 3])

    def test_mean_probability(self):
        got = aggregate_segments(self.probability, self.firsts, "mean_probability")
        np.testing.assert_allclose(got, [[1.7 / 3, 1.3 / 3], [0.3, 0.7]])

    def test_mean_logit_is_the_normalised_geometric_mean(self):
        got = aggregate_segments(self.probability, self.firsts, "mean_logit")
        geometric = np.prod(self.probability[:3], axis=0) ** (1 / 3)
        np.testing.assert_allclose(got, [geometric / geometric.sum(), [0.3, 0.7]])

    def test_vote(self):
        got = aggregate_segments(self.probability, self.firsts, "vote")
        np.testing.assert_allclose(got, [[2 / 3, 1 / 3], [0, 1]])

    def test_max(self):
        got = aggregate_segments(self.probability, self.firsts, "max")
        np.testing.assert_allclose(got, [[0.9 / 1.7, 0.8 / 1.7], [0.3, 0.7]])

    def test_mean_logit_of_a_certain_segment_stays_finite(self):
        certain = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        got = aggregate_segments(certain, np.array([0]), "mean_logit")
        np.testing.assert_allclose(got, [[1.0, 0.0]], atol=1e-12)


class TestFit:
    @pytest.mark.parametrize("aggregate", ["mean_probability", "mean_logit", "vote", "max"])
    def test_probabilities_of_ragged_clips(self, aggregate):
        X, y, _ = make_voices(12, n_speakers=4, random_state=0)
        ragged = [clip[: 9_000 + 500 * i] for i, clip in enumerate(X)]
        pipe = mel_pipeline(LogisticRegression())
        clf = SegmentedClassifier(pipe, 0.25, sr=16_000, aggregate=aggregate).fit(ragged, y)
        probability = clf.predict_proba(ragged)
        assert probability.shape == (12, 2)
        np.testing.assert_allclose(probability.sum(axis=1), 1.0, rtol=1e-6)
        assert accuracy_score(y, clf.predict(ragged)) > 0.8

    def test_segments_are_the_clips_own_samples(self):
        clips = [np.arange(10.0) / 10, np.arange(3.0) / 10]
        clf = SegmentedClassifier(LogisticRegression(), 4, 2, sr=1).fit(clips, ["a", "b"])
        segments, owner, starts = clf._cut(clips)
        assert owner.tolist() == [0, 0, 0, 0, 1]
        assert starts.tolist() == [0, 2, 4, 6, 0]
        np.testing.assert_array_equal(segments[2], np.arange(4, 8) / 10)
        np.testing.assert_array_equal(segments[4], [0.0, 0.1, 0.2, 0.0])

    def test_predict_segments_tells_where_and_what(self):
        clips = [np.arange(10.0) / 10, np.arange(3.0) / 10]
        clf = SegmentedClassifier(LogisticRegression(), 2, 1, sr=2).fit(clips, ["a", "b"])
        found = clf.predict_segments(clips)
        np.testing.assert_array_equal(found.start_s, [0, 1, 2, 3, 0])
        np.testing.assert_array_equal(found.end_s, [2, 3, 4, 5, 2])
        assert found.probability.shape == (5, 2)
        assert set(found.label) <= {"a", "b"}

    def test_each_clip_counts_the_same(self):
        clips = [np.arange(10.0) / 10, np.arange(3.0) / 10]
        seen = {}

        class Recorder(LogisticRegression):
            def fit(self, X, y, sample_weight=None):
                seen["weights"] = sample_weight
                return super().fit(X, y, sample_weight)

        SegmentedClassifier(Recorder(), 4, 2, sr=1).fit(clips, ["a", "b"], sample_weight=[1, 3])
        np.testing.assert_allclose(seen["weights"], [0.25, 0.25, 0.25, 0.25, 3.0])

    def test_an_ensemble_of_pipelines_gets_no_weights(self):
        clips = [np.arange(10.0) / 10, np.arange(3.0) / 10]
        pipe = make_pipeline(LogisticRegression(random_state=0))
        ensemble = DeepEnsembleClassifier(pipe, n_estimators=2)
        segmented = SegmentedClassifier(ensemble, 4, 2, sr=1).fit(clips, ["a", "b"])
        assert segmented.predict_proba(clips).shape == (2, 2)
        with pytest.raises(ParameterError, match="Got sample_weight, but fit of DeepEnsemble"):
            segmented.fit(clips, ["a", "b"], sample_weight=[1, 3])

    def test_groups_reach_an_estimator_that_takes_them(self):
        clips = [np.arange(10.0) / 10, np.arange(3.0) / 10]
        seen = {}

        class Recorder(LogisticRegression):
            def fit(self, X, y, groups=None):
                seen["groups"] = groups
                return super().fit(X, y)

        SegmentedClassifier(Recorder(), 4, 2, sr=1).fit(clips, ["a", "b"], groups=["s", "t"])
        assert seen["groups"].tolist() == ["s", "s", "s", "s", "t"]

    def test_paths_equal_arrays(self):
        sounds = load_percussion()
        rows = np.r_[0:6, 40:46]
        paths, y = np.asarray(sounds.paths)[rows], sounds.y[rows]
        from skspec.audio import read_audio

        arrays = [read_audio(path, 16_000)[0] for path in paths]
        clf = SegmentedClassifier(mel_pipeline(LogisticRegression()), 0.1, sr=16_000).fit(paths, y)
        np.testing.assert_array_equal(clf.predict_proba(paths), clf.predict_proba(arrays))


class TestErrors:
    def test_gaps_between_segments(self):
        with pytest.raises(ParameterError, match=r"Got hop_s=3, but expected at most segment_s=2"):
            SegmentedClassifier(LogisticRegression(), 2, 3, sr=1).fit([[0.1] * 9] * 2, [0, 1])

    def test_mismatched_labels(self):
        with pytest.raises(InputError, match="2 clips and y has 3 labels"):
            SegmentedClassifier(LogisticRegression(), 2, sr=1).fit([[0.1] * 9] * 2, [0, 1, 1])

    def test_unknown_aggregate(self):
        with pytest.raises(ParameterError, match="'aggregate' parameter"):
            SegmentedClassifier(LogisticRegression(), aggregate="sum").fit([[0.1] * 9] * 2, [0, 1])

    def test_sample_weight_that_is_not_taken(self):
        with pytest.raises(ParameterError, match="does not take it"):
            SegmentedClassifier(KNeighborsClassifier(1), 2, sr=1).fit(
                [[0.1] * 9] * 2, [0, 1], sample_weight=[1, 1]
            )


class TestLeak:
    """What cutting first and splitting then would report, on the embedded sounds.

    Labels are given to clips at random, so nothing can be learned and 0.25 is the truth. A
    nearest neighbour over segments that were split apart finds the rest of the same clip.
    """

    def test_splitting_segments_first_invents_accuracy(self):
        sounds = load_percussion()
        y = np.random.default_rng(0).permutation(np.arange(len(sounds.paths)) % 4)
        clf = SegmentedClassifier(
            mel_pipeline(KNeighborsClassifier(1)), segment_s=0.1, hop_s=0.025, sr=16_000
        )
        honest = cross_val_score(clf, sounds.paths, y, cv=StratifiedKFold(4)).mean()

        segments, owner, _ = clone(clf).fit(sounds.paths, y)._cut(list(sounds.paths))
        folds = StratifiedKFold(4, shuffle=True, random_state=0)
        leaky = accuracy_score(
            y[owner], cross_val_predict(clf.estimator, segments, y[owner], cv=folds)
        )
        assert honest < 0.40
        assert leaky > 0.75

    def test_clips_split_by_group_stay_whole(self):
        sounds = load_percussion()
        cv = StratifiedGroupKFold(3)
        clf = SegmentedClassifier(
            mel_pipeline(LogisticRegression(max_iter=500)), segment_s=0.2, sr=16_000
        )
        scores = cross_val_score(clf, sounds.paths, sounds.y, groups=sounds.groups, cv=cv)
        assert scores.mean() > 0.4


def test_a_network_in_a_pipeline_never_validates_on_segments_of_a_clip_it_trains_on():
    X, y, _ = make_voices(8, n_speakers=4, duration_s=1.0, random_state=0)
    seen = []

    class Network(ClassifierMixin, BaseEstimator):
        def fit(self, X, y, groups=None):
            seen.append(groups)
            self.classes_ = np.unique(y)
            return self

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    inner = make_pipeline(MelSpectrogramImage(sr=16_000), Network())
    segmented = SegmentedClassifier(inner, segment_s=0.5, sr=16_000)
    segmented.fit(X, y)
    np.testing.assert_array_equal(seen[-1], np.repeat(np.arange(8), 3))
    segmented.fit(X, y, groups=np.arange(8) % 4)
    np.testing.assert_array_equal(seen[-1], np.repeat(np.arange(8) % 4, 3))
