"""Mixes as they will be heard, by what the last stage makes of the same sound."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import LoudnessMeter, pooled_loudness
from diffmst.mastering import HARDEST_LIMITING_DB, measure_master
from diffmst.mix import RenderSettings
from diffmst.outgoing import LOUDNESS_COST, OutgoingDistance, outgoing
from diffmst.spool import Spool

RATE = 44_100
CEILING_DBTP = -1.0
CEILING = 10 ** (CEILING_DBTP / 20)


@pytest.fixture
def mix(generator):
    """Two windows of steady noise with loud beginnings, [2, 2, time], quiet enough to need gain.

    There is little near the Nyquist frequency, where peaks lie between the samples.
    """
    time_s = torch.arange(3 * RATE) / RATE
    envelope = 0.02 * (0.15 + torch.exp(-200 * (time_s % 0.5)))
    loud = torch.randn(2, 2, len(time_s), generator=generator).clamp(-3, 3) / 3 * envelope
    return torch.from_numpy(sosfilt(butter(4, 0.3, output="sos"), loud.numpy()).astype(np.float32))


def lufs(audio):
    return float(pooled_loudness(audio, RATE))


def headroom_lufs(mix):
    """The loudness at which the highest sample meets the ceiling."""
    return lufs(mix) + CEILING_DBTP - 20 * math.log10(mix.abs().max())


def crest_db(audio):
    return 20 * torch.log10(audio.abs().amax() / audio.square().mean().sqrt())


def test_under_the_ceiling_gain_is_all(mix):
    target_lufs = headroom_lufs(mix) - 0.5
    audio, missing_lu = outgoing(mix, RATE, target_lufs, CEILING_DBTP)
    torch.testing.assert_close(audio / audio.abs().max(), mix / mix.abs().max())
    assert lufs(audio) == pytest.approx(target_lufs, abs=1e-3)
    assert missing_lu == 0


@pytest.mark.parametrize("over_lu", [0.02, 1.0, 3.0, 5.0])
def test_a_louder_mix_is_held_at_the_ceiling_and_comes_out_as_loud_as_wanted(mix, over_lu):
    target_lufs = headroom_lufs(mix) + over_lu
    audio, missing_lu = outgoing(mix, RATE, target_lufs, CEILING_DBTP)
    assert audio.abs().max() <= CEILING
    assert lufs(audio) == pytest.approx(target_lufs, abs=0.15)
    assert missing_lu < 0.15


@pytest.mark.parametrize("over_lu", np.arange(1.0, 9.0))
def test_what_is_missing_is_told_however_dense_the_mix(generator, over_lu):
    dense = 0.01 * torch.randn(2, 2, 2 * RATE, generator=generator)
    target_lufs = headroom_lufs(dense) + over_lu
    audio, missing_lu = outgoing(dense, RATE, target_lufs, CEILING_DBTP)
    assert float(missing_lu) == pytest.approx(max(0.0, target_lufs - lufs(audio)), abs=1e-3)


def test_it_is_what_the_limiter_makes_of_it(mix):
    audio = outgoing(mix, RATE, headroom_lufs(mix) + 3, CEILING_DBTP).audio
    errors_db = []
    for gain_db in np.arange(15, 45, 0.05):  # one of which it has found
        limiter = Limiter(RATE, ceiling_db=CEILING_DBTP, gain_db=gain_db)
        limited = np.concatenate([limiter.process(mix[0].numpy()), limiter.flush()], axis=1)
        errors_db.append(10 * np.log10(np.square(limited - audio[0].numpy()).mean() / np.square(limited).mean()))
    assert min(errors_db) < -40


def test_what_the_limiter_cannot_do_is_missing_as_it_is_from_the_file(mix, tmp_path):
    target_lufs = headroom_lufs(mix) + 14
    audio, missing_lu = outgoing(mix, RATE, target_lufs, CEILING_DBTP)
    assert float(missing_lu) == pytest.approx(target_lufs - lufs(audio), abs=1e-3)
    assert audio.abs().max() <= CEILING
    whole = np.concatenate(list(mix.numpy()), axis=1)
    meter = LoudnessMeter(RATE, channels=2)
    meter.add(whole)
    with Spool(tmp_path) as spool:
        spool.append(whole)
        settings = RenderSettings(loudness_lufs=min(0.0, target_lufs), ceiling_dbtp=CEILING_DBTP)
        written = measure_master(spool, meter, settings)
    assert written.limiting_db == pytest.approx(HARDEST_LIMITING_DB, abs=0.3)
    assert lufs(audio) == pytest.approx(written.loudness_lufs, abs=0.2)


def test_windows_share_their_gain_and_nothing_else(mix):
    quieter = torch.stack([mix[0], 0.2 * mix[1]])
    audio = outgoing(quieter, RATE, headroom_lufs(quieter) + 3, CEILING_DBTP).audio
    gain = audio[1] / quieter[1]
    torch.testing.assert_close(gain, gain[0, 0].expand_as(gain))  # the limiter has nothing to do there


def slope(mix, figure, direction, target_lufs, size=1e-3):
    """Of a figure of what goes out, along a direction: by the gradient, and by what really happens."""
    position = mix.clone().requires_grad_()
    figure(outgoing(position, RATE, target_lufs, CEILING_DBTP)).backward()
    ahead, behind = (
        float(figure(outgoing(mix + sign * size * direction, RATE, target_lufs, CEILING_DBTP))) for sign in (1, -1)
    )
    return float((position.grad * direction).sum()), (ahead - behind) / (2 * size)


def test_a_peak_that_is_held_is_not_worth_lowering(mix):
    highest = torch.where(mix.abs() > 0.5 * mix.abs().max(), mix, 0.0)
    by_gradient, really = slope(mix, lambda found: crest_db(found.audio), highest, headroom_lufs(mix) + 3, size=0.02)
    unlimited = crest_db(mix + 0.02 * highest) - crest_db(mix - 0.02 * highest)
    assert abs(by_gradient) < 0.2 * float(unlimited) / 0.04
    assert abs(really) < 0.2 * float(unlimited) / 0.04


def test_a_lower_peak_and_a_fuller_mix_are_louder_where_the_limiter_does_all_it_may(mix):
    target_lufs = headroom_lufs(mix) + 14
    fuller = torch.where(mix.abs() < 0.2 * mix.abs().max(), mix, 0.0)
    for direction in (fuller, -mix * (mix.abs() > 0.8 * mix.abs().max())):
        by_gradient, really = slope(mix, lambda found: found.missing_lu, direction, target_lufs, size=0.01)
        assert by_gradient < 0
        assert really < 0
        assert by_gradient == pytest.approx(really, rel=0.5)


def test_gradients_are_exact_where_nothing_is_limited(generator):
    mix = 0.01 * torch.randn(1, 2, RATE // 2, generator=generator, dtype=torch.float64)
    target_lufs = headroom_lufs(mix) - 1
    direction = torch.randn(mix.shape, generator=generator, dtype=torch.float64) * mix.abs().mean()
    by_gradient, really = slope(mix, lambda found: crest_db(found.audio), direction, target_lufs, size=1e-6)
    assert by_gradient == pytest.approx(really, rel=1e-5)


def test_silence_stays_silence():
    audio, missing_lu = outgoing(torch.zeros(2, 2, RATE), RATE, -14.0, CEILING_DBTP)
    assert not audio.any()
    assert missing_lu == 0


def test_a_mix_does_not_turn_into_nothing_where_it_is_quiet(mix):
    mix[:, :, RATE : 2 * RATE] *= 1e-5
    audio = outgoing(mix, RATE, headroom_lufs(mix) + 3, CEILING_DBTP).audio
    gain_db = 20 * torch.log10(audio[:, :, RATE + 9000 : 2 * RATE - 9000] / mix[:, :, RATE + 9000 : 2 * RATE - 9000])
    assert gain_db.std() < 0.1
    assert gain_db.mean() > 0


def test_the_distance_hears_what_goes_out_and_charges_for_what_is_missing(mix):
    def crest(audio):
        return {"crest": crest_db(audio)}

    output = RenderSettings(loudness_lufs=min(0.0, headroom_lufs(mix) + 14), ceiling_dbtp=CEILING_DBTP)
    terms = OutgoingDistance(crest, RATE, output)(mix)
    found = outgoing(mix, RATE, output.loudness_lufs, CEILING_DBTP)
    assert list(terms) == ["loudness", "crest"]
    assert terms["loudness"] == LOUDNESS_COST * found.missing_lu.square() > 0
    assert terms["crest"] == crest_db(found.audio) < crest_db(mix) - 5


def test_without_a_loudness_it_hears_what_comes_out_of_the_console(mix):
    output = RenderSettings(loudness_lufs=None, ceiling_dbtp=CEILING_DBTP)
    assert OutgoingDistance(lambda audio: {"crest": crest_db(audio)}, RATE, output)(mix) == {"crest": crest_db(mix)}
