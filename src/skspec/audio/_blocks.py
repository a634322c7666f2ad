"""A batch of waveforms, a block at a time, whatever form the batch has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from skspec._progress import progress_bar
from skspec._validation import AnyPath, Waveforms, holds_paths
from skspec.audio._reading import read_audio
from skspec.exceptions import AudioReadError

Block = Sequence[NDArray[np.floating[Any]]] | NDArray[np.floating[Any]]


def iter_blocks(
    clips: Waveforms, sr: float, *, block_size: int = 16
) -> Iterator[tuple[int, Block]]:
    """Yield blocks of waveforms; files are decoded while the block before them is in use.

    Parameters
    ----------
    clips : ndarray (n_clips, n_timepoints), list of 1-D ndarrays, or list of paths
        As `check_waveforms` gives them.
    sr : float > 0
        Rate in Hz that files are resampled to.
    block_size : int > 0, default=16
        Clips in a block; at most two blocks of decoded files are in memory.

    Yields
    ------
    start : int
        Position of the block's first clip in the batch.
    block : sequence of ndarrays (n_timepoints,)
        The waveforms; views where the batch holds arrays.

    Raises
    ------
    AudioReadError
        A file cannot be read; its `index` is the position in the batch.
    """
    if holds_paths(clips):
        yield from _decoded_ahead(clips, sr, block_size)
        return
    for start in range(0, len(clips), block_size):
        yield start, cast(Block, clips[start : start + block_size])


def iter_clips(
    clips: Waveforms, sr: float, *, label: str, verbose: int
) -> Iterator[NDArray[np.floating[Any]]]:
    """Yield the waveforms of `iter_blocks` one by one, with a progress bar where `verbose` says."""
    with progress_bar(len(clips), label, verbose=verbose, unit="clip") as bar:
        for _, block in iter_blocks(clips, sr):
            yield from block
            bar.update(len(block))


def read_clip(clips: Waveforms, sr: float, index: int) -> NDArray[np.floating[Any]]:
    """Give one waveform of a batch; a file is decoded and resampled to `sr`."""
    if holds_paths(clips):
        return _read_clip(clips[index], sr, index)
    return cast(NDArray[np.floating[Any]], clips[index])


def _decoded_ahead(paths: list[AnyPath], sr: float, block_size: int) -> Iterator[tuple[int, Block]]:
    starts = range(0, len(paths), block_size)
    with ThreadPoolExecutor(1, thread_name_prefix="skspec-read") as pool:
        coming = pool.submit(_read_block, paths, sr, slice(0, block_size))
        for start in starts:
            block = coming.result()
            ahead = start + block_size
            if ahead < len(paths):
                coming = pool.submit(_read_block, paths, sr, slice(ahead, ahead + block_size))
            yield start, block


def _read_block(paths: list[AnyPath], sr: float, rows: slice) -> list[NDArray[np.float32]]:
    return [_read_clip(path, sr, i) for i, path in enumerate(paths[rows], rows.start)]


def _read_clip(path: AnyPath, sr: float, index: int) -> NDArray[np.float32]:
    try:
        return read_audio(path, sr)[0]
    except AudioReadError as error:
        raise AudioReadError(path, error.reason, error.remedy, index) from error
