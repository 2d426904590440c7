"""CNN14 of the PANNs on compressed magnitudes: what one channel of audio sounds like, as one vector."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d
from torch.utils.checkpoint import checkpoint

CHANNELS = (64, 128, 256, 512, 1024, 2048)
"""Of the six blocks."""

FFT_SAMPLES = 2_048
HOP_SAMPLES = 512
EXPONENT = 0.3

_LEAST_MAGNITUDE = 1e-8

# Signals that are encoded at once where nothing is learnt: 2 of 6 s take 0.8 GB in between, and more are no faster.
_AT_ONCE = 2


def compressed_magnitudes(x: Tensor) -> Tensor:
    """Magnitudes of Hann-windowed frames of 2,048 samples every 512, plus 1e-8, to the power of 0.3.

    Frames are centred on their hops, the first on the first sample; both ends are mirrored by half a frame.

    Shape: x [batch, time]; returns [batch, frames, bins].

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024.
    """
    window = torch.hann_window(FFT_SAMPLES, dtype=x.dtype, device=x.device)
    spectra = torch.stft(x, FFT_SAMPLES, HOP_SAMPLES, window=window, center=True, return_complex=True)
    return (spectra.abs().mT + _LEAST_MAGNITUDE) ** EXPONENT


class CNN14(nn.Module):
    """Spectrogram, blocks of two convolutions, mean over frequency, mean and maximum over time, one linear layer.

    Batch norm learns its statistics from all signals of a call together; there is none on the spectrogram, and no
    dropout.

    Args:
        width: of the vector.
        channels: of each block; between blocks, frames and bins are halved.
        recompute: keep only what lies between the blocks for the backward pass and compute the rest once more: 0.7
            instead of 1.2 GB for a signal of 6 s, and 40 % more time.

    Reference: Kong et al., "PANNs: large-scale pretrained audio neural networks for audio pattern recognition",
        IEEE/ACM TASLP 28, 2020.
    """

    def __init__(self, width: int, channels: Sequence[int] = CHANNELS, *, recompute: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(_Layer(inputs, outputs), _Layer(outputs, outputs))
            for inputs, outputs in pairwise((1, *channels))
        )
        self.embedding = nn.Linear(channels[-1], width)
        self.recompute = recompute

    @property
    def shortest_samples(self) -> int:
        """The shortest signal that can be mirrored, and of which the last block still gets a frame."""
        frames = 2 ** (len(self.blocks) - 1)
        return max(FFT_SAMPLES // 2 + 1, HOP_SAMPLES * (frames - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Vectors [batch, width] of signals [batch, time].

        Raises:
            ValueError: the signals are too short.
        """
        if x.shape[-1] < self.shortest_samples:
            raise ValueError(f"CNN14 needs at least {self.shortest_samples} samples, got {x.shape[-1]}")
        parts = (x,) if self.training else x.split(_AT_ONCE)  # what batch norm is to learn from stays together
        return torch.cat([self._encode(part) for part in parts])

    def _encode(self, x: Tensor) -> Tensor:
        x = compressed_magnitudes(x)[:, None]
        for index, block in enumerate(self.blocks):
            if index:
                x = avg_pool2d(x, 2)
            x = _recomputed(block, x) if self.recompute and self.training else block(x)
        x = x.mean(dim=-1)
        return self.embedding(x.amax(dim=-1) + x.mean(dim=-1))


class _Layer(nn.Module):
    """A convolution of 3 by 3, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.convolution(x)) if self.training else self._folded(x)
        return x.relu_()

    def _folded(self, x: Tensor) -> Tensor:
        """Both at once: a settled batch norm is a factor and an offset per channel, which the weights can take.

        norm(w * x) = (w * x - mean) s + bias = (w s) * x + (bias - mean s), with s = weight / sqrt(variance + eps).
        """
        norm, weight = self.norm, self.convolution.weight
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        weight = weight * scale[:, None, None, None]
        if weight.is_cpu:
            weight = weight.contiguous(memory_format=torch.channels_last)
        return conv2d(x, weight, norm.bias - norm.running_mean * scale, padding=1)


def _recomputed(block: nn.Module, x: Tensor) -> Tensor:
    """The block's output; for the backward pass it is run once more, without learning the same statistics twice."""

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _settled(block)

    output: Tensor = checkpoint(block, x, use_reentrant=False, context_fn=contexts)
    return output


@contextmanager
def _settled(block: nn.Module) -> Iterator[None]:
    """Batch norm leaves its running statistics as they are."""
    norms = [module for module in block.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
