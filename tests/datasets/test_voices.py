"""Synthetic voices: shape, seeds, pitch, formants and errors."""

import librosa
import numpy as np
import pytest
from scipy.signal import sosfreqz

from skspec.datasets import _voice_synthesis as synthesis
from skspec.datasets import make_voices
from skspec.exceptions import ParameterError, SkspecError


@pytest.fixture(scope="module")
def voices():
    return make_voices(24, n_speakers=12, random_state=0)


def speaker(**changes):
    plain = {"gender": "male", "pitch_hz": 120.0, "tract_cm": 17.5, "open_quotient": 0.6}
    still = {"breath": 0.0, "jitter": 0.0, "shimmer": 0.0}
    return synthesis.Speaker(**{**plain, **still, **changes})


def test_shapes_and_types(voices):
    X, y, groups = voices
    assert X.shape == (24, 16_000)
    assert X.dtype == np.float32
    assert y.shape == groups.shape == (24,)
    assert y.dtype.kind == groups.dtype.kind == "U"


def test_defaults():
    X, y, groups = make_voices(duration_s=0.1, random_state=0)
    assert X.shape == (60, 1600)
    assert len(set(groups)) == 6
    assert np.sum(y == "female") == np.sum(y == "male") == 30


@pytest.mark.parametrize(("sr", "duration_s", "n"), [(8000, 0.5, 4000), (22_050, 0.3, 6615)])
def test_length_follows_rate_and_duration(sr, duration_s, n):
    X, _, _ = make_voices(2, n_speakers=2, sr=sr, duration_s=duration_s, random_state=0)
    assert X.shape == (2, n)
    assert np.isfinite(X).all()


def test_peaks_are_under_one(voices):
    peaks = np.abs(voices[0]).max(axis=1)
    assert peaks.max() <= 0.95
    assert peaks.min() >= 0.25
    assert len(set(peaks)) == len(peaks)


def test_speakers_have_one_gender_and_genders_half_the_speakers(voices):
    _, y, groups = voices
    genders = {name: set(y[groups == name]) for name in groups}
    assert all(len(gender) == 1 for gender in genders.values())
    assert sum(gender == {"female"} for gender in genders.values()) == len(genders) / 2


def test_same_seed_gives_the_same(voices):
    again = make_voices(24, n_speakers=12, random_state=0)
    for ours, theirs in zip(again, voices, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n_clips", [1, 5, 13])
def test_first_clips_of_a_larger_set_are_the_same(voices, n_clips):
    fewer = make_voices(n_clips, n_speakers=12, random_state=0)
    for ours, theirs in zip(fewer, voices, strict=True):
        np.testing.assert_array_equal(ours, theirs[:n_clips])


def test_other_seeds_and_none_give_others(voices):
    for seed in (1, None, None):
        X, _, _ = make_voices(1, n_speakers=12, random_state=seed)
        assert not np.array_equal(X[0], voices[0][0])


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_generators_give_the_same_from_the_same_state_and_move_on(make):
    rng = make(3)
    first, second = (make_voices(1, duration_s=0.1, random_state=rng)[0] for _ in range(2))
    again = make_voices(1, duration_s=0.1, random_state=make(3))[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()  # noqa: NPY002
    make_voices(2, duration_s=0.1)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_clips_of_a_speaker_differ(voices):
    assert len({clip.tobytes() for clip in voices[0]}) == len(voices[0])


def test_pitch_is_in_the_range_of_the_gender(voices):
    X, y, _ = voices
    for clip, gender in zip(X, y, strict=True):
        middle = clip[len(clip) // 5 : -len(clip) // 5]
        pitch = np.median(librosa.yin(middle, fmin=60, fmax=450, sr=16_000, frame_length=1024))
        low, high = synthesis.PITCH_HZ[gender]
        margin = 2**synthesis.PITCH_SPREAD_OCTAVES * 1.02
        assert low / margin < pitch < high * margin


def test_pitch_is_that_of_the_speaker():
    pitch_hz = np.full(16_000, 137.0)
    source = synthesis.glottal_source(np.random.default_rng(0), speaker(), pitch_hz, 16_000)
    power = np.abs(np.fft.rfft(source)) ** 2
    assert np.argmax(power[:200]) == 137


def test_pitch_contour_stays_within_its_spread():
    for seed in range(50):
        contour = synthesis.pitch_contour(np.random.default_rng(seed), speaker(), 1000)
        assert np.abs(np.log2(contour / 120)).max() <= synthesis.PITCH_SPREAD_OCTAVES


def test_pitch_ranges_overlap_and_tract_ranges_do_not():
    assert synthesis.PITCH_HZ["female"][0] < synthesis.PITCH_HZ["male"][1]
    assert synthesis.TRACT_CM["female"][1] < synthesis.TRACT_CM["male"][0]


def test_pulse_opens_closes_and_stays_shut():
    flow = synthesis.rosenberg_pulse(np.array([0.0, 0.2, 0.4, 0.5, 0.6, 0.8]), 0.6)
    np.testing.assert_allclose(flow, [0, 0.5, 1, 0.75, 0, 0], atol=1e-12)


@pytest.mark.parametrize("tract_cm", [14.0, 17.5, 18.8])
def test_filter_peaks_at_the_formants(tract_cm):
    section = synthesis.formant_filter("E", tract_cm, 16_000)
    expected = np.array([530, 1840, 2480, 3500, 4500]) * 17.5 / tract_cm
    for sos, formant in zip(section, expected, strict=True):
        frequency, response = sosfreqz(sos[None], worN=16_000, fs=16_000)
        assert frequency[np.argmax(np.abs(response))] == pytest.approx(formant, rel=0.02)
        assert np.abs(response[0]) == pytest.approx(1)


def test_formants_above_the_band_are_left_out():
    assert synthesis.formant_filter("i", 17.5, 8000).shape == (4, 6)
    assert synthesis.formant_filter("i", 17.5, 4000).shape == (1, 6)


def test_shorter_tract_raises_the_spectrum_at_equal_pitch():
    def centroid(tract_cm):
        rng = np.random.default_rng(5)
        clip = synthesis.draw_clip(rng, speaker(tract_cm=tract_cm), 16_000, 16_000, None)
        return librosa.feature.spectral_centroid(y=clip, sr=16_000).mean()

    assert centroid(14.0) > 1.1 * centroid(18.5)


def test_vowels_fade_into_one_another():
    weights = synthesis.vowel_weights(999)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert weights.max(axis=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_noise_has_the_power_asked_for(snr_db):
    one, two = (
        synthesis.draw_clip(np.random.default_rng(1), speaker(), 16_000, 16_000, db)
        for db in (None, snr_db)
    )
    scale = (one @ two) / (one @ one)
    noise = two - scale * one
    power = np.mean((scale * one) ** 2) / np.mean(noise**2)
    assert 10 * np.log10(power) == pytest.approx(snr_db, abs=0.3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clips": 0}, r"Got n_clips=0, but expected an integer > 0\."),
        ({"n_clips": 2.0}, r"Got n_clips=2\.0, but expected an integer > 0\."),
        ({"n_clips": True}, r"Got n_clips=True, but expected an integer > 0\."),
        ({"n_speakers": 3}, r"Got n_speakers=3, but expected an even integer > 0\."),
        ({"n_speakers": 0}, r"Got n_speakers=0, but expected an even integer > 0\."),
        ({"sr": 100}, r"Got sr=100, but expected an integer >= 4000 \(Hz\)\."),
        ({"sr": "16k"}, r"Got sr='16k', but expected an integer >= 4000 \(Hz\)\."),
        ({"duration_s": 0}, r"Got duration_s=0, but expected a number >= 0\.1 \(s\)\."),
        ({"duration_s": np.nan}, r"Got duration_s=nan, but expected a number >= 0\.1 \(s\)\."),
        ({"snr_db": "low"}, r"Got snr_db='low', but expected a finite number \(dB\) or None\."),
        ({"snr_db": np.inf}, r"Got snr_db=inf, but expected a finite number \(dB\) or None\."),
        ({"random_state": -1}, r"Got random_state=-1, but expected an integer >= 0"),
        ({"random_state": "x"}, r"Got random_state='x', but expected an integer >= 0"),
    ],
)
def test_errors(parameters, message):
    with pytest.raises(ParameterError, match=message) as caught:
        make_voices(**parameters)
    assert isinstance(caught.value, SkspecError)
    assert isinstance(caught.value, ValueError)


def test_numpy_integers_are_integers(voices):
    X, _, _ = make_voices(np.int64(1), n_speakers=np.int32(12), random_state=np.int64(0))
    np.testing.assert_array_equal(X[0], voices[0][0])
