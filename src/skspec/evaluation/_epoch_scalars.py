"""`EpochScalars`: the numbers of every epoch, for TensorBoard."""

from __future__ import annotations

from numbers import Real
from typing import Any

from skorch.callbacks import Callback


class EpochScalars(Callback):
    """Give the losses, rates and scores of every epoch to a TensorBoard writer.

    Epochs are numbered through all stages. skorch's own ``TensorBoard`` begins at 1 again in each
    stage, and its writer cannot be copied, as the callbacks of a stage are.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
        Or anything with its ``add_scalar(tag, value, step)``. It is shared, never copied or
        closed.

    See Also
    --------
    LiveCurves : A picture of them.

    Notes
    -----
    Tags are the names in `history_` of the classifier: ``train_loss``, ``lr``, and so on. An
    epoch is given when it ends.

    A writer cannot be sent to other processes: searches with several need
    ``joblib.parallel_config("threading")``, and all their fits write into the one writer.

    Examples
    --------
    With TensorBoard installed, the writer is ``SummaryWriter("runs")``:

    >>> import numpy as np
    >>> from skspec import EpochScalars, PretrainedCNNClassifier
    >>> class Printer:
    ...     def add_scalar(self, tag, value, step):
    ...         print(step, tag) if tag == "lr" else None
    >>> images = np.random.default_rng(0).random((8, 1, 16, 16), dtype=np.float32)
    >>> told = EpochScalars(Printer())
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="frozen", callbacks=[told])
    >>> cnn = cnn.set_params(frozen__epochs=2).fit(images, [0, 1] * 4)
    0 lr
    1 lr
    """

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def __deepcopy__(self, memo: dict[int, Any]) -> EpochScalars:
        """Give another callback with the same writer."""
        return type(self)(self.writer)

    def __sklearn_clone__(self) -> EpochScalars:
        """Give another callback with the same writer."""
        return type(self)(self.writer)

    def on_train_begin(self, net: Any, *_: Any, **__: Any) -> None:
        """Note where the stage begins."""
        self.n_written_ = len(net.run.history)

    def on_epoch_end(self, net: Any, *_: Any, **__: Any) -> None:
        """Write the epoch."""
        self._write(net.run.history)

    def on_train_end(self, net: Any, *_: Any, **__: Any) -> None:
        """Write the last epoch, where a callback before this one ended the training in it."""
        self._write(net.run.history)

    def _write(self, history: list[dict[str, Any]]) -> None:
        for row in history[self.n_written_ :]:
            for name, value in row.items():
                if isinstance(value, Real) and name != "epoch":
                    self.writer.add_scalar(name, float(value), row["epoch"])
        self.n_written_ = len(history)
