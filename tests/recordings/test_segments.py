"""Smoothing and merging, by hand and by what must always hold."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.ndimage import convolve1d

from skspec.exceptions import InputError, ParameterError
from skspec.recordings import merge_windows, predict_recording, smooth_windows

NAN = np.nan


def windows(p_cat, window=1.0, hop=1.0, threshold=0.0):
    """Give windows of two classes by the probability of the first."""
    p_cat = np.asarray(p_cat, float)
    start = hop * np.arange(len(p_cat))
    best = np.maximum(p_cat, 1 - p_cat)
    label = np.where(p_cat >= 0.5, "cat", "dog").astype(object)
    label[~(best >= threshold)] = None
    columns = {"start": start, "end": start + window, "label": label, "probability": best}
    return pd.DataFrame({**columns, "p_cat": p_cat, "p_dog": 1 - p_cat})


shares = st.lists(st.integers(0, 64), min_size=1, max_size=25).map(lambda x: np.array(x) / 64)


def test_smoothing_by_hand():
    smooth = smooth_windows(windows([0.9, 0.9, 0.0, 0.9, 0.3, 0.3]), 3)
    np.testing.assert_allclose(smooth["p_cat"], [0.9, 0.6, 0.6, 0.4, 0.5, 0.3])
    np.testing.assert_allclose(smooth["p_dog"], [0.1, 0.4, 0.4, 0.6, 0.5, 0.7])
    assert list(smooth["label"]) == ["cat", "cat", "cat", "dog", "cat", "dog"]
    np.testing.assert_allclose(smooth["probability"], [0.9, 0.6, 0.6, 0.6, 0.5, 0.7])


def test_smoothing_keeps_nan_where_it_is():
    smooth = smooth_windows(windows([0.8, NAN, NAN, 0.4, 0.2]), 3)
    np.testing.assert_allclose(smooth["p_cat"], [0.8, NAN, NAN, 0.3, 0.3])
    assert list(smooth["label"].isna()) == [False, True, True, False, False]
    assert list(smooth["probability"].isna()) == [False, True, True, False, False]


def test_smoothing_with_a_threshold():
    smooth = smooth_windows(windows([0.9, 0.4, 0.4]), 1, threshold=0.7)
    assert list(smooth["label"].isna()) == [False, True, True]
    np.testing.assert_allclose(smooth["probability"], [0.9, 0.6, 0.6])


@settings(max_examples=15)
@given(shares, st.integers(0, 30))
def test_smoothing_is_a_running_mean(p_cat, half):
    smooth = smooth_windows(windows(p_cat), 2 * half + 1)
    ones = np.ones(2 * half + 1)
    total, count = (convolve1d(x, ones, mode="constant") for x in (p_cat, np.ones(len(p_cat))))
    np.testing.assert_allclose(smooth["p_cat"], total / count, atol=1e-12)
    np.testing.assert_allclose(smooth["p_cat"] + smooth["p_dog"], 1)


def test_merging_by_hand():
    merged = merge_windows(windows([0.9, 0.7, 0.2, 0.8], window=2.0))
    expected = {
        "start": [0.0, 2.0, 3.0],
        "end": [3.0, 4.0, 5.0],
        "label": ["cat", "dog", "cat"],
        "probability": [0.8, 0.8, 0.8],
        "probability_max": [0.9, 0.8, 0.8],
        "n_windows": [2, 1, 1],
        "p_cat": [0.8, 0.2, 0.8],
        "p_dog": [0.2, 0.8, 0.2],
    }
    assert_frame_equal(merged, pd.DataFrame(expected), check_dtype=False)


def test_windows_apart_are_not_merged():
    merged = merge_windows(windows([0.9, 0.9, 0.9], window=1.0, hop=1.5))
    assert list(merged["n_windows"]) == [1, 1, 1]


def test_windows_a_sample_apart_are_merged():
    frame = windows([0.9, 0.9, 0.9], window=1.0, hop=1.0001)
    assert len(merge_windows(frame)) == 3
    frame.attrs["sr"] = 8000  # 0.8 samples
    assert len(merge_windows(frame)) == 1
    frame.attrs["sr"] = 22_050  # 2.2 samples
    assert len(merge_windows(frame)) == 3


@pytest.mark.parametrize(
    ("window_s", "hop_s", "start_s", "is_one"),
    [
        (0.25, None, 0.0, True),
        (2.51, None, 0.0, True),
        (0.5, None, 0.01, True),
        (0.25, 0.2501, 0.0, False),
    ],
)
def test_touching_windows_of_one_label_are_one_segment(
    tmp_path, helpers, window_s, hop_s, start_s, is_one
):
    sr = 22_050  # the windows are no whole samples long
    soundfile.write(tmp_path / "tones.wav", helpers.tones(10 * sr, sr=sr), sr)
    always_high = helpers.classifier(pitch=0, sr=sr).fit()
    options = {"start_s": start_s, "merge": True}
    merged = predict_recording(always_high, tmp_path / "tones.wav", window_s, hop_s, **options)
    assert set(merged["label"]) == {"high"}
    assert len(merged) == (1 if is_one else merged["n_windows"].sum())


def test_merging_windows_without_label_and_unread_ones():
    merged = merge_windows(windows([0.9, 0.6, 0.4, NAN, NAN, 0.1], threshold=0.8))
    assert list(merged["n_windows"]) == [1, 2, 2, 1]
    assert list(merged["label"].isna()) == [False, True, True, False]
    np.testing.assert_allclose(merged["probability"], [0.9, 0.6, NAN, 0.9])


@settings(max_examples=15)
@given(shares, st.sampled_from([0.5, 1.0, 1.5]), st.sampled_from([0.0, 0.8]))
def test_merging_loses_nothing(p_cat, hop, threshold):
    frame = windows(p_cat, hop=hop, threshold=threshold)
    merged = merge_windows(frame)
    assert merged["n_windows"].sum() == len(frame)
    spread = merged.loc[merged.index.repeat(merged["n_windows"])]
    assert spread["label"].fillna("").tolist() == frame["label"].fillna("").tolist()
    assert (spread["start"].to_numpy() <= frame["start"]).all()
    assert (spread["end"].to_numpy() >= frame["end"]).all()
    np.testing.assert_allclose(spread["p_cat"].sum(), frame["p_cat"].sum())
    labels = merged["label"].fillna("").to_numpy()
    if hop <= 1:
        assert (labels[1:] != labels[:-1]).all()


def test_no_windows():
    empty = windows([])
    assert len(merge_windows(empty)) == len(smooth_windows(empty, 3)) == 0
    assert list(smooth_windows(empty, 3)) == list(empty)


def test_neither_changes_its_input_or_loses_attrs():
    frame = windows([0.9, 0.7, 0.2])
    frame.attrs = {"sr": 8000, "unread": None}
    before = frame.copy()
    assert smooth_windows(frame, 3).attrs == merge_windows(frame).attrs == frame.attrs
    assert_frame_equal(frame, before)


@pytest.mark.parametrize("n_windows", [0, 2, -1, 1.5, "3"])
def test_number_of_windows_is_odd(n_windows):
    with pytest.raises(ParameterError, match=r"n_windows=.* expected an odd int"):
        smooth_windows(windows([0.5]), n_windows)


def test_smoothing_needs_probabilities_of_classes():
    frame = windows([0.9, 0.9]).drop(columns=["p_cat", "p_dog"])
    with pytest.raises(InputError, match=r"no column that begins with 'p_'; expected windows"):
        smooth_windows(frame, 3)
    assert len(merge_windows(frame)) == 1


@pytest.mark.parametrize("function", [merge_windows, lambda frame: smooth_windows(frame, 3)])
def test_other_tables_are_refused(function):
    frame = windows([0.9, 0.9])
    with pytest.raises(InputError, match="no column 'label'"):
        function(frame.drop(columns="label"))
    with pytest.raises(InputError, match="are merged"):
        function(merge_windows(frame))
