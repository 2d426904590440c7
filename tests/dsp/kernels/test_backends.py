"""What every backend promises for float32 audio, by the same tests for all of them."""

import numpy as np
import pytest
import torch
from conftest import CUDA
from scipy.signal import sosfilt
from strips import assert_close, bursts, gradients, random, strip_arguments

from diffmst.dsp import filters
from diffmst.dsp.kernels import cpu, reference, scan, scan_dynamics

# Of the greatest value. Sums and states are float64; audio is rounded to float32 between the parts of a strip, and the
# compiled kernels for CPUs take the logarithm of the level in float32.
OUTPUT = 3e-7
EQUALIZER = 1e-7
STATE = 1e-10
GRADIENT = 1e-5

STEREO_AND_MONO = (2, 1, 1)


class Backend:
    """A backend on a device, that takes and gives tensors on the CPU."""

    def __init__(self, kernels, device):
        self._kernels, self._device = kernels, device

    def _moved(self, value, device):
        if isinstance(value, torch.Tensor):
            return value.to(device)
        if isinstance(value, reference.StripState):
            return reference.StripState(*(part.to(device) for part in value))
        return value

    def __getattr__(self, name):
        def run(*arguments):
            found = getattr(self._kernels, name)(*(self._moved(argument, self._device) for argument in arguments))
            return tuple(self._moved(part, "cpu") for part in found)

        return run


@pytest.fixture(params=["cpu", "torch", "triton", "cuda"])
def backend(request, monkeypatch):
    if request.param == "cpu":
        return Backend(cpu, "cpu")
    if request.param == "triton":
        if CUDA:
            pytest.skip("Triton is compiled here: the tests on the CUDA device run it")
        pytest.importorskip("triton", reason="Triton is not installed")
        from diffmst.dsp.kernels import triton_smoother

        monkeypatch.setattr(scan_dynamics, "_smoother", lambda device: triton_smoother)
    return Backend(scan, request.getfixturevalue("cuda") if request.param == "cuda" else "cpu")


@pytest.mark.parametrize("time", [0, 1, 127, 129, 1021])
def test_strip_equals_the_reference_at_every_length(generator, backend, time):
    x = bursts(generator, 2, 4, time)
    arguments = strip_arguments(generator, 2, STEREO_AND_MONO, outputs=2)
    state = reference.StripState(random(generator, 2, 4, 6, 2) * 0.1, random(generator, 2, 4).abs() * -3)
    buses, last = backend.strip(x, *arguments, state)
    expected, expected_last = reference.strip(x, *arguments, state)
    assert buses.dtype == torch.float32
    assert last.filters.dtype == last.gain_db.dtype == torch.float64
    assert_close(buses, expected, OUTPUT)
    assert_close(last.filters, expected_last.filters, STATE)
    assert_close(last.gain_db, expected_last.gain_db, OUTPUT)


@pytest.mark.parametrize("channels", [(1,), (2,), (1, 2), (2, 1) * 3, (1,) * 33])
def test_strip_equals_the_reference_in_every_layout(generator, backend, channels):
    x = bursts(generator, 1, sum(channels), 150)
    arguments = strip_arguments(generator, 1, channels, outputs=2)
    assert_close(backend.strip(x, *arguments)[0], reference.strip(x, *arguments)[0], OUTPUT)


@pytest.mark.parametrize("stages", [0, 1, 7])
def test_any_number_of_biquads_equals_scipy(generator, backend, stages):
    x = random(generator, 1, 1, 500, dtype=torch.float32)
    six = strip_arguments(generator, 1, (1,), outputs=2)[0]
    some = torch.cat([six, six], dim=2)[:, :, :stages]
    sections = np.concatenate([some[0, 0, :, :3], np.ones((stages, 1)), some[0, 0, :, 3:]], axis=1)
    expected = sosfilt(sections, x[0, 0].double().numpy()) if stages else x[0, 0].double().numpy()
    y, state = backend.equalize(x, some)
    assert_close(y[0, 0], expected, EQUALIZER)
    assert state.shape == (1, 1, stages, 2)


@pytest.mark.parametrize("sample_rate", [44_100, 96_000, 192_000])
def test_equalizer_keeps_its_precision_at_20_hz(generator, backend, sample_rate):
    x = random(generator, 1, 2, 20_000, dtype=torch.float32)
    x[:, 1] = x[:, 1].cumsum(-1) * 0.01
    gain_db = torch.tensor([0.0, 12, 0, 0, 0, 0]).expand(1, 2, 6)
    narrow = filters.equalizer_coefficients(sample_rate, gain_db, torch.full((1, 2, 6), 20.0), torch.full((1, 2, 6), 5))
    y, _ = backend.equalize(x, narrow)
    sections = np.insert(narrow[0, 0].numpy(), 3, 1.0, axis=-1)
    for row in range(2):
        assert_close(y[0, row], sosfilt(sections, x[0, row].double().numpy()), EQUALIZER)


def test_gradients_equal_those_of_float64(generator, backend):
    x = bursts(generator, 2, 4, 300)
    arguments = (x, *strip_arguments(generator, 2, STEREO_AND_MONO, outputs=2))
    weight = random(generator, 2, 2, 300, dtype=torch.float32)
    ours = gradients(backend.strip, arguments, weight)
    truth = gradients(scan.strip, (x.double(), *arguments[1:]), weight.double())
    for actual, expected in zip(ours, truth, strict=True):
        for parameter in range(expected.shape[-1]) if expected.shape[-1] < 10 else [slice(None)]:
            assert_close(actual[..., parameter], expected[..., parameter], GRADIENT)


def test_gradients_that_nobody_asked_for_are_not_given(generator, backend):
    x = bursts(generator, 1, 2, 100)
    coefficients, dynamics, mixing, channels = strip_arguments(generator, 1, (2,), outputs=2)
    assert not backend.strip(x, coefficients, dynamics, mixing, channels)[0].requires_grad
    buses, state = backend.strip(x, coefficients, dynamics.requires_grad_(), mixing, channels)
    buses.sum().backward()
    assert dynamics.grad is not None
    assert coefficients.grad is None
    assert not state.filters.requires_grad
    assert not state.gain_db.requires_grad


@pytest.mark.parametrize("pieces", [(1, 126, 1, 172), (128, 172)])
def test_pieces_of_any_size_equal_one_piece(generator, backend, pieces):
    x = bursts(generator, 1, 4, sum(pieces))
    arguments = strip_arguments(generator, 1, STEREO_AND_MONO, outputs=2)
    whole, last = backend.strip(x, *arguments)
    state, parts = None, []
    for piece in x.split(pieces, dim=-1):
        part, state = backend.strip(piece, *arguments, state)
        parts.append(part)
    assert_close(torch.cat(parts, dim=-1), whole, OUTPUT)
    assert_close(state.filters, last.filters, STATE)
    assert_close(state.gain_db, last.gain_db, OUTPUT)


def test_memory_may_lie_anywhere(generator, backend):
    store = random(generator, 3, 5, 2, 80, dtype=torch.float32)
    shapes = {
        "rows apart": store[:2, 1:4, 1, 7:47],
        "time reversed in memory": store[:2, :3, 0].transpose(1, 2).contiguous().transpose(1, 2)[..., :40],
        "one item for all": store[:1, :3, 0, :40].expand(2, 3, 40),
        "every other sample": store[:2, :3, 1, ::2],
    }
    arguments = strip_arguments(generator, 2, (1, 2), outputs=2)
    for name, x in shapes.items():
        weight = torch.linspace(-1, 1, x.shape[-1])
        here, there = (gradients(backend.strip, (part, *arguments), weight) for part in (x, x.clone()))
        for one, other in zip(here, there, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=OUTPUT * other.abs().max().item(), msg=name)


def test_silence_stays_silent_and_has_no_gradient(generator, backend):
    arguments = strip_arguments(generator, 1, (2, 1), outputs=2)
    x = torch.zeros(1, 3, 300)
    assert not backend.strip(x, *arguments)[0].any()
    ours = gradients(backend.strip, (x, *arguments), torch.ones(1))
    assert all(torch.isfinite(gradient).all() for gradient in ours)
    assert not any(gradient.any() for gradient in ours[1:])


def test_equal_channels_share_the_gradient_of_their_level(backend):
    x = torch.full((1, 2, 200), 0.5, requires_grad=True)
    controls = torch.tensor([-20.0, -0.5, 6.0, 0.9, 0.99, 0.0], dtype=torch.float64).expand(1, 2, 6)
    y, _ = backend.compress(x, controls, (2,))
    y[:, 0].sum().backward()
    gain = (y[0, 0] / x[0, 0]).detach()
    through_the_level = torch.stack([x.grad[0, 0] - gain, x.grad[0, 1]])
    assert through_the_level[0].abs().max() > 0.01
    torch.testing.assert_close(through_the_level[0], through_the_level[1], atol=1e-5, rtol=0)
