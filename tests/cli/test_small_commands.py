"""`skspec info`, `backbones` and `doctor`: what they say is what Python says."""

import sklearn
import torch

from skspec import backbones, read_card


def test_info_is_the_card(run, run_json, model):
    card = read_card(model)
    content = run_json("info", model)
    assert content["labels"] == card.labels == ["kick", "skin"]
    assert content["versions"] == card.versions
    assert content["bytes"] == model.stat().st_size
    _, out, _ = run("info", model)
    assert card.description in out
    assert "SmallCNNClassifier" in out


def test_info_of_no_model_is_one_line(run, drums):
    status, out, err = run("info", drums / "table.csv")
    assert (status, out) == (1, "")
    assert err.startswith("skspec: path ")
    assert len(err.splitlines()) == 1


def test_backbones_are_those_of_python(run, run_json):
    _, out, _ = run("backbones", "tiny", "alexnet")
    assert out == f"{backbones(['tiny', 'alexnet'])!r}\n"
    (row,) = run_json("backbones", "alexnet")["backbones"]
    assert (row["name"], row["parameters"]) == ("alexnet", 2_469_696)


def test_backbone_that_is_not_there_is_one_line(run):
    status, out, err = run("backbones", "alexnett")
    assert (status, out) == (1, "")
    assert err.startswith("skspec: Got backbone='alexnett', but expected one of ['alexnet'")


def test_doctor(run, run_json, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    net = tmp_path / "hub" / "checkpoints" / "net.pth"
    net.write_bytes(bytes(200_000))
    (net.parent / "snapshot.pth").symlink_to(net)
    content = run_json("doctor")
    assert content["versions"]["torch"] == torch.__version__
    assert content["versions"]["scikit-learn"] == sklearn.__version__
    assert "cpu" in content["devices"]
    assert sum(name != "cpu" for name in content["devices"]) == torch.cuda.device_count()
    weights = content["weights"]["torchvision"]
    assert (weights["files"], weights["megabytes"]) == (1, 0.2)
    _, out, _ = run("doctor")
    assert ["torch", torch.__version__] in [line.split() for line in out.splitlines()]
