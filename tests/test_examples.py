"""The examples run, and draw what they say."""

import importlib.util
from pathlib import Path

import matplotlib.image
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_gallery_draws_its_pictures(tmp_path):
    load("gallery").main(tmp_path)
    names = ["gallery.png", "gallery_network.png", "gallery_prepared.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    for path in tmp_path.iterdir():
        pixels = matplotlib.image.imread(path)
        assert pixels.shape[0] >= 600
        assert pixels.std() > 0.1  # not a blank page
