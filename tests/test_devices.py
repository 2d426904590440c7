"""The console on a device other than the CPU, as far as that can be told without one.

Tensors of the `meta` device have no values, but they are not on the CPU: an operation on one and on a tensor of the CPU
is a fault, as it is on an accelerator, and so is a value read back where nobody expects it.
"""

from unittest.mock import patch

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from diffmst.console import Console, mix
from diffmst.dsp.loudness import integrated_loudness, normalize_loudness, true_peak_db
from diffmst.dsp.measure import measure
from diffmst.dsp.spectrum import BandPower, Frames, MeanMagnitude
from diffmst.features import audio_features
from diffmst.layout import DEFAULT, LAYOUTS, Settings
from diffmst.style import style_features

RATE = 22_050
CHANNELS = (1, 2, 1)
META = torch.device("meta")


class _OneDevice(TorchDispatchMode):
    """Refuses operations on tensors of two devices; a tensor without axes is a number, and welcome everywhere."""

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        tensors = [leaf for leaf in tree_leaves((arguments, keywords)) if isinstance(leaf, torch.Tensor)]
        devices = {tensor.device.type for tensor in tensors if tensor.ndim}
        copies = function in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
        assert copies or len(devices) < 2, f"{function} met tensors of {devices}"
        return function(*arguments, **(keywords or {}))


@pytest.fixture
def reads():
    """The values that were read back from the device, each of which makes the CPU wait; all are taken for 0."""
    found = []

    def read(value):
        return lambda tensor: found.append(tensor.shape) or value

    with patch.object(torch.Tensor, "__float__", read(0.5)), patch.object(torch.Tensor, "__bool__", read(False)):
        yield found


def meta_settings(layout):
    return Settings(*(part.to(META).requires_grad_() for part in layout.defaults(len(CHANNELS))))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_the_console_stays_on_its_device(layout, reads):
    settings = meta_settings(layout)
    x = torch.empty(2, sum(CHANNELS), 3000, device=META, requires_grad=True)
    with _OneDevice():
        mixed = mix(x, RATE, settings, CHANNELS, layout=layout)
        mixed.sum().backward()
    assert mixed.device == META
    assert all(part.grad.device == META for part in (x, *settings))


def test_the_console_waits_for_its_device_only_for_rounds_of_smoothing_and_the_length_of_the_reverb(reads):
    x = torch.empty(1, sum(CHANNELS), 3000, device=META)
    mix(x, RATE, meta_settings(DEFAULT), CHANNELS).sum().backward()
    assert len(reads) == 3  # strips, master, reverb


def test_muting_and_unit_settings_stay_on_their_device(reads):
    x = torch.empty(1, sum(CHANNELS), 300, device=META)
    unit = Settings(*(torch.full_like(part, 0.5) for part in meta_settings(DEFAULT)))
    with _OneDevice():
        mixed = Console(RATE, fx=False)(x, unit, CHANNELS, torch.tensor([True, False, False], device=META))
    assert mixed.device == META


@pytest.mark.parametrize(
    "measure",
    [
        lambda x: integrated_loudness(x, RATE),
        lambda x: normalize_loudness(x, RATE, -14.0),
        lambda x: true_peak_db(x, RATE),
        lambda x: audio_features(x, RATE).bark_spectrum,
        lambda x: style_features(x, RATE).levels_db,
        lambda x: measure(x, MeanMagnitude(Frames(1024, 256)))[0][0],
        lambda x: measure(x, BandPower(Frames(1024, 256), torch.empty(513, 24, device=META)))[0][0],
    ],
    ids=["loudness", "normalize", "true peak", "features", "style", "magnitude", "power"],
)
def test_what_is_measured_stays_on_its_device(measure, reads):
    x = torch.empty(1, 2, 30_000, device=META, requires_grad=True)
    with _OneDevice():
        measured = measure(x)
        measured.sum().backward()
    assert measured.device == x.grad.device == META
    assert not reads


def test_a_mix_is_the_same_on_every_device(generator, device):
    x = 0.1 * torch.randn(1, sum(CHANNELS), 5000, generator=generator)
    settings = DEFAULT.defaults(len(CHANNELS))
    expected = mix(x.double(), RATE, settings, CHANNELS)
    mixed = mix(x.to(device), RATE, Settings(*(part.to(device) for part in settings)), CHANNELS)
    assert mixed.device.type == device.type
    torch.testing.assert_close(mixed.cpu().double(), expected, rtol=0, atol=2e-6)
