"""Random layers whose draws are a function of position, not of torch's global state."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

_LOCK = threading.Lock()


class Draws:
    """One generator per device, seeded anew before every batch; shared by a network's layers."""

    def __init__(self) -> None:
        self._generators: dict[torch.device, torch.Generator] = {}
        self._seed = 0

    def seed(self, seed: int) -> None:
        """Start the sequence that belongs to `seed` on every device."""
        self._seed = seed
        for generator in self._generators.values():
            generator.manual_seed(seed)

    def on(self, device: torch.device) -> torch.Generator:
        """Give the generator of a device."""
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]

    def __getstate__(self) -> dict[str, int]:
        return {"_seed": self._seed}

    def __setstate__(self, state: dict[str, int]) -> None:
        self._seed = state["_seed"]
        self._generators = {}


class SeededDropout(nn.Module):
    """Dropout, of single values or, for stochastic depth, of whole images.

    Parameters
    ----------
    p : float in [0, 1)
        Probability that a value, or an image, becomes 0; the rest grow by 1 / (1 - p).
    draws : Draws
        Where random numbers come from.
    per_image : bool, default=False
        Whether one draw decides for an image's whole map.
    """

    def __init__(self, p: float, draws: Draws, *, per_image: bool = False) -> None:
        super().__init__()
        self.p = p
        self.draws = draws
        self.per_image = per_image

    @torch.compiler.disable  # it cannot trace a generator, and would warn of it
    def forward(self, x: Tensor) -> Tensor:
        """Give `x` with some of it dropped in training, `x` itself otherwise."""
        if not self.training or self.p == 0.0:
            return x
        shape = (x.shape[0], *[1] * (x.ndim - 1)) if self.per_image else x.shape
        keep = torch.empty(shape, dtype=x.dtype, device=x.device)
        keep.bernoulli_(1.0 - self.p, generator=self.draws.on(x.device))
        return x * keep.div_(1.0 - self.p)

    def extra_repr(self) -> str:
        """Show the probability in the module's repr."""
        return f"p={self.p}, per_image={self.per_image}"


def seed_random_layers(module: nn.Module, draws: Draws) -> None:
    """Replace every dropout and stochastic-depth layer inside `module` by a seeded one."""
    child: Any
    for name, child in module.named_children():
        kind = type(child).__name__
        if kind == "Dropout":
            layer = SeededDropout(child.p, draws)
        elif kind == "StochasticDepth":
            layer = SeededDropout(child.p, draws, per_image=True)
        elif kind == "DropPath":
            layer = SeededDropout(child.drop_prob, draws, per_image=True)
        else:
            seed_random_layers(child, draws)
            continue
        setattr(module, name, layer)


@contextmanager
def seeded_initialisation(seed: int) -> Iterator[None]:
    """Build modules inside: their initial weights depend on `seed` alone, also among threads."""
    with _LOCK, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
