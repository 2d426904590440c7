import numpy as np
import pytest
from scipy.signal import butter, firwin, resample_poly, sosfilt

from diffmst.dsp import limiter
from diffmst.dsp.kernels import cpu_limiter
from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import LoudnessMeter

SAMPLE_RATE = 44_100
TIME = 40_000
CEILING_DB = -1.0


def limited(x, blocks=(8192,) * 5, sample_rate=SAMPLE_RATE, **settings):
    device = Limiter(sample_rate, channels=len(x), ceiling_db=CEILING_DB, **settings)
    cuts = np.cumsum(blocks)[:-1]
    parts = [device.process(block) for block in np.split(x, cuts, axis=1)] + [device.flush()]
    return np.concatenate(parts, axis=1), device


def true_peak_db(x, oversampling):
    """By an interpolator six times as long as that of the limiter: the default of scipy lets images through."""
    taps = firwin(2 * 150 * oversampling + 1, 1 / oversampling, window=("kaiser", 9.0))
    return 20 * np.log10(max(np.abs(resample_poly(row.astype(float), oversampling, 1, window=taps)).max() for row in x))


def standard_true_peak_db(x):
    """Annex 2 of BS.1770-4: the four phases, as filters."""
    phases = np.array([*limiter.BS_1770_PHASES, *(phase[::-1] for phase in limiter.BS_1770_PHASES)])
    return 20 * np.log10(max(np.abs(np.convolve(row, phase)).max() for row in x.astype(float) for phase in phases))


def signals():
    rng = np.random.default_rng(5)
    n = np.arange(TIME)
    lowpass = butter(8, 18_000, fs=SAMPLE_RATE, output="sos")
    fade = np.minimum(1, np.minimum(n, n[::-1]) / 1000)  # a tone cut off is a jump, which has no true peak
    sounds = {
        "noise up to 18 kHz, 20 dB over": sosfilt(lowpass, rng.normal(size=(2, TIME)) * 3),
        "impulses": (rng.random((2, TIME)) < 5e-4) * 8.0,
        "sparse noise": rng.normal(size=(2, TIME)) * (rng.random(TIME) < 1e-3) * 5,
        "a quarter of the rate, peaks between samples": np.tile(np.sin(np.pi / 2 * n + np.pi / 4) * 1.25, (2, 1)),
        "19.8 kHz, pulsating": np.tile(np.sin(2.82 * n) * (1.5 + np.sin(n / 2000)), (2, 1)),
        "bursts of 15 kHz": np.tile(np.sin(2.14 * n + 1) * np.where(n % 2205 < 220, 4, 0.3), (2, 1)),
        "square": sosfilt(lowpass, np.sign(np.tile(np.sin(n * 0.0629), (2, 1))) * 2),
        "kick": np.tile(np.sin(n * 0.0085) * 3 * np.exp(-(n % 20_000) / 2700), (2, 1)),
    }
    return {name: (sound * fade).astype(np.float32) for name, sound in sounds.items()}


@pytest.mark.parametrize("name", signals())
def test_true_peak_stays_under_the_ceiling(name):
    x = signals()[name]
    y, _ = limited(x)
    assert true_peak_db(x, 8) > CEILING_DB
    assert true_peak_db(y, 4) <= CEILING_DB
    assert true_peak_db(y, 8) <= CEILING_DB
    assert standard_true_peak_db(y) <= CEILING_DB


@pytest.mark.parametrize("sample_rate", [22_050, 192_000])
def test_true_peak_stays_under_the_ceiling_at_other_rates(sample_rate):
    rng = np.random.default_rng(6)
    lowpass = butter(8, 0.8, output="sos")
    y, _ = limited(sosfilt(lowpass, rng.normal(size=(2, TIME))).astype(np.float32), sample_rate=sample_rate)
    assert true_peak_db(y, 8) <= CEILING_DB


def test_what_stays_under_the_ceiling_is_not_touched():
    x = np.random.default_rng(7).uniform(-0.3, 0.3, (2, TIME)).astype(np.float32)
    y, device = limited(x)
    np.testing.assert_array_equal(y, x)
    assert device.reduction_db == 0


def test_gain_is_one_again_after_a_peak():
    x = np.full((1, TIME), 0.1, np.float32)
    x[:, 1000] = 2
    y, _ = limited(x, release_ms=20.0)
    np.testing.assert_array_equal(y[:, :800], x[:, :800])
    np.testing.assert_array_equal(y[:, 12_000:], x[:, 12_000:])
    assert 20 * np.log10(y[0, 1000]) == pytest.approx(CEILING_DB - limiter.MARGIN_DB, abs=0.2)


@pytest.mark.parametrize(
    "blocks", [(1,) * 20 + (TIME - 20,), (32,) * (TIME // 32), (127, 1021, 0, 8192, TIME - 9340), (TIME,)]
)
def test_blocks_do_not_change_a_bit(blocks):
    x = (np.random.default_rng(8).normal(size=(2, TIME))).astype(np.float32)
    expected, _ = limited(x)
    y, _ = limited(x, blocks)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y, expected)


def test_output_is_in_time_with_the_input():
    x = np.zeros((1, TIME), np.float32)
    x[0, [5, 20_000, TIME - 1]] = 3
    y, _ = limited(x)
    assert y.shape == x.shape
    np.testing.assert_array_equal(np.flatnonzero(y), [5, 20_000, TIME - 1])


def test_louder_channel_sets_the_gain_of_all():
    rng = np.random.default_rng(9)
    x = (rng.normal(size=(2, TIME)) * [[1.0], [0.01]]).astype(np.float32)
    y, _ = limited(x)
    np.testing.assert_allclose(y[1] * x[0], y[0] * x[1], rtol=1e-5, atol=1e-9)


def test_reduction_is_that_of_the_highest_peak():
    tone = np.sin(0.1 * np.arange(TIME)) * np.hanning(TIME) * 10 ** (5 / 20)
    _, device = limited(tone[None].astype(np.float32))
    assert device.reduction_db == pytest.approx(5 - CEILING_DB + limiter.MARGIN_DB, abs=0.02)


@pytest.mark.parametrize("lookahead", [8, 12, 31, 100])
def test_shortest_lookahead_still_holds_every_sample(lookahead):
    rng = np.random.default_rng(10)
    x = (rng.normal(size=(1, TIME)) * (rng.random(TIME) < 0.05) * 4).astype(np.float32)
    y, _ = limited(x, lookahead_ms=1000 * lookahead / SAMPLE_RATE)
    assert 20 * np.log10(np.abs(y).max()) <= CEILING_DB - limiter.MARGIN_DB + 1e-5


def reference_gain(peaks, *, ceiling, lookahead, decay):
    """The gain at the knots, frame by frame as it is defined; peaks [frames]."""
    asked = [20 * np.log10(peak / ceiling) + limiter.MARGIN_DB if peak > ceiling else 0.0 for peak in peaks]
    window = np.hanning(lookahead + 2)[1:-1] / np.hanning(lookahead + 2).sum()
    released, knots = [0.0] * lookahead, []
    for k in range(len(peaks) + 1):
        knots.append(np.dot(window, released[: -lookahead - 1 : -1]))
        last = max(max(asked[k : k + lookahead + 1], default=0.0), decay * released[-1])
        released.append(last if last >= cpu_limiter.INAUDIBLE_DB else 0.0)
    return 10 ** (-np.array(knots) / 20)


@pytest.mark.parametrize("lookahead", [1, 2, 17, 40])
def test_gain_is_that_of_the_definition(lookahead):
    rng = np.random.default_rng(12)
    peaks = np.exp(rng.normal(size=1000)) * (rng.random(1000) < 0.05)
    peaks[:lookahead] = 0  # else the gain would have to fall before the first frame
    settings = {"ceiling": 0.9, "decay": 0.99}
    envelope = cpu_limiter.envelope(
        margin_db=limiter.MARGIN_DB, window=np.hanning(lookahead + 2)[1:-1], room=1000, **settings
    )
    late = np.concatenate([peaks, np.zeros(lookahead)]).astype(np.float32)
    gains = [limiter._follow(envelope, part).copy() for part in np.split(late, [3, 256, 500, 991])]
    # Where two parts meet, they share a knot.
    together = np.concatenate([gains[0], *(part[1:] for part in gains[1:])])[lookahead:]
    expected = reference_gain(peaks, lookahead=lookahead, **settings)
    # Float32, and a recovery that is cut off at another frame.
    np.testing.assert_allclose(together, expected, atol=2 * cpu_limiter.INAUDIBLE_DB / 8)


@pytest.mark.parametrize("over_db", [1, 4, 9])
def test_model_foresees_the_energy_behind_the_limiter(over_db):
    n = np.arange(2 * TIME)
    beats = 0.1 + np.exp(-(n % 20_000) / 2000) * np.sin(n * 0.0085) + 0.3 * np.exp(-((n + 10_000) % 20_000) / 700)
    noise = np.random.default_rng(15).normal(size=(2, 2 * TIME))
    x = (sosfilt(butter(1, 0.1, output="sos"), noise) * beats).astype(np.float32)
    meter, behind = (LoudnessMeter(SAMPLE_RATE, channels=2) for _ in range(2))
    meter.add(x)
    gain_db = CEILING_DB - meter.true_peak_dbtp + over_db
    behind.add(limited(x, gain_db=gain_db)[0])
    foreseen = limiter.limited_energies(meter.frames, SAMPLE_RATE, gain_db=gain_db, ceiling_db=CEILING_DB)
    lost_db = 10 * np.log10(foreseen.sum() / meter.frames.energies.sum()) - gain_db
    error_db = 10 * np.log10(foreseen.sum() / behind.frames.energies.sum())
    assert lost_db < -0.01 * over_db**2
    assert error_db == pytest.approx(0, abs=0.05)


def test_white_noise_exceeds_the_ceiling_by_no_more_than_is_said():
    noise = np.random.default_rng(13).uniform(-2, 2, (2, TIME)).astype(np.float32)
    y, _ = limited(noise)
    meter = LoudnessMeter(SAMPLE_RATE, channels=2)
    meter.add(y)
    assert standard_true_peak_db(y) <= CEILING_DB
    assert meter.true_peak_dbtp <= CEILING_DB + 0.2
    assert true_peak_db(y, 4) <= CEILING_DB + 1


def test_gain_in_front_is_as_good_as_a_louder_signal():
    x = np.random.default_rng(14).normal(size=(2, TIME)).astype(np.float32)
    louder, _ = limited(4 * x)
    y, _ = limited(x, gain_db=20 * np.log10(4))
    np.testing.assert_allclose(y, louder, rtol=1e-6)


@pytest.mark.parametrize("x", [np.full((1, TIME), 1e-39), np.full((2, TIME), 3.0), np.zeros((2, TIME))])
def test_extremes_stay_finite(x):
    x = x.astype(np.float32)
    y, _ = limited(x)
    assert y.shape == x.shape and np.isfinite(y).all()
    assert np.abs(y).max() <= min(np.abs(x).max(), 10 ** (CEILING_DB / 20))


def test_gain_moves_without_a_step():
    """Falling by 20 dB within 3 ms, along a raised cosine, is at most 0.3 dB from sample to sample."""
    x = np.full((1, TIME), 0.5, np.float32)
    x[:, 20_000] = 9
    y, _ = limited(x)
    gain_db = 20 * np.log10(y / x)
    assert np.abs(np.diff(gain_db)).max() < 0.4


def test_songs_shorter_than_a_chunk_come_out_whole():
    x = np.full((2, 3), 2, np.float32)
    y, _ = limited(x, blocks=(3,))
    assert y.shape == (2, 3)
    assert Limiter(SAMPLE_RATE).flush().shape == (2, 0)


@pytest.mark.parametrize("settings", [{"lookahead_ms": 0.1}, {"release_ms": 0.1}])
def test_times_that_are_too_short_are_refused(settings):
    with pytest.raises(ValueError, match="must be at least"):
        Limiter(SAMPLE_RATE, **settings)


def test_lookahead_may_be_longer_than_a_chunk():
    x = signals()["impulses"]
    y, _ = limited(x, lookahead_ms=2000)
    assert y.shape == x.shape
    assert np.abs(y).max() <= 10 ** (CEILING_DB / 20)


def test_flushed_once_nothing_more_comes_out():
    _, device = limited(signals()["kick"])
    assert device.flush().shape == (2, 0)
