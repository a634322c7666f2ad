"""A module's state as numpy arrays, for pickles and files."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from skspec.nn._device import Compute


def module_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Give all weights and buffers as arrays."""
    return {key: tensor.cpu().numpy() for key, tensor in module.state_dict().items()}


def load_arrays(module: nn.Module, arrays: dict[str, NDArray[Any]], compute: Compute) -> nn.Module:
    """Put the arrays into a freshly built module; it comes back on its device, in eval mode."""
    module = compute.place(module)
    # A copy, because arrays from a worker can be memory maps that may not be written to.
    module.load_state_dict({key: torch.from_numpy(a.copy()) for key, a in arrays.items()})
    return module.eval()


class NetworkState:
    """Pickling for estimators that hold a fitted `network_`, its `network_spec_` and `compute_`."""

    def __getstate__(self) -> dict[str, Any]:
        """Give the state with the network as numpy arrays, never as live modules."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        if "network_" in state:
            state["network_"] = module_arrays(state["network_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the network from its arrays, on the CPU where its device is not there."""
        if "network_" in state:
            state = {**state, "compute_": state["compute_"].where_available()}
            network = state["network_spec_"].build()
            state["network_"] = load_arrays(network, state["network_"], state["compute_"])
        super().__setstate__(state)  # type: ignore[misc]
