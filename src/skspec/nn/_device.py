"""Which device and which number format a network uses."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from skspec.exceptions import DeviceUnavailableError

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Compute:
    """Device, the dtype of weights and images, and whether bfloat16 autocast is on."""

    device: torch.device
    dtype: torch.dtype
    autocast: bool

    def place(self, network: Network) -> Network:
        """Move a network to the device and dtype, its weights in channels-last order.

        That order makes EfficientNet-Lite0 twice as fast on a CPU, ResNet18 a tenth.
        """
        return network.to(self.device, self.dtype).to(memory_format=torch.channels_last)

    def where_available(self) -> Compute:
        """Give the same on this machine: the CPU in float32 or float64 where CUDA lacks it."""
        if self.device.type != "cuda" or (self.device.index or 0) < _count_cuda():
            return self
        return Compute(torch.device("cpu"), self.dtype, autocast=False)

    def context(self) -> torch.autocast:
        """Give the context in which the network runs."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.autocast)


def resolve_compute(device: str, precision: str) -> Compute:
    """Turn the parameters `device` and `precision` into what they mean on this machine."""
    resolved = resolve_device(device)
    bfloat16 = precision == "bfloat16" or (precision == "auto" and resolved.type == "cuda")
    dtype = torch.float64 if precision == "float64" else torch.float32
    return Compute(resolved, dtype, bfloat16)


def resolve_device(device: str) -> torch.device:
    """Give the torch device; ``"auto"`` is CUDA where there is one, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    resolved = None
    with suppress(RuntimeError):
        resolved = torch.device(device)
    if resolved is None or resolved.type not in ("cpu", "cuda"):
        raise DeviceUnavailableError(
            f"Got device={device!r}, but expected 'auto', 'cpu', 'cuda' or 'cuda:N'."
        )
    n_cuda = _count_cuda()
    if resolved.type == "cuda" and (resolved.index or 0) >= n_cuda:
        raise DeviceUnavailableError(
            f"Got device={device!r}, but torch finds {n_cuda} CUDA devices on this machine. "
            "Use device='cpu' or device='auto'."
        )
    return resolved


def _count_cuda() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
