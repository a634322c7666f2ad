"""SilenceTrimmer: librosa's intervals."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skspec import SilenceTrimmer
from skspec.exceptions import ParameterError


def bursts(n, seed=0):
    """Give stretches of noise at many levels, digital silence among them."""
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 1e-7, 1e-5, 1e-3, 0.03, 0.5], size=1 + n // 400)
    return np.repeat(levels, 400)[:n] * rng.standard_normal(n)


def librosas(clip, *, remove, ref, **options):
    """Give what librosa leaves of a clip; all of it where that would be nothing."""
    options["ref"] = np.max if ref == "max" else ref
    if remove == "ends":
        kept, _ = librosa.effects.trim(clip, **options)
    else:
        parts = librosa.effects.split(clip, **options)
        kept = np.concatenate([clip[:0], *(clip[start:end] for start, end in parts)])
    return kept if len(kept) else clip


PARAMETERS = st.fixed_dictionaries(
    {
        "top_db": st.floats(0.1, 120),
        "frame_length": st.integers(1, 3000),
        "hop_length": st.integers(1, 1500),
        "ref": st.sampled_from(["max", 1.0, 0.1, 1e-4, 1e-9]),
        "remove": st.sampled_from(["ends", "all"]),
    }
)


ON_THE_THRESHOLD = {"frame_length": 256, "hop_length": 64, "remove": "all"}


@pytest.mark.parametrize(
    ("ref", "top_db"), [(1.0, 100.0), (0.1, 80.0), (1e-4, 20.0), (1e-3, 40.0), (1e-2, 60.0)]
)
def test_digital_silence_exactly_on_the_threshold(ref, top_db):
    check_agreement({**ON_THE_THRESHOLD, "ref": ref, "top_db": top_db}, 6000, 3)


def check_agreement(parameters, n, seed):
    clip = bursts(n, seed)
    (kept,) = SilenceTrimmer(**parameters).fit_transform([clip])
    assert_array_equal(kept, librosas(clip, **parameters).astype(np.float32))


@settings(max_examples=40, deadline=None)
@given(PARAMETERS, st.integers(1, 6000), st.integers(0, 10_000))
def test_agrees_with_librosa(parameters, n, seed):
    check_agreement(parameters, n, seed)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(PARAMETERS, st.integers(1, 60_000), st.integers(0, 1_000_000))
def test_agrees_with_librosa_over_many_draws(parameters, n, seed):
    check_agreement(parameters, n, seed)


def test_ends_and_all():
    sound = np.full(4096, 0.5)
    clip = np.concatenate([np.zeros(8192), sound, np.zeros(8192), sound, np.zeros(8192)])
    options = {"frame_length": 512, "hop_length": 512}
    (ends,) = SilenceTrimmer(**options).fit_transform([clip])
    # A frame that begins half its length before the sound is not silent, nor is that after it.
    assert_array_equal(ends, clip[8192 : 8192 + 4096 + 8192 + 4096 + 512])
    (sounds,) = SilenceTrimmer(**options, remove="all").fit_transform([clip])
    part = np.concatenate([sound, np.zeros(512)])
    assert_array_equal(sounds, np.concatenate([part, part]))


@pytest.mark.parametrize("remove", ["ends", "all"])
@pytest.mark.parametrize("ref", ["max", 1.0])
@pytest.mark.parametrize("level", [0.0, 1e-7])
def test_a_silent_clip_is_kept_as_it_is(remove, ref, level):
    silent = np.full(3000, level, np.float32)
    (kept,) = SilenceTrimmer(ref=ref, remove=remove).fit_transform([silent])
    assert_array_equal(kept, silent)


@pytest.mark.parametrize("remove", ["ends", "all"])
def test_a_click_behind_the_last_hop_leaves_no_empty_clip(remove):
    # Only the frame centred on the clip's end hears it, and no samples belong to that frame.
    clip = np.zeros(4096)
    clip[-1] = 1.0
    trimmer = SilenceTrimmer(frame_length=64, hop_length=512, remove=remove)
    assert len(librosa.effects.trim(clip, frame_length=64, hop_length=512)[0]) == 0
    assert_array_equal(trimmer.fit_transform([clip])[0], clip)


def test_a_hop_longer_than_the_clip():
    clip = bursts(500)
    assert_array_equal(
        SilenceTrimmer(hop_length=10**12).fit_transform([clip])[0], clip.astype(np.float32)
    )


def test_the_clip_given_is_left_alone_and_not_shared():
    clips = [bursts(5000, seed).astype(np.float64) for seed in (1, 2)]
    before = [clip.copy() for clip in clips]
    for kept in SilenceTrimmer().fit_transform(clips):
        kept[:] = 7
    for clip, copy in zip(clips, before, strict=True):
        assert_array_equal(clip, copy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_db": 0}, "'top_db' parameter of SilenceTrimmer must be a float .* Got 0"),
        ({"frame_length": 0}, "'frame_length' parameter"),
        ({"hop_length": 2.5}, "'hop_length' parameter .* Got 2.5"),
        ({"ref": "mean"}, "'ref' parameter .* Got 'mean'"),
        ({"ref": 0.0}, "'ref' parameter"),
        ({"remove": "start"}, "'remove' parameter"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        SilenceTrimmer(**options).fit([bursts(100)])
