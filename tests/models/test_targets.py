"""Labels, weights and the validation split."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.model_selection import (
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.utils.class_weight import compute_sample_weight

from skspec._seeding import seed_at
from skspec.exceptions import GroupsWarning, InputError, LeakageWarning, ParameterError
from skspec.models._targets import check_groups, check_targets, split_rows


class Classifier(BaseEstimator):
    def __init__(self, class_weight=None):
        self.class_weight = class_weight


def targets(y, sample_weight=None, class_weight=None, n_clips=None):
    n_clips = len(y) if n_clips is None else n_clips
    return check_targets(Classifier(class_weight), y, sample_weight, n_clips)


GROUPS = np.repeat(list("uvwxyz"), 4)
Y = np.tile(["cat", "dog", "dog", "cat"], 6)


class TestTargets:
    @pytest.mark.parametrize("kind", [np.array, list, lambda y: np.array(y, dtype=object)])
    def test_strings(self, kind):
        made = targets(kind(["dog", "cat", "dog"]))
        assert made.classes.tolist() == ["cat", "dog"]
        assert_array_equal(made.encoded, [1, 0, 1])
        assert_array_equal(made.weights, [1, 1, 1])

    def test_a_column_is_taken_with_a_warning(self):
        with pytest.warns(UserWarning, match="column-vector"):
            assert_array_equal(targets(np.array([[1], [0]])).encoded, [1, 0])

    @pytest.mark.parametrize("class_weight", ["balanced", {"cat": 3.0, "dog": 0.5}])
    def test_class_weights_are_scikit_learns(self, class_weight):
        y = ["cat", "dog", "dog", "dog"]
        made = targets(y, class_weight=class_weight)
        assert_allclose(made.weights, compute_sample_weight(class_weight, y))

    def test_weights_multiply(self):
        made = targets(["a", "b", "b"], [2.0, 1.0, 0.5], {"a": 3.0, "b": 1.0})
        assert_allclose(made.weights, [6.0, 1.0, 0.5])

    def test_balanced_counts_a_weight_of_two_twice(self):
        weighted = targets(["a", "b"], [2.0, 1.0], "balanced")
        repeated = targets(["a", "a", "b"], None, "balanced")
        assert_allclose(weighted.weights, [2 * repeated.weights[0], repeated.weights[2]])

    def test_lengths(self):
        with pytest.raises(InputError, match=r"X has 3 clips and y has 2 labels"):
            targets([0, 1], n_clips=3)

    def test_none(self):
        with pytest.raises(InputError, match=r"Classifier requires y to be passed.*None"):
            targets(None, n_clips=3)

    @pytest.mark.parametrize(("y", "shown"), [(["a", "a"], "'a'"), ([7, 7], "7")])
    def test_one_class(self, y, shown):
        with pytest.raises(InputError, match=rf"two classes .* one class: {shown}\."):
            targets(np.array(y))

    def test_one_class_with_a_weight(self):
        with pytest.raises(InputError, match=r"positive weight.*one class: 'b'\."):
            targets(["a", "b", "b"], [0, 1, 1])

    def test_numbers_that_are_no_classes(self):
        with pytest.raises(ValueError, match="Unknown label type"):
            targets([0.1, 0.2, 0.3])

    def test_negative_weights(self):
        with pytest.raises(ValueError, match=r"[Nn]egative"):
            targets(["a", "b"], [1, -1])

    def test_weights_of_another_length(self):
        with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\), expected \(2,\)"):
            targets(["a", "b"], [1, 1, 1])


class TestGroups:
    def test_lists(self):
        assert_array_equal(check_groups(["u", "v"], 2), ["u", "v"])

    def test_lengths(self):
        with pytest.raises(InputError, match="X has 3 clips and groups has 2 entries"):
            check_groups(["u", "v"], 3)


def _seed(seed):
    return seed_at(seed, "split") % 2**32


def split(validation, groups=GROUPS, y=Y, sample_weight=None, seed=0):
    return split_rows(validation, targets(y, sample_weight), groups, seed)


class TestSplit:
    def test_none_trains_on_everything(self):
        train, valid = split(None)
        assert_array_equal(train, np.arange(24))
        assert valid is None

    @pytest.mark.parametrize("fraction", [0.15, 0.3, np.float32(0.3), 0.5])
    @pytest.mark.parametrize("seed", range(4))
    def test_a_fraction_keeps_groups_together(self, fraction, seed):
        train, valid = split(fraction, seed=seed)
        assert not set(GROUPS[train]) & set(GROUPS[valid])
        assert sorted([*train, *valid]) == list(range(24))
        assert len(valid) == 24 / max(2, min(round(1 / fraction), 6))

    def test_a_fraction_without_groups_is_stratified_and_warns(self):
        with pytest.warns(GroupsWarning, match=r"no groups.*memorised.*groups="):
            train, valid = split(0.25, groups=None)
        assert len(valid) == 6
        assert (Y[valid] == "cat").sum() == 3
        assert not set(train) & set(valid)

    def test_a_fraction_leaves_every_class_to_learn_from(self):
        groups = np.repeat(["a", "b", "c"], [2, 6, 6])
        y = np.array([*"rs", *"rrrrrr", *"ssssst"])  # "t" is in the last group alone
        y[2] = "t"
        found = 0
        for seed in range(10):
            train, valid = split(0.4, groups=groups, y=y, seed=seed)
            assert set(y[train]) == {"r", "s", "t"}
            assert not set(groups[train]) & set(groups[valid])
            splitter = StratifiedGroupKFold(2, shuffle=True, random_state=_seed(seed))
            first = next(splitter.split(y, y, groups))
            found += set(y[first[0]]) != set(y)
        assert found  # the first split alone would have failed

    @pytest.mark.parametrize("seed", range(4))
    def test_a_first_split_that_will_do_is_taken(self, seed):
        splitter = StratifiedGroupKFold(3, shuffle=True, random_state=_seed(seed))
        expected = next(splitter.split(Y, Y, GROUPS))
        for part, rows in zip(split(0.3, seed=seed), expected, strict=True):
            assert_array_equal(part, rows)

    def test_a_fraction_of_few_clips_of_each_class(self):
        y, groups = np.tile(["r", "s"], 3), np.arange(6)
        _, valid = split(0.1, groups=groups, y=y)
        assert len(valid) == 2  # of six groups; more folds than clips of a class there are not

    def test_no_class_has_two_clips(self):
        with pytest.raises(InputError, match=r"two clips of one class, but .*only 3 and 1"):
            split(0.3, groups=np.arange(3), y=np.arange(3))

    def test_seeds_split_differently_and_the_same_seed_alike(self):
        valid = {tuple(split(0.2, seed=seed)[1]) for seed in range(10)}
        assert len(valid) > 2
        assert_array_equal(split(0.2, seed=3)[1], split(0.2, seed=3)[1])

    @pytest.mark.parametrize("splitter", [GroupKFold(3), LeaveOneGroupOut()])
    def test_a_splitter_gives_its_first_split(self, splitter):
        train, valid = split(splitter)
        expected = next(splitter.split(Y, Y, GROUPS))
        assert_array_equal(train, expected[0])
        assert_array_equal(valid, expected[1])

    def test_a_splitter_without_groups_warns(self):
        with pytest.warns(GroupsWarning):
            split(StratifiedKFold(3), groups=None)

    @pytest.mark.parametrize("given", [[0, 4], StratifiedKFold(3, shuffle=True, random_state=0)])
    def test_groups_on_both_sides_warn(self, given):
        with pytest.warns(LeakageWarning, match=r"groups stand on both sides .*'u'.*GroupKFold"):
            split(given)

    def test_a_group_of_no_weight_on_the_other_side_is_on_neither(self):
        weight = np.r_[1, 0, 0, 0, np.ones(20)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            split([0], sample_weight=weight)

    def test_with_groups_nothing_warns(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            split(0.2)
            split([0, 1], groups=None)

    def test_given_rows(self):
        train, valid = split([5, 2, 2], groups=None)
        assert_array_equal(valid, [2, 5])
        assert_array_equal(train, np.setdiff1d(np.arange(24), [2, 5]))

    def test_rows_of_no_weight_take_part_in_nothing(self):
        weight = np.ones(24)
        weight[[0, 1, 9]] = 0
        for validation in (None, 0.3, GroupKFold(3), [1, 2, 3]):
            train, valid = split(validation, sample_weight=weight)
            rows = [*train, *([] if valid is None else valid)]
            assert sorted(rows) == [i for i in range(24) if i not in (0, 1, 9)]

    @pytest.mark.parametrize(
        ("validation", "error", "message"),
        [
            ([[1, 2]], ParameterError, "1-D array of row indices"),
            ([0.5, 1.5], ParameterError, "1-D array of row indices"),
            ([], ParameterError, "1-D array of row indices"),
            ([([0, 1], [2])], ParameterError, "a splitter or a 1-D array of row indices"),
            (3, ParameterError, "Got validation=3, but expected None, a fraction"),
            ([24], ParameterError, "24 to 24, but expected 0 to 23: X has 24 clips"),
            ([-1], ParameterError, "-1 to -1"),
            (np.flatnonzero(Y == "cat"), InputError, r"training part .* no clip of \['cat'\]"),
        ],
    )
    def test_errors(self, validation, error, message):
        with pytest.raises(error, match=message):
            split(validation)

    def test_one_group_cannot_be_split(self):
        with pytest.raises(InputError, match=r"validation=0.3 needs at least two groups.*only 1"):
            split(0.3, groups=np.repeat("u", 24))

    def test_validation_rows_of_no_weight_are_none_at_all(self):
        weight = np.ones(24)
        weight[0] = 0
        with pytest.raises(InputError, match=r"validation part .* has no clip"):
            split([0], sample_weight=weight)
