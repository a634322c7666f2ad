"""Fitted steps of a Pipeline as functions of tensors, made of operations that ONNX has."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skspec import images, models
from skspec.exceptions import ExportError
from skspec.persistence._onnx_stft import Change, constant, make_amplitudes
from skspec.signal import CONSTANT, STFT
from skspec.signal import _torch_transforms as batched

# For each class of step, what makes a function of a fitted one.
Makers = Mapping[type, Callable[[Any], Change]]


def as_change(known: Makers, name: str, step: Any) -> Change:
    """Give a fitted step as a function, or an `ExportError` that names it."""
    try:
        if type(step) not in known:
            names = ", ".join(sorted(kind.__name__ for kind in known))
            raise ExportError(f"it cannot be exported, expected one of {names}.")
        return known[type(step)](step)
    except ExportError as error:
        raise ExportError(f"Step {name!r}, {type(step).__name__}: {error}") from error


def _bands(stft: STFT, matrix: Any, power: float = 2.0) -> Change:
    """Give the function from waveforms to sums of bins, (n, n_bands, n_frames)."""
    amplitudes, filters = make_amplitudes(stft, power), constant(matrix)
    return lambda waveforms: filters @ amplitudes(waveforms)


def _spectrogram(step: images.SpectrogramImage) -> Change:
    amplitudes, bins = make_amplitudes(step._make_stft(), step.power), step._get_bins()
    factors = constant(step._make_factors())[:, None]
    return lambda waveforms: step._scaled(amplitudes(waveforms)[:, bins] * factors)[:, None]


def _mel_spectrogram(step: images.MelSpectrogramImage) -> Change:
    bands = _bands(step._make_stft(), step._make_filters(), step.power)
    return lambda waveforms: step._scaled(bands(waveforms))[:, None]


def _multi_res_spectrogram(step: images.MultiResSpectrogram) -> Change:
    filters = step._make_filters()
    parts = [
        (_bands(stft, filters, step.power), batched.make_resizer(*step._make_weights(stft), "cpu"))
        for stft in step._make_stfts()
    ]

    def draw(waveforms: Tensor) -> Tensor:
        channels = [resized(bands(waveforms)) for bands, resized in parts]
        return step._scaled(torch.stack(channels, dim=1))

    return draw


def _mfcc(step: images.MFCCImage) -> Change:
    bands = _bands(step._make_stft(), step._make_filters())
    cosines = batched.cepstrum_matrix(
        step.n_mels,
        step.n_mfcc,
        "cpu",
        dct_type=step.dct_type,
        norm=step.norm,
        lifter=step.lifter,
    ).float()
    # Derivatives are linear in the frames, so what they make of the identity is their matrix.
    slopes = step._with_deltas(torch.eye(step.image_shape_[2])[None])[0, 1:]

    def draw(waveforms: Tensor) -> Tensor:
        levels = batched.to_decibels(
            bands(waveforms), ref=step.ref, amin=step.amin, top_db=step.top_db
        )
        coefficients = (cosines @ levels)[:, None]
        return torch.cat([coefficients, *(coefficients @ slope for slope in slopes)], dim=1)

    return draw


def _chroma(step: images.ChromaImage) -> Change:
    if step.tuning == "estimate":
        raise ExportError(
            "tuning='estimate' searches each clip for peaks, for which ONNX has no operation; "
            "with a number, such as tuning=0.0, it can be exported."
        )
    energies = _bands(step._make_stft(), step._make_filters(step.tuning))
    return lambda waveforms: batched.normalized_frames(energies(waveforms), step.norm)[:, None]


def _spectral_contrast(step: images.SpectralContrastImage) -> Change:
    if not step.linear:
        raise ExportError(
            "in decibels it looks up to 160 dB below its peaks, where sums of float32 are noise; "
            "with linear=True it can be exported."
        )
    amplitudes, bands = make_amplitudes(step._make_stft(), 1.0), step._make_bands()

    def draw(waveforms: Tensor) -> Tensor:
        peaks, valleys = batched.extremes(amplitudes(waveforms).mT, bands)
        return (peaks - valleys)[:, None]

    return draw


def _channel_stack(step: images.ChannelStack) -> Change:
    parts = [
        (as_change(DRAWERS, name, part), batched.make_resizer(*step._make_weights(part), "cpu"))
        for name, part in step.transformers_
    ]
    return lambda waveforms: torch.cat([resized(draw(waveforms)) for draw, resized in parts], 1)


def _on_demand(step: images.OnDemandImages) -> Change:
    return as_change(DRAWERS, "image", step.image_)


def _image_scaler(step: images.ImageScaler) -> Change:
    if step.mean_ is None:
        return _standardized
    mean, scale = constant(step.mean_), constant(step.scale_)
    return lambda values: (values - mean) / scale


def _standardized(values: Tensor) -> Tensor:
    """Give each image with zero mean and unit variance; in float32 a constant would not be 0."""
    exact = values.double()
    mean = exact.mean(dim=(1, 2, 3), keepdim=True)
    centred = exact - mean
    deviation = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    varies = deviation > CONSTANT * mean.abs()
    return torch.where(varies, centred / torch.where(varies, deviation, 1.0), 0.0).float()


def _zca_whitener(step: images.ZCAWhitener) -> Change:
    if step.mean_ is None or step.whitening_ is None:
        raise ExportError(
            "scope='image' needs the eigenvectors of every image, and ONNX has no "
            "eigendecomposition; with scope='dataset' it can be exported."
        )
    mean, matrix = batched.to_dense(step.mean_, "cpu"), batched.to_dense(step.whitening_, "cpu")
    return lambda values: (matrix @ (values.double() - mean)).float()


def _colormap(step: images.ColormapImage) -> Change:
    n_colours = step._get_colours().N
    # With a level below the map and one above, whose colours a map may have of its own.
    levels = (np.arange(-1, n_colours + 1) + 0.5) / n_colours
    plain = images.ColormapImage(step.cmap, channels=step.channels, vmin=0.0, vmax=1.0)
    table = constant(plain.fit_transform(levels[None, None, None])[0, :, 0].T)

    def colour(values: Tensor) -> Tensor:
        low, high = _colour_limits(values, step.vmin, step.vmax)
        shares = (values - low) / torch.where(high > low, high - low, 1.0)
        places = (shares * n_colours).floor().clamp(-1, n_colours)
        places = torch.where(shares == 1, n_colours - 1, places).long() + 1
        return table[places].movedim(-1, 2).flatten(1, 2)

    return colour


def _colour_limits(values: Tensor, vmin: float | None, vmax: float | None) -> tuple[Tensor, Tensor]:
    """Give the levels of the first and of the last colour, as `ColormapImage` does."""
    low = values.amin((2, 3), keepdim=True) if vmin is None else torch.tensor(vmin)
    high = values.amax((2, 3), keepdim=True) if vmax is None else torch.tensor(vmax)
    # Where all of an image lies beyond the one limit that is given, the other is past it.
    width = 1 + low.abs() + high.abs()
    if vmin is None:
        return torch.where(low <= high, low, high - width), high
    return low, torch.where(low <= high, high, low + width)


def _unchanged(step: images.Augmenter) -> Change:
    return lambda values: values


class Probabilities(nn.Module):
    """What a trained classifier makes of images, in float32."""

    def __init__(self, step: Any) -> None:
        super().__init__()
        self.network = copy.deepcopy(step.network_).cpu().float().eval()
        self.from_outputs = step.loss_.spec().probabilities

    def forward(self, values: Tensor) -> Tensor:
        """Give probabilities (n, n_classes) of images."""
        return self.from_outputs(self.network(values))


#: What the first step can be, those between, and the last.
DRAWERS: Makers = {
    images.ChannelStack: _channel_stack,
    images.ChromaImage: _chroma,
    images.MelSpectrogramImage: _mel_spectrogram,
    images.MFCCImage: _mfcc,
    images.MultiResSpectrogram: _multi_res_spectrogram,
    images.OnDemandImages: _on_demand,
    images.SpectralContrastImage: _spectral_contrast,
    images.SpectrogramImage: _spectrogram,
}
CHANGES: Makers = {
    images.Augmenter: _unchanged,
    images.ColormapImage: _colormap,
    images.ImageScaler: _image_scaler,
    images.ZCAWhitener: _zca_whitener,
}
CLASSIFIERS: Makers = {
    models.LSTMClassifier: Probabilities,
    models.PretrainedCNNClassifier: Probabilities,
    models.SmallCNNClassifier: Probabilities,
}


class Chain(nn.Module):
    """All steps of a Pipeline, and as `facts` what one must know to use it."""

    def __init__(self, steps: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        first, *between, last = steps
        draw = as_change(DRAWERS, *first)
        self.changes = [draw, *(as_change(CHANGES, *step) for step in between)]
        self.classify = as_change(CLASSIFIERS, *last)
        front = getattr(first[1], "image_", first[1])  # of images that are made on demand
        self.facts = {
            "classes": last[1].classes_.tolist(),
            "sr": front.sr,
            "n_timepoints": front.n_timepoints_,
        }

    def forward(self, values: Tensor) -> Tensor:
        """Give probabilities (n, n_classes) of waveforms (n, n_timepoints)."""
        for change in self.changes:
            values = change(values)
        return self.classify(values)
