"""The parameter groups of a stage's optimizer."""

from __future__ import annotations

from typing import Any

from torch import nn

from skspec.nn._network import TransferNetwork
from skspec.nn._run import StagePlan


def parameter_groups(network: TransferNetwork, plan: StagePlan) -> list[dict[str, Any]]:
    """Group what learns by its learning rate and by whether it decays; the head comes last.

    Block i of n learns at ``lr * layer_decay ** (n - 1 - i)``, the head at its own rate.
    """
    backbone, head = network.parameters_by_part()
    parts = [(backbone, plan.lr)] if plan.layer_decay == 1.0 else _blocks(network, plan)
    groups = []
    for parameters, lr in [*parts, (head, plan.head_lr)]:
        groups += [{**group, "lr": lr} for group in _by_decay(parameters, plan) if group["params"]]
    return groups


def _blocks(network: TransferNetwork, plan: StagePlan) -> list[tuple[list[nn.Parameter], float]]:
    blocks = network.backbone.blocks
    seen: set[int] = set()  # blocks may share a layer, and a parameter has one group
    parts = []
    for i, block in enumerate(blocks):
        new = [p for p in block.parameters() if p.requires_grad and id(p) not in seen]
        seen.update(map(id, new))
        parts.append((new, plan.lr * plan.layer_decay ** (len(blocks) - 1 - i)))
    return parts


def _by_decay(parameters: list[nn.Parameter], plan: StagePlan) -> list[dict[str, Any]]:
    """Part matrices and kernels from biases and norms, where the decay is for the first alone."""
    if plan.decay_on == "all" or not plan.optimizer_params.get("weight_decay"):
        return [{"params": parameters}]
    weights = [p for p in parameters if p.ndim >= 2]
    others = [p for p in parameters if p.ndim < 2]
    return [{"params": weights}, {"params": others, "weight_decay": 0.0}]
