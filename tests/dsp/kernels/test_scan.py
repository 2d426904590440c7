import math
from unittest.mock import patch

import numpy as np
import pytest
import torch
from conftest import CUDA
from scipy.signal import sosfilt
from torch.autograd import gradcheck

from diffmst.dsp import filters
from diffmst.dsp.kernels import reference, scan, scan_dynamics, scan_smoother
from diffmst.dsp.kernels.scan_smoother import from_columns, to_columns

LENGTHS = [1, 2, 3, 127, 128, 129, 1021]  # around the block of the filters, one sample, a prime
ROUNDING = {torch.float64: 1e-10, torch.float32: 3e-7}  # of the greatest value; audio is rounded behind every part
CHANNELS = (2, 1, 1)


def random(generator, *shape, dtype=torch.float64):
    return torch.randn(shape, generator=generator, dtype=dtype)


def coefficients(generator, batch=2, sample_rate=44_100):
    gain_db = random(generator, batch, 4, 6) * 8
    freq_hz = torch.tensor([60.0, 150, 500, 2000, 6000, 12000], dtype=torch.float64).expand(batch, 4, 6)
    return filters.equalizer_coefficients(sample_rate, gain_db, freq_hz, torch.full((batch, 4, 6), 1.5))


def dynamics(batch=2, attack=0.9, release=0.99):
    """Four rows: a stereo track, and two mono tracks, one without knee, one whose attack is slower than its release."""
    stereo = [-30.0, 1 / 4 - 1, 6.0, attack, release, 3.0]
    sharp = [-25.0, 1 / 20 - 1, 0.0, attack, attack, 0.0]
    slow = [-40.0, 1 / 2 - 1, 24.0, release, attack, 1.0]
    return torch.tensor([stereo, stereo, sharp, slow], dtype=torch.float64).expand(batch, 4, 6)


def bursts(generator, batch, time):
    """Noise whose level jumps, so that attacks and releases alternate."""
    level = torch.where(torch.arange(time) // 50 % 2 == 0, 0.5, 0.01)
    return random(generator, batch, 4, time) * level


def one_value(value):
    return torch.full((1, 1, 1), value, dtype=torch.float64)


def assert_close(actual, expected, tolerance):
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        actual.double().numpy(), expected, rtol=0, atol=tolerance * max(np.abs(expected).max(), 1e-9)
    )


@pytest.fixture(params=["torch", "triton"])
def smoother(request, monkeypatch):
    """The smoothers that the compressor may use, Triton's as its interpreter runs it."""
    if request.param == "torch":
        return scan_smoother
    if CUDA:
        pytest.skip("Triton is compiled here: the tests on the CUDA device run it")
    pytest.importorskip("triton", reason="Triton is not installed")
    from diffmst.dsp.kernels import triton_smoother

    monkeypatch.setattr(scan_dynamics, "_smoother", lambda device: triton_smoother)
    return triton_smoother


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("time", LENGTHS)
def test_strip_equals_the_reference(generator, time, dtype):
    x = bursts(generator, 2, time).to(dtype)
    mixing = random(generator, 2, 4, 4)
    settings = coefficients(generator), dynamics(), mixing, CHANNELS
    state = reference.StripState(random(generator, 2, 4, 6, 2) * 0.1, torch.full((2, 4), -3.0, dtype=torch.float64))
    buses, last = scan.strip(x, *settings, state)
    expected, expected_last = reference.strip(x, *settings, state)
    assert buses.dtype == dtype
    assert_close(buses, expected, ROUNDING[dtype])
    assert_close(last.filters, expected_last.filters, 1e-10)
    assert_close(last.gain_db, expected_last.gain_db, ROUNDING[dtype])


@pytest.mark.parametrize("sizes", [(1, 1020), (1020, 1), (128, 893), (7, 300, 0, 714)])
def test_blocks_equal_one_piece(generator, sizes):
    x = bursts(generator, 1, 1021)
    settings = coefficients(generator, 1), dynamics(1), random(generator, 1, 4, 2), CHANNELS
    whole, _ = scan.strip(x, *settings)
    state, parts = None, []
    for block in x.split(sizes, -1):
        part, state = scan.strip(block, *settings, state)
        parts.append(part)
    assert_close(torch.cat(parts, -1), whole, 1e-10)


@pytest.mark.parametrize(("sample_rate", "bands"), [(44_100, 1), (96_000, 1), (96_000, 6), (192_000, 6)])
def test_lowest_narrowest_highest_bell_equals_sosfilt(generator, sample_rate, bands):
    gain_db = torch.where(torch.arange(6) < bands, 12.0, 0.0).roll(1)
    sections = filters.equalizer_coefficients(sample_rate, gain_db, torch.full((6,), 20.0), torch.full((6,), 5.0))
    x = torch.cumsum(random(generator, 60_000, dtype=torch.float32), 0) * 1e-3  # brown: most of it is down there
    sos = np.insert(sections.numpy(), 3, 1.0, axis=-1)
    expected = sosfilt(sos, x.double().numpy())
    for dtype, tolerance in ((torch.float64, 1e-8), (torch.float32, 1e-7)):
        y, _ = scan.equalize(x.to(dtype)[None, None], sections[None, None])
        assert_close(y[0, 0], expected, tolerance)


@pytest.mark.parametrize(("attack", "release"), [(0.5, 0.9999), (0.9999, 0.5), (0.99, 0.99), (0.0, 0.999)])
def test_smoother_equals_the_loop(generator, smoother, attack, release):
    time = 3000
    target = -20 * random(generator, 1, 2, time).abs() * (torch.arange(time) // 777 % 3)
    settings = (one_value(value).expand(1, 2, 1) for value in (attack, release, -3.0))
    smoothed = from_columns(smoother.smooth(to_columns(target), *settings), time)
    expected = np.empty((2, time))
    state = np.full(2, -3.0)
    for n, g in enumerate(target[0].numpy().T):
        c = np.where(g < state, attack, release)
        state = c * state + (1 - c) * g
        expected[:, n] = state
    assert_close(smoothed[0], expected, 1e-12)


@pytest.mark.parametrize(("attack", "release"), [(0.5, 0.9999), (0.9999, 0.5), (0.99, 0.99), (0.0, 0.999)])
def test_smoother_needs_few_rounds(generator, attack, release):
    time = 20_000
    target = -20 * random(generator, 1, 1, time).abs() * (torch.arange(time) // 777 % 3)
    rounds = []
    run = scan_smoother._run
    with patch.object(scan_smoother, "_run", side_effect=lambda *a: rounds.append(1) or run(*a)):
        scan_smoother.smooth(to_columns(target), one_value(attack), one_value(release), one_value(0.0))
    assert len(rounds) <= 12  # of at most 313, one per block


def test_every_round_makes_one_more_block_exact(generator):
    """The bound on the rounds: after round k the first k blocks start from their true states, whatever the guesses."""
    target = to_columns(-20 * random(generator, 1, 1, 400).abs())
    settings = one_value(0.9), one_value(0.999), one_value(0.0)
    true = scan_smoother.smooth(target, *settings)
    run, guesses = scan_smoother._run, []

    def spoiled(target, attack, release, starts, out):
        starts[..., 1 + len(guesses) :] = -1e3  # undo what Newton's method has found beyond the first blocks
        guesses.append(starts.clone())
        return run(target, attack, release, starts, out)

    with patch.object(scan_smoother, "_run", side_effect=spoiled):
        smoothed = scan_smoother.smooth(target, *settings)
    assert len(guesses) == true.shape[-1]
    assert_close(smoothed, true, 1e-12)


@pytest.mark.parametrize("time", [1, 64, 300])
def test_adjoint_of_the_smoother_equals_autograd_through_the_loop(generator, smoother, time):
    target = (-20 * random(generator, 1, 2, time).abs()).requires_grad_()
    settings = [one_value(value).repeat(1, 2, 1).requires_grad_() for value in (0.6, 0.95)]
    start, weight = one_value(-3.0).repeat(1, 2, 1), random(generator, 1, 2, time)
    state, states = start[..., 0], []
    for g in target.unbind(-1):
        c = torch.where(g < state, *(setting[..., 0] for setting in settings))
        state = c * state + (1 - c) * g
        states.append(state)
    smoothed = torch.stack(states, -1)
    expected = torch.autograd.grad((smoothed * weight).sum(), (target, *settings))
    columns = (to_columns(x.detach()).clone() for x in (weight, target, smoothed))
    by_target, *by_settings = smoother.adjoint(*columns, *(setting.detach() for setting in settings), start)
    for actual, wanted in zip((from_columns(by_target, time), *by_settings), expected, strict=True):
        assert_close(actual, wanted, 1e-12)


def test_gradients_are_right(generator, smoother):
    x = bursts(generator, 1, 70)
    sections, mixing = coefficients(generator, 1).requires_grad_(), random(generator, 1, 4, 2).requires_grad_()
    state = reference.StripState(random(generator, 1, 4, 6, 2) * 0.1, torch.full((1, 4), -3.0, dtype=torch.float64))
    settings = dynamics(1).clone()
    settings[..., 2] += 1  # a knee that has room on both sides: at zero there is no derivative by it
    settings.requires_grad_()

    def buses(*inputs):
        return scan.strip(*inputs, CHANNELS, state)[0]

    assert gradcheck(buses, (x.requires_grad_(), sections, settings, mixing), fast_mode=True)


def test_gradient_across_many_blocks_equals_autograd_through_the_loop(generator):
    time = 600
    x = bursts(generator, 1, time)[:, :1].requires_grad_()
    settings = dynamics(1)[:, :1].clone().requires_grad_()
    weight = random(generator, time)
    actual = torch.autograd.grad((scan.compress(x, settings, (1,))[0] * weight).sum(), (x, settings))
    threshold_db, slope, knee_db, attack, release, makeup_db = settings[0, 0]
    target = slope * scan_dynamics.soft_knee(20 * x[0, 0].abs().clamp_min(1e-7).log10() - threshold_db, knee_db)
    state, gains = torch.zeros((), dtype=torch.float64), []
    for g in target:
        c = attack if g < state else release
        state = c * state + (1 - c) * g
        gains.append(state)
    y = x[0, 0] * 10 ** ((torch.stack(gains) + makeup_db) / 20)
    expected = torch.autograd.grad((y * weight).sum(), (x, settings))
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, 1e-11)


def test_knee_of_zero_is_a_corner_with_finite_gradients():
    over_db = torch.tensor([-3.0, 3.0], dtype=torch.float64, requires_grad=True)
    knee_db = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    y = scan_dynamics.soft_knee(over_db, knee_db)
    by_level, by_knee = torch.autograd.grad(y.sum(), (over_db, knee_db))
    assert y.tolist() == [0, 3]
    assert by_level.tolist() == [0, 1]
    assert by_knee.tolist() == [0, 0]


@pytest.mark.parametrize("knee_db", [0.5, 6.0, 24.0])
def test_knee_derivatives_are_right_inside_it(knee_db):
    over_db = torch.linspace(-0.49, 0.49, 7, dtype=torch.float64) * knee_db
    width = torch.full((7,), knee_db, dtype=torch.float64)
    assert gradcheck(scan_dynamics.soft_knee, (over_db.requires_grad_(), width.requires_grad_()))


def test_equal_channels_share_the_gradient_of_the_level():
    x = torch.full((1, 2, 40), 0.5, dtype=torch.float64, requires_grad=True)
    y, _ = scan.compress(x, dynamics(1)[:, :2], (2,))
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    torch.testing.assert_close(x.grad[0, 0], x.grad[0, 1], rtol=0, atol=0)


def test_silence_stays_silent_and_gives_no_nan(generator):
    x = torch.zeros(2, 4, 300, requires_grad=True)
    inputs = coefficients(generator).requires_grad_(), dynamics().clone().requires_grad_(), torch.ones(2, 4, 2).double()
    buses, state = scan.strip(x, *inputs, CHANNELS)
    buses.sum().backward()
    assert not buses.any()
    assert not state.gain_db.any()
    assert all(torch.isfinite(t.grad).all() for t in (x, *inputs[:2]))


def test_settings_may_be_shared_by_expansion(generator):
    x = bursts(generator, 3, 150)
    sections, settings = coefficients(generator, 1), dynamics(1)
    separate = scan.strip(
        x, sections.repeat(3, 1, 1, 1), settings.repeat(3, 1, 1), torch.ones(3, 4, 1).double(), CHANNELS
    )
    one = torch.ones(1, 4, 1).double().expand(3, 4, 1)
    shared = scan.strip(x, sections.expand(3, 4, 6, 5), settings.expand(3, 4, 6), one, CHANNELS)
    torch.testing.assert_close(shared[0], separate[0], rtol=0, atol=1e-14)


def test_nan_passes_through_and_ends(generator, smoother):
    x = bursts(generator, 1, 100)
    x[..., 50] = math.nan
    y, _ = scan.compress(x, dynamics(1), CHANNELS)
    assert torch.isfinite(y[..., :50]).all()
