import numpy as np
import pytest
from scipy import signal

from diffmst.data.recording import microphones, rooms, treatment

RATE = 44_100


def rng(seed=1):
    return np.random.default_rng(seed)


def test_convolution_agrees_with_scipy_and_passes_over_silence():
    x = np.zeros((2, 100_003), np.float32)
    x[:, 70_000:71_000] = rng().standard_normal((2, 1000))
    response = rng(2).standard_normal((2, 5003)).astype(np.float32)
    expected = np.stack([signal.fftconvolve(x[side], response[side])[: x.shape[1]] for side in (0, 1)])
    # Single precision: 6e-8 of the peak, times the root of the taps.
    np.testing.assert_allclose(rooms.convolve(x, response), expected, atol=1e-5 * np.abs(expected).max())
    mono = rooms.convolve(x[:1], response)
    assert mono.shape == x.shape
    assert np.allclose(mono[0], expected[0], atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("rt60_s", [0.3, 0.9])
def test_a_room_decays_by_sixty_decibels_in_its_time(rt60_s):
    room = rooms.Room(rt60_s, damping=1.0, low_cut_hz=20, reflections=0)
    response = rooms.impulse_response(room, RATE, rng())
    # Schroeder: the energy that is still to come, of which the slope between -5 and -25 dB is taken.
    decay_db = 10 * np.log10(np.cumsum(response[0, ::-1].astype(np.float64) ** 2)[::-1] + 1e-12)
    start, end = (np.argmax(decay_db < level) for level in (-5, -25))
    assert 3 * (end - start) / RATE == pytest.approx(rt60_s, rel=0.15)
    assert np.linalg.norm(response[0]) == pytest.approx(1, abs=1e-5)


def test_high_frequencies_die_first_in_a_damped_room():
    response = rooms.impulse_response(rooms.Room(1.0, damping=5.0, corner_hz=2000, reflections=0), RATE, rng())[0]
    early, late = response[: RATE // 10], response[RATE // 3 : RATE // 2]

    def share(x):
        power = np.abs(np.fft.rfft(x)) ** 2
        return power[np.fft.rfftfreq(x.size, 1 / RATE) > 6000].sum() / power.sum()

    assert share(late) < 0.5 * share(early)


def test_a_room_is_as_wide_as_it_says():
    def likeness(width):
        left, right = rooms.impulse_response(rooms.Room(0.5, width=width, reflections=0), RATE, rng())
        return np.corrcoef(left, right)[0, 1]

    assert likeness(0.0) > 0.99 and abs(likeness(1.0)) < 0.05


def test_echoes_come_late_weaker_and_from_side_to_side():
    x = np.zeros((1, RATE), np.float32)
    x[0, 100] = 1
    y = rooms.echoes(x, RATE, time_s=0.1, feedback=0.5, crossing=True)
    first, second = (np.abs(y[:, 100 + n * 4410 : 100 + n * 4410 + 200]).max(axis=1) for n in (1, 2))
    assert first[1] == 0 and second[0] == 0
    assert second[1] == pytest.approx(0.5 * first[0], rel=1e-4)
    assert not y[:, : 100 + 4410].any()


@pytest.mark.parametrize("kind", microphones.TYPES)
def test_every_type_of_microphone_has_the_response_of_its_bands(kind):
    colour = microphones.draw_colour(rng(), kind, spread_db=0.0)
    impulse = signal.unit_impulse(RATE).astype(np.float32)[None]
    heard = treatment.coloured([impulse], [colour], RATE)[0][0]
    level_db = 20 * np.log10(np.abs(np.fft.rfft(heard)) + 1e-9)
    sos = np.insert(colour.coefficients(RATE), 3, 1.0, axis=1)
    _, response = signal.freqz_sos(sos, np.array([100.0, 1000, 5000, 10_000]), fs=RATE)
    np.testing.assert_allclose(level_db[[100, 1000, 5000, 10_000]], 20 * np.log10(np.abs(response)), atol=0.05)
    assert level_db[3] < level_db[60] - 25  # what transformers let through ends at 18 Hz, 12 dB an octave


def test_two_colours_add_their_gains():
    one, other = (microphones.draw_colour(rng(seed), "wire") for seed in (1, 2))
    both = microphones.added(one, other)
    gains = [[band.gain_db for band in colour.bands] for colour in (one, other, both)]
    np.testing.assert_allclose(np.add(gains[0], gains[1]), gains[2])


def test_noise_lies_at_its_level_and_hum_at_the_mains():
    x = np.zeros((1, 4 * RATE), np.float32)
    microphones.Noise(hiss_db=-60.0).add_to(x, RATE, rng())
    assert 20 * np.log10(x.std()) == pytest.approx(-60, abs=0.1)
    hum = np.zeros((2, 2 * RATE), np.float32)
    microphones.Noise(hum_db=-40.0, mains_hz=60.0).add_to(hum, RATE, rng())
    spectrum = np.abs(np.fft.rfft(hum[0]))
    assert np.argmax(spectrum) / 2 == pytest.approx(60, abs=0.5)
    silent = np.zeros((1, 100), np.float32)
    microphones.Noise().add_to(silent, RATE, rng())
    assert not silent.any()


def test_a_compressor_narrows_the_distance_between_loud_and_soft():
    time_s = np.arange(2 * RATE) / RATE
    x = (np.sin(2 * np.pi * 400 * time_s) * np.where(time_s < 1, 0.05, 0.8)).astype(np.float32)[None]
    setting = treatment.Compression(under_peak_db=20, ratio=4, attack_ms=2, release_ms=300, knee_db=0)
    y = treatment.compressed([x], [setting], RATE)[0]

    def step_db(z):
        return 20 * np.log10(z[0, int(1.5 * RATE) :].std() / z[0, : RATE // 2].std())

    # 24 dB apart, of which 20 lie above the threshold, a peak of a sine: these become 5, and the step 9.1.
    assert step_db(x) == pytest.approx(24.1, abs=0.1)
    # Its gain follows the crests of the wave, but for what it lets go between two.
    assert step_db(y) == pytest.approx(9.1, abs=0.5)


def test_treatment_makes_stereo_where_there_is_space_and_keeps_the_channels_else():
    x = rng().standard_normal((1, RATE)).astype(np.float32) * 0.1
    colour = microphones.draw_colour(rng(), "condenser")
    dry = treatment.Treatment(colour)
    wet = treatment.Treatment(colour, room=rooms.Room(0.5), room_db=-6)
    placed = treatment.Treatment(colour, place=0.5, drive=1.0)
    plain, spacious, right = treatment.treated([x, x, x], [dry, wet, placed], RATE, rng())
    assert (len(plain), len(spacious), len(right)) == (1, 2, 2)
    assert not np.array_equal(spacious[0], spacious[1])
    assert np.allclose(right[0], 0.5 * right[1])
