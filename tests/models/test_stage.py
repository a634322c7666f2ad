"""Stage: what learns, and which optimizer it becomes."""

from functools import partial

import pytest
import torch
from sklearn.base import clone

from skspec import CosineSchedule, PlateauSchedule, Stage, StepSchedule
from skspec.exceptions import BackboneNotFoundError, ParameterError
from skspec.models._stage import OPTIMIZERS, named_stages

BLOCKS = ["stem", "a", "b", "top"]


def plan(*args, **settings):
    return Stage(*args, **settings).plan("s", BLOCKS, "net")


@pytest.mark.parametrize(
    ("train", "first"),
    [("all", 0), ("head", 4), ("last:1", 3), ("last:4", 0), ("stem", 0), ("b", 2), ("top", 3)],
)
def test_what_learns(train, first):
    assert plan(train).first_block == first


@pytest.mark.parametrize("train", ["last:0", "last:5", "last:", "last:-1", "last:two"])
def test_wrong_number_of_blocks(train):
    with pytest.raises(ParameterError, match=rf"Got train='{train}'.* 1 <= N <= 4.*'net'"):
        plan(train)


def test_unknown_block_lists_them():
    with pytest.raises(BackboneNotFoundError, match=r"'c', but .*'stem', 'a', 'b', 'top'"):
        plan("c")


def test_values_pass_on():
    made = plan(epochs=3, optimizer="sgd", lr=0.5, head_lr_factor=4, batchnorm="frozen", patience=2)
    assert (made.name, made.epochs, made.lr, made.head_lr) == ("s", 3, 0.5, 2.0)
    assert (made.batchnorm, made.patience) == ("frozen", 2)
    assert made.optimizer is torch.optim.SGD


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_can_be_made(name):
    made = plan(optimizer=name)
    weights = [torch.zeros(2, 2, requires_grad=True)]
    optimizer = made.optimizer(weights, lr=made.lr, **made.optimizer_params)
    assert type(optimizer).__name__.lower() == name
    assert optimizer.defaults.get("weight_decay", 0.0) == 0.0  # AdamW's own default is 0.01


def test_optimizers_are_torchs_and_no_base_class():
    assert {"adam", "adamw", "sgd", "rmsprop"} <= OPTIMIZERS.keys()
    assert not {"optimizer", "muon", "sparseadam"} & OPTIMIZERS.keys()


def test_weight_decay_and_further_parameters():
    made = plan(optimizer="sgd", weight_decay=0.1, optimizer_params={"momentum": 0.9})
    assert made.optimizer_params == {"weight_decay": 0.1, "momentum": 0.9}


def test_a_partial_keeps_what_it_brings():
    decaying = partial(torch.optim.AdamW, weight_decay=0.3)
    brought = {"weight_decay": 0.3}
    assert plan(optimizer=decaying).optimizer_params == brought
    assert plan(optimizer=decaying, weight_decay=0.1).optimizer_params == {"weight_decay": 0.1}
    assert plan(optimizer=decaying, optimizer_params={"eps": 1.0}).optimizer_params == {
        "eps": 1.0,
        **brought,
    }
    assert plan(optimizer=partial(torch.optim.AdamW, eps=1.0)).optimizer_params == {
        "eps": 1.0,
        "weight_decay": 0.0,
    }


def test_a_class_or_a_function_is_an_optimizer():
    assert plan(optimizer=torch.optim.Adam).optimizer is torch.optim.Adam

    def make(params, **settings):
        return torch.optim.Adam(params, **settings)

    assert plan(optimizer=make, weight_decay=0.1).optimizer_params == {"weight_decay": 0.1}


def test_rates_decay_and_clipping_pass_on():
    made = plan(layer_decay=0.5, decay_on="all", clip_norm=2.0)
    assert (made.layer_decay, made.decay_on, made.clip_norm) == (0.5, "all", 2.0)
    assert (plan().layer_decay, plan().decay_on, plan().clip_norm) == (1.0, "weights", None)


def test_the_plan_has_a_schedule_of_its_own():
    schedule = StepSchedule(3)
    made = plan(schedule=schedule)
    assert made.schedule is not schedule
    assert made.schedule.step_epochs == 3
    assert plan().schedule is None


def test_schedule_in_clone_and_repr():
    stage = Stage(schedule=CosineSchedule(warmup_epochs=2))
    assert repr(stage) == "Stage(schedule=CosineSchedule(warmup_epochs=2))"
    copy = clone(stage)
    assert copy.schedule is not stage.schedule
    assert copy.get_params()["schedule__warmup_epochs"] == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "step"}, "'schedule'"),
        ({"schedule": StepSchedule(0)}, "'step_epochs' parameter of StepSchedule"),
        ({"layer_decay": 0.0}, r"'layer_decay' .*\(0\.0, 1\.0\]"),
        ({"layer_decay": 1.5}, "'layer_decay'"),
        ({"decay_on": "biases"}, "'decay_on'"),
        ({"clip_norm": 0.0}, "'clip_norm'"),
        (
            {"epochs": 3, "schedule": CosineSchedule(warmup_epochs=3)},
            "warmup_epochs=3 in a stage of epochs=3",
        ),
        (
            {"patience": 4, "schedule": PlateauSchedule(4)},
            r"patience=4 .*PlateauSchedule\(patience=4\), but expected more than 4",
        ),
        ({"train": 3}, "'train'"),
        ({"epochs": 0}, r"'epochs' .* \[1, inf\)"),
        ({"optimizer": "adm"}, r"'optimizer' .*'adamw'"),
        ({"lr": 0.0}, "'lr'"),
        ({"head_lr_factor": -1}, "'head_lr_factor'"),
        ({"weight_decay": -0.1}, "'weight_decay'"),
        ({"optimizer_params": [1]}, "'optimizer_params'"),
        ({"batchnorm": "off"}, "'batchnorm'"),
        ({"patience": 0}, "'patience'"),
        ({"optimizer_params": {"momentu": 1}}, "momentu=1 for optimizer='adamw'.*'betas'"),
        ({"optimizer_params": {"lr": 0.1}}, "Got lr=0.1 .*`lr` is a parameter of the stage"),
        ({"optimizer_params": {"params": []}}, r"Got params=\[\] .*is said by `train`"),
        ({"optimizer": partial(torch.optim.SGD, lr=0.1)}, "Got lr=0.1 .*`lr` is a parameter"),
        ({"optimizer": "muon"}, "'optimizer' .*'adamw'"),
        ({"optimizer": "rprop", "weight_decay": 0.1}, r"weight_decay=0\.1 .*'rprop'"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ParameterError, match=message):
        plan(**settings)


@pytest.mark.parametrize(
    ("word", "names"),
    [("frozen", ["frozen"]), ("two_stage", ["warmup", "finetune"]), ("full", ["full"])],
)
def test_words(word, names):
    stages = named_stages(word)
    assert [name for name, _ in stages] == names
    expected = {"frozen": "head", "warmup": "head", "finetune": "all", "full": "all"}
    assert all(stage.train == expected[name] for name, stage in stages)
    assert named_stages(word)[0][1] is not stages[0][1]  # nobody shares them


def test_the_head_warms_up_faster_than_the_backbone_is_tuned():
    (_, warmup), (_, finetune) = named_stages("two_stage")
    assert warmup.lr > finetune.lr


def test_unknown_word():
    with pytest.raises(ParameterError, match=r"'three'.*\['frozen', 'full', 'two_stage'\]"):
        named_stages("three")


def test_clone_and_repr():
    stage = Stage("last:2", lr=0.1, optimizer_params={"momentum": 0.9})
    assert clone(stage).get_params() == stage.get_params()
    assert repr(Stage("head", lr=0.1)) == "Stage(lr=0.1, train='head')"
