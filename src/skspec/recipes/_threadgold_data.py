"""The segments of threadgold's paper: all files of a gender joined, then cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skspec._compat import safe_indexing
from skspec.exceptions import InputError, ParameterError
from skspec.waveforms import SilenceTrimmer


def threadgold_segments(
    dataset: Bunch,
    *,
    feature_set_count: int | None = None,
    sr: float = 22_050,
    frame_length: int = 2048,
    hop_length: int = 512,
    top_db: float = 60.0,
    datapoint_length: int = 100,
    datapoint_hop: int | None = None,
) -> Bunch:
    """Give the segments of the threadgold paper, with its leak: all files of a class, joined, cut.

    For reproducing the paper. Segments of one file stand side by side, and one at a seam holds
    two speakers, so no split of them keeps files or speakers apart: scores are better than they
    would be on new voices. `threadgold` takes whole clips and cuts them inside `fit`.

    Parameters
    ----------
    dataset : Bunch
        As a loader gives it: `paths` and `y`. The paper's is
        ``load_common_voice(folder, n_files=2000)``, which takes the clips with most up-votes.
    feature_set_count : int > 0, default=None
        Files in all, the first of each class, equally many; None takes of every class as many as
        the rarest has.
    sr : float > 0, default=22050
        Sampling rate in Hz that files are resampled to.
    frame_length : int > 0, default=2048
        Samples in a frame.
    hop_length : int > 0, default=512
        Samples between frames.
    top_db : float > 0, default=60.0
        What is so many dB below a file's loudest frame is silence, and is cut out.
    datapoint_length : int > 0, default=100
        Frames in a segment.
    datapoint_hop : int > 0, default=None
        Frames from the start of one segment to that of the next; None sets them end to end.

    Returns
    -------
    segments : Bunch
        A dataset for ``threadgold(on="segments")`` with the same settings: `paths` holds the
        segments themselves, an array (n_segments, n_timepoints) of float32; `y` their labels;
        `groups` is None; `metadata` has the first and the last file that each was cut from, as
        rows of `dataset`: ``first_clip``, ``last_clip``.

    Raises
    ------
    ParameterError
        Some class has fewer files than `feature_set_count` asks for.
    InputError
        The files of some class are too short for one segment.

    See Also
    --------
    skspec.SegmentedClassifier : Segments of a clip stay with their clip.

    Notes
    -----
    Frames are those of a centred transform of the joined signal, and a segment holds all samples
    of its frames: ``frame_length + (datapoint_length - 1) * hop_length``, 52,736 by default. So
    frame by frame its image, drawn with ``center=False``, shows what was cut out of the image of
    the whole signal.

    Differs from the paper: it gives no values for `sr`, `frame_length`, `hop_length` and
    `top_db`; these are librosa's defaults, with which its 2,682 segments last for 1.7 hours
    (it says "nearly 2"). It writes of overlapping segments, but calls the frames that too: only
    with segments end to end do 2000 files of 5 seconds give that few. Decibels (and the tuning of
    a chroma image) refer to the segment, not to all files. What is left at the end and fills no
    segment is dropped.

    References
    ----------
    C. Threadgold, "Deep Learning Methods to Classify Audio Segment Speaker Gender", 2018,
    section "Data Pre-processing".

    Examples
    --------
    >>> from sklearn.utils import Bunch
    >>> from skspec import make_voices
    >>> from skspec.recipes import threadgold_segments
    >>> X, y, _ = make_voices(8, n_speakers=4, random_state=0)
    >>> segments = threadgold_segments(Bunch(paths=X, y=y), sr=16_000, datapoint_length=50)
    >>> segments.paths.shape, [str(label) for label in segments.y]
    ((4, 27136), ['female', 'female', 'male', 'male'])
    >>> segments.metadata.to_numpy().tolist()
    [[0, 2], [2, 6], [1, 3], [3, 7]]
    """
    frames = {"frame_length": frame_length, "hop_length": hop_length}
    trimmer = SilenceTrimmer(top_db, sr=sr, remove="all", **frames)
    length = segment_timepoints(datapoint_length, **frames)
    hop = (datapoint_hop or datapoint_length) * hop_length
    parts, labels, owners = [], [], []
    for label, rows in _first_of_each_class(dataset.y, feature_set_count).items():
        clips = safe_indexing(dataset.paths, rows)
        segments, places = _cut(trimmer.fit_transform(clips), frame_length, length, hop)
        if not len(segments):
            raise InputError(
                f"The clips of class {label!r} last for less than one segment of {length} samples. "
                "Give more clips, or lower datapoint_length."
            )
        parts.append(segments)
        labels += [label] * len(segments)
        owners.append(rows[places])
    return _as_dataset(np.concatenate(parts), np.array(labels), np.concatenate(owners), sr)


def segment_timepoints(datapoint_length: int, *, frame_length: int, hop_length: int) -> int:
    """Give the samples that so many frames reach over."""
    return frame_length + (datapoint_length - 1) * hop_length


def _first_of_each_class(y: NDArray[Any], count: int | None) -> dict[Any, NDArray[np.intp]]:
    """Give the first rows of every class, equally many of each."""
    classes, sizes = np.unique(y, return_counts=True)
    names = classes.tolist()
    share = int(sizes.min()) if count is None else count // len(classes)
    if not 1 <= share <= sizes.min():
        raise ParameterError(
            f"Got feature_set_count={count!r}, but expected {len(classes)} to "
            f"{len(classes) * sizes.min()}: the rarest class, {names[sizes.argmin()]!r}, "
            f"has {sizes.min()} files, and each gives as many."
        )
    return {label: np.flatnonzero(np.asarray(y) == label)[:share] for label in names}


def _cut(
    clips: NDArray[Any], frame_length: int, length: int, hop: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Give the segments of the joined clips, and the first and last clip that each is of."""
    joined = np.concatenate(list(clips))
    margin = frame_length // 2
    signal = np.pad(joined, margin)
    if len(signal) < length:
        return np.empty((0, length), np.float32), np.empty((0, 2), np.intp)
    segments = sliding_window_view(signal, length)[::hop]
    starts = np.arange(len(segments)) * hop - margin
    edges = np.stack([np.maximum(starts, 0), np.minimum(starts + length, len(joined)) - 1], axis=1)
    ends = np.cumsum([len(clip) for clip in clips])
    return segments, np.searchsorted(ends, edges, side="right")


def _as_dataset(
    segments: NDArray[np.float32], y: NDArray[Any], owners: NDArray[np.intp], sr: float
) -> Bunch:
    return Bunch(
        paths=segments,
        y=y,
        groups=None,
        metadata=pd.DataFrame(owners, columns=["first_clip", "last_clip"]),
        skipped=pd.DataFrame(columns=["path", "reason"]),
        sr=sr,
        description="Segments of joined clips. Neighbours share files, and may share speakers.",
    )
