"""EmbeddingDisplay: principal components by numpy's SVD, colours by label, markers by group."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspec import EmbeddingDisplay
from skspec.exceptions import InputError, ParameterError

mpl.use("Agg")
LABELS = np.array(["a", "b", "c"] * 10)
FEATURES = np.random.default_rng(0).normal(size=(30, 5)) * [5, 3, 1, 1, 1]
FEATURES[:, :2] += 8 * np.array([(0, 0), (3, 0), (0, 3)])[np.arange(30) % 3]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def drawn(display):
    """Give what has points of the scatters: legends have empty ones."""
    return [part for part in display.ax_.collections if len(part.get_offsets())]


def legends(display):
    found = [child for child in display.ax_.get_children() if isinstance(child, mpl.legend.Legend)]
    return [[text.get_text() for text in legend.get_texts()] for legend in found]


def test_principal_components():
    display = EmbeddingDisplay.from_features(FEATURES, LABELS)
    centred = FEATURES - FEATURES.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    (points,) = (part.get_offsets() for part in drawn(display))
    assert_allclose(np.abs(points), np.abs(u[:, :2] * s[:2]), rtol=1e-6)
    first, second = (s**2 / (s**2).sum())[:2]
    assert display.ax_.get_xlabel() == f"component 1 ({100 * first:.0f}% of the variance)"
    assert display.ax_.get_ylabel() == f"component 2 ({100 * second:.0f}% of the variance)"


def test_colours_are_labels():
    display = EmbeddingDisplay.from_features(FEATURES, LABELS)
    (part,) = drawn(display)
    expected = [mpl.colors.to_rgb(f"C{'abc'.index(label)}") for label in LABELS]
    assert_allclose(part.get_facecolor()[:, :3], expected)
    assert legends(display) == [["a", "b", "c"]]


def test_markers_are_groups():
    groups = np.repeat(["x", "y"], 15)
    display = EmbeddingDisplay.from_features(FEATURES, LABELS, groups)
    first, second = drawn(display)
    assert_array_equal(first.get_offsets(), display.points[:15])
    assert_array_equal(second.get_offsets(), display.points[15:])
    assert first.get_paths()[0] != second.get_paths()[0]
    assert sorted(legends(display)) == [["a", "b", "c"], ["x", "y"]]


def test_many_groups_and_many_labels():
    display = EmbeddingDisplay.from_features(FEATURES, np.arange(30), np.arange(30) // 2)
    assert len(drawn(display)) == 15
    assert len(legends(display)) == 1
    colors = np.concatenate([part.get_facecolor() for part in drawn(display)])
    assert len(np.unique(colors, axis=0)) == 30


def test_tsne_keeps_neighbours_and_the_seed():
    ax = Figure().add_subplot()
    options = {"method": "tsne", "random_state": 0, "ax": ax}
    display = EmbeddingDisplay.from_features(FEATURES, LABELS, **options)
    assert display.ax_ is ax
    again = EmbeddingDisplay.from_features(FEATURES, LABELS, **options)
    assert_array_equal(display.points, again.points)
    distances = np.linalg.norm(display.points[:, None] - display.points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (LABELS[distances.argmin(axis=1)] == LABELS).mean() > 0.8
    assert display.ax_.get_xlabel() == "t-SNE 1"


def test_what_an_estimator_gives():
    scaler = make_pipeline(StandardScaler()).fit(FEATURES)
    display = EmbeddingDisplay.from_estimator(scaler, FEATURES, LABELS)
    expected = EmbeddingDisplay.from_features(scaler.transform(FEATURES), LABELS)
    assert_array_equal(display.points, expected.points)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"method": "umap"}, ParameterError, r"Got method='umap', but expected one of \('pca'"),
        ({"features": FEATURES[:, :1]}, InputError, r"shape \(30, 1\), but expected \(n_clips"),
        ({"features": FEATURES[0]}, InputError, r"shape \(5,\)"),
        ({"labels": LABELS[:4]}, InputError, r"labels has shape \(4,\), but expected \(30,\)"),
        ({"groups": LABELS[:5]}, InputError, r"groups has shape \(5,\), but expected \(30,\)"),
    ],
)
def test_what_cannot_be_drawn(change, error, message):
    with pytest.raises(error, match=message):
        EmbeddingDisplay.from_features(**{"features": FEATURES, "labels": LABELS, **change})
