"""Seeded dropout: right on average, and a function of the seed alone."""

import copy
import pickle

import pytest
import torch
from scipy import stats
from torch import nn

from skspec.nn._backbone import build_backbone
from skspec.nn._random import Draws, SeededDropout, seed_random_layers, seeded_initialisation
from skspec.nn._registry import get_entry


def dropout(p, *, per_image=False, seed=0):
    draws = Draws()
    draws.seed(seed)
    return SeededDropout(p, draws, per_image=per_image)


class TestSeededDropout:
    @pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
    def test_share_and_scale(self, p):
        out = dropout(p)(torch.ones(100, 200))
        dropped = int((out == 0).sum())
        assert stats.binomtest(dropped, 20_000, p).pvalue > 1e-4
        torch.testing.assert_close(out[out != 0].unique(), torch.tensor([1 / (1 - p)]))

    @pytest.mark.parametrize("p", [0.1, 0.5])
    def test_per_image(self, p):
        out = dropout(p, per_image=True)(torch.ones(2000, 3, 4, 5)).flatten(1)
        assert torch.equal(out.amin(dim=1), out.amax(dim=1))
        assert stats.binomtest(int((out[:, 0] == 0).sum()), 2000, p).pvalue > 1e-4

    def test_values_are_kept_and_scaled(self):
        x = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
        out = dropout(0.25)(x)
        kept = out != 0
        torch.testing.assert_close(out[kept], x[kept] / 0.75)

    def test_off_in_eval_and_at_0(self):
        x = torch.ones(5, 5)
        assert dropout(0.5).eval()(x) is x
        assert dropout(0.0)(x) is x

    def test_same_seed_same_draw(self):
        x = torch.ones(40, 40)
        assert torch.equal(dropout(0.5, seed=3)(x), dropout(0.5, seed=3)(x))
        assert not torch.equal(dropout(0.5, seed=3)(x), dropout(0.5, seed=4)(x))

    def test_the_global_state_plays_no_part(self):
        before = torch.get_rng_state()
        one = dropout(0.5)(torch.ones(9, 9))
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(5)
        assert torch.equal(dropout(0.5)(torch.ones(9, 9)), one)

    def test_layers_that_share_draws_go_on_from_one_another(self):
        draws, x = Draws(), torch.ones(30, 30)
        one, other = SeededDropout(0.5, draws), SeededDropout(0.5, draws)
        draws.seed(1)
        first, second = one(x), other(x)
        assert not torch.equal(first, second)
        draws.seed(1)
        assert torch.equal(one(x), first)
        assert torch.equal(other(x), second)

    def test_gradient_passes_where_it_was_kept(self):
        x = torch.ones(30, 30, requires_grad=True)
        out = dropout(0.5)(x)
        out.sum().backward()
        assert torch.equal(x.grad, out.detach())

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
    def test_copies_share_their_own_draws(self, copied):
        draws = Draws()
        both = copied(nn.Sequential(SeededDropout(0.5, draws), SeededDropout(0.5, draws)))
        assert both[0].draws is both[1].draws is not draws
        x = torch.ones(30, 30)
        both[0].draws.seed(1)
        assert torch.equal(both[0](x), dropout(0.5, seed=1)(x))

    def test_repr(self):
        assert "p=0.5" in repr(dropout(0.5))


RANDOM_LAYERS = ("Dropout", "StochasticDepth", "DropPath", "DropBlock", "AlphaDropout")


@pytest.mark.parametrize("name", ["efficientnet_b0", "efficientnet_lite0", "mobilenet_v2",
                                  "resnet18", "tiny"])  # fmt: skip
class TestBackbones:
    def test_no_random_layer_is_left(self, name):
        backbone = build_backbone(name, None)
        kinds = [type(m).__name__ for m in backbone.modules()]
        wanted = sum(kind.startswith(RANDOM_LAYERS) for kind in kinds)
        seed_random_layers(backbone, Draws())
        kinds = [type(m).__name__ for m in backbone.modules()]
        assert not any(kind.startswith(RANDOM_LAYERS) for kind in kinds)
        assert kinds.count("SeededDropout") == wanted
        if name == "efficientnet_b0":
            assert wanted == 16  # one in every residual block

    def test_training_draws_nothing_from_the_global_state(self, name):
        backbone, draws = build_backbone(name, None).train(), Draws()
        seed_random_layers(backbone, draws)
        x = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        before = torch.get_rng_state()
        outs = []
        for _ in range(2):
            draws.seed(9)
            with torch.no_grad():
                outs.append(backbone(x))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(*outs)


def test_stochastic_depth_of_efficientnet_is_kept_as_it_was():
    original = [m for m in get_entry("efficientnet_b0").build().features.modules()
                if type(m).__name__ == "StochasticDepth"]  # fmt: skip
    backbone = build_backbone("efficientnet_b0", None)
    seed_random_layers(backbone, Draws())
    mine = [m for m in backbone.modules() if isinstance(m, SeededDropout)]
    assert [m.p for m in mine] == [m.p for m in original]
    assert all(m.per_image for m in mine)
    assert all(m.mode == "row" for m in original)


def test_nested_layers_are_replaced_wherever_they_are():
    net = nn.Sequential(nn.Dropout(0.3), nn.ModuleDict({"a": nn.Sequential(nn.Dropout(0.4))}))
    seed_random_layers(net, Draws())
    assert [m.p for m in net.modules() if isinstance(m, SeededDropout)] == [0.3, 0.4]


def test_timms_drop_path_is_per_image():
    from timm.layers import DropPath

    net = nn.Sequential(DropPath(0.25))
    seed_random_layers(net, Draws())
    assert (net[0].p, net[0].per_image) == (0.25, True)


class TestSeededInitialisation:
    def test_weights_depend_on_the_seed(self):
        def weight(seed):
            with seeded_initialisation(seed):
                return nn.Linear(4, 4).weight

        assert torch.equal(weight(1), weight(1))
        assert not torch.equal(weight(1), weight(2))

    def test_the_state_outside_is_restored_also_after_an_error(self):
        before = torch.get_rng_state()
        with pytest.raises(TypeError), seeded_initialisation(1):
            nn.Linear(torch.rand(3), None)
        assert torch.equal(torch.get_rng_state(), before)
        with seeded_initialisation(1):  # and the lock is free again
            pass
