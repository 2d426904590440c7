"""Controls that move together."""

import pytest
import torch

from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.layout import LAYOUTS, Settings
from diffmst.prior import Stem, sane_prior
from diffmst.refine import refine
from diffmst.roles import BY_NAME
from diffmst.ties import Ties

RATE = 44_100
ROUNDING = 1e-12  # of means of float64 positions
GUITAR = BY_NAME["guitar"]
GROUPS = [Group("gtr", "sides", (2, 0)), Group("snare", "mics", (1, 4)), Group("kit", "kit", (3, 5))]


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def layout(request):
    return request.param


@pytest.fixture
def ties(layout):
    return Ties.of(GROUPS, layout.track, 6)


def random_unit(layout, tracks=6, seed=1):
    chance = torch.Generator().manual_seed(seed)
    shapes = (1, tracks, len(layout.track)), (1, len(layout.fx)), (1, len(layout.master))
    return Settings(*(torch.rand(shape, generator=chance, dtype=torch.float64) for shape in shapes))


def column(layout, name):
    return list(layout.track.params).index(name)


def test_sides_share_everything_and_mirror_their_pans(layout, ties):
    unit = random_unit(layout)
    left, right = (layout.from_unit(ties.share(unit)).tracks[0, track] for track in (2, 0))
    pan = column(layout, "panner.pan")
    centre = layout.track.params["panner.pan"]
    assert left[pan] - centre.default == pytest.approx(float(centre.default - right[pan]), abs=1e-9)
    assert torch.equal(left[torch.arange(len(left)) != pan], right[torch.arange(len(left)) != pan])


def test_what_is_shared_is_the_mean(layout, ties):
    unit = random_unit(layout)
    eq = column(layout, "eq.low_shelf.gain_db")
    shared = ties.share(unit).tracks[0, [0, 2], eq]
    assert shared.tolist() == pytest.approx([float(unit.tracks[0, [0, 2], eq].mean())] * 2, abs=ROUNDING)


def test_mics_share_their_pan_and_nothing_else(layout, ties):
    unit = random_unit(layout)
    pan = column(layout, "panner.pan")
    top, bottom = ties.share(unit).tracks[0, [1, 4]]
    assert top[pan] == bottom[pan] == pytest.approx(float(unit.tracks[0, [1, 4], pan].mean()), abs=ROUNDING)
    free = torch.arange(len(top)) != pan
    assert torch.equal(top[free], unit.tracks[0, 1, free])


def test_what_is_not_tied_stays_to_the_last_digit(layout, ties):
    unit = random_unit(layout)
    shared = ties.share(unit)
    assert torch.equal(shared.tracks[0, [3, 5]], unit.tracks[0, [3, 5]])
    assert torch.equal(shared.fx, unit.fx)
    assert torch.equal(shared.master, unit.master)


def test_sharing_twice_is_sharing_once(layout, ties):
    once = ties.share(random_unit(layout))
    assert torch.allclose(ties.share(once).tracks, once.tracks, rtol=0, atol=ROUNDING)


def test_positions_stay_in_the_unit_interval(layout, ties):
    shared = ties.share(random_unit(layout, seed=3)).tracks
    assert shared.min() >= 0 and shared.max() <= 1


def test_no_groups_tie_nothing(layout):
    unit = random_unit(layout)
    assert torch.equal(Ties.of([], layout.track, 6).share(unit).tracks, unit.tracks)


def test_doubles_keep_input_gains_of_their_own():
    layout = LAYOUTS["default"]
    unit = random_unit(layout, 2)
    shared = Ties.of([Group("gtr", "doubles", (0, 1))], layout.track, 2).share(unit).tracks[0]
    gain, fader = column(layout, "input.gain_db"), column(layout, "fader.gain_db")
    assert torch.equal(shared[:, gain], unit.tracks[0, :, gain])
    assert shared[0, fader] == shared[1, fader]


def test_a_control_of_which_one_is_held_is_not_tied_and_others_are(layout, ties):
    unit = random_unit(layout)
    held = torch.zeros(6, len(layout.track), dtype=torch.bool)
    pan, eq = column(layout, "panner.pan"), column(layout, "eq.low_shelf.gain_db")
    held[0, pan] = True
    shared = ties.without(held).share(unit).tracks
    assert torch.equal(shared[0, [0, 2], pan], unit.tracks[0, [0, 2], pan])
    assert shared[0, 0, eq] == shared[0, 2, eq]
    assert shared[0, 1, pan] == shared[0, 4, pan]


def test_the_gradient_is_shared_too(layout, ties):
    unit = random_unit(layout)
    unit.tracks.requires_grad_()
    pan = column(layout, "panner.pan")
    ties.share(unit).tracks[0, 2, pan].backward()
    assert unit.tracks.grad[0, [2, 0], pan].tolist() == [0.5, -0.5]
    assert unit.tracks.grad.count_nonzero() == 2


def test_the_prior_of_tied_controls_is_one():
    layout = LAYOUTS["default"]
    stems = [Stem(-20.0, 1, 0.1, GUITAR, -1), Stem(-26.0, 1, 0.1, GUITAR, 1), Stem(-24.0, 1, 0.1, GUITAR)]
    ties = Ties.of([Group("gtr", "sides", (0, 1))], layout.track, 3)
    prior = ties.share_prior(sane_prior(layout, stems))
    assert torch.equal(prior.width.tracks[0, 0], prior.width.tracks[0, 1])
    gains_db = layout.from_unit(prior.mean).tracks[0, :, column(layout, "input.gain_db")]
    assert gains_db.tolist() == pytest.approx([-1.0, -1.0, 0.0])  # -24 LUFS less the mean of -20 and -26


def test_refinement_keeps_the_sides_of_a_pair_together():
    """Noises of which the left is too loud in the reference: free faders would part, tied ones must not."""
    layout = LAYOUTS["default"]
    chance = torch.Generator().manual_seed(5)
    audio = 0.05 * torch.randn(1, 3, RATE // 2, generator=chance)
    excerpts = Excerpts(audio, (1, 1, 1), 0, RATE)
    stems = [Stem(-20.0, 1, 0.1, GUITAR, -1), Stem(-20.0, 1, 0.1, GUITAR, 1), Stem(-20.0, 1, 0.1, GUITAR)]
    ties = Ties.of([Group("gtr", "sides", (0, 1))], layout.track, 3)
    prior = sane_prior(layout, stems)

    def distance(mix):
        left, right = mix.square().mean(-1).log10().mul(10).mean(0)
        return {"balance": ((left - right) - 6).square() / 100}

    pan, fader = column(layout, "panner.pan"), column(layout, "fader.gain_db")
    free = refine(excerpts, distance, prior, layout=layout, steps=8).settings.tracks[0]
    assert abs(float(free[0, fader] - free[1, fader])) > 0.1
    tied = refine(excerpts, distance, ties.share_prior(prior), layout=layout, ties=ties, steps=8).settings.tracks[0]
    assert tied[0, fader] == tied[1, fader]
    assert float(tied[0, pan]) == pytest.approx(-float(tied[1, pan]), abs=1e-9)
    assert float(tied[2, fader]) != float(tied[0, fader])
