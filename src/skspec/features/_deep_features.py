"""`DeepFeatures`: the feature maps of a frozen pretrained network, pooled to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from os import PathLike
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skspec._compat import Interval, StrOptions
from skspec._image_batch import ImageBatch
from skspec._image_checks import check_images
from skspec._progress import progress_bar
from skspec._seeding import resolve_seed, seed_at
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.nn._backbone import check_takes
from skspec.nn._batches import to_tensor
from skspec.nn._cache import FrozenCache, resolve_cache
from skspec.nn._device import resolve_compute
from skspec.nn._features import FeatureNetwork, FeatureSpec
from skspec.nn._frozen import image_bytes
from skspec.nn._frozen_context import frozen_context
from skspec.nn._frozen_part import FrozenPart, fixed_batch_size
from skspec.nn._input import image_statistics, resolve_input_size
from skspec.nn._pooling import STATISTICS
from skspec.nn._state import NetworkState


class DeepFeatures(NetworkState, TransformerMixin, BaseEstimator):
    """Turn spectrogram images into vectors that a pretrained network sees in them.

    Nothing is trained, so a few dozen clips are enough: put a scaler and an `SVC` behind it.

    Parameters
    ----------
    backbone : str, default="efficientnet_b0"
        As in `PretrainedCNNClassifier`.
    weights : "imagenet", path or None, default="imagenet"
        As there; None gives random weights.
    blocks : str or sequence of str, default=None
        Blocks whose feature maps are taken, joined in this order; None takes the last one. For
        sound the middle ones often carry more. What lies behind the last of them is not run.
    pooling : {"mean", "max", "mean_std", "flatten"}, default="mean"
        Mean, maximum, or mean and deviation over time; or every value as it is.
    n_bands : int > 0, default=1
        Bands in which frequency is kept apart; not used where `pooling` keeps every value.
    input_size : tuple of int, default=None
        Height and width that images are resized to; None takes the backbone's.
    input_scaling : {"fit", "unit", "imagenet"} or None, default="fit"
        As in `PretrainedCNNClassifier`; learned in `fit`.
    batch_size : int > 0, default=32
        Images per batch. The last one is filled up, so that an image's vector does not depend on
        how many others there are; for single clips, 1 is fastest.
    cache : path, FrozenCache or None, default=None
        Where vectors are kept, so that each image goes through the network once: in a folder,
        which folds, candidates and processes share, or in a `FrozenCache`, which clones share.
        None computes them each time, bitwise the same.
    precision : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Number format. ``"auto"``: float32 on the CPU, bfloat16 autocast on CUDA.
    device : str, default="auto"
        ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState, Generator or None, default=None
        Seed of random weights.
    verbose : int, default=0
        1 shows a progress bar with the time left.

    Attributes
    ----------
    network_ : torch.nn.Module
        The frozen network.
    n_features_out_ : int
        Length of a vector.
    image_shape_in_ : tuple of int
        (n_channels, n_bins, n_frames) seen in `fit`.
    n_features_in_ : int
        Only after 2-D input.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from skspec import DeepFeatures, MelSpectrogramImage, make_voices
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> deep = DeepFeatures("tiny", weights=None, blocks=["block2"], pooling="mean_std", n_bands=4)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000), deep, StandardScaler(), SVC())
    >>> pipe.fit(X, y)[:2].transform(X).shape
    (12, 128)
    """

    _parameter_constraints = {  # noqa: RUF012
        "backbone": [str],
        "weights": [str, PathLike, None],
        "blocks": [str, list, tuple, None],
        "pooling": [StrOptions({"mean", "max", "mean_std", "flatten"})],
        "n_bands": [Interval(Integral, 1, None, closed="left")],
        "input_size": [tuple, list, None],
        "input_scaling": [StrOptions({"fit", "unit", "imagenet"}), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "cache": [str, PathLike, FrozenCache, None],
        "precision": [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        "device": [str],
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone: str = "efficientnet_b0",
        *,
        weights: str | PathLike[str] | None = "imagenet",
        blocks: str | Sequence[str] | None = None,
        pooling: str = "mean",
        n_bands: int = 1,
        input_size: tuple[int, int] | None = None,
        input_scaling: str | None = "fit",
        batch_size: int = 32,
        cache: str | PathLike[str] | FrozenCache | None = None,
        precision: str = "auto",
        device: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.blocks = blocks
        self.pooling = pooling
        self.n_bands = n_bands
        self.input_size = input_size
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.cache = cache
        self.precision = precision
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: ArrayLike | None = None) -> DeepFeatures:
        """Load the network and learn the scaling of its input.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images; 2-D input is taken as n images of one row.
        y : Ignored

        Returns
        -------
        self
        """
        check_parameters(self)
        if self.cache == "fit":
            raise ParameterError(
                "Got cache='fit', but nothing is trained here: expected a folder, a FrozenCache or "
                "None. For a folder of that name give pathlib.Path('fit')."
            )
        images = check_images(self, X, reset=True, keep_on_demand=True)
        self.compute_ = resolve_compute(self.device, self.precision)
        self.network_spec_ = FeatureSpec(
            backbone=self.backbone,
            blocks=self._block_names(),
            pooling=self.pooling,
            n_bands=int(self.n_bands),
            input_size=resolve_input_size(self.backbone, self.input_size, self.image_shape_in_[1:]),
            input_scaling=self.input_scaling,
            statistics=image_statistics(images, np.arange(len(images))),
        )
        seed = seed_at(resolve_seed(self.random_state), "weights")
        network = self.network_spec_.build(self.weights, seed=seed)
        self.network_: FeatureNetwork = self.compute_.place(network)
        self._block_widths = self._measure()
        self.n_features_out_ = sum(self._block_widths)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Give the vectors, an array of shape (n_clips, `n_features_out_`).

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images of the shape seen in `fit`; an `ImageBatch`'s augmentation is not drawn.
        """
        check_is_fitted(self, "network_")
        images = check_images(self, X, reset=False, keep_on_demand=True)
        features: NDArray[Any] = np.empty(
            (len(images), self.n_features_out_), dtype=self._output_dtype()
        )
        network = self._frozen_part(images)
        parts = network.chunks(np.arange(len(images)), image_bytes(images), self.batch_size)
        with progress_bar(len(images), "DeepFeatures", verbose=self.verbose, unit="clip") as bar:
            for part in parts:
                features[part] = network(images.batch(part)).cpu().numpy()
                bar.update(len(part))
        return features

    def _frozen_part(self, images: ImageBatch) -> FrozenPart:
        """Give the network as a function of images, with the cache behind it."""
        network, compute = self.network_, self.compute_
        size = fixed_batch_size(compute, int(self.batch_size))
        cache = resolve_cache(self.cache)
        cached = None
        if cache is not None:
            taken = {name: getattr(network, name) for name in ("pooling", "n_bands")}
            context = frozen_context(
                network.adapter,
                network.backbone,
                len(network.backbone.blocks),
                images,
                compute,
                size,
                taken=list(network.block_names),
                **taken,
            )
            cached = cache.rows(context)
        return FrozenPart(lambda x: network(x).to(compute.dtype), compute, size, cached)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Give a name for each column: block, statistic, channel and band."""
        check_is_fitted(self, "network_")
        statistics = STATISTICS.get(self.network_.pooling, ("value",))
        bands = self.network_.n_bands if self.network_.pooling != "flatten" else 1
        names = []
        for block, width in zip(self.network_.block_names, self._block_widths, strict=True):
            channels = width // (len(statistics) * bands)
            names += [
                f"{block}_{statistic}_{channel}" + (f"_band{band}" if bands > 1 else "")
                for statistic in statistics
                for channel in range(channels)
                for band in range(bands)
            ]
        return np.array(names, dtype=object)

    def _block_names(self) -> tuple[str, ...] | None:
        if self.blocks is None or isinstance(self.blocks, str):
            return None if self.blocks is None else (self.blocks,)
        return tuple(self.blocks) or None

    def _measure(self) -> list[int]:
        """Give the width of each block's part, by sending one empty image through."""
        image = np.zeros((1, *self.image_shape_in_), dtype=np.float32)
        x = to_tensor(image, self.compute_)
        with torch.inference_mode():
            check_takes(self.network_.backbone, self.network_.adapter(x))
            return [part.shape[1] for part in self.network_.pooled(x)]

    def _output_dtype(self) -> type:
        return np.float64 if self.compute_.dtype == torch.float64 else np.float32

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
