"""CNN14: a network that was trained on sound, with weights from a local file."""

from __future__ import annotations

from torch import Tensor, nn

from skspec.nn._registry import BackboneEntry, NamedBlocks, Preset, StateDict, add_entry

N_MELS = 64
_WIDTHS = (64, 128, 256, 512, 1024, 2048)


class MelBatchNorm(nn.BatchNorm2d):
    """Batch normalisation with one mean and one deviation per mel bin."""

    def forward(self, x: Tensor) -> Tensor:
        """Give (n, 1, n_mels, n_frames), normalised along the third axis."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class _ConvBlock(nn.Module):
    """Two 3 x 3 convolutions with BatchNorm and ReLU, average pooling, dropout."""

    def __init__(self, n_in: int, n_out: int, *, pooling: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU()
        self.pool = nn.AvgPool2d(pooling) if pooling > 1 else nn.Identity()
        self.dropout = nn.Dropout(0.2)
        for conv in (self.conv1, self.conv2):
            nn.init.xavier_uniform_(conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Give (n, n_out, height // pooling, width // pooling)."""
        x = self.relu(self.bn1(self.conv1(x)))
        return self.dropout(self.pool(self.relu(self.bn2(self.conv2(x)))))


class CNN14(nn.Module):
    """The convolutions of PANNs' CNN14, for images (n, 1, 64 mel bins, any number of frames).

    Without its classifier: 75,477,440 parameters, maps of 2048 channels.

    Notes
    -----
    The weights were trained on AudioSet, on log-mel spectrograms in decibels of sound at 32,000
    Hz. What makes the same images is ``MelSpectrogramImage(sr=32_000, n_fft=1024,
    hop_length=320, pad_mode="reflect", n_mels=64, fmin=50, fmax=14_000, ref=1.0, amin=1e-10,
    top_db=None)``, and ``input_scaling=None`` hands them on as they are.

    They are read from a file of the published layout (``weights=PATH``). There, time runs
    downwards; in our images frequency does, so the 3 x 3 kernels are transposed.

    References
    ----------
    Q. Kong, Y. Cao, T. Iqbal, Y. Wang, W. Wang, M. D. Plumbley: "PANNs: Large-scale pretrained
    audio neural networks for audio pattern recognition", IEEE/ACM Transactions on Audio, Speech,
    and Language Processing 28, 2020.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = MelBatchNorm(N_MELS)
        n_in = 1
        for i, n_out in enumerate(_WIDTHS, start=1):
            pooling = 1 if i == len(_WIDTHS) else 2
            self.add_module(f"conv_block{i}", _ConvBlock(n_in, n_out, pooling=pooling))
            n_in = n_out


def _blocks(module: nn.Module) -> NamedBlocks:
    return list(module.named_children())


def _transpose_kernels(tensors: StateDict) -> StateDict:
    """Turn kernels over (time, frequency) into kernels over (frequency, time)."""
    return {
        key: tensor.transpose(2, 3).contiguous()
        if key.startswith("conv_block") and tensor.ndim == 4
        else tensor
        for key, tensor in tensors.items()
    }


add_entry(
    BackboneEntry(
        name="cnn14",
        build=CNN14,
        blocks=_blocks,
        preset=lambda: Preset((N_MELS, None), (0.0,), (1.0,)),
        fetch_weights=None,
        weights_from="a local file, weights=PATH",
        convert=_transpose_kernels,
    )
)
