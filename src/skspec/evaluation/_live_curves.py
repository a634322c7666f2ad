"""`LiveCurves`: the learning curves, drawn anew while the network learns."""

from __future__ import annotations

import io
import math
import sys
import time
import warnings
from dataclasses import dataclass
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from skorch.callbacks import Callback

from skspec._optional import import_optional
from skspec._storage import write_whole
from skspec.evaluation._training_history_display import TrainingHistoryDisplay
from skspec.exceptions import ParameterError


class LiveCurves(Callback):
    """Draw the training history after every epoch, into a file or a notebook.

    Parameters
    ----------
    path : path, default=None
        File to draw into, replaced as a whole, so that a viewer never sees half a picture; its
        ending says the format (``.png``, ``.svg``, ``.pdf``). None draws below the cell of a
        notebook.
    every_s : float >= 0, default=2.0
        Draw at most once in so many seconds, and at the end of each stage.

    Raises
    ------
    ParameterError
        In `fit`: a parameter has a value that is not allowed, or there is neither a path nor a
        notebook.
    MissingDependencyError
        In `fit`: matplotlib is not installed.

    Warns
    -----
    RuntimeWarning
        A picture could not be drawn. It is given once in a fit, which goes on.

    See Also
    --------
    TrainingHistoryDisplay : The picture, of a fitted classifier.
    EpochScalars : The numbers, for TensorBoard.

    Notes
    -----
    Fits that run at the same time need a path each.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skspec import LiveCurves, PretrainedCNNClassifier
    >>> images = np.random.default_rng(0).random((8, 1, 16, 16), dtype=np.float32)
    >>> curves = LiveCurves("curves.png")
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, callbacks=[curves])
    >>> cnn = cnn.fit(images, [0, 1] * 4)
    >>> Path("curves.png").exists()
    True
    """

    def __init__(self, path: str | PathLike[str] | None = None, *, every_s: float = 2.0) -> None:
        self.path = path
        self.every_s = every_s

    def on_train_begin(self, net: Any, *_: Any, **__: Any) -> None:
        """Check the parameters."""
        if not isinstance(self.every_s, Real) or not self.every_s >= 0:
            raise ParameterError(f"Got every_s={self.every_s!r}, but expected a number >= 0.")
        canvas = import_optional("matplotlib.backend_bases", extra="plot").FigureCanvasBase
        if self.path is None:
            _check_notebook()
        else:
            _check_format(self.path, sorted(canvas.get_supported_filetypes()))

    def on_epoch_end(self, net: Any, *_: Any, **__: Any) -> None:
        """Draw the epochs so far, where it is time."""
        if time.monotonic() - self._state(net).drawn_at >= self.every_s:
            self._draw(net)

    def on_train_end(self, net: Any, *_: Any, **__: Any) -> None:
        """Draw all epochs so far."""
        self._draw(net)

    def _state(self, net: Any) -> _State:
        """Give what is known of the pictures of this fit: each stage has its own copy of self."""
        return _STATES.setdefault(net.run.network, {}).setdefault(self.path, _State())

    def _draw(self, net: Any) -> None:
        state = self._state(net)
        if len(net.run.history) == state.n_epochs:
            return
        try:
            self._show(_figure(net.run), state)
        except Exception as error:  # hours of training are worth more than a picture
            if not state.warned:
                warnings.warn(
                    f"LiveCurves could not draw: {error}. The training goes on.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            state.warned = True
        state.n_epochs, state.drawn_at = len(net.run.history), time.monotonic()

    def _show(self, figure: Any, state: _State) -> None:
        if self.path is not None:
            write_whole(Path(self.path), _encoded(figure, _format(self.path)))
            return
        from IPython import display  # there is one: it was checked when training began

        image = display.Image(data=_encoded(figure, "png"), format="png")
        if state.output is None:
            state.output = display.display(image, display_id=True)
        else:
            state.output.update(image)


@dataclass
class _State:
    """What was drawn of one fit, and when."""

    n_epochs: int = 0
    drawn_at: float = -math.inf
    warned: bool = False
    output: Any = None


# A fit has one network for all stages, and it is there as long as the fit is.
_STATES: WeakKeyDictionary[Any, dict[Any, _State]] = WeakKeyDictionary()


def _figure(run: Any) -> Any:
    """Draw on a figure of our own: pyplot's belong to the user, and to one thread."""
    agg = import_optional("matplotlib.backends.backend_agg", extra="plot")
    figure = import_optional("matplotlib.figure", extra="plot").Figure
    canvas = agg.FigureCanvasAgg(figure(figsize=(7, 4.5), layout="constrained"))
    best_epoch = None if run.best is None else run.best.epoch
    TrainingHistoryDisplay(run.history, best_epoch).plot(ax=canvas.figure.add_subplot())
    return canvas.figure


def _encoded(figure: Any, kind: str) -> bytes:
    with io.BytesIO() as file:
        figure.savefig(file, format=kind)
        return file.getvalue()


def _format(path: str | PathLike[str]) -> str:
    return Path(path).suffix.removeprefix(".").lower()


def _check_format(path: str | PathLike[str], known: list[str]) -> None:
    if not isinstance(path, str | PathLike) or _format(path) not in known:
        raise ParameterError(f"Got path={path!r}, but expected a file that ends in one of {known}.")


def _check_notebook() -> None:
    ipython = sys.modules.get("IPython")  # where it runs, it is loaded
    shell = None if ipython is None else ipython.get_ipython()
    if not hasattr(shell, "kernel"):
        raise ParameterError(
            "Got path=None, but no notebook is running to draw in. Give a file, such as "
            "LiveCurves('curves.png')."
        )
