"""FixedLength: one length, given or learned."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skspec import FixedLength, MelSpectrogramImage
from skspec.exceptions import ParameterError

MODES = {"zero": "constant", "wrap": "wrap", "reflect": "reflect"}


def noise(n, seed=0):
    return np.random.default_rng([n, seed]).uniform(-1, 1, n).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 300), min_size=1, max_size=6),
    wanted=st.integers(1, 400),
    pad=st.sampled_from(sorted(MODES)),
    crop=st.sampled_from(["start", "center"]),
)
def test_is_numpys_padding_or_a_slice(lengths, wanted, pad, crop):
    clips = [noise(n) for n in lengths]
    fixed = FixedLength(wanted / 8000, sr=8000, pad=pad, crop=crop).fit_transform(clips)
    assert fixed.dtype == np.float32
    assert fixed.shape == (len(clips), wanted)
    for clip, row in zip(clips, fixed, strict=True):
        start = max(0, len(clip) - wanted) // 2 if crop == "center" else 0
        padded = np.pad(clip, (0, max(0, wanted - len(clip))), mode=MODES[pad])
        assert_array_equal(row, padded[start : start + wanted])


def test_longest_is_learned_in_fit():
    fixed = FixedLength("longest").fit([noise(5), noise(9), noise(2)])
    assert fixed.n_timepoints_ == 9
    later = fixed.transform([noise(20), noise(3)])
    assert later.shape == (2, 9)
    assert_array_equal(later[0], noise(20)[:9])


def test_longest_of_files_is_that_at_the_rate_asked_for(tmp_path):
    paths = [tmp_path / "short.wav", tmp_path / "long.wav"]
    for path, n, sr in zip(paths, (900, 1000), (8000, 16_000), strict=True):
        soundfile.write(path, noise(n), sr)
    assert FixedLength(sr=8000).fit(paths).n_timepoints_ == 900
    assert FixedLength(sr=16_000).fit(paths).n_timepoints_ == 1800
    assert FixedLength(sr=8000).fit_transform(paths).shape == (2, 900)


def test_with_a_duration_tables_of_any_width_are_taken():
    fixed = FixedLength(0.1, sr=100).fit(noise(20).reshape(2, 10))
    assert fixed.transform(noise(24).reshape(2, 12)).shape == (2, 10)


def test_at_least_one_sample():
    assert FixedLength(1e-9).fit_transform([noise(5)]).shape == (1, 1)


@pytest.mark.parametrize("pad", sorted(MODES))
@pytest.mark.parametrize("crop", ["start", "center"])
def test_is_what_the_image_transformers_do_themselves(pad, crop):
    clips = [noise(n) for n in (300, 900, 2500)]
    mel = {"sr": 8000, "n_fft": 256, "n_mels": 16}
    fixed = FixedLength(0.1, sr=8000, pad=pad, crop=crop).fit_transform(clips)
    expected = MelSpectrogramImage(**mel, duration_s=0.1, pad=pad, crop=crop).fit_transform(clips)
    assert_array_equal(MelSpectrogramImage(**mel).fit_transform(fixed), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration_s": 0.0}, "'duration_s' parameter of FixedLength .* Got 0.0"),
        ({"duration_s": "shortest"}, "'duration_s' parameter .* Got 'shortest'"),
        ({"duration_s": None}, "'duration_s' parameter"),
        ({"pad": "mirror"}, "'pad' parameter .* Got 'mirror'"),
        ({"crop": "end"}, "'crop' parameter"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        FixedLength(**options).fit([noise(100)])
