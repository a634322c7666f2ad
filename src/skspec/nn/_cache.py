"""`FrozenCache`: what a frozen network gives for an image, kept under the image's hash."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

from skspec._storage import canonical_json, manifest_bytes, sha256, write_manifest
from skspec.exceptions import CacheWarning, ParameterError
from skspec.nn._cached_rows import CachedRows
from skspec.nn._row_store import MemoryRows, RowStore
from skspec.nn._shards import FolderRows

#: Of the folder's layout; another number is another context.
FORMAT = 2


class FrozenCache:
    """A place for what the frozen part of a network gives, image by image.

    Given as ``cache=`` to several estimators, or to one that a search clones, each image goes
    through the frozen part once for all of them, as long as what stands before that part is the
    same. A step that is fitted per fold before the network gives other images and so other keys:
    nothing leaks from fold to fold.

    Parameters
    ----------
    folder : path, default=None
        Where rows are stored on disk, for processes to share; it is made where it does not
        exist. None keeps them with this object.
    max_bytes : int >= 0, default=2**30
        Without a folder: how much stays in memory. What comes after that goes to a temporary file
        (in ``tempfile.gettempdir()``) that vanishes with this object.

    Attributes
    ----------
    n_computed : int
        Images that went through a frozen part to be stored.
    n_found : int
        Images that did not have to.
    n_damaged : int
        Files of the folder that were not as written; they are dropped with a warning, and their
        rows are computed again.

    Raises
    ------
    ParameterError
        For a folder that cannot be made, or a `max_bytes` that is not allowed.

    Notes
    -----
    A row's key is the 128-bit xxHash of the image's bytes as they enter the network, inside a
    context: backbone, blocks, a digest of their weights, input size and scaling, precision, kind
    of device, version of torch. Files are written whole or not at all, and verified by SHA-256
    once by each process that opens them, each row by its own hash whenever it is read; a lock is
    held while rows are computed, so that processes do not compute one twice. A full disk only
    ends the storing, with a warning.

    An own backbone is known by its name, its layers' repr and its weights: use another folder
    after changing what its ``forward`` does.

    ``clone`` gives the object itself. Pickled, as for worker processes, it carries no rows: give
    a folder where they should share.

    Examples
    --------
    >>> import numpy as np
    >>> from skspec import DeepFeatures, FrozenCache
    >>> cache, images = FrozenCache(), np.random.default_rng(0).random((6, 1, 16, 16))
    >>> for n_bands in (1, 1):
    ...     deep = DeepFeatures("tiny", weights=None, cache=cache, random_state=0)
    ...     vectors = deep.fit_transform(images)
    >>> cache.n_computed, cache.n_found
    (6, 6)
    """

    def __init__(
        self, folder: str | PathLike[str] | None = None, *, max_bytes: int = 2**30
    ) -> None:
        if not isinstance(max_bytes, Integral) or max_bytes < 0:
            raise ParameterError(f"Got max_bytes={max_bytes!r}, but expected an integer >= 0.")
        if folder is not None and not isinstance(folder, (str, PathLike)):
            raise ParameterError(f"Got folder={folder!r}, but expected a path or None.")
        self.folder: str | PathLike[str] | None = folder
        self.max_bytes: int = int(max_bytes)
        self._start()

    def _start(self) -> None:
        self.n_computed = self.n_found = self.n_damaged = 0
        self._left = self.max_bytes
        self._warned = False
        self._contexts: dict[str, CachedRows] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"FrozenCache(folder={self.folder!r}, max_bytes={self.max_bytes})"

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._start()

    def __sklearn_clone__(self) -> FrozenCache:
        """Stay the same object, so that the candidates of a search share it."""
        return self

    def __copy__(self) -> FrozenCache:
        return self

    def __deepcopy__(self, _: Any) -> FrozenCache:
        return self

    def rows(self, context: dict[str, Any], *, through_network: bool = True) -> CachedRows:
        """Give the rows that belong to all that decides what an image becomes.

        Without `through_network` they are made of other rows, and count as found only.
        """
        context = {"format": FORMAT, **context}
        digest = sha256(canonical_json(context))[:32]
        with self._lock:
            if digest not in self._contexts:
                count = self._count if through_network else self._count_found
                store = self._store(digest, context)
                self._contexts[digest] = CachedRows(context, store, count, self._give_up)
            return self._contexts[digest]

    def _store(self, digest: str, context: dict[str, Any]) -> RowStore:
        if self.folder is None:
            return MemoryRows(self._take)
        folder = Path(self.folder).expanduser() / digest
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f"Got cache folder {os.fspath(self.folder)!r}, which cannot be made: {error}. "
                "Give a folder that may be written to, or cache=None."
            ) from error
        self._describe(folder / "context.json", context)
        return FolderRows(folder, self._damaged)

    def _describe(self, path: Path, context: dict[str, Any]) -> None:
        """Write down for readers what a folder's rows are."""
        wanted = manifest_bytes(context)
        with contextlib.suppress(OSError):  # nothing depends on it
            if path.exists() and path.read_bytes() == wanted:
                return
            if path.exists():
                self._damaged(f"{path} is not as it was written")
            write_manifest(path, context)

    def _take(self, n_bytes: int) -> bool:
        with self._lock:
            fits = n_bytes <= self._left
            self._left -= n_bytes if fits else 0
            return fits

    def _count(self, computed: int, found: int) -> None:
        with self._lock:
            self.n_computed += computed
            self.n_found += found

    def _count_found(self, computed: int, found: int) -> None:
        self._count(0, found)

    def _damaged(self, what: str) -> None:
        with self._lock:
            self.n_damaged += 1
        warnings.warn(
            f"Damage in a cache: {what}. It is left out, and its rows are computed again. Should "
            "this happen again, have the disk checked.",
            CacheWarning,
            stacklevel=2,
        )

    def _give_up(self, error: OSError) -> None:
        """Say once that nothing more is stored."""
        with self._lock:
            if self._warned:
                return
            self._warned = True
        where = "temporary files" if self.folder is None else repr(os.fspath(self.folder))
        warnings.warn(
            f"The cache in {where} cannot be used further: {error}. Training goes on and gives the "
            "same, but computes the frozen part anew for every batch. Make room, or give another "
            "folder.",
            CacheWarning,
            stacklevel=2,
        )


def resolve_cache(cache: Any, *, fitting: bool = True) -> FrozenCache | None:
    """Give the cache that a parameter means: ``"fit"`` is a new one, and none after `fit`."""
    if cache is None or isinstance(cache, FrozenCache):
        return cache
    if isinstance(cache, str) and cache == "fit":
        return FrozenCache() if fitting else None
    return FrozenCache(cache)
