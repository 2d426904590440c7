import pytest
import torch

from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.held import Held, held_prior, levels_together
from diffmst.layout import LAYOUTS, Settings
from diffmst.prior import Stem, level_control, sane_prior
from diffmst.task import at_master_level
from diffmst.ties import Ties

RATE = 22_050
STEMS = [Stem(-20.0, 1, 0.1), Stem(-26.0, 1, 0.1), Stem(-23.0, 2, 0.1)]
ROUNDING = 1e-9  # of float64 through a logarithm and back


@pytest.fixture(params=list(LAYOUTS))
def layout(request):
    return LAYOUTS[request.param]


@pytest.fixture
def excerpts(generator):
    audio = 0.1 * torch.randn(2, 4, RATE // 4, generator=generator)
    return Excerpts(audio, (1, 1, 2), 0, RATE)


@pytest.fixture
def prior(layout, excerpts):
    return at_master_level(sane_prior(layout, STEMS), excerpts, layout)


def column(section, control):
    return list(section.params).index(control)


def unlocked(layout, prior):
    """The mix at the mean of its prior, with nothing locked."""
    locked = Settings(*(torch.zeros_like(part, dtype=torch.bool) for part in prior.mean))
    return Held(locked, Settings(*(part.clone() for part in layout.from_unit(prior.mean))))


def test_without_locks_the_prior_is_as_it_was(layout, excerpts, prior):
    found = held_prior(prior, unlocked(layout, prior), excerpts, STEMS, layout)
    for part, before in zip(found, prior, strict=True):
        assert all(map(torch.equal, part, before))


@pytest.mark.parametrize("seed", range(4))
def test_locked_controls_start_where_they_are_and_do_not_move(layout, excerpts, prior, seed):
    held, random = unlocked(layout, prior), torch.Generator().manual_seed(seed)
    for locked, settings in zip(held.locked, held.settings, strict=True):
        locked |= torch.rand(locked.shape, generator=random) < 0.3
        assert settings.shape == locked.shape
    drawn = Settings(*(torch.rand(part.shape, generator=random, dtype=torch.float64) for part in prior.mean))
    held = held._replace(settings=layout.from_unit(drawn))
    found = held_prior(prior, held, excerpts, STEMS, layout)
    for locked, unit, mean, width, start in zip(held.locked, drawn, *found, strict=True):
        torch.testing.assert_close(mean[locked], unit[locked], atol=ROUNDING, rtol=0)
        torch.testing.assert_close(start[locked], unit[locked], atol=ROUNDING, rtol=0)
        assert (width[locked] == 0).all() and ((mean >= 0) & (mean <= 1)).all()
    for locked, width, before in zip(held.locked, found.width, prior.width, strict=True):
        assert torch.equal(width[~locked], before[~locked])


def levels_db(layout, prior):
    return layout.from_unit(prior.mean).tracks[0, :, column(layout.track, level_control(layout.track))]


def test_a_track_that_was_made_louder_and_locked_stays_louder_than_the_others(layout, excerpts, prior):
    held, level = unlocked(layout, prior), column(layout.track, level_control(layout.track))
    held.settings.tracks[0, 0, level] += 4
    held.locked.tracks[0, 0, level] = True
    raised_db = levels_db(layout, held_prior(prior, held, excerpts, STEMS, layout)) - levels_db(layout, prior)
    torch.testing.assert_close(raised_db, torch.tensor([4.0, 0, 0], dtype=torch.float64), atol=1e-6, rtol=0)


def test_the_others_follow_a_mix_that_is_louder_as_a_whole(layout, excerpts, prior):
    """All faders 5 dB up, two of them locked: the third is placed among them, and the master takes it back."""
    held, level = unlocked(layout, prior), column(layout.track, level_control(layout.track))
    held.settings.tracks[0, :, level] += 5
    held.locked.tracks[0, :2, level] = True
    found = held_prior(prior, held, excerpts, STEMS, layout)
    raised_db = levels_db(layout, found) - levels_db(layout, prior)
    torch.testing.assert_close(raised_db, torch.full_like(raised_db, 5), atol=1e-6, rtol=0)
    masters = [layout.from_unit(each.mean).master[0, column(layout.master, "input.gain_db")] for each in (prior, found)]
    assert float(masters[0] - masters[1]) == pytest.approx(5, abs=1e-3)


def test_a_free_fader_makes_up_for_a_locked_input_gain(excerpts):
    layout = LAYOUTS["default"]
    prior = at_master_level(sane_prior(layout, STEMS), excerpts, layout)
    held, gain = unlocked(layout, prior), column(layout.track, "input.gain_db")
    held.settings.tracks[0, 1, gain] += 6
    held.locked.tracks[0, 1, gain] = True
    raised_db = levels_db(layout, held_prior(prior, held, excerpts, STEMS, layout)) - levels_db(layout, prior)
    torch.testing.assert_close(raised_db, torch.tensor([0.0, -6, 0], dtype=torch.float64), atol=1e-6, rtol=0)


def test_all_that_sets_the_level_of_a_track_is_held_together(layout):
    held = torch.zeros(3, len(layout.track), dtype=torch.bool)
    gain, level, pan = (
        column(layout.track, name) for name in ("input.gain_db", level_control(layout.track), "panner.pan")
    )
    held[0, gain] = held[1, level] = held[2, pan] = True
    found = levels_together(held, layout)
    assert found[:2, [gain, level]].all() and not found[2, [gain, level]].any()
    assert found[:, pan].tolist() == [False, False, True]
    assert int(found.sum()) == 2 * len({gain, level}) + 1


def test_a_locked_input_of_the_master_is_driven_as_before(layout, excerpts, prior):
    held, gain = unlocked(layout, prior), column(layout.master, "input.gain_db")
    held.settings.master[0, gain] -= 3
    held.locked.master[0, gain] = True
    raised_db = levels_db(layout, held_prior(prior, held, excerpts, STEMS, layout)) - levels_db(layout, prior)
    torch.testing.assert_close(raised_db, torch.full_like(raised_db, 3), atol=1e-6, rtol=0)


def test_what_is_kept_is_exact(layout, prior):
    held = unlocked(layout, prior)
    held.settings.tracks[0, 1] = held.settings.tracks[0, 1] * 1.0000000001
    held.locked.tracks[0, 1] = True
    others = Settings(*(part + 1 for part in held.settings))
    kept = held.keep(others)
    assert torch.equal(kept.tracks[0, 1], held.settings.tracks[0, 1])
    assert torch.equal(kept.tracks[0, 0], others.tracks[0, 0]) and torch.equal(kept.master, others.master)


def test_what_is_tied_is_meant_alike_around_what_is_held(layout, excerpts, prior):
    """A locked input gain of one of two sides, for which its fader makes up: it may not pull the fader of the other."""
    ties = Ties.of([Group("pair", "sides", (0, 1))], layout.track, len(STEMS))
    prior = ties.share_prior(prior)
    held, gain = unlocked(layout, prior), column(layout.track, "input.gain_db")
    held.settings.tracks[0, 1, gain] += 6
    held.locked.tracks[0, 1, gain] = True
    found = held_prior(prior, held, excerpts, STEMS, layout).mean
    shared = ties.without(levels_together(held.locked.tracks[0], layout)).share(found)
    torch.testing.assert_close(shared.tracks, found.tracks, atol=ROUNDING, rtol=0)
