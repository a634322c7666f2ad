"""A batch of waveforms, a block at a time, whatever form the batch has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from skspec._jobs import count_jobs, cut, share_out
from skspec._progress import progress_bar
from skspec._validation import AnyPath, Waveforms, holds_paths
from skspec.audio._reading import read_audio
from skspec.exceptions import AudioReadError

Clip = NDArray[np.floating[Any]]
Block = Sequence[Clip] | Clip


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
        A file cannot be read; its `index` is the position in the batch. What stands before it
        has come out by then.
    """
    if holds_paths(clips):
        yield from _decoded_ahead(clips, sr, block_size)
        return
    for start in range(0, len(clips), block_size):
        yield start, cast(Block, clips[start : start + block_size])


def iter_clips(clips: Waveforms, sr: float, *, label: str, verbose: int) -> Iterator[Clip]:
    """Yield the waveforms of `iter_blocks` one by one, with a progress bar where `verbose` says."""
    with progress_bar(len(clips), label, verbose=verbose, unit="clip") as bar:
        for _, block in iter_blocks(clips, sr):
            yield from block
            bar.update(len(block))


def for_each_block(
    make_worker: Callable[[], Callable[[int, Iterable[Clip]], None]],
    clips: Waveforms,
    sr: float,
    *,
    block_size: int = 1,
    n_jobs: int | None,
    label: str,
    verbose: int,
) -> None:
    """Do something with all waveforms of a batch, some at a time, on one thread or several.

    Parameters
    ----------
    make_worker : callable
        Gives what is called with the position of a block's first clip and the block's waveforms,
        which may be decoded only while it goes through them. Each thread has its own.
    clips : ndarray (n_clips, n_timepoints), list of 1-D ndarrays, or list of paths
        As `check_waveforms` gives them.
    sr : float > 0
        Rate in Hz that files are resampled to.
    block_size : int > 0, default=1
        Clips in a block at most.
    n_jobs : int or None
        Threads, as `count_jobs` understands it. Each of several decodes its own files.
    label : str
        What the progress bar is called.
    verbose : int
        Whether there is one.

    Raises
    ------
    Exception
        That of the first clip that fails, whatever `n_jobs`.
    """
    with progress_bar(len(clips), label, verbose=verbose, unit="clip") as bar:
        if count_jobs(n_jobs) == 1:
            work = make_worker()
            for start, block in iter_blocks(clips, sr):
                for run in cut(len(block), block_size):
                    work(start + run.start, block[run.start : run.stop])
                    bar.update(len(run))
            return
        runs = cut(len(clips), block_size)

        def make_reader() -> Callable[[int], None]:
            work = make_worker()
            return lambda k: work(runs[k].start, (read_clip(clips, sr, i) for i in runs[k]))

        def update(done: range) -> None:
            bar.update(sum(len(runs[k]) for k in done))

        share_out(make_reader, len(runs), n_jobs=n_jobs, done=update)


def read_clip(clips: Waveforms, sr: float, index: int) -> Clip:
    """Give one waveform of a batch; a file is decoded and resampled to `sr`."""
    if holds_paths(clips):
        return _read_clip(clips[index], sr, index)
    return cast(Clip, clips[index])


def _decoded_ahead(paths: list[AnyPath], sr: float, block_size: int) -> Iterator[tuple[int, Block]]:
    with ThreadPoolExecutor(1, thread_name_prefix="skspec-read") as pool:
        coming = pool.submit(_read_block, paths, sr, slice(0, block_size))
        for start in range(0, len(paths), block_size):
            block, error = coming.result()
            ahead = start + block_size
            if ahead < len(paths) and error is None:
                coming = pool.submit(_read_block, paths, sr, slice(ahead, ahead + block_size))
            if block:
                yield start, block
            if error is not None:
                raise error


def _read_block(
    paths: list[AnyPath], sr: float, rows: slice
) -> tuple[list[NDArray[np.float32]], AudioReadError | None]:
    """Give the waveforms up to the first file that cannot be read, and its error."""
    block: list[NDArray[np.float32]] = []
    for index, path in enumerate(paths[rows], rows.start):
        try:
            block.append(_read_clip(path, sr, index))
        except AudioReadError as error:
            return block, error
    return block, None


def _read_clip(path: AnyPath, sr: float, index: int) -> NDArray[np.float32]:
    try:
        return read_audio(path, sr)[0]
    except AudioReadError as error:
        raise AudioReadError(path, error.reason, error.remedy, index) from error
