"""What every image classifier that is trained in stages has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from skspec._compat import CallbackSupportMixin, Interval, StrOptions, with_callbacks
from skspec._image_batch import ImageBatch
from skspec._image_checks import check_images
from skspec._progress import progress_bar
from skspec._seeding import resolve_seed
from skspec._validation import check_parameters
from skspec.exceptions import FitDivergedError, ParameterError
from skspec.models._fit_tasks import fit_tasks
from skspec.models._head import Head
from skspec.models._losses import LOSSES, LossParameters, named_loss
from skspec.models._nested import NestedParamsMixin
from skspec.models._targets import Targets, check_groups, check_targets, split_rows
from skspec.nn._batches import Examples
from skspec.nn._cache import FrozenCache, resolve_cache
from skspec.nn._device import resolve_compute
from skspec.nn._frozen import entry_point, prediction_batches
from skspec.nn._input import ImageStatistics, image_statistics
from skspec.nn._memory import PartSize, in_parts
from skspec.nn._network import NetworkSpec, TransferNetwork
from skspec.nn._state import NetworkState
from skspec.nn._training import Run, StagePlan, train_in_stages


class StagedImageClassifier(
    CallbackSupportMixin, NetworkState, NestedParamsMixin, ClassifierMixin, BaseEstimator, ABC
):
    """Fit, predict, pickle; a subclass says what the network is and what its stages are."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "head": [Head, None],
        "stages": [str, list, tuple],
        "loss": [StrOptions(set(LOSSES)), LossParameters],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "input_size": [tuple, list, None],
        "validation": [Interval(Real, 0, 1, closed="neither"), "cv_object", "array-like", None],
        "monitor": [StrOptions({"valid_loss", "valid_accuracy"})],
        "precision": [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        "device": [str],
        "on_divergence": [StrOptions({"raise", "restore"})],
        "compile": ["boolean"],
        "checkpoint": [str, PathLike, None],
        "checkpoint_every_s": [Interval(Real, 0, None, closed="left")],
        "callbacks": [list, tuple, None],
        "random_state": ["random_state", Generator],
        "verbose": ["verbose"],
    }

    # What a subclass has whose constructor does not offer them.
    loss: str | LossParameters = "cross_entropy"
    on_divergence: str = "raise"
    compile: bool = False
    cache: str | PathLike[str] | FrozenCache | None = None
    checkpoint: str | PathLike[str] | None = None
    checkpoint_every_s: float = 300.0

    @abstractmethod
    def _network_spec(self, n_outputs: int, statistics: ImageStatistics) -> NetworkSpec:
        """Give what the network is built of."""

    @abstractmethod
    def _build(self, spec: NetworkSpec, seed: int) -> TransferNetwork:
        """Build the network with its initial weights."""

    @with_callbacks
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
        self.__dict__.pop("network_", None)  # what fails from here on is not fitted
        if self.checkpoint is not None and self.random_state is None:
            raise ParameterError(
                f"Got random_state=None with checkpoint={self.checkpoint!r}, but expected a seed: "
                "without one, no later fit is the same training that could go on."
            )
        stages = self._checked_stages()
        images = check_images(self, X, reset=True, keep_on_demand=True)
        loss = self._checked_loss(images)
        targets = check_targets(self, y, sample_weight, len(images))
        groups = None if groups is None else check_groups(groups, len(images))
        seed = resolve_seed(self.random_state)
        train_rows, valid_rows = split_rows(self.validation, targets, groups, seed)

        self.compute_ = resolve_compute(self.device, self.precision)
        self.classes_ = targets.classes
        statistics = image_statistics(images, train_rows, targets.weights)
        n_outputs = loss.spec().n_outputs(len(targets.classes))
        self.network_spec_ = self._network_spec(n_outputs, statistics)
        network = self.compute_.place(self._build(self.network_spec_, seed))
        plans = [
            stage.plan(name, network.backbone.block_names, network.backbone.name)
            for name, stage in stages
        ]
        parts = _examples(images, targets, train_rows, valid_rows)
        # What predicting needs is set before training: callbacks get copies that can predict.
        self.loss_ = loss
        self.n_frozen_blocks_ = min(plan.first_block for plan in plans)
        n_epochs = sum(plan.epochs for plan in plans)
        with fit_tasks(self, X, y, sample_weight, n_epochs) as tasks:
            self._train(network, parts, plans, seed, tasks)
        return self

    def _checked_loss(self, images: ImageBatch) -> LossParameters:
        loss = clone(named_loss(self.loss))
        if images.mixing is not None and not loss.spec().soft_labels:
            raise ParameterError(
                f"Got loss={self.loss!r} and images that are mixed in training (mixup or CutMix), "
                "but this loss takes one label for a clip. Take loss='cross_entropy', "
                "'binary_cross_entropy' or 'focal', or an Augmenter without mixup and cutmix."
            )
        return loss

    def _train(
        self,
        network: TransferNetwork,
        parts: tuple[Examples, Examples | None],
        plans: list[StagePlan],
        seed: int,
        tasks: Sequence[Callback],
    ) -> None:
        train, valid = parts
        if self.compile:
            network.compile()  # in place: the state's names stay as they are
        run = Run(
            network=network,
            train=train,
            valid=valid,
            batch_size=int(self.batch_size),
            compute=self.compute_,
            seed=seed,
            monitor=self.monitor,
            callbacks=[*(self.callbacks or ()), *tasks],
            loss=self.loss_.spec(),
            on_divergence=self.on_divergence,
            cache=resolve_cache(self.cache),
            checkpoint=self.checkpoint,
            checkpoint_every_s=self.checkpoint_every_s,
            compiled=self.compile,
        )
        total = run.batches_per_epoch() * sum(plan.epochs for plan in plans)
        with progress_bar(total, type(self).__name__, verbose=self.verbose) as bar:
            run.on_batch = bar.update
            train_in_stages(run, plans)
        self.network_ = network
        self.history_ = run.history
        self.interrupted_ = run.interrupted
        self.diverged_ = run.diverged
        self.best_epoch_ = None if run.best is None else run.best.epoch

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the probability of each class; the loss says how the outputs become it.

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
        outputs = self._outputs(images)
        probability = self.loss_.spec().probabilities(outputs).cpu().numpy()
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

    def _outputs(self, images: ImageBatch) -> torch.Tensor:
        """Give the network's outputs, batch by batch, in parts where memory runs out."""
        size, compute, start = PartSize(), self.compute_, self.n_frozen_blocks_
        batch_size = int(self.batch_size)
        cache = resolve_cache(self.cache, fitting=False)
        network = partial(self.network_, start=entry_point(self.network_, start) if start else None)
        outputs = []
        for x in prediction_batches(self.network_, images, start, compute, cache, batch_size):
            with torch.inference_mode(), compute.context():
                work = partial(in_parts, network, x)
                outputs.append(size.fitting(len(x), work).to(compute.dtype))
        return torch.cat(outputs)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the network, and compile it again where it was."""
        super().__setstate__(state)
        if self.compile and hasattr(self, "network_"):
            self.network_.compile()


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
