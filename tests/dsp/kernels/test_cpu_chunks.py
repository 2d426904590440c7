import numpy as np
import pytest
import torch
from scipy.signal import sosfilt
from strips import (
    assert_close,
    assert_same_for_any_number_of_threads,
    bursts,
    dynamics,
    gradients,
    random,
    strip_arguments,
)

from diffmst.dsp import filters
from diffmst.dsp.kernels import cpu, cpu_chunks, cpu_strip, cpu_workspace, reference, scan
from diffmst.dsp.kernels.cpu_chunks import BLOCK, GROUPS, LONGEST_CHUNK, SHORTEST_CHUNK, Cascade, cut, transition

STATE = 1e-11  # of the greatest value: float64 through thousands of samples of low resonant filters
DIGIT = 1.2e-7  # the last of float32
SUM = 1e-8  # of float32 audio, of which some digits differ by the last
LONG = 18 * SHORTEST_CHUNK + 77


@pytest.mark.parametrize("batch", [1, 2, 9])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 16])
@pytest.mark.parametrize("time", [0, 1, SHORTEST_CHUNK, LONG, 100 * LONGEST_CHUNK + 1])
def test_spans_follow_each_other_from_the_first_sample_to_the_last(batch, rows, time):
    spans = cut(batch, rows, time)
    starts = [span.start for span in spans]
    ends = [span.start + span.frames * span.chunks for span in spans]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == time
    for span in spans:
        if span.chunks > 1:
            assert SHORTEST_CHUNK - 2 * BLOCK <= span.frames <= LONGEST_CHUNK
            assert span.frames % BLOCK == 0


def test_few_rows_are_chunked_and_many_are_not():
    assert cut(1, 2, LONG)[0].chunks > 1
    assert cut(1, 16, LONG) == [(0, LONG, 1)]
    assert cut(64, 2, LONG) == [(0, LONG, 1)]
    assert cut(1, 2, SHORTEST_CHUNK) == [(0, SHORTEST_CHUNK, 1)]


def low_bells(sample_rate=44_100):
    """Stages whose states live longer than any chunk, and that would show an error at its edge."""
    freq_hz = torch.tensor([[[20.0, 25, 30], [40, 60, 20]]], dtype=torch.float64)
    gain_db = torch.tensor([[[12.0, -12, 6], [9, 12, -3]]], dtype=torch.float64)
    return filters.peaking_coefficients(sample_rate, gain_db, freq_hz, torch.full_like(freq_hz, 5.0))


def test_transition_is_one_sample_of_the_reference():
    bells = low_bells()
    state = np.random.default_rng(0).standard_normal((1, 2, 3, 2))
    _, after = reference.equalize(np.zeros((1, 2, 1)), bells, state)
    cascade = transition(bells.numpy())
    ours = cascade.states((cascade.matrix @ cascade.coordinates(state)[..., None])[..., 0])
    np.testing.assert_allclose(ours, after, rtol=1e-11, atol=1e-13)


def test_states_are_forgotten_no_sooner_than_they_vanish():
    matrix = np.array([[0.9, 1.0], [0.0, 0.95]])
    cascade = Cascade(matrix, np.ones(1), 1)
    power, memory = cpu_chunks.power(cascade, 100_000)
    assert np.abs(power.matrix).max() < cpu_chunks.FORGOTTEN
    assert np.abs(np.linalg.matrix_power(matrix, memory)).max() < cpu_chunks.FORGOTTEN
    short, memory = cpu_chunks.power(cascade, 2 * BLOCK)
    np.testing.assert_allclose(short.matrix, np.linalg.matrix_power(matrix, 2 * BLOCK), rtol=1e-12)
    assert memory == 2 * BLOCK


@pytest.mark.parametrize("sample_rate", [44_100, 192_000])
def test_chunked_equalizer_keeps_its_precision_at_low_frequencies(generator, sample_rate):
    bells = low_bells(sample_rate)
    x = random(generator, 1, 2, LONG, dtype=torch.float32)
    y, _ = cpu.equalize(x, bells)
    for row in range(2):
        sections = np.insert(bells[0, row].numpy(), 3, 1, axis=1)
        assert_close(y[0, row], sosfilt(sections, x[0, row].double().numpy()), 1e-7)


@pytest.mark.parametrize(("batch", "channels"), [(1, (2,)), (1, (1,)), (1, (2, 1)), (2, (1, 1))])
def test_chunked_strip_equals_one_that_is_not(generator, monkeypatch, batch, channels):
    x = bursts(generator, batch, sum(channels), LONG)
    arguments = strip_arguments(generator, batch, channels, outputs=2)
    state = reference.StripState(
        random(generator, batch, sum(channels), 6, 2) * 0.1, random(generator, batch, sum(channels)).abs() * -3
    )
    weight = random(generator, batch, 2, LONG, dtype=torch.float32)

    def everything():
        buses, last = cpu.strip(x, *arguments, state)
        return buses, *last, *gradients(lambda *leaves: cpu.strip(*leaves, state), (x, *arguments), weight)

    if cut(*x.shape)[0].chunks == 1:
        pytest.skip("these lanes are filled without chunks")
    chunked = everything()
    monkeypatch.setattr(cpu_chunks, "SHORTEST_CHUNK", 10**9)
    assert cut(*x.shape)[0].chunks == 1
    tolerances = (DIGIT, STATE, STATE, DIGIT, SUM, SUM, SUM)
    for ours, plain, tolerance in zip(chunked, everything(), tolerances, strict=True):
        for parameter in range(ours.shape[-1]) if ours.shape[-1] < 10 else [slice(None)]:
            assert_close(ours[..., parameter], plain[..., parameter], tolerance)


def test_chunked_gradients_equal_those_of_float64(generator):
    x = bursts(generator, 1, 2, LONG)
    arguments = (x, *strip_arguments(generator, 1, (2,)))
    weight = random(generator, 1, 4, LONG, dtype=torch.float32)
    ours = gradients(cpu.strip, arguments, weight)
    truth = gradients(scan.strip, (x.double(), *arguments[1:]), weight.double())
    for actual, expected in zip(ours, truth, strict=True):
        for parameter in range(expected.shape[-1]) if expected.shape[-1] < 10 else [slice(None)]:
            assert_close(actual[..., parameter], expected[..., parameter], 1e-5)


@pytest.mark.parametrize("release_s", [0.001, 0.3, 30.0])
def test_smoother_that_forgets_late_is_joined_too(generator, monkeypatch, release_s):
    x = bursts(generator, 1, 2, LONG)
    settings = dynamics(generator, 1, (2,))
    settings[..., 4] = np.exp(-1 / (release_s * 44_100))
    chunked, last = cpu.compress(x, settings, (2,))
    monkeypatch.setattr(cpu_chunks, "SHORTEST_CHUNK", 10**9)
    plain, last_plain = cpu.compress(x, settings, (2,))
    assert_close(chunked, plain, DIGIT)
    assert_close(last, last_plain, STATE)


@pytest.mark.parametrize("radius", [1.0, 1.0002, 1.1, 2.0])
def test_filters_that_never_forget_equal_those_in_one_piece(generator, monkeypatch, radius):
    x = random(generator, 1, 2, LONG, dtype=torch.float32)
    x[:, 1] = 0  # stays silent, however the filter grows
    pole = torch.tensor([1.0, 0, 0, -2 * radius * np.cos(0.1), radius**2], dtype=torch.float64)
    stages = torch.stack([pole, torch.tensor([1.0, 0, 0, 0, 0], dtype=torch.float64)])[:, None].expand(2, 2, 5)
    settings = stages.flip(0)[None].contiguous()
    chunked, _ = cpu.equalize(x, settings)
    monkeypatch.setattr(cpu_chunks, "SHORTEST_CHUNK", 10**9)
    plain, _ = cpu.equalize(x, settings)
    torch.testing.assert_close(
        chunked, plain, rtol=0, atol=1e-6 * plain.nan_to_num(0, 0, 0).abs().max().item(), equal_nan=True
    )


@pytest.mark.parametrize("release_s", [0.3, 30.0])
def test_smoothers_are_joined_in_few_rounds(generator, monkeypatch, release_s):
    x = bursts(generator, 1, 2, LONG)
    settings = dynamics(generator, 1, (2,))
    settings[..., 4] = np.exp(-1 / (release_s * 44_100))
    runs, coast = [], cpu_strip.coast
    monkeypatch.setattr(cpu_strip, "coast", lambda *arguments: runs.append(1) or coast(*arguments))
    cpu.compress(x, settings, (2,))
    assert len(runs) <= 8 * GROUPS  # of at most as many rounds as chunks, 16 where vectors are widest


def test_chunked_results_do_not_depend_on_the_number_of_threads(generator):
    x = bursts(generator, 1, 2, LONG)
    arguments = (x, *strip_arguments(generator, 1, (2,)))
    weight = random(generator, 1, 4, LONG, dtype=torch.float32)
    assert_same_for_any_number_of_threads(arguments, weight)


def test_working_memory_is_used_again(generator):
    x = bursts(generator, 1, 2, LONG)
    settings = dynamics(generator, 1, (2,))
    cpu.compress(x, settings, (2,))
    free = len(cpu_workspace._free_tapes)
    assert free > 0
    cpu.compress(x, settings, (2,))
    assert len(cpu_workspace._free_tapes) == free
