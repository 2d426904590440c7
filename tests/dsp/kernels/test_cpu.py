import os

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt
from strips import (
    assert_close,
    assert_same_for_any_number_of_threads,
    bursts,
    coefficients,
    dynamics,
    gradients,
    random,
    strip_arguments,
)

from diffmst.dsp import filters
from diffmst.dsp.kernels import cpu, reference, scan

OUTPUT = 3e-7  # of the greatest value: the audio between the parts of a strip, and the result, are float32
EQUALIZER = 1e-7  # of the greatest value: only the result is rounded to float32
GRADIENT = 1e-5  # of the greatest value of each parameter: sums over float32 audio
GAIN_DB = 1e-5  # of the compressor's gain: level and exponent are float32
LENGTHS = [0, 1, 127, 128, 129, 1021]  # around one block, and a prime
LAYOUTS = [(1,), (2,), (1, 2), (2, 1, 1, 2), (1,) * 8, (2, 1) * 3, (1, 1, 2, 2, 2, 1), (1,) * 16, (2,) * 16 + (1,)]


@pytest.mark.parametrize("time", LENGTHS)
def test_strip_equals_the_reference_at_every_length(generator, time):
    x = bursts(generator, 2, 6, time)
    arguments = strip_arguments(generator, 2, (2, 1, 1, 2))
    state = reference.StripState(random(generator, 2, 6, 6, 2) * 0.1, random(generator, 2, 6).abs() * -3)
    buses, last = cpu.strip(x, *arguments, state)
    expected, expected_last = reference.strip(x, *arguments, state)
    assert buses.dtype == torch.float32
    assert_close(buses, expected, OUTPUT)
    assert_close(last.filters, expected_last.filters, 1e-12)
    assert_close(last.gain_db, expected_last.gain_db, OUTPUT)


@pytest.mark.parametrize("channels", LAYOUTS)
@pytest.mark.parametrize("batch", [1, 3])
def test_strip_equals_the_reference_in_every_layout(generator, batch, channels):
    x = bursts(generator, batch, sum(channels), 150)
    arguments = strip_arguments(generator, batch, channels, outputs=2)
    assert_close(cpu.strip(x, *arguments)[0], reference.strip(x, *arguments)[0], OUTPUT)


@pytest.mark.parametrize("rows", range(1, 34))
def test_any_number_of_rows_is_processed_row_by_row(generator, rows):
    x = bursts(generator, 2, rows, 130)
    settings = dynamics(generator, 2, (1,) * rows)
    y, last = cpu.compress(x, settings, (1,) * rows)
    for row in {0, rows // 2, rows - 1}:
        alone, last_alone = cpu.compress(x[:, row : row + 1], settings[:, row : row + 1], (1,))
        assert torch.equal(y[:, row : row + 1], alone)
        assert torch.equal(last[:, row : row + 1], last_alone)


@pytest.mark.parametrize("outputs", [0, 1, 3])
def test_any_number_of_outputs_is_mixed(generator, outputs):
    x = bursts(generator, 1, 3, 200)
    arguments = strip_arguments(generator, 1, (2, 1), outputs)
    assert_close(cpu.strip(x, *arguments)[0], reference.strip(x, *arguments)[0], OUTPUT)


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_equalizer_keeps_its_precision_at_low_frequencies(generator, sample_rate):
    x = random(generator, 1, 2, 20_000, dtype=torch.float32)
    x[:, 1] = x[:, 1].cumsum(-1) * 0.01
    low = torch.full((1, 2, 1), 20.0, dtype=torch.float64)
    bell = filters.peaking_coefficients(sample_rate, torch.full_like(low, 12.0), low, torch.full_like(low, 5.0))
    y, _ = cpu.equalize(x, bell)
    b, a = bell[0, 0, 0, :3], bell[0, 0, 0, 3:]
    expected = sosfilt([[*b, 1, *a]], x[0].double().numpy())
    for row in range(2):
        assert_close(y[0, row], expected[row], EQUALIZER)


@pytest.mark.parametrize("stages", [0, 1, 2, 5, 6, 7])
def test_any_number_of_stages_equals_scipy(generator, stages):
    x = random(generator, 1, 1, 500, dtype=torch.float32)
    six = coefficients(generator, 1, 1)
    some = torch.cat([six, six], dim=2)[:, :, :stages]
    sections = np.concatenate([some[0, 0, :, :3], np.ones((stages, 1)), some[0, 0, :, 3:]], axis=1)
    expected = sosfilt(sections, x[0, 0].double().numpy()) if stages else x[0, 0].double().numpy()
    y, state = cpu.equalize(x, some)
    assert_close(y[0, 0], expected, EQUALIZER)
    assert state.shape == (1, 1, stages, 2)


def test_gain_of_the_compressor_is_exact(generator):
    level = torch.logspace(-6, 0, 4000, dtype=torch.float64)
    x = (level * torch.sign(random(generator, 1, 8, 4000))).float()
    settings = dynamics(generator, 1, (1,) * 8)
    y, _ = cpu.compress(x, settings, (1,) * 8)
    expected, _ = reference.compress(x, settings, (1,) * 8)
    error_db = 20 * np.log10(np.abs(y.double().numpy() / expected))
    assert np.abs(error_db).max() < GAIN_DB


@pytest.mark.parametrize("channels", [(1,), (2,), (1, 2, 2, 1, 1), (1,) * 16, (2,) * 5 + (1,)])
@pytest.mark.parametrize("batch", [1, 3])
def test_gradients_equal_those_of_float64(generator, batch, channels):
    x = bursts(generator, batch, sum(channels), 1021)
    arguments = (x, *strip_arguments(generator, batch, channels))
    weight = random(generator, batch, 4, 1021, dtype=torch.float32)
    ours = gradients(cpu.strip, arguments, weight)
    truth = gradients(scan.strip, (x.double(), *arguments[1:]), weight.double())
    for actual, expected in zip(ours, truth, strict=True):
        for parameter in range(expected.shape[-1]) if expected.shape[-1] < 10 else [slice(None)]:
            assert_close(actual[..., parameter], expected[..., parameter], GRADIENT)


@pytest.mark.parametrize("stages", [1, 4, 6])
def test_gradients_of_the_equalizer_equal_those_of_float64(generator, stages):
    x = random(generator, 2, 3, 300, dtype=torch.float32)
    some = coefficients(generator, 2, 3)[:, :, :stages]
    weight = random(generator, 2, 3, 300, dtype=torch.float32)
    ours = gradients(cpu.equalize, (x, some), weight)
    truth = gradients(scan.equalize, (x.double(), some), weight.double())
    for actual, expected in zip(ours, truth, strict=True):
        assert_close(actual, expected, GRADIENT)


def test_gradients_that_nobody_asked_for_are_not_given(generator):
    x = bursts(generator, 1, 2, 300).requires_grad_()
    b, d, m, channels = strip_arguments(generator, 1, (1, 1))
    buses, state = cpu.strip(x, b, d.requires_grad_(), m, channels)
    buses.sum().backward()
    assert x.grad is not None
    assert d.grad is not None
    assert not state.filters.requires_grad
    assert not state.gain_db.requires_grad
    assert b.grad is None
    assert not cpu.strip(x.detach(), b, d.detach(), m, channels)[0].requires_grad


@pytest.mark.parametrize("changed", [0, 1, 2, 3])
def test_gradients_of_what_was_changed_in_place_are_refused(generator, changed):
    x = bursts(generator, 1, 2, 300)
    *leaves, channels = (x, *strip_arguments(generator, 1, (1, 1)))
    buses, _ = cpu.strip(*(leaf.requires_grad_() for leaf in leaves), channels)
    with torch.no_grad():
        leaves[changed] *= 0.5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        buses.sum().backward()


def test_every_part_of_a_strip_may_be_absent(generator):
    x = bursts(generator, 1, 3, 300)
    b, _, m, channels = strip_arguments(generator, 1, (2, 1))
    weight = random(generator, 1, 4, 300, dtype=torch.float32)
    rows, *_ = cpu._Strip.apply(x, b, None, None, channels, None, None)
    expected = gradients(
        lambda *leaves: (torch.einsum("bro,brt->bot", leaves[1], leaves[0]), None), (rows, m.float()), weight
    )
    ours = gradients(lambda *leaves: cpu._Strip.apply(*leaves, channels, None, None)[:2], (x, b, None, m), weight)
    assert_close(ours[2], expected[1], GRADIENT)


def test_equal_channels_share_the_gradient_of_their_level():
    x = torch.full((1, 2, 200), 0.5, requires_grad=True)
    settings = torch.tensor([-20.0, -0.5, 6.0, 0.9, 0.99, 0.0], dtype=torch.float64).expand(1, 2, 6)
    y, _ = cpu.compress(x, settings, (2,))
    y[:, 0].sum().backward()
    gain = (y[0, 0] / x[0, 0]).detach()
    through_the_level = torch.stack([x.grad[0, 0] - gain, x.grad[0, 1]])
    assert through_the_level[0].abs().max() > 0.01
    torch.testing.assert_close(through_the_level[0], through_the_level[1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("knee_db", [0.0, 1e-9, 12.0])
def test_gradients_are_finite_at_the_threshold_and_in_silence(knee_db):
    levels = torch.tensor([0.0, 0.1, 1.0, -1.0, 0.0, 1e-30, 1e-7])  # 1.0 lies exactly on the threshold
    x = levels.repeat(30).reshape(1, 1, -1).requires_grad_()
    settings = torch.tensor([[[0.0, -0.5, knee_db, 0.9, 0.99, 0.0]]], dtype=torch.float64, requires_grad=True)
    y, _ = cpu.compress(x, settings, (1,))
    y.square().sum().backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(settings.grad).all()
    if knee_db == 0:
        torch.testing.assert_close(y, x.detach(), atol=1e-7, rtol=0)


def test_silence_stays_silent_and_has_no_gradient(generator):
    arguments = strip_arguments(generator, 1, (2, 1))
    x = torch.zeros(1, 3, 500)
    assert not cpu.strip(x, *arguments)[0].any()
    ours = gradients(cpu.strip, (x, *arguments), torch.ones(1))
    assert all(torch.isfinite(gradient).all() for gradient in ours)
    assert not any(gradient.any() for gradient in ours[1:])


def test_states_die_out_before_they_become_denormal(generator):
    x = torch.zeros(1, 2, 60_000)
    x[..., :100] = 1
    b, d, *_ = strip_arguments(generator, 1, (2,))
    y, filters_state = cpu.equalize(x, b)
    _, gain_db = cpu.compress(x, d, (2,))
    assert not filters_state.any()
    assert not gain_db.any()
    assert not y[..., -1000:].any()
    assert y[y != 0].abs().min() > torch.finfo(torch.float32).tiny


@pytest.mark.parametrize("pieces", [(1, 126, 1, 300, 593), (128, 128, 765), (512, 509), (1020, 1)])
def test_pieces_of_any_size_equal_one_piece(generator, pieces):
    x = bursts(generator, 2, 4, sum(pieces))
    arguments = strip_arguments(generator, 2, (1, 2, 1))
    whole, last = cpu.strip(x, *arguments)
    state, parts = None, []
    for piece in x.split(pieces, dim=-1):
        part, state = cpu.strip(piece, *arguments, state)
        parts.append(part)
    assert torch.equal(torch.cat(parts, dim=-1), whole)
    assert torch.equal(state.filters, last.filters)
    assert torch.equal(state.gain_db, last.gain_db)


def test_results_do_not_depend_on_the_number_of_threads(generator):
    x = bursts(generator, 2, 20, 1021)
    arguments = (x, *strip_arguments(generator, 2, (2, 1) * 6 + (1, 1)))
    weight = random(generator, 2, 4, 1021, dtype=torch.float32)
    assert_same_for_any_number_of_threads(arguments, weight)


def test_memory_may_lie_anywhere(generator):
    store = random(generator, 3, 5, 2, 400, dtype=torch.float32)
    shapes = {
        "rows apart": store[:2, 1:4, 1, 7:307],
        "time reversed in memory": store[:2, :3, 0].transpose(1, 2).contiguous().transpose(1, 2)[..., :300],
        "one item for all": store[:1, :3, 0, :300].expand(2, 3, 300),
        "one row for all": store[:2, :1, 0, :300].expand(2, 3, 300),
        "every other sample": store[:2, :3, 1, ::2],
    }
    arguments = strip_arguments(generator, 2, (1, 2))
    for name, x in shapes.items():
        leaf = x.requires_grad_()
        expected = gradients(cpu.strip, (x.detach().clone(), *arguments), torch.ones(1))
        buses, _ = cpu.strip(leaf, *arguments)
        assert torch.equal(buses, cpu.strip(x.detach().clone(), *arguments)[0]), name
        assert torch.equal(torch.autograd.grad(buses.sum(), leaf)[0], expected[0]), name


def test_settings_may_be_shared_by_all_items(generator):
    x = bursts(generator, 3, 3, 300)
    b, d, m, channels = strip_arguments(generator, 1, (2, 1))
    shared = [settings.expand(3, *settings.shape[1:]) for settings in (b, d, m)]
    apart = [settings.contiguous() for settings in shared]
    assert torch.equal(cpu.strip(x, *shared, channels)[0], cpu.strip(x, *apart, channels)[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_processes_have_threads_of_their_own(generator):
    x, channels = bursts(generator, 1, 20, 300), (1,) * 20
    settings, before = dynamics(generator, 1, channels), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected, _ = cpu.compress(x, settings, channels)
        child = os.fork()
        if child == 0:
            os._exit(0 if torch.equal(cpu.compress(x, settings, channels)[0], expected) else 1)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        torch.set_num_threads(before)


def test_what_is_not_a_number_is_forgotten(generator):
    arguments = (bursts(generator, 1, 3, 1021), *strip_arguments(generator, 1, (2, 1)))
    weight = random(generator, 1, 4, 1021, dtype=torch.float32)
    before = gradients(cpu.strip, arguments, weight)
    gradients(cpu.strip, (torch.full((1, 3, 1021), torch.nan), *arguments[1:]), weight)
    for ours, expected in zip(gradients(cpu.strip, arguments, weight), before, strict=True):
        assert torch.equal(ours, expected)
