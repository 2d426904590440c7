"""VGGish: the network that Fréchet audio distances were first measured with. Its weights are the user's to bring.

Reference: Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017; Gemmeke et al.,
"Audio Set: an ontology and human-labeled dataset for audio events", ICASSP 2017.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from diffmst.errors import UserError
from diffmst.evaluation.frechet.embedding import LOUDNESS_LUFS, Vectors, Windows

SAMPLE_RATE = 16_000
DIMS = 128

_FRAME_SAMPLES, _HOP_SAMPLES, _FFT_SAMPLES = 400, 160, 512
_FRAMES, _BANDS = 96, 64  # of a patch
_MEL_RANGE_HZ = (125.0, 7_500.0)
_LOG_OFFSET = 0.01
_CHANNELS = ((64,), (128,), (256, 256), (512, 512))  # of the convolutions of each block, halved after it


class VGGish(nn.Module):
    """Vectors [windows, 128] of patches of logarithmic mel bands [windows, 96, 64].

    The last layer is linear: AudioSet's embeddings, whitened and rounded to 8 bits, are not what distances are
    measured with, and a rectifier would leave most dimensions far from a Gaussian.

    The names of the weights are those of the usual port to torch.

    Args:
        hidden: width of the two layers before the last; it is 4,096 in the published network.
    """

    def __init__(self, hidden: int = 4_096) -> None:
        layers: list[nn.Module] = []
        inputs = 1
        for block in _CHANNELS:
            for outputs in block:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        shrunk = 2 ** len(_CHANNELS)
        features = inputs * (_FRAMES // shrunk) * (_BANDS // shrunk)
        dense = [part for size in (features, hidden) for part in (nn.Linear(size, hidden), nn.ReLU(inplace=True))]
        super().__init__()
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(*dense, nn.Linear(hidden, DIMS))

    def forward(self, patches: Tensor) -> Tensor:
        """See the class."""
        features = self.features(patches[:, None])
        # The weights come from a library in which channels are the last axis.
        return self.embeddings(features.permute(0, 2, 3, 1).flatten(1))


def log_mel(x: Tensor) -> Tensor:
    """Natural logarithm, plus 0.01, of the magnitude in 64 mel bands of frames of 25 ms every 10 ms.

    Args:
        x: at 16 kHz.

    Shape: x [..., time]; returns [..., frames, 64], of whole frames only.
    """
    frames = x.unfold(-1, _FRAME_SAMPLES, _HOP_SAMPLES) * torch.hann_window(_FRAME_SAMPLES, dtype=x.dtype)
    magnitudes = torch.fft.rfft(frames, _FFT_SAMPLES).abs()
    return torch.log(magnitudes @ _mel_weights().to(x.dtype) + _LOG_OFFSET)


class VGGishEmbedding:
    """An `Embedding`: windows of 0.975 s every 0.96 s at 16 kHz, both sides together.

    A window is what the 96 frames of a patch are cut from, so patches are those of the file as a whole.

    Args:
        path: of the weights, a state dict of torch or a safetensors file; nothing in it is run.

    Raises:
        UserError: the file cannot be read, or holds other weights.
    """

    name, sample_rate, dims, loudness_lufs = "VGGish", SAMPLE_RATE, DIMS, LOUDNESS_LUFS
    window_s = ((_FRAMES - 1) * _HOP_SAMPLES + _FRAME_SAMPLES) / SAMPLE_RATE
    hop_s = _FRAMES * _HOP_SAMPLES / SAMPLE_RATE

    def __init__(self, path: Path) -> None:
        weights = _read_weights(path)
        with torch.device("meta"):  # 288 MB that would be drawn at random for nothing
            self._network = VGGish().eval()
        expected = self._network.state_dict()
        _check_weights(weights, expected, path)
        self._network.load_state_dict({name: weights[name].float() for name in expected}, assign=True)

    def __call__(self, windows: Windows) -> Vectors:
        """See `Embedding`."""
        with torch.inference_mode():
            vectors: Vectors = self._network(log_mel(torch.from_numpy(windows).mean(1))).numpy()
        return vectors


def _read_weights(path: Path) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the weights of VGGish") from None
    except (SafetensorError, RuntimeError, OSError, EOFError, LookupError, pickle.UnpicklingError):
        raise UserError(
            f"{path}: cannot be read as weights; give a state dict of torch or a safetensors file"
        ) from None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise UserError(f"{path}: holds no state dict; give the weights of VGGish, as vggish-10086976.pth")
    return weights


def _check_weights(found: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    """Raises UserError unless all weights of the network are there, and finite; others are not asked for."""
    for name, value in expected.items():
        if name not in found:
            raise UserError(f"{path}: {name} is missing; give the weights of VGGish, as vggish-10086976.pth")
        if found[name].shape != value.shape:
            raise UserError(f"{path}: {name} must be {list(value.shape)}, got {list(found[name].shape)}")
        if not found[name].isfinite().all():
            raise UserError(f"{path}: the weights are damaged: {name} is not finite")


@cache
def _mel_weights() -> Tensor:
    """Weights of the bins in each of 64 triangles, equally spaced and straight on the mel scale, [bins, 64], float64.

    Reference: Young et al., "The HTK book", section 5.4, for the scale.
    """
    bins_hz = np.fft.rfftfreq(_FFT_SAMPLES, 1 / SAMPLE_RATE)[:, None]
    low, high = (_hz_to_mel(np.float64(freq_hz)) for freq_hz in _MEL_RANGE_HZ)
    step = (high - low) / (_BANDS + 1)
    centres = low + step * np.arange(1, _BANDS + 1)
    return torch.from_numpy((1 - np.abs(_hz_to_mel(bins_hz) - centres) / step).clip(min=0))


def _hz_to_mel(freq_hz: np.ndarray | np.float64) -> np.ndarray | np.float64:
    return 1_127 * np.log1p(freq_hz / 700)
