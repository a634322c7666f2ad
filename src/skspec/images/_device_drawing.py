"""Where images are drawn: on the CPU a few clips at a time, or on a torch device many at once.

torch is imported only where a parameter `device` asks for another than "cpu".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skspec._jobs import cut, share_out

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Drawer = Callable[["Tensor"], "Tensor"]

# Of waveforms that are read before they are drawn, and how many at most. A device needs less to
# be busy, but several threads that read need some files each.
BLOCK_SAMPLES = 2**22
BLOCK_CLIPS = 256


class Drawing(Protocol):
    """What a transformer has to be able to do."""

    n_timepoints_: int
    n_jobs: int | None

    def _make_drawer(self, device: torch.device) -> Drawer: ...


def check_device(device: str) -> None:
    """Check the parameter `device`: it must name a device that this machine has."""
    if device == "cpu":
        return
    from skspec.nn._device import resolve_device

    resolve_device(device)


def find_device(device: str) -> torch.device | None:
    """Give the CUDA device of the parameter `device`, or None for the CPU.

    Where there is no CUDA, a transformer that was fitted with it draws on the CPU.
    """
    if device == "cpu":
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    from skspec.nn._device import resolve_device

    found = resolve_device(device)
    return None if found.type == "cpu" else found


def row_blocks(n_clips: int, n_timepoints: int) -> list[range]:
    """Cut the rows of a batch into blocks that are read and drawn at once."""
    size = max(1, min(BLOCK_CLIPS, BLOCK_SAMPLES // n_timepoints))
    return cut(n_clips, size)


def draw_rows(
    transformer: Drawing,
    read: Callable[[int], NDArray[np.float32]],
    rows: Sequence[int],
    device: torch.device,
) -> Tensor:
    """Read the waveforms of some rows, on `n_jobs` threads, and draw all their images at once.

    Parameters
    ----------
    transformer : WaveformImageTransformer
        Fitted.
    read : callable
        Gives the waveform (n_timepoints,) of a row.
    rows : sequence of int
        Which ones.
    device : torch.device
        Where the images are drawn, and stay.

    Returns
    -------
    Tensor (n_rows, n_channels, n_bins, n_frames) of float32
    """
    import torch

    from skspec.signal._torch_transforms import draw_in_blocks

    waveforms = np.empty((len(rows), transformer.n_timepoints_), np.float32)

    def make_worker() -> Callable[[int], Any]:
        def work(i: int) -> None:
            waveforms[i] = read(rows[i])

        return work

    share_out(make_worker, len(rows), n_jobs=transformer.n_jobs)
    draw = transformer._make_drawer(device)
    return draw_in_blocks(draw, torch.from_numpy(waveforms).to(device))
