"""32 layers in Keras's count, from Keras's rules for building the two networks."""

import pytest

from skspec.recipes import chakhtouna

SE = ["se_squeeze", "se_reshape", "se_reduce", "se_expand", "se_excite"]
INPUT = ["input", "rescaling", "normalization"]
TOP = ["top_conv", "top_bn", "top_activation"]


def mbconv(expands, pads, adds, drops):
    """Give the layers of an inverted residual block with squeeze and excitation."""
    return (
        ["expand_conv", "expand_bn", "expand_activation"] * expands
        + ["dwconv_pad"] * pads
        + ["dwconv", "bn", "activation", *SE, "project_conv", "project_bn"]
        + ["drop"] * (adds and drops)
        + ["add"] * adds
    )


def fused(expands, adds):
    """Give the layers of a fused block, without squeeze and excitation."""
    first = ["expand_conv", "expand_bn", "expand_activation"] if expands else []
    last = [] if expands else ["project_activation"]
    return [*first, "project_conv", "project_bn", *last, *(["add"] * adds)]


def blocks(stages, build):
    """Give all layers of the stages as ``block6d_bn``; the first block of a stage never adds."""
    return [
        f"block{stage}{chr(ord('a') + i)}_{layer}"
        for stage, (n_blocks, *settings) in enumerate(stages, start=1)
        for i in range(n_blocks)
        for layer in build(*settings, first=i == 0)
    ]


def efficientnet_b0_layers():
    # Number of blocks, whether they expand, whether the first has a stride of 2 and so pads.
    stages = [(1, 0, 0), (2, 1, 1), (2, 1, 1), (3, 1, 1), (3, 1, 0), (4, 1, 1), (1, 1, 0)]

    def build(expands, strides, *, first):
        return mbconv(expands, strides and first, not first, drops=True)

    stem = ["stem_conv_pad", "stem_conv", "stem_bn", "stem_activation"]
    return [*INPUT, *stem, *blocks(stages, build), *TOP]


def efficientnetv2_b0_layers(*, drops):
    # Number of blocks, whether they are fused, whether they expand.
    stages = [(1, 1, 0), (2, 1, 1), (2, 1, 1), (3, 0, 1), (5, 0, 1), (8, 0, 1)]

    def build(is_fused, expands, *, first):
        if is_fused:
            return fused(expands, not first)
        return mbconv(expands, False, not first, drops)

    return [*INPUT, "stem_conv", "stem_bn", "stem_activation", *blocks(stages, build), *TOP]


@pytest.mark.parametrize(
    ("backbone", "layers", "n_layers"),
    [
        ("efficientnet_b0", efficientnet_b0_layers(), 237),
        ("efficientnetv2_b0", efficientnetv2_b0_layers(drops=False), 255),
    ],
)
def test_the_last_32_layers_of_keras_begin_with_the_block(backbone, layers, n_layers):
    assert len(layers) == n_layers  # section 3.3 B of the paper
    first, *others = layers[-32:]
    block = chakhtouna(backbone, "C2").get_params()["cnn__tune__train"]
    assert first.endswith("_add")  # of the block before: it has nothing to learn
    assert others[0] == f"{block}_expand_conv"
    assert sum(name.startswith(f"{block}_") for name in layers) == sum(
        name.startswith(f"{block}_") for name in others
    )
