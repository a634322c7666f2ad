"""The skorch net that trains one stage."""

from __future__ import annotations

from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PassthroughScoring
from torch import Tensor
from torch.optim.lr_scheduler import LRScheduler

from skspec.exceptions import ParameterError
from skspec.nn._batches import Batch, BatchLoader, Examples
from skspec.nn._groups import parameter_groups
from skspec.nn._memory import in_parts
from skspec.nn._run import Run, StagePlan


class StageNet(NeuralNet):
    """A skorch net that takes `Examples`, weighs its loss, and has a rate for each part."""

    def __init__(
        self, *args: Any, run: Run, plan: StagePlan, start: int | None, **kwargs: Any
    ) -> None:
        self.run = run
        self.plan = plan
        self.start = start
        self.batch_seed = 0
        self.done: list[dict[str, Any]] = []  # of the first epoch's batches, before a checkpoint
        super().__init__(*args, **kwargs)

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return [
            (name, PassthroughScoring(name, on_train=name.startswith("train")))
            for name in ("train_loss", "valid_loss", "valid_accuracy")
        ]

    def initialize_module(self) -> StageNet:
        """Take the module as it is: it goes on learning from stage to stage."""
        self.module_ = self.module
        self._moving: list[Tensor] | None = None
        return self

    def initialize_optimizer(self, *_: Any, **__: Any) -> StageNet:
        """Give each part of the network its own learning rate, and the rates their schedule."""
        plan = self.plan
        groups = parameter_groups(self.module_, plan)
        self.learning = [p for group in groups for p in group["params"]]
        self.optimizer_ = plan.optimizer(groups, lr=plan.lr, **plan.optimizer_params)
        self.scheduler: LRScheduler | None = None
        if plan.schedule is not None:
            n_batches = len(self.get_iterator(self.run.train, training=True))
            self.scheduler = plan.schedule.scheduler(self.optimizer_, n_batches, plan.epochs)
        return self

    def rates(self) -> tuple[float, float]:
        """Give the learning rates of the last learning block and of the head."""
        head = {id(p) for p in self.module_.head.parameters()}
        groups = self.optimizer_.param_groups
        backbone = [g for g in groups if not any(id(p) in head for p in g["params"])]
        return float((backbone or groups)[-1]["lr"]), float(groups[-1]["lr"])

    def get_split_datasets(
        self, X: Examples, y: Examples | None = None, **_: Any
    ) -> tuple[Examples, Examples | None]:
        """Take training and validation part as they were split."""
        return X, y

    def get_iterator(self, dataset: Examples, training: bool = False) -> BatchLoader:
        """Give the batches of the next epochs."""
        run = self.run
        epoch = len(run.history)
        return BatchLoader(
            dataset,
            run.batch_size,
            run.compute,
            training=training,
            seed=run.seed,
            first_epoch=epoch,
        )

    def run_single_epoch(self, iterator: Any, training: bool, *args: Any, **kwargs: Any) -> None:
        """Go through an epoch's batches; through the others where some are done."""
        if training:  # before a thread runs frozen blocks ahead: on its way they are in this mode
            self._set_training(True)
        if training and self.done:
            slices, n_done, self.done = iterator.slices, len(self.done), []
            iterator.slices = slices[n_done:]
            super().run_single_epoch(iterator, training, *args, **kwargs)
            iterator.slices = slices
            self.history.record("train_batch_count", len(slices))
        else:
            super().run_single_epoch(iterator, training, *args, **kwargs)

    def infer(self, x: Tensor, **_: Any) -> Tensor:
        """Give the network's outputs."""
        try:
            with self.run.compute.context():
                return self.module_(x, self.start)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise ParameterError(
                f"Got a batch of one image (batch_size={self.run.batch_size!r}) whose maps have "
                "one value per channel, but BatchNorm cannot learn from one: take a larger "
                "batch_size or input_size, or batchnorm='frozen' in the stage."
            ) from error

    def get_loss(self, y_pred: Tensor, y_true: Any, *_: Any, **__: Any) -> Tensor:
        """Give the mean of weight times loss, over both labels of mixed images."""
        losses = [
            self.run.loss.per_clip(y_pred.to(weights.dtype), targets) * weights
            for targets, weights in zip(y_true[::2], y_true[1::2], strict=True)
        ]
        return sum(losses[1:], losses[0]).mean()

    def train_step_single(self, batch: Batch, **_: Any) -> dict[str, Any]:
        """Compute the gradients of a batch, in parts where memory runs out."""
        self._set_training(True)
        moving = self._moving_statistics()
        before = [tensor.clone() for tensor in moving]

        def undo() -> None:
            self._zero_grad_optimizer()
            for tensor, old in zip(moving, before, strict=True):
                tensor.copy_(old)

        step = self.run.part_size.fitting(
            len(batch[0]), lambda parts: self._gradients(batch, parts), undo
        )
        self.run.part_size.warn(self.run.batch_size)
        if self.plan.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.learning, self.plan.clip_norm)
        return step

    def _gradients(self, batch: Batch, parts: list[slice]) -> dict[str, Any]:
        """Add up the gradients of the parts: those of the mean over the whole batch."""
        x, y = batch
        self.module_.draws.seed(self.batch_seed)
        losses, outputs = [], []
        for part in parts:
            y_pred = self.infer(x[part])
            loss = self.get_loss(y_pred, [label[part] for label in y])
            loss = loss * ((part.stop - part.start) / len(x))
            loss.backward()
            losses.append(loss.detach())
            outputs.append(y_pred.detach())
        return {"loss": sum(losses[1:], losses[0]), "y_pred": torch.cat(outputs)}

    def _moving_statistics(self) -> list[Tensor]:
        """Give the buffers that a forward pass changes: a failed one must leave no trace."""
        if self._moving is None:
            learning = [module for module in self.module_.modules() if module.training]
            self._moving = [b for module in learning for b in module.buffers(recurse=False)]
        return self._moving

    def validation_step(self, batch: Batch, **_: Any) -> dict[str, Any]:
        """Give loss and outputs, and note the batch's accuracy."""
        self._set_training(False)
        x, y = batch
        run = self.run
        with torch.no_grad():
            y_pred = run.part_size.fitting(len(x), lambda parts: in_parts(self.infer, x, parts))
            loss = self.get_loss(y_pred, y)
            likely = run.loss.probabilities(y_pred.to(run.compute.dtype)).argmax(dim=1)
        self.history.record_batch("valid_accuracy", (likely == y[0]).double().mean().item())
        return {"loss": loss, "y_pred": y_pred}

    def _set_training(self, training: bool = True) -> None:
        # skorch sets the mode of all modules before every step; only a change needs the walk.
        if self.module_.training != training:
            self.module_.train(training)
