"""Recipes at a size that a test can afford."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import Bunch
from skorch.callbacks import Callback

from skspec import load_percussion, make_voices

# What costs time or a download, by the last word of a parameter's name.
BUDGET = {"weights": None, "epochs": 1, "device": "cpu", "input_size": (64, 64), "batch_size": 4}


def shrunk(system, **budget):
    """Give a copy of a system, every costly parameter in it replaced, however deep it stands.

    Keyword arguments are further ones by the last word of their name: ``n_estimators=2``.
    """
    budget = {**BUDGET, **budget}
    system = clone(system)
    params = {name: name.split("__")[-1] for name in system.get_params(deep=True)}
    return system.set_params(**{k: budget[last] for k, last in params.items() if last in budget})


def first_clips(dataset, n_per_class=2):
    """Give paths (or waveforms) and labels of the first clips of every class."""
    rows = [np.flatnonzero(dataset.y == label)[:n_per_class] for label in np.unique(dataset.y)]
    rows = np.concatenate(rows)
    return np.asarray(dataset.paths)[rows], dataset.y[rows]


@pytest.fixture(name="shrunk")
def shrunk_fixture():
    return shrunk


@pytest.fixture(name="first_clips")
def first_clips_fixture():
    return first_clips


@pytest.fixture
def trained():
    """Fit a Pipeline that ends in ``cnn``; give what learned in each epoch, and how."""

    def train(pipe, X, y):
        epochs = []

        class Watch(Callback):
            def on_epoch_begin(self, net, **kwargs):
                learning = [p for p in net.module_.parameters() if p.requires_grad]
                groups = net.optimizer_.param_groups
                epochs.append(
                    Bunch(
                        n_learning=sum(p.numel() for p in learning),
                        n_outputs=net.module_.head.layers[-1].out_features,
                        optimizer=type(net.optimizer_).__name__,
                        lrs=sorted({group["lr"] for group in groups}),
                    )
                )

        pipe.set_params(cnn__callbacks=[Watch()]).fit(X, y)
        return epochs

    return train


@pytest.fixture(scope="session")
def percussion():
    return load_percussion()


@pytest.fixture(scope="session")
def voices():
    """Sixty synthetic voices of two classes; `paths` are the waveforms themselves."""
    X, y, groups = make_voices(60, n_speakers=12, duration_s=0.5, random_state=0)
    return Bunch(paths=X, y=y, groups=groups, sr=16_000)
