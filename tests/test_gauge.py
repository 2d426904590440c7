"""Gain staging: the same sound with other faders."""

import pytest
import torch

from diffmst.amount import Amounts, blend
from diffmst.console import mix
from diffmst.gauge import Gauge, regauged, usual_gauge
from diffmst.layout import DEFAULT, LAYOUTS, PAPER, Settings

RATE = 22_050
CHANNELS = (1, 2, 1)
SOUNDING = torch.tensor([True, True, True])
SAME_SOUND = 1e-9  # of float64 through a console twice, against a mix of about 1
TRACK_FADER, MASTER_FADER = DEFAULT.track.column("fader.gain_db"), DEFAULT.master.column("fader.gain_db")
MASTER_INPUT, THRESHOLD = DEFAULT.master.column("input.gain_db"), DEFAULT.master.column("compressor.threshold_db")
RATIO, MAKEUP = DEFAULT.master.column("compressor.ratio"), DEFAULT.master.column("compressor.makeup_db")


@pytest.fixture
def audio(generator):
    return 0.3 * torch.randn(1, sum(CHANNELS), RATE // 2, generator=generator, dtype=torch.float64)


def drawn(seed, layout=DEFAULT):
    """A mix that is loud at the end, with its faders down and everything at work."""
    random = torch.Generator().manual_seed(seed)
    shapes = (1, len(CHANNELS), len(layout.track)), (1, len(layout.fx)), (1, len(layout.master))
    unit = Settings(*(torch.rand(shape, generator=random, dtype=torch.float64) for shape in shapes))
    settings = layout.from_unit(unit)
    if layout is DEFAULT:
        settings.tracks[..., TRACK_FADER] = torch.tensor([-9.0, -14.0, -4.0])
        settings.master[..., MASTER_FADER] = 13.0
        settings.master[..., THRESHOLD] = -35.0
        settings.master[..., MASTER_INPUT] = 4.0
        settings.master[..., MAKEUP] = 14.0
    settings.tracks[..., layout.track.column("input.gain_db")] = 0.0
    return settings


def unlocked(settings):
    return Settings(*(torch.zeros_like(part, dtype=torch.bool) for part in settings))


def sound(audio, settings, layout=DEFAULT):
    return mix(audio, RATE, settings, CHANNELS, layout=layout)


def assert_same_sound(audio, one, other, layout=DEFAULT):
    before = sound(audio, one, layout)
    scale = before.abs().max()
    torch.testing.assert_close(sound(audio, other, layout) / scale, before / scale, atol=SAME_SOUND, rtol=0)


@pytest.mark.parametrize("seed", range(4))
def test_the_loudest_fader_and_the_masters_come_to_zero_and_nothing_else_is_heard_or_moved(audio, seed):
    settings = drawn(seed)
    found = regauged(settings, usual_gauge([settings], SOUNDING, DEFAULT), DEFAULT)
    assert found.tracks[0, :, TRACK_FADER].tolist() == [-5, -10, 0] and found.master[0, MASTER_FADER] == 0
    assert (found.master[0, MAKEUP], found.master[0, THRESHOLD], found.master[0, MASTER_INPUT]) == (24, -32, 3)
    assert_same_sound(audio, settings, found)
    moved = [(before != after).flatten(0, -2).any(0).sum() for before, after in zip(settings, found, strict=True)]
    assert moved == [1, 0, 4]


def test_a_change_of_gains_alone_would_be_heard(audio):
    """What the test above could not see if the compressor did nothing."""
    settings = drawn(0)
    louder = regauged(settings, Gauge(0.0, 9.0), DEFAULT)
    louder.master[..., THRESHOLD] = settings.master[..., THRESHOLD]
    with pytest.raises(AssertionError):
        assert_same_sound(audio, settings, louder)


def test_a_compressor_that_does_nothing_keeps_its_threshold_and_holds_nothing_back(audio):
    settings = drawn(1)
    settings.master[..., RATIO], settings.master[..., THRESHOLD] = 1.0, -1.0
    found = regauged(settings, usual_gauge([settings], SOUNDING, DEFAULT), DEFAULT)
    assert (found.master[0, THRESHOLD], found.master[0, MAKEUP], found.master[0, MASTER_FADER]) == (-1, 14, 0)
    assert_same_sound(audio, settings, found)


def test_a_threshold_goes_no_further_than_its_range_and_the_fader_of_the_master_waits_for_it(audio):
    settings = drawn(2)
    settings.master[..., THRESHOLD] = -1.0
    found = regauged(settings, usual_gauge([settings], SOUNDING, DEFAULT), DEFAULT)
    assert found.master[0, THRESHOLD] == 0 and found.master[0, MASTER_FADER] == 2
    assert found.tracks[0, 2, TRACK_FADER] == 0
    assert_same_sound(audio, settings, found)


def test_a_silent_track_does_not_count():
    settings = drawn(0)
    gauge = usual_gauge([settings], torch.tensor([True, True, False]), DEFAULT)
    assert gauge.faders_db == 9
    assert usual_gauge([settings], torch.zeros(3, dtype=torch.bool), DEFAULT).faders_db == 0


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_locked_stays_and_the_sound_too(audio, seed):
    """Each of the gains that the gauge knows is locked in about half of the draws."""
    settings, locked = drawn(seed), unlocked(drawn(seed))
    random = torch.Generator().manual_seed(seed)
    master = torch.rand(4, generator=random) < 0.5
    locked.master[0, [MASTER_FADER, MASTER_INPUT, THRESHOLD, MAKEUP]] = master
    locked.tracks[0, 0, TRACK_FADER] = bool(torch.rand((), generator=random) < 0.3)
    found = regauged(settings, usual_gauge([settings], SOUNDING, DEFAULT, locked), DEFAULT)
    for before, after, kept in zip(settings, found, locked, strict=True):
        assert torch.equal(before[kept], after[kept])
    assert_same_sound(audio, settings, found)


def test_with_the_masters_input_locked_the_faders_drive_it_and_its_fader_takes_it_back(audio):
    settings, locked = drawn(0), unlocked(drawn(0))
    locked.master[0, MASTER_INPUT] = True
    found = regauged(settings, usual_gauge([settings], SOUNDING, DEFAULT, locked), DEFAULT)
    assert found.tracks[0, 2, TRACK_FADER] == 0 and found.master[0, MASTER_FADER] == -1
    assert_same_sound(audio, settings, found)


@pytest.mark.parametrize(
    "amounts",
    [Amounts(overall=0), Amounts(overall=40), Amounts(level=20), Amounts(dynamics=30, tone=80), Amounts(overall=120)],
    ids=str,
)
def test_every_amount_between_two_mixes_of_one_gauge_sounds_as_before(audio, amounts):
    neutral, matched = drawn(3), drawn(4)
    neutral.master[..., RATIO] = neutral.tracks[..., DEFAULT.track.column("compressor.ratio")] = 1.0
    neutral.master[..., MASTER_FADER] = 10.0
    gauge = usual_gauge([neutral, matched], SOUNDING, DEFAULT)
    assert gauge == (4, -1, 10)
    ends = [regauged(end, gauge, DEFAULT) for end in (neutral, matched)]
    assert_same_sound(audio, blend(neutral, matched, amounts, DEFAULT), blend(*ends, amounts, DEFAULT))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
def test_both_layouts_sound_as_before(audio, layout):
    settings = drawn(5, layout)
    found = regauged(settings, usual_gauge([settings], SOUNDING, layout), layout)
    assert not torch.equal(settings.master, found.master)
    assert torch.equal(settings.tracks, found.tracks) == (layout is PAPER)
    assert_same_sound(audio, settings, found, layout)
