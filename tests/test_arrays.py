"""What is written once for both libraries gives the same numbers in both."""

import numpy as np
import pytest
import torch

from diffmst import arrays
from diffmst.console import mix
from diffmst.dsp import filters, loudness, recurrence, reverb, stereo, units
from diffmst.layout import LAYOUTS, Settings
from diffmst.stream import ConsoleStream
from diffmst.strips import master_strips, track_strips

RATE = 44_100
CHANNELS = (1, 2, 2, 1, 1)
DIGITS = 2e-14  # relative, in float64: exp, sin and powers of the two libraries differ in the last places
AUDIO = 1e-6  # of float32 audio: sums are taken in another order

layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)


def draws(layout, seed):
    """Unit settings, each control at either end of its range or anywhere between."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [part.shape for part in layout.defaults(len(CHANNELS))]
    return Settings(
        *((1.5 * torch.rand(shape, generator=generator, dtype=torch.float64) - 0.25).clamp(0, 1) for shape in shapes)
    )


def assert_same(array, tensor, tolerance=DIGITS):
    assert isinstance(array, np.ndarray) and isinstance(tensor, torch.Tensor)
    assert str(array.dtype) == str(tensor.dtype).removeprefix("torch.")
    np.testing.assert_allclose(array, tensor.detach(), rtol=tolerance, atol=tolerance)


@layouts
@pytest.mark.parametrize("seed", range(10))
def test_settings_and_strips_are_the_same(layout, seed):
    unit = draws(layout, seed)
    settings, expected = layout.from_unit(unit.arrays()), layout.from_unit(unit)
    for array, tensor in zip(settings, expected, strict=True):
        assert_same(array, tensor)
    for array, tensor in zip(layout.to_unit(settings), layout.to_unit(expected), strict=True):
        assert_same(array, tensor, 1e-12)  # differences of logarithms
    muted = [False, True, False, False, True]
    strips = [track_strips(layout.track, values.tracks, CHANNELS, RATE, muted) for values in (settings, expected)]
    masters = [master_strips(layout.master, values.master, RATE) for values in (settings, expected)]
    for ours, theirs in (strips, masters):
        for array, tensor in zip(ours[:3], theirs[:3], strict=True):
            assert_same(array, tensor, 1e-12)  # 1 - cos w of low bands
        assert ours.channels == theirs.channels


@layouts
def test_the_reverb_is_the_same(layout):
    controls = layout.fx.controls(layout.from_unit(draws(layout, 1)).fx, "reverb")
    gain_db, rt60_s = (controls[name].float() for name in ("gain_db", "rt60_s"))
    expected = reverb.impulse_response(RATE, gain_db, rt60_s)
    array = reverb.impulse_response(RATE, gain_db.numpy(), rt60_s.numpy())
    assert_same(array, expected, AUDIO * float(expected.abs().max()))


@pytest.mark.parametrize(
    "formula",
    [
        units.db_to_amplitude,
        units.amplitude_to_db,
        stereo.send_amplitude,
        stereo.pan_gains,
        stereo.balance_gains,
        loudness.energy_to_lufs,
        loudness.block_energies,
        lambda x: loudness.gated_loudness(abs(x)),
        lambda x: filters.frequency_response_db(filters.equalizer_coefficients(RATE, x / 9, x**2, abs(x)), RATE, x[0]),
    ],
)
def test_a_formula_gives_the_same(formula):
    x = np.linspace(-100, 1, 24).reshape(4, 6)
    x[1, 0] = 1e-30  # next to silence
    assert_same(formula(x), formula(torch.from_numpy(x)), 1e-12)


@layouts
def test_the_stream_gives_what_the_differentiable_console_gives(layout, generator):
    x = 0.1 * torch.randn(1, sum(CHANNELS), 3_001, generator=generator)
    settings = layout.from_unit(Settings(*(0.25 + 0.5 * part for part in draws(layout, 2))))
    expected = mix(x, RATE, settings, CHANNELS, layout=layout)[0]
    made = ConsoleStream(RATE, settings, CHANNELS, layout=layout).process(x[0].numpy()).mix
    assert_same(made, expected, AUDIO * max(1.0, float(expected.abs().max())))


def test_the_kernels_give_the_same_bits(generator):
    x = 0.1 * torch.randn(1, sum(CHANNELS), 1_021, generator=generator)
    values = LAYOUTS["default"].from_unit(draws(LAYOUTS["default"], 3)).tracks
    strips = track_strips(LAYOUTS["default"].track, values, CHANNELS, RATE)
    one, state = strips.to_buses(x)
    other, other_state = strips._replace(
        coefficients=strips.coefficients.numpy(), dynamics=strips.dynamics.numpy(), mixing=strips.mixing.numpy()
    ).to_buses(x.numpy())
    np.testing.assert_array_equal(other, one)
    for ours, theirs in zip(other_state, state, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_arrays_may_lie_anywhere_in_memory():
    audio = np.random.default_rng(1).standard_normal((2, 4, 2_000), np.float32)
    coefficients = np.tile(np.array([0.5, 0.2, 0.0, -0.3, 0.0]), (1, 2, 6, 1))
    read_only = audio[:1, :2].copy()
    read_only.flags.writeable = False
    for x in (audio[1:, 1:3], audio[:1, ::2, ::3], audio[:1, :2, ::-1], audio[:1, 3:1:-1], read_only):
        np.testing.assert_array_equal(*(recurrence.equalize(y, coefficients)[0] for y in (x, x.copy())))


def test_an_array_of_audio_in_float64_is_refused():
    with pytest.raises(ValueError, match="an array of audio must be float32, got float64"):
        recurrence.equalize(np.zeros((1, 1, 4)), np.zeros((1, 1, 6, 5)))


def test_conversions_keep_memory_and_drop_gradients():
    x = torch.zeros(3, requires_grad=True)
    array = arrays.as_numpy(x)
    array[0] = 1
    assert x[0] == 1
    settings = Settings(np.zeros((1, 2, 3)), np.zeros((1, 4)), np.zeros((1, 5)))
    assert all(part.dtype == torch.float64 for part in settings.tensors())
    assert all(isinstance(part, np.ndarray) for part in settings.tensors().arrays())
