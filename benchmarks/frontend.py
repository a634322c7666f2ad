"""What a picture of sound costs on one core, beside the alternatives, and what a second one brings.

For each representation: ours (the whole ``transform``, validation included), librosa or matplotlib
clip by clip, and for log-mel also plain ``torch.stft``, nnAudio and kaldi-native-fbank. The unit is
the bare scipy rFFT of the same frames, contiguous and ready, each result dropped at once: nothing
that computes a spectrum by scipy can be below it. AcousticFunctionals stands beside a plain librosa
loop over the same descriptors. All take turns, round after round, in one process on one thread.
Each is called twice in a row and the faster call counts, so that none finds the caches as another
left them.

Then the same transformers on more clips with one job and with two, in turns as well. Their floor is
the bare rFFT in two threads, which also write an image of the same size to new memory: the system
hands out and clears new pages one thread at a time, which no transformer can share out.

Clips are noise with a floor, 3 s at 16 kHz, n_fft 1024, hop 256, 128 mels.

    OMP_NUM_THREADS=1 python benchmarks/frontend.py
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import kaldi_native_fbank
import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
from _result import faster, spread, write_result
from matplotlib import mlab
from nnAudio.features import MelSpectrogram
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone

from skspec import (
    AcousticFunctionals,
    ChromaImage,
    MelSpectrogramImage,
    MFCCImage,
    SpectralContrastImage,
    SpectrogramImage,
)

SR, N_FFT, HOP, N_MELS = 16_000, 1024, 256, 128
FRAMES = {"sr": SR, "n_fft": N_FFT, "hop_length": HOP}

#: Largest multiple of the bare rFFT, smallest gain over the per-clip reference and by a second job.
LIMITS = {
    "log_mel": {"rfft": 2.5, "reference": 2.5, "two_jobs": 1.7},
    "mfcc": {"rfft": 2.8, "two_jobs": 1.7},
    "amplitude": {"rfft": 2.0, "two_jobs": 1.7},
    "chroma": {"reference": 3.0, "two_jobs": 1.7},
    "specgram": {"reference": 3.0, "two_jobs": 1.7},
    "contrast": {"reference": 1.0, "two_jobs": 1.7},
    "acoustic_functionals": {},
}

TRANSFORMERS = {
    "log_mel": MelSpectrogramImage(n_mels=N_MELS, **FRAMES),
    "mfcc": MFCCImage(n_mfcc=20, n_mels=N_MELS, **FRAMES),
    "amplitude": SpectrogramImage(power=1.0, scale="linear", **FRAMES),
    "specgram": SpectrogramImage(
        scale="linear", window="hamming", center=False, scaling="density", **FRAMES
    ),
    "chroma": ChromaImage(tuning=0.0, **FRAMES),
    "contrast": SpectralContrastImage(**FRAMES),
    "acoustic_functionals": AcousticFunctionals(n_mels=N_MELS, **FRAMES),
}


def make_clips(n_clips: int) -> np.ndarray:
    """Give coloured noise over a white floor, peak below 1."""
    rng = np.random.default_rng(0)
    white = rng.standard_normal((n_clips, 3 * SR), dtype=np.float32)
    clips = np.cumsum(white, axis=1, dtype=np.float32)
    clips -= clips.mean(axis=1, keepdims=True)
    clips = clips / np.abs(clips).max(axis=1, keepdims=True) + 0.01 * white
    return (0.5 * clips).astype(np.float32)


def bare_rfft(clips: np.ndarray) -> Callable[[], Any]:
    """Give the floor: the FFT alone, frames windowed and laid out beforehand."""
    padded = np.pad(clips, ((0, 0), (N_FFT // 2, N_FFT // 2)))
    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    frames = [
        np.ascontiguousarray(sliding_window_view(clip, N_FFT)[::HOP] * window) for clip in padded
    ]

    def run() -> None:
        for clip in frames:
            scipy.fft.rfft(clip, axis=-1)

    return run


def ours(name: str, clips: np.ndarray, n_jobs: int = 1) -> Callable[[], Any]:
    """Give the fitted transformer's whole transform."""
    fitted = clone(TRANSFORMERS[name]).set_params(n_jobs=n_jobs).fit(clips)
    return lambda: fitted.transform(clips)


def per_clip(function: Callable[[np.ndarray], Any], clips: np.ndarray) -> Callable[[], Any]:
    """Give a loop over clips."""
    return lambda: [function(clip) for clip in clips]


def librosa_log_mel(clip: np.ndarray) -> np.ndarray:
    power = librosa.feature.melspectrogram(y=clip, n_mels=N_MELS, **FRAMES)
    return librosa.power_to_db(power, ref=np.max)


def torch_log_mel(clips: np.ndarray) -> Callable[[], Any]:
    """Give the same by torch.stft over the whole batch."""
    waveforms = torch.from_numpy(clips)
    window = torch.hann_window(N_FFT)
    filters = torch.from_numpy(librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=N_MELS))

    def run() -> torch.Tensor:
        spectrum = torch.stft(
            waveforms, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True
        )
        power = filters @ spectrum.abs().square()
        decibel = 10 * power.clamp_min(1e-10).log10()
        return decibel - decibel.amax(dim=(1, 2), keepdim=True)

    return run


def nnaudio_log_mel(clips: np.ndarray) -> Callable[[], Any]:
    """Give the same by nnAudio, as its documentation uses it."""
    layer = MelSpectrogram(sr=SR, n_fft=N_FFT, hop_length=HOP, n_mels=N_MELS, verbose=False)
    waveforms = torch.from_numpy(clips)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            return 10 * layer(waveforms).clamp_min(1e-10).log10()

    return run


def kaldi_log_mel(clip: np.ndarray) -> np.ndarray:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = SR
    options.frame_opts.frame_length_ms = 1000 * N_FFT / SR
    options.frame_opts.frame_shift_ms = 1000 * HOP / SR
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = N_MELS
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(SR, clip)
    bank.input_finished()
    return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])


def mfcc(clip: np.ndarray) -> np.ndarray:
    return librosa.feature.mfcc(y=clip, n_mfcc=20, n_mels=N_MELS, **FRAMES)


def amplitude(clip: np.ndarray) -> np.ndarray:
    return np.abs(librosa.stft(clip, n_fft=N_FFT, hop_length=HOP))


def specgram(clip: np.ndarray) -> Any:
    return mlab.specgram(clip, NFFT=N_FFT, Fs=SR, noverlap=N_FFT - HOP, window=np.hamming(N_FFT))


def chroma(clip: np.ndarray) -> np.ndarray:
    return librosa.feature.chroma_stft(y=clip, tuning=0.0, **FRAMES)


def contrast(clip: np.ndarray) -> np.ndarray:
    return librosa.feature.spectral_contrast(y=clip, **FRAMES)


def librosa_functionals(clip: np.ndarray) -> np.ndarray:
    """Give the descriptors of AcousticFunctionals, each by its own call, and its statistics."""
    feature = librosa.feature
    coefficients = mfcc(clip)
    rows = [
        feature.rms(y=clip, frame_length=N_FFT, hop_length=HOP),
        feature.zero_crossing_rate(clip, frame_length=N_FFT, hop_length=HOP),
        coefficients,
        feature.delta(coefficients),
        feature.spectral_centroid(y=clip, **FRAMES),
        feature.spectral_bandwidth(y=clip, **FRAMES),
        feature.spectral_rolloff(y=clip, **FRAMES),
        feature.spectral_flatness(y=clip, n_fft=N_FFT, hop_length=HOP),
        contrast(clip),
        chroma(clip),
        librosa.yin(clip, fmin=65, fmax=1000, sr=SR, frame_length=1024, hop_length=HOP)[None],
    ]
    values = np.vstack(rows)
    statistics = np.mean, np.std, np.min, np.median, np.max
    return np.concatenate([statistic(values, axis=1) for statistic in statistics])


REFERENCES = {
    "log_mel": librosa_log_mel,
    "mfcc": mfcc,
    "amplitude": amplitude,
    "specgram": specgram,
    "chroma": chroma,
    "contrast": contrast,
    "acoustic_functionals": librosa_functionals,
}


def systems(clips: np.ndarray) -> dict[str, dict[str, Callable[[], Any]]]:
    """Give, for each representation, ours and what it is compared with."""
    groups = {
        name: {"ours": ours(name, clips), "reference": per_clip(reference, clips)}
        for name, reference in REFERENCES.items()
    }
    groups["log_mel"] |= {
        "torch_stft": torch_log_mel(clips),
        "nnaudio": nnaudio_log_mel(clips),
        "kaldi_native_fbank": per_clip(kaldi_log_mel, clips),
    }
    return groups


def measure_one_core(clips: np.ndarray, rounds: int) -> dict[str, dict[str, Any]]:
    """Let all systems take turns."""
    floor, groups = bare_rfft(clips), systems(clips)
    rows: dict[str, dict[str, list[float]]] = {
        name: {"floor": [], **{system: [] for system in group}} for name, group in groups.items()
    }
    for _ in range(rounds):
        for name, group in groups.items():
            before = faster(floor)
            for system, function in group.items():
                rows[name][system].append(faster(function))
            rows[name]["floor"].append((before + faster(floor)) / 2)
    return {name: _one_core_figures(seconds, len(clips)) for name, seconds in rows.items()}


def _one_core_figures(rows: dict[str, list[float]], n_clips: int) -> dict[str, Any]:
    seconds = {system: np.array(values) for system, values in rows.items()}
    floor, mine = seconds.pop("floor"), seconds.pop("ours")
    return {
        "bare_rfft_ms_per_clip": spread(1000 * floor / n_clips),
        "ours_ms_per_clip": spread(1000 * mine / n_clips),
        "ours_over_bare_rfft": spread(mine / floor),
        **{f"{system}_over_ours": spread(values / mine) for system, values in seconds.items()},
    }


def measure_two_jobs(clips: np.ndarray, rounds: int) -> dict[str, dict[str, Any]]:
    """Give what a second job brings each transformer, and a second thread the floor."""
    halves = [bare_rfft(half) for half in np.array_split(clips, 2)]
    pairs = {name: [ours(name, clips, n_jobs) for n_jobs in (1, 2)] for name in TRANSFORMERS}
    shapes = {name: one()[0].shape for name, (one, _) in pairs.items()}
    gains: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in pairs}
    with ThreadPoolExecutor(2) as pool:

        def floor(call: Callable[..., Any], shape: tuple[int, ...], *, writing: bool) -> None:
            """Run both halves by `call`, with images of memory that is new each time."""
            images = np.array_split(np.empty((len(clips), *shape), np.float32), 2)
            tasks = zip(halves, images, strict=True)
            list(call(lambda task: _rfft_and_write(*task, writing=writing), tasks))

        for _ in range(rounds):
            for name, (one, two) in pairs.items():
                gain = gains[name]
                gain["one_job_over_two_jobs"].append(faster(one) / faster(two))
                for key, writing in (("bare_rfft", False), ("bare_rfft_and_new_images", True)):
                    floors = partial(floor, shape=shapes[name], writing=writing)
                    alone, both = faster(partial(floors, map)), faster(partial(floors, pool.map))
                    gain[f"{key}_one_thread_over_two"].append(alone / both)
    return {name: {key: spread(v) for key, v in gain.items()} for name, gain in gains.items()}


def _rfft_and_write(rfft: Callable[[], Any], images: np.ndarray, *, writing: bool) -> None:
    rfft()
    if writing:
        images[:] = 1


def main() -> None:
    """Measure, and write results/frontend.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--clips-of-two-jobs", type=int, default=400)
    given = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("Set OMP_NUM_THREADS=1: the figures are for one core, or one a job.")
    torch.set_num_threads(1)
    one_core = measure_one_core(make_clips(given.clips), given.rounds)
    two_jobs = measure_two_jobs(make_clips(given.clips_of_two_jobs), given.rounds)
    figures = {
        name: {"limits": limits, **one_core[name], **two_jobs[name]}
        for name, limits in LIMITS.items()
    }
    write_result("frontend", {**vars(given), **figures})


if __name__ == "__main__":
    main()
