import math

import pytest
import torch
from ear_songs_made import RATE, chord, time_s

from diffmst.dsp.band_powers import BANDS, HOP_S, band_centres_hz
from diffmst.ear.sound import SIDES, StemSounds, stem_sounds
from diffmst.ear.variation import Variation, draw_variation, transposition, vary

NONE_DB = -200.0


def unchanged(tracks):
    """A variation that does nothing, to change one thing of."""
    zeros, none = torch.zeros(tracks), torch.full((tracks,), NONE_DB)
    return Variation(
        semitones=zeros,
        gains_db=torch.zeros(tracks, BANDS),
        steeper=zeros,
        reverb_db=none,
        rt60_s=torch.ones(tracks),
        leak_db=none,
        leaks_from=torch.arange(tracks),
        noise_db=none,
        noise_gains_db=torch.zeros(tracks, BANDS),
        mono=torch.zeros(tracks, dtype=torch.bool),
        side=zeros,
    )


@pytest.fixture
def sounds(generator):
    return StemSounds(torch.rand(3, 2, 129, BANDS, generator=generator) + 0.1, torch.rand(3, 2, SIDES))


def test_without_a_change_nothing_changes(sounds, generator):
    varied = vary(sounds, unchanged(3), generator)
    torch.testing.assert_close(varied.powers, sounds.powers)
    torch.testing.assert_close(varied.sides, sounds.sides)


def test_the_same_seed_draws_the_same_change(sounds):
    def varied(seed):
        numbers = torch.Generator().manual_seed(seed)
        return vary(sounds, draw_variation(3, numbers), numbers).powers

    torch.testing.assert_close(varied(3), varied(3), rtol=0, atol=0)
    assert not torch.equal(varied(3), varied(4))


def test_every_change_that_can_be_drawn_leaves_powers_that_are_powers(sounds, generator):
    for _ in range(30):
        varied = vary(sounds, draw_variation(3, generator), generator)
        assert varied.powers.isfinite().all()
        assert (varied.powers >= 0).all()
        assert ((varied.sides >= 0) & (varied.sides <= 1)).all()


def test_an_octave_up_is_where_the_octave_is(generator):
    low, high = (stem_sounds(torch.sin(2 * math.pi * hz * time_s(1.0))[None, None], (1,), RATE) for hz in (700, 1400))
    up = vary(low, unchanged(1)._replace(semitones=torch.tensor([12.0])), generator)
    places = [int(one.powers[0, 0].mean(0).argmax()) for one in (up, high)]
    assert abs(places[0] - places[1]) <= 1  # a band is as wide as what the transform can tell


def test_no_transposition_is_none():
    torch.testing.assert_close(transposition(torch.zeros(1))[0], torch.eye(BANDS), atol=1e-4, rtol=0)


def test_an_equalizer_adds_its_gain(sounds, generator):
    gains_db = torch.linspace(-12, 12, BANDS).expand(3, -1)
    varied = vary(sounds, unchanged(3)._replace(gains_db=gains_db), generator)
    change_db = 10 * torch.log10(varied.powers / sounds.powers)
    torch.testing.assert_close(change_db, gains_db[:, None, None].expand_as(change_db), atol=1e-3, rtol=0)


def test_compression_halves_a_step_of_level(generator):
    powers = torch.ones(1, 1, 200, BANDS)
    powers[:, :, 100:] *= 1e-2
    varied = vary(
        StemSounds(powers, torch.zeros(1, 1, SIDES)), unchanged(1)._replace(steeper=torch.tensor([-0.5])), generator
    )
    step_db = 10 * torch.log10(varied.powers[0, 0, 50, 0] / varied.powers[0, 0, 150, 0])
    torch.testing.assert_close(step_db, torch.tensor(10.0), atol=0.01, rtol=0)


def test_reverb_decays_by_60_db_in_its_time(generator):
    powers = torch.zeros(1, 1, 258, BANDS)
    powers[:, :, 10] = 1.0
    change = unchanged(1)._replace(reverb_db=torch.tensor([0.0]), rt60_s=torch.tensor([2.0]))
    tail = vary(StemSounds(powers, torch.zeros(1, 1, SIDES)), change, generator).powers[0, 0, 11:, 0]
    fall_db = 10 * torch.log10(tail[40] / tail[0])
    torch.testing.assert_close(fall_db, torch.tensor(-60 * 40 * HOP_S / 2.0), atol=0.05, rtol=0)
    torch.testing.assert_close(tail.sum(), torch.tensor(1.0), atol=0.01, rtol=0)


def test_noise_has_the_power_that_was_drawn(generator):
    sounds = stem_sounds(chord(3.0)[None, None], (1,), RATE)
    varied = vary(sounds, unchanged(1)._replace(noise_db=torch.tensor([-20.0])), generator)
    added = (varied.powers - sounds.powers).sum(-1).mean() / sounds.powers.sum(-1).mean()
    torch.testing.assert_close(added, torch.tensor(0.01), atol=0.0005, rtol=0)  # 5 %: 129 frames of 64 draws


def test_what_leaks_in_is_another_stem(sounds, generator):
    change = unchanged(3)._replace(leak_db=torch.zeros(3), leaks_from=torch.tensor([1, 2, 0]))
    varied = vary(sounds, change, generator)
    shares = sounds.powers.sum(-1).mean((1, 2))[:, None, None, None]
    expected = sounds.powers + sounds.powers[[1, 2, 0]] * shares / shares[[1, 2, 0]]
    torch.testing.assert_close(varied.powers, expected)


def test_mono_has_no_side(sounds, generator):
    varied = vary(sounds, unchanged(3)._replace(mono=torch.tensor([True, False, False])), generator)
    assert not varied.sides[0].any()
    assert varied.sides[1].any()


def test_filters_cut_ever_more_above_or_below():
    gains = draw_variation(400, torch.Generator().manual_seed(1)).gains_db
    top, middle = gains[:, -1], gains[:, int((band_centres_hz() - 1000).abs().argmin())]
    cut = (top - middle < -25).float().mean()
    assert 0.1 < cut < 0.4  # a third is cut somewhere from 2.5 to 16 kHz, some of it little
