"""What a batch of images is: `ImageBatch`, images with the augmentation training draws on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skspec._compat import numpy_namespace
from skspec._seeding import generator_at


class Policy(Protocol):
    """A random change of images that is a pure function of (epoch, clip index)."""

    def __call__(self, images: NDArray[Any], indices: NDArray[np.intp], epoch: int) -> NDArray[Any]:
        """Give changed images; `indices` are the clips' positions in the batch as a whole."""
        ...


class FinitePolicy(Policy, Protocol):
    """A policy that, where `is_finite` is true, only mirrors images."""

    is_finite: bool

    def flips(self) -> Sequence[tuple[bool, bool]]:
        """Give all that can be drawn: (mirrored along time, mirrored along frequency)."""
        ...

    def drawn_flips(self, indices: NDArray[np.intp], epoch: int) -> NDArray[np.bool_]:
        """Give what an epoch draws for each clip, of shape (n_clips, 2)."""
        ...


class MixingPolicy(Policy, Protocol):
    """A policy that also mixes images, and so their labels, where `mixes` is true."""

    mixes: bool
    seed: int

    def mix(
        self, images: NDArray[Any], others: NDArray[Any], indices: NDArray[np.intp], epoch: int
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Give mixtures, and the share of the first image in each."""
        ...


class ImageBatch:
    """Images plus the policies from which each training epoch draws its own version.

    `Augmenter.fit_transform` gives one; to everything that only reads images it is the array
    `values`: it has `shape`, `dtype`, a length, row indexing, and turns into an array where one
    is asked for. The training loop alone calls `batch` with ``training=True``.

    It is no ndarray subclass on purpose: those lose attributes in `numpy.concatenate`, and
    joblib's hash does not see them, so a cached Pipeline would return another policy's images.

    Parameters
    ----------
    values : array of shape (n_clips, n_channels, n_bins, n_frames)
        The images as they are without augmentation. A memory map does, and so do images that
        `OnDemandImages` makes when they are asked for.
    policy : sequence of callables, default=()
        Applied in order as ``policy(images, indices, epoch)`` to fresh copies.
    clip_indices : array of int of shape (n_clips,), default=None
        Position of each clip in the batch the policies were made for; None: 0, 1, 2, ...

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import ImageBatch
    >>> batch = ImageBatch(np.zeros((4, 1, 8, 10), dtype=np.float32))
    >>> len(batch), batch.shape, batch[1:3].shape
    (4, (4, 1, 8, 10), (2, 1, 8, 10))
    """

    def __init__(
        self,
        values: Any,
        policy: Sequence[Policy] = (),
        clip_indices: NDArray[np.intp] | None = None,
    ) -> None:
        self.values = values
        self.policy = tuple(policy)
        self.clip_indices = np.arange(len(values)) if clip_indices is None else clip_indices

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        steps = f", policy={list(self.policy)!r}" if self.policy else ""
        return f"ImageBatch(shape={self.shape}, dtype={self.dtype}{steps})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `values`."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """Number of axes of `values`."""
        return self.values.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of `values`."""
        return self.values.dtype

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Say which library's functions take it: scikit-learn's array API support asks."""
        return numpy_namespace

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter(self.values)

    def __getitem__(self, rows: Any) -> ImageBatch | NDArray[Any]:
        """Give the rows as an `ImageBatch` with the same policies; one row as an array."""
        if isinstance(rows, (int, np.integer)):
            return self.values[rows]
        if isinstance(rows, tuple):
            if len(rows) != 2 or rows[1] is not Ellipsis:
                return self.values[rows]
            rows = rows[0]  # scikit-learn chooses rows as X[rows, ...]
        return ImageBatch(self.values[rows], self.policy, self.clip_indices[rows])

    def with_values(self, values: NDArray[Any]) -> ImageBatch:
        """Give a batch of other images, one for each clip, with the same policies."""
        return ImageBatch(values, self.policy, self.clip_indices)

    def with_policy(self, policy: Policy) -> ImageBatch:
        """Give a batch of the same images with one more policy, drawn after the others."""
        return ImageBatch(self.values, (*self.policy, policy), self.clip_indices)

    @property
    def mixing(self) -> MixingPolicy | None:
        """The policy that mixes images, the last one where there are several."""
        mixing = [policy for policy in self.policy if getattr(policy, "mixes", False)]
        return cast(MixingPolicy, mixing[-1]) if mixing else None

    @property
    def versions(self) -> list[int] | None:
        """All that training can draw of one image; None where that cannot be listed.

        A version is 1 where time is mirrored, plus 2 where frequency is; 0 is the image as it is.
        """
        made = getattr(self.values, "policy", None)
        if getattr(made, "changes", False):  # something is drawn on waveforms
            return None
        found = {0}
        for policy in self.policy:
            if not getattr(policy, "is_finite", False):
                return None
            flips = cast(FinitePolicy, policy).flips()
            found = {one ^ (time + 2 * freq) for one in found for time, freq in flips}
        return sorted(found)

    def drawn_versions(self, rows: NDArray[np.intp], epoch: int) -> NDArray[np.intp]:
        """Give the version of each image at `rows` that an epoch draws, where they are listed."""
        drawn = np.zeros((len(rows), 2), dtype=bool)
        for policy in self.policy:
            drawn ^= cast(FinitePolicy, policy).drawn_flips(self.clip_indices[rows], epoch)
        return drawn @ np.array([1, 2])

    def draw(
        self, positions: NDArray[np.intp], rows: NDArray[np.intp], epoch: int
    ) -> tuple[NDArray[Any], NDArray[np.intp] | None, NDArray[np.float64]]:
        """Give training images as an epoch draws them, mixed where a policy mixes.

        Parameters
        ----------
        positions : ndarray of int of shape (n,)
            Which of `rows`.
        rows : ndarray of int of shape (n_training_clips,)
            The training clips; no other clip is ever mixed in.
        epoch : int
            What the draw depends on beside the policy's seed and the clip.

        Returns
        -------
        images : ndarray of shape (n, n_channels, n_bins, n_frames)
        partners : ndarray of int of shape (n,) or None
            The position of the clip that is mixed into each; None where nothing is mixed.
        shares : ndarray of shape (n,)
            How much of each image is its own.
        """
        images = self.batch(rows[positions], epoch, training=True)
        if self.mixing is None:
            return images, None, np.ones(len(positions))
        order = generator_at(self.mixing.seed, "partner", epoch).permutation(len(rows))
        partners = order[positions]
        others = self.batch(rows[partners], epoch, training=True)
        indices = self.clip_indices[rows[positions]]
        mixed, shares = self.mixing.mix(images, others, indices, epoch)
        return mixed, partners, shares

    def batch(self, indices: ArrayLike, epoch: int = 0, training: bool = False) -> NDArray[Any]:
        """Give the images at `indices`: as they are, or as drawn for `epoch` when training.

        Parameters
        ----------
        indices : array-like of int
            Rows of this batch.
        epoch : int, default=0
            What the draw depends on beside the policy's seed and the clip.
        training : bool, default=False
            Whether the policies apply.

        Returns
        -------
        ndarray of shape (n_indices, n_channels, n_bins, n_frames)
            A copy; the stored images never change.
        """
        rows = np.asarray(indices, dtype=np.intp)
        if on_demand(self.values):
            images = self.values.compute(rows, epoch if training else None)
        else:
            images = np.asarray(self.values[rows])  # rows by number: numpy copies them
        if training:
            for policy in self.policy:
                images = policy(_on_host(images), self.clip_indices[rows], epoch)
        return images

    def on_device(self) -> ImageBatch:
        """Give the same images, but those drawn on a torch device stay there.

        Then `batch` and `draw` give tensors of that device, where no policy changes the images:
        a network that is there as well takes them as they are.
        """
        values = self.values.on_device() if on_demand(self.values) else self.values
        return ImageBatch(values, self.policy, self.clip_indices)


def _on_host(images: Any) -> NDArray[Any]:
    return images if isinstance(images, np.ndarray) else images.cpu().numpy()


def as_version(images: NDArray[Any], version: int) -> NDArray[Any]:
    """Give images mirrored as `ImageBatch.versions` counts it."""
    time, freq = (-1 if version & bit else 1 for bit in (1, 2))
    return np.ascontiguousarray(images[:, :, ::freq, ::time])


def on_demand(values: Any) -> bool:
    """Tell whether images are made when they are asked for, as `OnDemandImages` gives them."""
    return hasattr(values, "compute")
