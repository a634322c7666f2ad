"""What tells one training from all others: nothing else ever goes on from its checkpoint."""

from __future__ import annotations

from functools import partial
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xxhash
from numpy.typing import NDArray

import skspec
from skspec._image_batch import ImageBatch
from skspec._storage import sha256
from skspec.exceptions import ParameterError
from skspec.nn._batches import Examples
from skspec.nn._cached_rows import image_keys
from skspec.nn._frozen_context import frozen_context, weights_digest

if TYPE_CHECKING:
    from skspec.nn._run import Run, StagePlan

#: Of what a checkpoint holds; another number is another training.
FORMAT = 1
#: Images that are in memory at once while they are hashed.
_CHUNK = 256


def describe_training(run: Run, plans: list[StagePlan]) -> dict[str, Any]:
    """Describe all that decides which weights a training ends with, as JSON can hold it."""
    network, images = run.network, run.train.source
    assert isinstance(images, ImageBatch)
    n_blocks = len(network.backbone.blocks)
    return {
        "format": FORMAT,
        "skspec": skspec.__version__,
        "threads": torch.get_num_threads(),
        "network": frozen_context(
            network.adapter, network.backbone, n_blocks, images, run.compute, run.batch_size
        ),
        "head": {"layers": repr(network.head), "weights": weights_digest(network.head)},
        "compiled": run.compiled,
        "stages": [plain(plan) for plan in plans],
        "loss": plain(run.loss),
        "seed": run.seed,
        "monitor": run.monitor,
        "on_divergence": run.on_divergence,
        "train": _describe_examples(run.train),
        "valid": None if run.valid is None else _describe_examples(run.valid),
    }


def _describe_examples(examples: Examples) -> dict[str, Any]:
    images, rows = examples.source, examples.rows
    assert isinstance(images, ImageBatch)
    policies = [*images.policy, getattr(images.values, "policy", None)]
    return {
        "images": _images_digest(images, rows),
        "clips": plain(images.clip_indices[rows]),
        "policies": [plain(policy) for policy in policies],
        "targets": plain(examples.targets),
        "weights": plain(examples.weights),
    }


def _images_digest(images: ImageBatch, rows: NDArray[np.intp]) -> str:
    """Give a hash of all images as they are without augmentation, in their order."""
    digest = xxhash.xxh3_128()
    for start in range(0, len(rows), _CHUNK):
        digest.update(image_keys(images.batch(rows[start : start + _CHUNK])).tobytes())
    return digest.hexdigest()


def plain(value: Any) -> Any:
    """Give a value as JSON can hold it, the same in every process; arrays become a digest."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}  # NaN and infinity too
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        content = sha256(np.ascontiguousarray(value))
        return {"array": content, "dtype": str(value.dtype), "shape": list(value.shape)}
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    """Name a class or function; of an instance, give its class and its attributes."""
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        name = f"{value.__module__}.{value.__qualname__}"
        if "<" not in name:  # not within a function, where each call makes another
            return name
    elif isinstance(value, partial):
        return {"partial": plain([value.func, value.args, value.keywords])}
    elif hasattr(value, "__dict__"):
        return {"class": plain(type(value)), **{k: plain(v) for k, v in vars(value).items()}}
    raise ParameterError(
        f"Got {value!r} with checkpoint=, but a later fit could not tell whether it has the same: "
        "use a class or function of a module, or an object of plain values, or checkpoint=None."
    )
