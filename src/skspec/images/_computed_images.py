"""`ComputedImages`: an array of images that does not exist until rows of it are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skspec._jobs import cut, share_out
from skspec._validation import Waveforms
from skspec.audio import read_clip
from skspec.images._base import Images, WaveformImageTransformer
from skspec.images._device_drawing import draw_rows, find_device
from skspec.images._waveform_policy import WaveformPolicy
from skspec.signal import fix_length


class ComputedImages:
    """The images of clips, made each time anew from paths or waveforms.

    Row selection gives such an object again; `compute`, or turning it into an array, makes the
    images. An `ImageBatch` of it needs no more memory than one batch of images.

    Parameters
    ----------
    transformer : WaveformImageTransformer
        Fitted.
    clips : ndarray, list of ndarrays or list of paths
        As `check_waveforms` gives them.
    policy : WaveformPolicy, default=None
        Drawn on waveforms before the image is made, in training.
    rows : ndarray of int, default=None
        Which clips; None is all.
    """

    ndim = 4
    stays_on_device = False

    def __init__(
        self,
        transformer: WaveformImageTransformer,
        clips: Waveforms,
        policy: WaveformPolicy | None = None,
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        self.transformer = transformer
        self.clips = clips
        self.policy = policy
        self.rows = np.arange(len(clips)) if rows is None else rows
        self.shape = (len(self.rows), *transformer.image_shape_)
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"ComputedImages(shape={self.shape}, transformer={self.transformer!r})"

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, tuple):
            rest = tuple(r for r in rows[1:] if r is not Ellipsis)
            return self[rows[0]] if not rest else np.asarray(self[rows[0]])[(slice(None), *rest)]
        chosen = self.rows[rows]
        if np.ndim(chosen) == 0:
            return self.compute([int(rows)])[0]
        return ComputedImages(self.transformer, self.clips, self.policy, chosen)

    def __iter__(self) -> Iterator[Images]:
        return (self.compute([i])[0] for i in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.compute(np.arange(len(self))).astype(dtype or self.dtype, copy=False)

    def without_policy(self) -> ComputedImages:
        """Give the same images, with nothing drawn on their waveforms."""
        return ComputedImages(self.transformer, self.clips, None, self.rows)

    def on_device(self) -> ComputedImages:
        """Give the same images, which `compute` leaves on the transformer's device as tensors."""
        kept = ComputedImages(self.transformer, self.clips, self.policy, self.rows)
        kept.stays_on_device = True
        return kept

    def compute(self, positions: ArrayLike, epoch: int | None = None) -> Any:
        """Make the images at some positions; with an epoch, of waveforms as it draws them."""
        rows = self.rows[np.asarray(positions, dtype=np.intp)]
        if (device := find_device(self.transformer.device)) is not None:
            read = partial(self._waveform, epoch=epoch)
            drawn = draw_rows(self.transformer, read, rows.tolist(), device)
            return drawn if self.stays_on_device else drawn.cpu().numpy()
        images = np.empty((len(rows), *self.shape[1:]), dtype=np.float32)
        runs = cut(len(rows), self.transformer._count_painted_at_once())

        def make_worker() -> Callable[[int], None]:
            paint = self.transformer._make_painter()

            def work(k: int) -> None:
                chosen = slice(runs[k].start, runs[k].stop)
                waveforms = [self._waveform(row, epoch) for row in rows[chosen].tolist()]
                paint(waveforms, images[chosen])

            return work

        share_out(make_worker, len(runs), n_jobs=self.transformer.n_jobs)
        return images

    def _waveform(self, row: int, epoch: int | None) -> NDArray[np.float32]:
        waveform = read_clip(self.clips, self.transformer.sr, row)
        if epoch is not None and self.policy is not None and self.policy.changes:
            changed = self.policy(waveform, row, epoch)
            waveform = fix_length(changed, len(waveform))  # speed has changed it
        return self.transformer._fix_length(waveform, row, self.clips)
