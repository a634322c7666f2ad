"""States become JSON and tensors, and come back bit for bit."""

import json

import numpy as np
import safetensors.numpy
import torch
from numpy.testing import assert_array_equal

from skspec.nn._checkpoint_state import file_parts, pack, unpack


def test_there_and_back():
    half = torch.arange(6.0).reshape(2, 3).to(torch.bfloat16)
    last = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    value = {
        "a": [1, 1.5, float("inf"), -0.0, None, True, "x", np.float64(0.1), (1, (2,))],
        3: {"half": half, "last": last, "step": torch.tensor(7.0), "empty": torch.empty(0)},
        "a.b": torch.ones(1),
        "c": {"b": torch.zeros(1)},
        "c.b": torch.ones(1),
    }
    tensors = {}
    packed = json.loads(json.dumps(pack(value, tensors)))
    again = unpack(packed, {name: tensor.clone() for name, tensor in tensors.items()})
    assert again["a"] == value["a"]
    assert isinstance(again["a"][-1], tuple)
    for name, tensor in value[3].items():
        assert torch.equal(again[3][name], tensor)
        assert again[3][name].dtype == tensor.dtype
        assert again[3][name].stride() == tensor.stride()
    assert (again["c"]["b"].item(), again["c.b"].item()) == (0.0, 1.0)
    assert np.isnan(unpack(pack(float("nan"), {}), {}))


def test_the_file_is_safetensors():
    tensors = {"a": torch.randn(3, 4, dtype=torch.float64).T, "b": torch.tensor(2)}
    parts = b"".join(bytes(part) for part in file_parts(tensors))
    found = safetensors.numpy.load(parts)
    assert_array_equal(found["a"], tensors["a"].numpy())
    assert found["b"] == 2
