"""SmallCNNBackbone and LSTMBackbone: layers, shapes, counts and values by formula and torch."""

import pytest
import torch

from skspec.exceptions import InputError, WeightsUnavailableError
from skspec.nn._device import resolve_compute
from skspec.nn._input import ImageStatistics
from skspec.nn._network import HeadSpec, NetworkSpec
from skspec.nn._registry import Preset
from skspec.nn._small_nets import ARCHITECTURES, LSTMBackbone, LSTMLayer, SmallCNNBackbone

MANDEL_HEAD = HeadSpec("flatten", 1, (128, 64), (0.25, 0.25, 0.4))
PLAIN_HEAD = HeadSpec("flatten", 1, (), (0.0,))
LAST_HEAD = HeadSpec("last", 1, (), (0.0,))


def cnn(architecture="simple", n_channels=1, size=(12, 100)):
    return SmallCNNBackbone(architecture, n_channels, size)


def lstm(**settings):
    defaults = {
        "n_channels": 1, "input_size": (12, 20), "hidden": 7, "n_layers": 1,
        "bidirectional": False, "conv": (), "dropout": 0.0, "last": True,
    }  # fmt: skip
    return LSTMBackbone(**{**defaults, **settings})


def network(backbone, head, n_outputs=2):
    shape = (backbone.n_channels, *backbone.input_size)
    statistics = ImageStatistics(0.0, 1.0, -1.0, 1.0)
    return NetworkSpec(backbone, head, n_outputs, shape, shape[1:], "fit", statistics).build()


def count(module):
    return sum(p.numel() for p in module.parameters())


def maps_of(backbone, n=2, seed=0):
    shape = (n, backbone.n_channels, *backbone.input_size)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return x, backbone.build(seed=3).eval()(x)


def kinds(block):
    return [type(layer).__name__ for layer in block]


class TestSmallCNN:
    def test_mandel_is_the_papers_table(self):
        net = network(cnn("mandel"), MANDEL_HEAD)
        convolutions = [count(block) for block in net.backbone.blocks]
        dense = [count(layer) for layer in net.head.layers if count(layer)]
        assert convolutions == [160, 6_192, 23_160]
        assert dense == [2_949_248, 8_256, 130]
        assert count(net) == 2_987_146

    @pytest.mark.parametrize(
        ("architecture", "shape"),
        [("simple", (32, 11, 99)), ("mandel", (120, 4, 48)), ("mandel_small", (48, 5, 49))],
    )
    def test_feature_maps(self, architecture, shape):
        _, maps = maps_of(cnn(architecture))
        assert maps.shape == (2, *shape)
        assert maps.min() >= 0

    @pytest.mark.parametrize("architecture", ARCHITECTURES)
    def test_layers_in_order(self, architecture):
        filters, pools = ARCHITECTURES[architecture]
        backbone = cnn(architecture).build()
        expected = [["Conv2d", "ReLU"] for _ in filters]
        expected[-1] += ["MaxPool2d"] if pools else []
        assert [kinds(block) for block in backbone.blocks] == expected
        assert backbone.block_names == [f"conv{i}" for i, _ in enumerate(filters, start=1)]
        assert all(block[0].kernel_size == (2, 2) for block in backbone.blocks)

    @pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
    @pytest.mark.parametrize("size", [(5, 5), (12, 31), (33, 8)])
    def test_any_size_and_channels(self, n_channels, size):
        for architecture, (filters, pools) in ARCHITECTURES.items():
            net = network(cnn(architecture, n_channels, size), PLAIN_HEAD, n_outputs=4)
            widths = [n_channels, *filters]
            expected = sum((4 * a + 1) * b for a, b in zip(widths, filters, strict=False))
            height, width = (n - len(filters) for n in size)
            height, width = (height // 2, width // 2) if pools else (height, width)
            assert count(net) == expected + (filters[-1] * height * width + 1) * 4
            assert net(torch.zeros(3, n_channels, *size)).shape == (3, 4)

    @pytest.mark.parametrize("architecture", ARCHITECTURES)
    @pytest.mark.parametrize("size", [(1, 9), (9, 1), (1, 1)])
    def test_an_axis_of_one_pixel_is_not_convolved(self, architecture, size):
        filters, pools = ARCHITECTURES[architecture]
        _, maps = maps_of(cnn(architecture, size=size))
        longest = (9 - len(filters)) // 2 if pools else 9 - len(filters)
        assert maps.shape == (2, filters[-1], *(1 if n == 1 else longest for n in size))

    @pytest.mark.parametrize(
        ("architecture", "least"), [("simple", 2), ("mandel", 5), ("mandel_small", 4)]
    )
    def test_the_smallest_image(self, architecture, least):
        _, maps = maps_of(cnn(architecture, size=(least, least)))
        assert maps.shape[2:] == (1, 1)
        for size in ((least - 1, 9), (9, least - 1)):
            if min(size) > 1:
                wanted = rf"{size[0]} x {size[1]} .*at least {least} .*or exactly 1.*input_size="
                with pytest.raises(InputError, match=wanted):
                    cnn(architecture, size=size).build()

    def test_values_by_formula(self):
        x, maps = maps_of(cnn(n_channels=2, size=(4, 5)))
        convolution = cnn(n_channels=2, size=(4, 5)).build(seed=3).blocks[0][0]
        expected = torch.zeros(2, 32, 3, 4)
        for i in range(2):
            for j in range(2):
                part = x[:, :, i : i + 3, j : j + 4]
                kernel = convolution.weight[:, :, i, j].detach()
                expected += torch.einsum("nchw,fc->nfhw", part, kernel)
        expected += convolution.bias.detach()[:, None, None]
        torch.testing.assert_close(maps, expected.relu())


class TestLSTM:
    @pytest.mark.parametrize("bidirectional", [False, True])
    @pytest.mark.parametrize("n_layers", [1, 3])
    @pytest.mark.parametrize("n_channels", [1, 2])
    def test_parameter_count(self, bidirectional, n_layers, n_channels):
        # Four gates, each with weights for input and state, and torch's two biases.
        spec = lstm(bidirectional=bidirectional, n_layers=n_layers, n_channels=n_channels)
        directions = 2 if bidirectional else 1
        inputs = [12 * n_channels] + [7 * directions] * (n_layers - 1)
        expected = sum(directions * 4 * 7 * (d + 7 + 2) for d in inputs)
        assert count(spec.build()) == expected
        net = network(spec, LAST_HEAD)
        assert count(net) == expected + (7 * directions + 1) * 2

    @pytest.mark.parametrize("bidirectional", [False, True])
    @pytest.mark.parametrize("last", [False, True])
    def test_is_torchs_own_of_several_layers(self, bidirectional, last):
        spec = lstm(n_layers=2, bidirectional=bidirectional, last=last)
        x, maps = maps_of(spec)
        whole = torch.nn.LSTM(12, 7, num_layers=2, batch_first=True, bidirectional=bidirectional)
        state = {}
        for key, value in spec.build(seed=3).state_dict().items():
            block, name = key.split(".")[1], key.split(".")[-1]
            state[name.replace("_l0", f"_l{block}")] = value
        whole.load_state_dict(state)
        with torch.no_grad():
            states, (ends, _) = whole(x[:, 0].transpose(1, 2))
        expected = torch.cat([*ends[-2 if bidirectional else -1 :]], dim=1)[:, :, None, None]
        expected = expected if last else states.transpose(1, 2)[:, :, None]
        torch.testing.assert_close(maps, expected)

    def test_values_by_formula(self):
        x, maps = maps_of(lstm(last=False))
        layer = lstm(last=False).build(seed=3).blocks[0].lstm
        w, u, b, c = (p.detach() for p in layer.parameters())
        state, cell = torch.zeros(2, 7), torch.zeros(2, 7)
        for t in range(20):
            gates = (x[:, 0, :, t] @ w.T + b + state @ u.T + c).chunk(4, dim=1)
            into, forget, new, out = gates
            cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
            state = out.sigmoid() * cell.tanh()
            torch.testing.assert_close(maps[:, :, 0, t], state)

    def test_last_is_the_last_of_all_states(self):
        _, every = maps_of(lstm(last=False))
        _, last = maps_of(lstm(last=True))
        assert torch.equal(every[..., -1:], last)

    def test_bidirectional_last_has_seen_all_frames_both_ways(self):
        _, every = maps_of(lstm(last=False, bidirectional=True))
        _, last = maps_of(lstm(last=True, bidirectional=True))
        forwards, backwards = every[:, :7, 0, -1], every[:, 7:, 0, 0]
        torch.testing.assert_close(last[:, :, 0, 0], torch.cat([forwards, backwards], dim=1))

    def test_convolutions_halve_frequency_and_keep_time(self):
        spec = lstm(conv=(4, 6), last=False)
        backbone = spec.build()
        assert backbone.block_names == ["conv1", "conv2", "lstm1"]
        assert [kinds(block) for block in backbone.blocks[:2]] == [
            ["Conv2d", "ReLU", "MaxPool2d"]
        ] * 2
        first, second, states = backbone.feature_maps(
            torch.zeros(2, 1, 12, 20), backbone.block_names
        )
        assert first.shape == (2, 4, 6, 20)
        assert second.shape == (2, 6, 3, 20)
        assert states.shape == (2, 7, 1, 20)
        convolutions = (9 * 1 + 1) * 4 + (9 * 4 + 1) * 6
        assert count(backbone) == convolutions + 4 * 7 * (6 * 3 + 7 + 2)

    @pytest.mark.parametrize("bins", [1, 2, 3])
    def test_more_convolutions_than_bins(self, bins):
        _, maps = maps_of(lstm(conv=(4, 4, 4), input_size=(bins, 5)))
        assert maps.shape == (2, 7, 1, 1)

    def test_a_single_frame(self):
        _, maps = maps_of(lstm(input_size=(12, 1), bidirectional=True))
        assert maps.shape == (2, 14, 1, 1)

    def test_dropout_between_layers_is_seeded_and_only_there(self):
        net = network(lstm(n_layers=3, dropout=0.5), LAST_HEAD).float()
        drops = [m for m in net.backbone.modules() if type(m).__name__ == "SeededDropout"]
        assert [m.p for m in drops] == [0.5, 0.5]
        assert not any(type(m) is torch.nn.Dropout for m in net.modules())
        assert all(m.lstm.dropout == 0 for m in net.modules() if isinstance(m, LSTMLayer))
        x = torch.randn(4, 1, 12, 20, generator=torch.Generator().manual_seed(0))
        net.train()
        outputs = []
        for seed in (1, 1, 2):
            net.draws.seed(seed)
            outputs.append(net(x))
        assert torch.equal(outputs[0], outputs[1])
        assert not torch.equal(outputs[0], outputs[2])
        assert torch.equal(net.eval()(x), net(x))


EVERY = [cnn("mandel"), cnn("simple", 2, (1, 9)), lstm(conv=(4,), n_layers=2, bidirectional=True)]


@pytest.mark.parametrize("source", EVERY, ids=lambda source: type(source).__name__)
class TestBoth:
    def test_weights_depend_on_the_seed_alone(self, source):
        before = torch.random.get_rng_state()
        one, again, other = (source.build(seed=seed).state_dict() for seed in (1, 1, 2))
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(one[key], again[key]) for key in one)
        assert not any(torch.equal(one[key], other[key]) for key in one)

    def test_preset_is_the_images_own_size_and_channels(self, source):
        n = source.n_channels
        assert source.preset() == Preset(source.input_size, (0.0,) * n, (1.0,) * n)

    def test_equal_values_make_equal_sources(self, source):
        assert source == type(source)(**vars(source))
        assert hash(source) == hash(type(source)(**vars(source)))

    def test_there_are_no_pretrained_weights(self, source):
        with pytest.raises(WeightsUnavailableError, match=r"'imagenet'.*Use weights=None"):
            source.build("imagenet")

    @pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
    def test_placed_in_channels_last_order_it_gives_the_same(self, source, precision):
        net = network(source, PLAIN_HEAD).eval()
        shape = (5, source.n_channels, *source.input_size)
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            expected = net.double()(x.double())
            compute = resolve_compute("cpu", precision)
            placed = compute.place(net)
            assert {p.dtype for p in placed.parameters()} == {compute.dtype}
            with compute.context():
                got = placed(x.to(compute.dtype)).double()
        tolerance = {"float32": 1e-5, "float64": 1e-12, "bfloat16": 0.05}[precision]
        torch.testing.assert_close(got, expected, rtol=0, atol=tolerance)

    def test_gradients_reach_every_weight_also_in_bfloat16(self, source):
        compute = resolve_compute("cpu", "bfloat16")
        net = compute.place(network(source, PLAIN_HEAD)).train()
        shape = (5, source.n_channels, *source.input_size)
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        with compute.context():
            outputs = net(x)
        outputs.float().square().sum().backward()
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())
        assert all(p.grad.dtype == torch.float32 for p in net.parameters())

    def test_a_frozen_prefix_can_be_skipped(self, source):
        net = network(source, PLAIN_HEAD).float().eval()
        x = torch.randn(2, source.n_channels, *source.input_size)
        with torch.no_grad():
            halfway = net.backbone.blocks[0](net.adapter(x).float())
            assert torch.equal(net(halfway, start=1), net(x))


def test_the_recurrence_is_not_rounded_to_bfloat16():
    spec = lstm(last=False, input_size=(12, 200))
    net = network(spec, HeadSpec("last", 1, (), (0.0,)))
    layer = net.backbone.blocks[0]
    seen = []
    layer.lstm.register_forward_hook(
        lambda _, args, out: seen.append((args[0].dtype, out[0].dtype))
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(torch.zeros(1, 1, 12, 200, dtype=torch.bfloat16))
    assert seen == [(torch.float32, torch.float32)]
