"""Synthetic voices: a glottal source through formants."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np
from numpy.random import Generator, RandomState

from skspec._seeding import resolve_seed
from skspec.datasets._voice_synthesis import GENDERS, draw_clip, draw_speaker
from skspec.exceptions import ParameterError

# The two streams of random numbers: one generator per speaker, one per clip.
SPEAKERS, CLIPS = 0, 1


def make_voices(
    n_clips: int = 60,
    *,
    n_speakers: int = 6,
    sr: int = 16_000,
    duration_s: float = 1.0,
    snr_db: float | None = 20.0,
    random_state: int | RandomState | Generator | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give synthetic vowels of female and male speakers, with gender as label.

    A stand-in for a speech corpus in tests and examples: as many clips and speakers as wanted, no
    file. Every speaker has a pitch and a vocal-tract length of their own. The pitch ranges of
    the genders overlap, so pitch alone does not tell them apart, but pitch and timbre together
    do. It is far easier than real speech: use it to see that things run.

    Parameters
    ----------
    n_clips : int > 0, default=60
        Number of clips. Clip `i` is by speaker `i % n_speakers`, so up to the rounding all
        speakers have as many.
    n_speakers : even int > 0, default=6
        Number of speakers; half of them are female.
    sr : int >= 4000, default=16000
        Sampling rate in Hz. Formants above 0.45 `sr` are left out.
    duration_s : float >= 0.1, default=1.0
        Length of every clip in seconds.
    snr_db : float or None, default=20.0
        Power of the voice over that of the white noise added to it, in dB; None adds none.
    random_state : int, RandomState, Generator or None, default=None
        Seed of everything random. The first clips do not depend on how many follow: with the
        same int, `n_speakers`, `sr` and `duration_s`, the first `n` clips of a larger set are
        those of a set of `n`.

    Returns
    -------
    X : ndarray of float32, shape (n_clips, n_timepoints)
        The clips; `n_timepoints` is `duration_s * sr`, rounded. Peaks lie between 0.25 and 0.95.
    y : ndarray of str, shape (n_clips,)
        Gender of the speaker: ``"female"`` or ``"male"``.
    groups : ndarray of str, shape (n_clips,)
        Name of the speaker.

    Raises
    ------
    ParameterError
        If a parameter is not what is said above.

    See Also
    --------
    load_percussion : A small set of real sound.

    Notes
    -----
    The source is Rosenberg's glottal pulse [1]_, differentiated for the radiation at the lips,
    with jitter, shimmer, aspiration noise, and a pitch that falls and swings within a clip. It
    goes through a cascade of second-order resonators [2]_, three vowels to a clip, faded into
    one another. The formants F1 to F3 are men's averages [3]_, F4 and F5 those of a uniform tube
    of 17.5 cm [4]_; all are multiplied by 17.5 cm over the length of the speaker's vocal tract.
    Mean pitch is 150 to 255 Hz (female) or 90 to 180 Hz (male), which holds the means in [3]_,
    223 and 132 Hz; vocal tracts are 13.4 to 15.7 cm or 16.0 to 18.8 cm long.

    References
    ----------
    .. [1] A. E. Rosenberg, "Effect of glottal pulse shape on the quality of natural vowels",
       Journal of the Acoustical Society of America 49, 583-590, 1971.
    .. [2] D. H. Klatt, "Software for a cascade/parallel formant synthesizer", Journal of the
       Acoustical Society of America 67, 971-995, 1980.
    .. [3] G. E. Peterson and H. L. Barney, "Control methods used in a study of the vowels",
       Journal of the Acoustical Society of America 24, 175-184, 1952.
    .. [4] G. Fant, "Acoustic Theory of Speech Production", Mouton, 1960.

    Examples
    --------
    >>> from skspec.datasets import make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> X.shape, X.dtype
    ((12, 16000), dtype('float32'))
    >>> [str(label) for label in y[:4]]
    ['female', 'male', 'female', 'male']
    >>> [str(name) for name in groups[:5]]
    ['speaker_00', 'speaker_01', 'speaker_02', 'speaker_03', 'speaker_00']
    """
    _check_sizes(n_clips, n_speakers, sr)
    _check_reals(duration_s, snr_db)
    seed = check_seed(random_state)
    speakers = [
        draw_speaker(np.random.default_rng([seed, SPEAKERS, index]), GENDERS[index % 2])
        for index in range(n_speakers)
    ]
    X = np.empty((n_clips, round(duration_s * sr)), dtype=np.float32)
    for index in range(n_clips):
        rng = np.random.default_rng([seed, CLIPS, index])
        X[index] = draw_clip(rng, speakers[index % n_speakers], sr, X.shape[1], snr_db)
    who = np.arange(n_clips) % n_speakers
    y = np.array([speaker.gender for speaker in speakers])[who]
    return X, y, np.array([f"speaker_{index:02d}" for index in range(n_speakers)])[who]


def _check_sizes(n_clips: object, n_speakers: object, sr: object) -> None:
    if not (_is_integer(n_clips) and n_clips > 0):
        raise ParameterError(f"Got n_clips={n_clips!r}, but expected an integer > 0.")
    if not (_is_integer(n_speakers) and n_speakers > 0 and n_speakers % 2 == 0):
        raise ParameterError(f"Got n_speakers={n_speakers!r}, but expected an even integer > 0.")
    if not (_is_integer(sr) and sr >= 4000):
        raise ParameterError(f"Got sr={sr!r}, but expected an integer >= 4000 (Hz).")


def _check_reals(duration_s: object, snr_db: object) -> None:
    if not (_is_finite(duration_s) and duration_s >= 0.1):
        raise ParameterError(f"Got duration_s={duration_s!r}, but expected a number >= 0.1 (s).")
    if not (snr_db is None or _is_finite(snr_db)):
        raise ParameterError(f"Got snr_db={snr_db!r}, but expected a finite number (dB) or None.")


def check_seed(random_state: object) -> int:
    """Give the seed of a `random_state`, or say what it may be."""
    if isinstance(random_state, RandomState | Generator) or random_state is None:
        return resolve_seed(random_state)
    if _is_integer(random_state) and random_state >= 0:
        return resolve_seed(int(random_state))
    raise ParameterError(
        f"Got random_state={random_state!r}, but expected an integer >= 0, a RandomState, "
        "a Generator or None."
    )


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
