import torch
from ear_songs_made import RATE, chord, hiss, thump

from diffmst.dsp.band_powers import BANDS
from diffmst.ear.sound import levels_of, stem_sounds

ROUNDING = 1e-3  # of levels in units of 15 dB


def windows_of(*rows):
    return torch.stack(rows)[None]


def test_loudness_does_not_count():
    sound = thump(2.0)
    quiet, loud = (levels_of(stem_sounds(windows_of(gain * sound), (1,), RATE)) for gain in (0.01, 1.0))
    torch.testing.assert_close(quiet.levels, loud.levels, atol=ROUNDING, rtol=0)
    torch.testing.assert_close(quiet.active, loud.active)


def test_levels_of_the_windows_of_a_stem_stay_apart():
    sound = chord(2.0)
    quieter = levels_of(stem_sounds(torch.stack([sound, sound * 10 ** (-15 / 20)])[:, None], (1,), RATE))
    strongest = quieter.levels[0].mean(1).amax(-1)
    torch.testing.assert_close(strongest[0] - strongest[1], torch.tensor(1.0), atol=0.01, rtol=0)


def test_a_silent_stem_is_at_the_floor_and_never_active():
    silent = levels_of(stem_sounds(torch.zeros(2, 1, RATE), (1,), RATE))
    assert silent.levels.unique().numel() == 1
    assert not silent.active.any()
    assert silent.levels.isfinite().all()


def test_dither_is_silence(generator):
    dither = 2**-16 * (torch.rand(1, 1, RATE, generator=generator) - torch.rand(1, 1, RATE, generator=generator))
    heard = levels_of(stem_sounds(dither, (1,), RATE))
    assert not heard.active.any()


def test_two_equal_channels_are_one(generator):
    sound = hiss(2.0, generator)
    one = stem_sounds(windows_of(sound), (1,), RATE)
    two = stem_sounds(windows_of(sound, sound), (2,), RATE)
    torch.testing.assert_close(one.powers, two.powers)
    torch.testing.assert_close(one.sides, two.sides, atol=1e-3, rtol=0)


def test_which_side_is_louder_does_not_count(generator):
    left, right = hiss(2.0, generator), 0.3 * hiss(2.0, generator)
    one = stem_sounds(windows_of(left, right), (2,), RATE)
    other = stem_sounds(windows_of(right, left), (2,), RATE)
    torch.testing.assert_close(one.sides, other.sides)


def test_what_is_on_one_side_only_is_wide_and_off_the_middle(generator):
    sounds = stem_sounds(windows_of(hiss(2.0, generator), torch.zeros(2 * RATE)), (2,), RATE)
    # Half of the power is side: 1 + log10(1/2) / 4.
    torch.testing.assert_close(sounds.sides[0, 0, BANDS // 2], torch.tensor(0.925), atol=0.01, rtol=0)
    assert sounds.sides[0, 0, -1] == 1


def test_tracks_are_heard_in_their_order(generator):
    rows = [thump(2.0), hiss(2.0, generator), hiss(2.0, generator), chord(2.0)]
    together = stem_sounds(windows_of(*rows), (1, 2, 1), RATE)
    alone = stem_sounds(windows_of(rows[3]), (1,), RATE)
    torch.testing.assert_close(together.powers[2], alone.powers[0])
