"""What every image classifier that is trained in stages has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skspec._image_batch import ImageBatch, check_images
from skspec._progress import progress_bar
from skspec._seeding import resolve_seed
from skspec._validation import check_parameters
from skspec.exceptions import FitDivergedError
from skspec.models._nested import NestedParamsMixin
from skspec.models._targets import Targets, check_groups, check_targets, split_rows
from skspec.nn._batches import Examples, batch_slices, to_tensor
from skspec.nn._device import resolve_compute
from skspec.nn._input import ImageStatistics, image_statistics
from skspec.nn._network import NetworkSpec, TransferNetwork
from skspec.nn._state import NetworkState
from skspec.nn._training import Run, StagePlan, train_in_stages


class StagedImageClassifier(NetworkState, NestedParamsMixin, ClassifierMixin, BaseEstimator, ABC):
    """Fit, predict, pickle; a subclass says what the network is and what its stages are."""

    @abstractmethod
    def _network_spec(self, n_outputs: int, statistics: ImageStatistics) -> NetworkSpec:
        """Give what the network is built of."""

    @abstractmethod
    def _build(self, spec: NetworkSpec, seed: int) -> TransferNetwork:
        """Build the network with its initial weights."""

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> StagedImageClassifier:
        """Train a new network through all stages.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images; 2-D input is taken as n images of one row.
        y : array-like of shape (n_clips,)
            Labels of any kind.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip; a clip of weight 0 is left out.
        groups : array-like of shape (n_clips,), default=None
            Speaker or recording of each clip: the validation split keeps groups together.

        Returns
        -------
        self
        """
        check_parameters(self)
        stages = self._checked_stages()
        images = check_images(self, X, reset=True, keep_on_demand=True)
        targets = check_targets(self, y, sample_weight, len(images))
        groups = None if groups is None else check_groups(groups, len(images))
        seed = resolve_seed(self.random_state)
        train_rows, valid_rows = split_rows(self.validation, targets, groups, seed)

        self.compute_ = resolve_compute(self.device, self.precision)
        self.classes_ = targets.classes
        statistics = image_statistics(images, train_rows, targets.weights)
        self.network_spec_ = self._network_spec(len(targets.classes), statistics)
        network = self.compute_.place(self._build(self.network_spec_, seed))
        plans = [
            stage.plan(name, network.backbone.block_names, network.backbone.name)
            for name, stage in stages
        ]
        self._train(network, _examples(images, targets, train_rows, valid_rows), plans, seed)
        return self

    def _train(
        self,
        network: TransferNetwork,
        parts: tuple[Examples, Examples | None],
        plans: list[StagePlan],
        seed: int,
    ) -> None:
        train, valid = parts
        n_batches = len(batch_slices(len(train), self.batch_size, merge_single=True))
        if valid is not None:
            n_batches += len(batch_slices(len(valid), self.batch_size, merge_single=False))
        total = n_batches * sum(plan.epochs for plan in plans)
        with progress_bar(total, type(self).__name__, verbose=self.verbose) as bar:
            run = Run(
                network=network,
                train=train,
                valid=valid,
                batch_size=self.batch_size,
                compute=self.compute_,
                seed=seed,
                monitor=self.monitor,
                callbacks=self.callbacks or (),
                on_batch=bar.update,
            )
            train_in_stages(run, plans)
        self.network_ = network  # only now: a fit that failed is not fitted
        self.history_ = run.history
        self.interrupted_ = run.interrupted
        self.best_epoch_ = None if run.best is None else run.best.epoch

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the probability of each class: the softmax of the network's outputs.

        Parameters
        ----------
        X : ImageBatch or array-like of shape (n_clips, n_channels, n_bins, n_frames)
            Images; an `ImageBatch`'s augmentation is not drawn.

        Returns
        -------
        ndarray of shape (n_clips, n_classes)
            In the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self, "network_")
        images = check_images(self, X, reset=False, keep_on_demand=True)
        logits = [self._logits(images, part) for part in self._slices(len(images))]
        probability = torch.cat(logits).softmax(dim=1).cpu().numpy()
        if not np.isfinite(probability).all():
            clip = int(np.argmin(np.isfinite(probability).all(axis=1)))
            raise FitDivergedError(
                f"{type(self).__name__}, clip {clip}: the network's outputs are NaN or infinite. "
                "Its weights have grown too large in fit: lower the stages' lr."
            )
        return probability

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each clip, an array of shape (n_clips,)."""
        check_is_fitted(self, "network_")
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _slices(self, n_clips: int) -> list[slice]:
        return batch_slices(n_clips, self.batch_size, merge_single=False)

    def _logits(self, images: ImageBatch, part: slice) -> torch.Tensor:
        x = to_tensor(images.batch(np.arange(len(images))[part]), self.compute_)
        with torch.inference_mode(), self.compute_.context():
            return self.network_(x).to(self.compute_.dtype)


def _examples(
    images: ImageBatch,
    targets: Targets,
    train_rows: NDArray[np.intp],
    valid_rows: NDArray[np.intp] | None,
) -> tuple[Examples, Examples | None]:
    """Give the two parts; weights have mean 1 over the training clips."""
    weights = targets.weights / targets.weights[train_rows].mean()

    def part(rows: NDArray[np.intp]) -> Examples:
        return Examples(images, rows, targets.encoded[rows], weights[rows])

    return part(train_rows), None if valid_rows is None else part(valid_rows)
