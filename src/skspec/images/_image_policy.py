"""`ImagePolicy`: what an `Augmenter` draws, as a pure function of (epoch, clip index)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skspec._seeding import generator_at

#: (mirrored along time, mirrored along frequency); both is the rotation by 180 degrees.
Flip = tuple[bool, bool]


@dataclass(frozen=True)
class ImagePolicy:
    """The settings of an `Augmenter` with its seed: see there."""

    time_mask: int
    freq_mask: int
    n_time_masks: int
    n_freq_masks: int
    fill: str | float
    time_flip: float
    freq_flip: float
    rotate_180: float
    time_shift: int
    gain: float
    noise: float
    mixup: float
    cutmix: float
    seed: int

    def __call__(self, images: NDArray[Any], indices: NDArray[np.intp], epoch: int) -> NDArray[Any]:
        """Give changed copies of the images, one draw for each."""
        changed = images.copy()
        for image, index in zip(changed, indices, strict=True):
            self._change(image, generator_at(self.seed, "augment", epoch, int(index)))
        return changed

    def _change(self, image: NDArray[Any], draw: np.random.Generator) -> None:
        """Change one image (n_channels, n_bins, n_frames) in place."""
        # All numbers are drawn before any is used: a setting never shifts the draws of another.
        chances = draw.random(3)
        places = draw.random((max(self.n_time_masks, self.n_freq_masks), 4))
        shift, gain = draw.uniform(-1, 1, size=2)
        _flip(image, self._drawn_flip(chances))
        fill, spread = self._fill_value(image), image.std()
        _shift(image, round(shift * min(self.time_shift, image.shape[2])), fill)
        if self.gain:
            image += gain * self.gain
        if self.noise:
            noise = draw.standard_normal(image.shape, dtype=np.float32)
            image += (self.noise * spread) * noise
        for place in places[: self.n_time_masks, :2]:
            image[:, :, _span(place, self.time_mask, image.shape[2])] = fill
        for place in places[: self.n_freq_masks, 2:]:
            image[:, _span(place, self.freq_mask, image.shape[1]), :] = fill

    def _drawn_flip(self, chances: NDArray[np.float64]) -> Flip:
        turned, time, freq = chances < (self.rotate_180, self.time_flip, self.freq_flip)
        return bool(turned != time), bool(turned != freq)

    def _fill_value(self, image: NDArray[Any]) -> float:
        if self.fill == "min":
            return image.min()
        return image.mean() if self.fill == "mean" else float(self.fill)

    @property
    def mixes(self) -> bool:
        """Whether images, and their labels, are mixed with those of other clips."""
        return self.mixup > 0 or self.cutmix > 0

    def mix(
        self,
        images: NDArray[Any],
        others: NDArray[Any],
        indices: NDArray[np.intp],
        epoch: int,
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Mix each image with another; give the mixtures and each first image's share."""
        mixed, shares = images.copy(), np.ones(len(images))
        for i, index in enumerate(indices):
            draw = generator_at(self.seed, "mix", epoch, int(index))
            by_area = draw.random() < (0.5 if self.mixup > 0 else 1.0) and self.cutmix > 0
            alpha = self.cutmix if by_area else self.mixup
            share = draw.beta(alpha, alpha)
            if by_area:
                shares[i] = _paste(mixed[i], others[i], share, draw.random(2))
            else:
                shares[i] = share
                mixed[i] = share * images[i] + (1 - share) * others[i]
        return mixed, shares

    @property
    def is_finite(self) -> bool:
        """Whether only flips and rotation are drawn, so that all versions can be listed."""
        masks = self.time_mask * self.n_time_masks + self.freq_mask * self.n_freq_masks
        return not (masks or self.time_shift or self.gain or self.noise or self.mixes)

    def flips(self) -> list[Flip]:
        """Give the flips that have a chance to be drawn, in a fixed order."""
        chances = (self.rotate_180, self.time_flip, self.freq_flip)
        outcomes = [[False] * (chance < 1) + [True] * (chance > 0) for chance in chances]
        turned, time, freq = outcomes
        return sorted({(r != t, r != f) for r in turned for t in time for f in freq})

    def drawn_flips(self, indices: NDArray[np.intp], epoch: int) -> NDArray[np.bool_]:
        """Give the flip that an epoch draws for each clip, (n_clips, 2)."""
        draws = [generator_at(self.seed, "augment", epoch, int(i)).random(3) for i in indices]
        flips = [self._drawn_flip(chances) for chances in draws]
        return np.array(flips, dtype=bool).reshape(-1, 2)

    def variants(self, images: NDArray[Any]) -> NDArray[Any]:
        """Give every version of every image, (n_versions, n_clips, ...), in `flips` order."""
        versions = np.stack([images] * len(self.flips()))
        for version, flip in zip(versions, self.flips(), strict=True):
            for image in version:
                _flip(image, flip)
        return versions


def _flip(image: NDArray[Any], flip: Flip) -> None:
    if flip[0]:
        image[:] = image[:, :, ::-1]
    if flip[1]:
        image[:] = image[:, ::-1, :]


def _shift(image: NDArray[Any], n_frames: int, fill: float) -> None:
    """Move the image along time, later for positive; what becomes free is filled."""
    if n_frames == 0:
        return
    image[:] = np.roll(image, n_frames, axis=2)
    image[:, :, slice(0, n_frames) if n_frames > 0 else slice(n_frames, None)] = fill


def _span(place: NDArray[np.float64], widest: int, length: int) -> slice:
    """Give where a mask lies: its width uniform in 0..widest, its start wherever it fits."""
    width = int(place[0] * (min(widest, length) + 1))
    start = int(place[1] * (length - width + 1))
    return slice(start, start + width)


def _paste(
    image: NDArray[Any], other: NDArray[Any], share: float, place: NDArray[np.float64]
) -> float:
    """Put a rectangle of `other` into `image`; give the share of `image` that is left."""
    n_bins, n_frames = image.shape[1:]
    height, width = (round(np.sqrt(1 - share) * length) for length in (n_bins, n_frames))
    top, left = int(place[0] * (n_bins - height + 1)), int(place[1] * (n_frames - width + 1))
    area = (slice(None), slice(top, top + height), slice(left, left + width))
    image[area] = other[area]
    return 1.0 - height * width / (n_bins * n_frames)
