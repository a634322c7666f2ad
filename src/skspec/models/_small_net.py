"""What small networks have in common: random weights, images as they are, their own heads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from skspec._seeding import seed_at
from skspec.models._base import StagedImageClassifier
from skspec.models._head import Head
from skspec.nn._input import ImageStatistics, checked_input_size
from skspec.nn._network import BackboneSource, NetworkSpec, TransferNetwork


class SmallNetClassifier(StagedImageClassifier):
    """A network that starts from random weights; a subclass says what it is built of."""

    input_size: Sequence[int] | None
    input_scaling: str | None

    @abstractmethod
    def _backbone(self, n_channels: int, input_size: tuple[int, int], head: Head) -> BackboneSource:
        """Give what the backbone is built of."""

    def _network_spec(self, n_outputs: int, statistics: ImageStatistics) -> NetworkSpec:
        n_channels, *image_size = self.image_shape_in_
        size = checked_input_size(image_size if self.input_size is None else self.input_size)
        head = self._given_head()
        return NetworkSpec(
            backbone=self._backbone(n_channels, size, head),
            head=head.spec(),
            n_outputs=n_outputs,
            image_shape=self.image_shape_in_,
            input_size=size,
            input_scaling=self.input_scaling,
            statistics=statistics,
        )

    def _build(self, spec: NetworkSpec, seed: int) -> TransferNetwork:
        return spec.build(seed=seed_at(seed, "weights"), head_seed=seed_at(seed, "head"))
