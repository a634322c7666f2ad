"""LiveCurves: a whole picture after every epoch, and never the end of a training."""

import sys
import types
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from skorch.callbacks import Callback

from skspec import LiveCurves, PretrainedCNNClassifier, Stage, TrainingHistoryDisplay
from skspec.evaluation import _live_curves
from skspec.exceptions import ParameterError

mpl.use("Agg")
X = np.random.default_rng(0).random((8, 1, 16, 16), dtype=np.float32)
Y = [0, 1] * 4
STAGES = [("warmup", Stage("head", epochs=2)), ("finetune", Stage(epochs=2))]


def cnn(*callbacks, **settings):
    defaults = {"stages": STAGES, "random_state": 0, "device": "cpu", "input_size": (16, 16)}
    settings = {"weights": None, "callbacks": list(callbacks), **defaults, **settings}
    return PretrainedCNNClassifier("tiny", **settings)


@pytest.fixture
def drawn(monkeypatch):
    """Note how many epochs each picture shows, and draw nothing."""
    lengths = []

    def figure(run):
        lengths.append(len(run.history))
        return types.SimpleNamespace(savefig=lambda file, format: file.write(b"picture"))

    monkeypatch.setattr(_live_curves, "_figure", figure)
    return lengths


@pytest.fixture
def clock(monkeypatch):
    """Give a clock that stands still until it is set."""
    now = [1000.0]
    monkeypatch.setattr(_live_curves, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    return now


class TestFile:
    @pytest.mark.slow
    def test_the_picture_is_that_of_the_display(self, tmp_path):
        path = tmp_path / "curves.png"
        before = plt.get_fignums()
        fitted = cnn(LiveCurves(path), validation=np.arange(2)).fit(X, Y)
        assert plt.get_fignums() == before
        figure = mpl.figure.Figure(figsize=(7, 4.5), layout="constrained")
        TrainingHistoryDisplay.from_estimator(fitted, ax=figure.add_subplot())
        figure.savefig(tmp_path / "expected.png")
        expected = mpl.image.imread(tmp_path / "expected.png")
        np.testing.assert_array_equal(mpl.image.imread(path), expected)
        assert {p.name for p in tmp_path.iterdir()} == {"curves.png", "expected.png"}

    @pytest.mark.parametrize(("ending", "head"), [("SVG", b"<?xml"), ("png", b"\x89PNG")])
    def test_the_ending_is_the_format(self, tmp_path, ending, head):
        path = tmp_path / f"curves.{ending}"
        cnn(LiveCurves(str(path)), stages=[("one", Stage("head", epochs=1))]).fit(X, Y)
        assert path.read_bytes().startswith(head)

    def test_it_is_replaced_whole(self, tmp_path, drawn, monkeypatch):
        path = tmp_path / "curves.png"
        path.write_bytes(b"older")
        replace, seen = Path.replace, []

        def look(part, target):
            seen.append((part.parent == path.parent, part.read_bytes(), path.read_bytes()))
            return replace(part, target)

        monkeypatch.setattr(Path, "replace", look)
        cnn(LiveCurves(path, every_s=0)).fit(X, Y)
        assert seen[0] == (True, b"picture", b"older")
        assert len(seen) == 4
        assert [p.name for p in tmp_path.iterdir()] == ["curves.png"]


class TestWhen:
    def test_after_every_epoch_of_all_stages(self, tmp_path, drawn):
        cnn(LiveCurves(tmp_path / "a.png", every_s=0)).fit(X, Y)
        assert drawn == [1, 2, 3, 4]

    def test_while_the_epoch_ends(self, tmp_path, drawn):
        class Looking(Callback):
            def on_epoch_end(self, net, **kwargs):
                assert len(drawn) == len(net.run.history)

        cnn(LiveCurves(tmp_path / "a.png", every_s=0), Looking()).fit(X, Y)
        assert drawn == [1, 2, 3, 4]

    def test_seldom_and_at_the_end_of_each_stage(self, tmp_path, drawn, clock):
        stages = [("warmup", Stage("head", epochs=6)), ("finetune", Stage("head", epochs=5))]
        cnn(LiveCurves(tmp_path / "a.png", every_s=2.0), stages=stages).fit(X, Y)
        assert drawn == [1, 6, 11]

    def test_again_when_time_has_passed(self, tmp_path, drawn, clock):
        class Slow(LiveCurves):
            def on_epoch_end(self, net, **kwargs):
                clock[0] += 0.75
                super().on_epoch_end(net, **kwargs)

        cnn(Slow(tmp_path / "a.png"), stages=[("full", Stage("head", epochs=9))]).fit(X, Y)
        assert drawn == [1, 4, 7, 9]  # 3 * 0.75 s is the first time above 2 s

    def test_two_in_one_fit_and_a_second_fit(self, tmp_path, drawn, clock):
        both = cnn(LiveCurves(tmp_path / "a.png"), LiveCurves(tmp_path / "b.png"))
        both.fit(X, Y).fit(X, Y)
        assert drawn == [1, 1, 2, 2, 4, 4] * 2
        assert len(_live_curves._STATES) <= 1


class TestFailure:
    def test_one_warning_and_training_goes_on(self, tmp_path):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            path = tmp_path / "nowhere" / "curves.png"
            fitted = cnn(LiveCurves(path, every_s=0)).fit(X, Y)
        assert len(fitted.history_) == 4
        (warning,) = [w for w in caught if "LiveCurves" in str(w.message)]
        assert warning.category is RuntimeWarning
        assert "No such file" in str(warning.message)

    def test_a_picture_that_fails_leaves_the_old_one(self, tmp_path, drawn, monkeypatch):
        path = tmp_path / "curves.png"
        path.write_bytes(b"older")

        def full(part, target):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.warns(RuntimeWarning, match="No space left on device. The training goes on"):
            cnn(LiveCurves(path)).fit(X, Y)
        assert path.read_bytes() == b"older"
        assert [p.name for p in tmp_path.iterdir()] == ["curves.png"]

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"path": "a.xyz"}, r"Got path='a.xyz', but expected a file that ends in one of \['"),
            ({"path": "curves"}, "Got path='curves', but expected a file that ends in"),
            ({"path": 5}, "Got path=5, but expected a file"),
            ({"path": "a.png", "every_s": -1}, "Got every_s=-1, but expected a number >= 0"),
            ({"path": "a.png", "every_s": "2"}, "Got every_s='2', but expected a number >= 0"),
            ({}, r"no notebook is running to draw in. Give a file"),
        ],
    )
    def test_parameters_are_checked_before_the_first_epoch(self, settings, message):
        with pytest.raises(ParameterError, match=message):
            cnn(LiveCurves(**settings)).fit(X, Y)

    def test_a_shell_without_a_notebook(self, monkeypatch):
        shell = types.SimpleNamespace(get_ipython=object)
        monkeypatch.setitem(sys.modules, "IPython", shell)
        with pytest.raises(ParameterError, match="no notebook is running"):
            cnn(LiveCurves()).fit(X, Y)


class Output:
    """What `display(..., display_id=True)` gives."""

    def __init__(self):
        self.shown = []

    def update(self, image):
        self.shown.append(image)


def test_a_notebook_has_one_output_that_changes(monkeypatch, drawn):
    outputs = []

    def display(image, display_id):
        assert display_id is True
        outputs.append(Output())
        outputs[-1].update(image)
        return outputs[-1]

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    ipython.display = types.SimpleNamespace(display=display, Image=lambda data, format: data)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    classifier = cnn(LiveCurves(every_s=0)).fit(X, Y)
    assert [output.shown for output in outputs] == [[b"picture"] * 4]
    classifier.fit(X, Y)
    assert [output.shown for output in outputs] == [[b"picture"] * 4] * 2
