"""All that decides what a frozen part gives for an image, but for the image."""

from __future__ import annotations

from typing import Any

import torch
import xxhash
from torch import nn

from skspec._image_batch import ImageBatch
from skspec.nn._backbone import Backbone
from skspec.nn._device import Compute
from skspec.nn._input import InputAdapter


def frozen_context(
    adapter: InputAdapter,
    backbone: Backbone,
    n_blocks: int,
    images: ImageBatch,
    compute: Compute,
    batch_size: int,
    **after: Any,
) -> dict[str, Any]:
    """Describe the first blocks of a backbone as they are now, as JSON can hold it.

    Parameters
    ----------
    adapter, backbone : Module
        On their device.
    n_blocks : int
        How many blocks take part.
    images : ImageBatch
        Of the shape and dtype that go in.
    compute : Compute
        Number format and device.
    batch_size : int
        Images per batch; bits depend on it.
    **after
        What is done with the blocks' maps.
    """
    blocks = backbone.blocks[:n_blocks]
    return {
        "backbone": backbone.name,
        "blocks": backbone.block_names[:n_blocks],
        "layers": _layers_digest(blocks),
        "weights": weights_digest(blocks),
        "input": _input(adapter),
        "image": {"shape": list(images.shape[1:]), "dtype": str(images.dtype)},
        "precision": {
            "dtype": str(compute.dtype),
            "autocast": compute.autocast,
            "matmul": torch.get_float32_matmul_precision(),
        },
        "device": _device_kind(compute.device),
        "torch": torch.__version__,
        "batch_size": batch_size,
        "after": after,
    }


def weights_digest(module: nn.Module) -> str:
    """Give a hash of all weights and buffers with their names; 50 ms for 500 MB."""
    digest = xxhash.xxh3_128()
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(values.numpy().data)
    return digest.hexdigest()


def _layers_digest(blocks: nn.Module) -> str:
    """Give a hash of what kinds of layers there are, with their settings."""
    kinds = [f"{name} {type(m).__module__}.{m!r}" for name, m in blocks.named_modules()]
    return xxhash.xxh3_128_hexdigest("\n".join(kinds).encode())


def _input(adapter: InputAdapter) -> dict[str, Any]:
    settings = {name: value.flatten().tolist() for name, value in adapter.named_buffers()}
    return {
        **settings,
        "size": list(adapter.size),
        "n_channels": adapter.n_channels,
        "normalised": adapter.normalised,
    }


def _device_kind(device: torch.device) -> str:
    """Name the kind of processor: other kinds round otherwise."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"
