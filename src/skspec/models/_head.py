"""`Head`: what stands on a backbone and classifies."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

from sklearn.base import BaseEstimator

from skspec._compat import Interval, StrOptions
from skspec._validation import check_parameters
from skspec.exceptions import ParameterError
from skspec.nn._network import HeadSpec


class Head(BaseEstimator):
    """Pooling, hidden layers and dropout that turn feature maps into class scores.

    Every setting can be searched from outside: ``cnn__head__hidden`` in a Pipeline.

    Parameters
    ----------
    pooling : {"mean", "max", "mean_std", "attention", "last", "flatten"}, default="mean"
        What happens to feature maps over time (and frequency, see `n_bands`): their mean, their
        maximum, mean and standard deviation, a mean whose weights are learnt (see Notes), the
        last frame alone (what an LSTM has come to), or nothing: every value is kept.
    n_bands : int > 0, default=1
        Bands in which frequency is kept apart; 1 averages over all of it, as global average
        pooling does. Where something sounds matters in spectrograms, so 4 is worth a try.
    hidden : sequence of int, default=()
        Widths of hidden layers, each followed by ReLU.
    dropout : float in [0, 1) or sequence of float, default=0.2
        A float drops after each hidden layer, or after the pooling where there is none. A
        sequence has one value for after the pooling and one for after each hidden layer.

    Notes
    -----
    ``"attention"`` weighs frames by what is in them, so that silence need not count as much as
    sound. With h_t the channels of frame t in a band, the band gives ``sum_t a_t h_t``, where
    ``a = softmax_t(v . tanh(W h_t + b))`` is additive attention [1]_ used for pooling [2]_. W has
    64 rows; W, b and v are shared by the bands. v starts at 0, so training starts from the mean.

    References
    ----------
    .. [1] D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to
       align and translate", ICLR 2015.
    .. [2] K. Okabe, T. Koshinaka, K. Shinoda, "Attentive statistics pooling for deep speaker
       embedding", Interspeech 2018.

    Examples
    --------
    >>> from skspec import Head
    >>> Head(hidden=(512, 256), dropout=(0.0, 0.5, 0.0))
    Head(dropout=(0.0, 0.5, 0.0), hidden=(512, 256))
    """

    _parameter_constraints = {  # noqa: RUF012
        "pooling": [StrOptions({"attention", "flatten", "last", "max", "mean", "mean_std"})],
        "n_bands": [Interval(Integral, 1, None, closed="left")],
        "hidden": [tuple, list],
        "dropout": [Interval(Real, 0, 1, closed="left"), tuple, list],
    }

    def __init__(
        self,
        *,
        pooling: str = "mean",
        n_bands: int = 1,
        hidden: Sequence[int] = (),
        dropout: float | Sequence[float] = 0.2,
    ) -> None:
        self.pooling = pooling
        self.n_bands = n_bands
        self.hidden = hidden
        self.dropout = dropout

    def spec(self) -> HeadSpec:
        """Check the parameters and give them as plain values."""
        check_parameters(self)
        hidden = tuple(self.hidden)
        if any(not isinstance(width, Integral) or width < 1 for width in hidden):
            raise ParameterError(f"Got hidden={self.hidden!r}, but expected integers > 0.")
        return HeadSpec(self.pooling, int(self.n_bands), hidden, self._dropouts(len(hidden)))

    def _dropouts(self, n_hidden: int) -> tuple[float, ...]:
        if isinstance(self.dropout, (int, float, Real)):
            dropout = float(self.dropout)
            return (0.0, *[dropout] * n_hidden) if n_hidden else (dropout,)
        dropouts = tuple(self.dropout)
        if len(dropouts) != n_hidden + 1 or any(
            not isinstance(p, Real) or not 0 <= p < 1 for p in dropouts
        ):
            raise ParameterError(
                f"Got dropout={self.dropout!r}, but expected a number in [0, 1), or "
                f"{n_hidden + 1} of them: after the pooling and after each hidden layer."
            )
        return tuple(float(p) for p in dropouts)
