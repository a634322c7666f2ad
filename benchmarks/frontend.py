"""What a picture of sound costs on one core, beside the alternatives.

For each representation: ours (the whole ``transform``, validation included), librosa or matplotlib
clip by clip, and for log-mel also plain ``torch.stft``, nnAudio and kaldi-native-fbank. The unit is
the bare scipy rFFT of the same frames, contiguous and ready: nothing that computes a spectrum by
scipy can be below it. All take turns, round after round, in one process on one thread.

Clips are noise with a floor, 3 s at 16 kHz, n_fft 1024, hop 256, 128 mels.

    OMP_NUM_THREADS=1 python benchmarks/frontend.py
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import kaldi_native_fbank
import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
from _result import spread, timed, write_result
from matplotlib import mlab
from nnAudio.features import MelSpectrogram
from numpy.lib.stride_tricks import sliding_window_view

from skspec import (
    ChromaImage,
    MelSpectrogramImage,
    MFCCImage,
    SpectralContrastImage,
    SpectrogramImage,
)

SR, N_FFT, HOP, N_MELS = 16_000, 1024, 256, 128
FRAMES = {"sr": SR, "n_fft": N_FFT, "hop_length": HOP}

#: Largest multiple of the bare rFFT, and smallest gain over the per-clip reference.
LIMITS = {
    "log_mel": {"rfft": 2.5, "reference": 2.5},
    "mfcc": {"rfft": 2.8},
    "amplitude": {"rfft": 2.0},
    "chroma": {"reference": 3.0},
    "specgram": {"reference": 3.0},
    "contrast": {"reference": 1.0},
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
    return lambda: [scipy.fft.rfft(clip, axis=-1) for clip in frames]


def ours(transformer: Any, clips: np.ndarray) -> Callable[[], Any]:
    """Give the fitted transformer's whole transform."""
    fitted = transformer.fit(clips)
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


def systems(clips: np.ndarray) -> dict[str, dict[str, Callable[[], Any]]]:
    """Give, for each representation, ours and what it is compared with."""

    def mfcc(clip: np.ndarray) -> Any:
        return librosa.feature.mfcc(y=clip, n_mfcc=20, n_mels=N_MELS, **FRAMES)

    def amplitude(clip: np.ndarray) -> Any:
        return np.abs(librosa.stft(clip, n_fft=N_FFT, hop_length=HOP))

    def specgram(clip: np.ndarray) -> Any:
        return mlab.specgram(
            clip, NFFT=N_FFT, Fs=SR, noverlap=N_FFT - HOP, window=np.hamming(N_FFT)
        )

    def chroma(clip: np.ndarray) -> Any:
        return librosa.feature.chroma_stft(y=clip, tuning=0.0, **FRAMES)

    def contrast(clip: np.ndarray) -> Any:
        return librosa.feature.spectral_contrast(y=clip, **FRAMES)

    return {
        "log_mel": {
            "ours": ours(MelSpectrogramImage(n_mels=N_MELS, **FRAMES), clips),
            "reference": per_clip(librosa_log_mel, clips),
            "torch_stft": torch_log_mel(clips),
            "nnaudio": nnaudio_log_mel(clips),
            "kaldi_native_fbank": per_clip(kaldi_log_mel, clips),
        },
        "mfcc": {
            "ours": ours(MFCCImage(n_mfcc=20, n_mels=N_MELS, **FRAMES), clips),
            "reference": per_clip(mfcc, clips),
        },
        "amplitude": {
            "ours": ours(SpectrogramImage(power=1.0, scale="linear", **FRAMES), clips),
            "reference": per_clip(amplitude, clips),
        },
        "specgram": {
            "ours": ours(
                SpectrogramImage(
                    scale="linear", window="hamming", center=False, scaling="density", **FRAMES
                ),
                clips,
            ),
            "reference": per_clip(specgram, clips),
        },
        "chroma": {
            "ours": ours(ChromaImage(tuning=0.0, **FRAMES), clips),
            "reference": per_clip(chroma, clips),
        },
        "contrast": {
            "ours": ours(SpectralContrastImage(**FRAMES), clips),
            "reference": per_clip(contrast, clips),
        },
    }


def main() -> None:
    """Take turns, and write results/frontend.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("Set OMP_NUM_THREADS=1: the figures are for one core.")
    torch.set_num_threads(1)
    clips = make_clips(given.clips)
    floor, groups = bare_rfft(clips), systems(clips)
    runs: dict[tuple[str, str], list[float]] = {}
    floors: dict[str, list[float]] = {name: [] for name in groups}
    for round_number in range(given.rounds + 1):
        for name, group in groups.items():
            before = timed(floor)
            rows = {system: timed(function) for system, function in group.items()}
            if round_number == 0:
                continue  # warms up
            floors[name].append((before + timed(floor)) / 2)
            for system, seconds in rows.items():
                runs.setdefault((name, system), []).append(seconds)
    figures = {name: _figures(name, runs, floors[name], given.clips) for name in groups}
    write_result("frontend", {"clips": given.clips, "rounds": given.rounds, **figures})


def _figures(
    name: str, runs: dict[tuple[str, str], list[float]], floor: list[float], n_clips: int
) -> dict[str, Any]:
    mine = np.array(runs[name, "ours"])
    rows: dict[str, Any] = {"limits": LIMITS[name]}
    rows["bare_rfft_ms_per_clip"] = spread(1000 * np.array(floor) / n_clips)
    rows["ours_ms_per_clip"] = spread(1000 * mine / n_clips)
    rows["ours_over_bare_rfft"] = spread(mine / np.array(floor))
    for (group, system), seconds in runs.items():
        if group == name and system != "ours":
            rows[f"{system}_over_ours"] = spread(np.array(seconds) / mine)
    return rows


if __name__ == "__main__":
    main()
