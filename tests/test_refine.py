import math

import pytest
import torch

from diffmst.distance import ReferenceDistance, is_warm, warm_up
from diffmst.dsp.stereo import pan_gains, pan_of
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.kept_loudness import KeptLoudness
from diffmst.layout import DEFAULT, Settings
from diffmst.prior import BOUND, PAIR_PAN, Stem, sane_prior
from diffmst.reach import reaching
from diffmst.refine import EVIDENCE, refine
from diffmst.strips import master_width
from diffmst.ties import Ties

RATE = 22_050
CHANNELS = (1, 2)


@pytest.fixture
def excerpts(generator):
    noise = torch.randn(2, 3, 2 * RATE, generator=generator)
    envelope = torch.exp(-6 * (torch.arange(2 * RATE) / RATE % 0.5))
    return Excerpts(0.05 * noise * envelope, CHANNELS, RATE // 4, RATE)


@pytest.fixture
def prior():
    return sane_prior(DEFAULT, [Stem(-30.0, 1, 0.9), Stem(-30.0, 2, 0.0)])


@pytest.fixture
def distance(excerpts, prior):
    """To a mix of the same song with other settings."""
    settings = DEFAULT.from_unit(prior.start)
    names = list(DEFAULT.track.params)
    settings.tracks[0, 1, names.index("eq.high_shelf.gain_db")] = -6
    settings.tracks[0, 0, names.index("fader.gain_db")] = 5
    return ReferenceDistance(excerpts.mixed(settings, DEFAULT), RATE)


def test_the_distance_falls(excerpts, distance, prior):
    found = refine(excerpts, distance, prior, steps=25)
    assert sum(found.after.values()) < 0.6 * sum(found.before.values())
    assert found.before.keys() == found.after.keys()


def test_the_distance_of_a_mix_to_itself_is_zero(excerpts, prior):
    mixed = excerpts.mixed(DEFAULT.from_unit(prior.start), DEFAULT)
    terms = ReferenceDistance(mixed, RATE)(mixed)
    assert sum(float(term) for term in terms.values()) == pytest.approx(0, abs=1e-9)


def test_the_distance_is_blind_to_level(excerpts, distance, prior):
    mixed = excerpts.mixed(DEFAULT.from_unit(prior.start), DEFAULT)
    for one, other in zip(distance(mixed).values(), distance(mixed * 0.25).values(), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-3, abs=1e-6)


def test_the_gradient_of_the_distance_is_right(generator):
    reference, mix = (torch.randn(2, 2, 8_000, generator=generator, dtype=torch.float64) for _ in range(2))
    distance = ReferenceDistance(reference, 8_000)
    mix = 0.1 * mix.cumsum(-1).sin().requires_grad_()
    assert torch.autograd.gradcheck(lambda mix: sum(distance(mix).values()), mix, fast_mode=True)


def test_the_gradient_in_float32_is_that_in_float64_rounded(excerpts, prior, generator):
    mixed = excerpts.mixed(DEFAULT.from_unit(prior.start), DEFAULT).detach()
    reference = 0.1 * torch.randn(2, 2, RATE, generator=generator)
    gradients = []
    for dtype in (torch.float32, torch.float64):
        x = mixed.to(dtype, copy=True).requires_grad_()
        sum(ReferenceDistance(reference.to(dtype), RATE)(x).values()).backward()
        gradients.append(x.grad.double())
    error = (gradients[0] - gradients[1]).norm() / gradients[1].norm()
    assert float(error) < 3e-5  # terms near their minimum are small differences of large numbers


def louder_is_nearer(mixed):
    """A distance that pulls on the controls without end."""
    return {"pull": 1 / mixed.square().mean().clamp_min(1e-9).log1p()}


def brighter_is_nearer(mixed):
    """The same, whatever the loudness."""
    return {"pull": 0.8 * (mixed.square().mean() / mixed.diff(dim=-1).square().mean().clamp_min(1e-9)) ** 4}


def as_sought(settings, excerpts, prior):
    """What was sought: settings whose faders do not make up for what happens to the loudness of their tracks."""
    made_up = KeptLoudness(excerpts, prior, DEFAULT)(settings).tracks - settings.tracks
    return settings._replace(tracks=settings.tracks - made_up)


def deviations(settings, prior):
    """Of tracks, FX bus and master, in widths of the prior; 0 where it is of no width."""
    parts = zip(DEFAULT.to_unit(settings), prior.mean, prior.width, strict=True)
    return Settings(*(torch.where(width > 0, (part - mean) / width, 0.0) for part, mean, width in parts))


def test_settings_stay_within_the_prior(excerpts, prior):
    """Even when the distance pulls on one control without end."""
    column = list(DEFAULT.master.params).index("eq.peak_1.gain_db")
    settings = refine(excerpts, louder_is_nearer, prior, steps=30).settings
    unit = DEFAULT.to_unit(settings)
    for part, mean, width in zip(unit, prior.mean, prior.width, strict=True):
        assert ((part - mean).abs() <= BOUND * width + 1e-6).all()
        assert (part >= -1e-9).all() and (part <= 1 + 1e-9).all()
    assert settings.master[0, column] > 3


def test_no_reference_draws_the_tracks_further_than_its_evidence(excerpts, prior):
    """The minimum costs no more than the start, whose distance is shared out as `EVIDENCE` says."""
    prior = prior._replace(start=prior.mean)
    found = refine(excerpts, brighter_is_nearer, prior, predicted=True, steps=12)
    tracks, fx, _ = deviations(as_sought(found.settings, excerpts, prior), prior)
    assert 0.1 < tracks.square().sum() + fx.square().sum() <= 2 * EVIDENCE


def test_the_tracks_move_less_the_less_the_reference_is_reached(excerpts, distance, prior):
    """What is left whatever is done tells of another song, whose balance is not to be had."""
    prior = prior._replace(start=prior.mean)
    near, far = (
        deviations(refine(excerpts, one, prior, predicted=True, steps=10).settings, prior).tracks.norm()
        for one in (distance, lambda mixed: distance(mixed) | {"left": mixed.new_tensor(5.0)})
    )
    assert far < 0.7 * near


def test_the_master_explains_what_it_can(excerpts, prior):
    """A reference that only another master parts from the start leaves the tracks where they are."""
    prior = prior._replace(start=prior.mean)
    settings = DEFAULT.from_unit(prior.start)
    column = list(DEFAULT.master.params).index("eq.low_shelf.gain_db")
    settings.master[0, column] = -5
    distance = ReferenceDistance(excerpts.mixed(settings, DEFAULT), RATE)
    found = refine(excerpts, distance, prior, predicted=True, steps=20)
    moved = deviations(found.settings, prior)
    assert sum(found.after.values()) < 0.3 * sum(found.before.values())
    assert moved.master.abs().max() > 2 * moved.tracks.abs().max()


def test_faders_and_pans_are_held_more_than_the_sound_of_a_track(excerpts, distance, prior, monkeypatch):
    """At the cost of the sound they would go further, and it hardly less far."""
    prior = prior._replace(start=prior.mean)
    fader, shelf = (DEFAULT.track.column(name) for name in ("fader.gain_db", "eq.high_shelf.gain_db"))

    def moved():
        found = refine(excerpts, distance, prior, predicted=True, steps=12).settings
        return deviations(as_sought(found, excerpts, prior), prior).tracks[0].abs()

    held = moved()
    monkeypatch.setattr("diffmst.refine.BALANCE_COST", 1.0)
    free = moved()
    assert held[0, fader] < 0.5 * free[0, fader]
    assert held[1, shelf] > 0.8 * free[1, shelf]


@pytest.mark.parametrize(("holds_width", "left_over"), [(True, 0.5), (False, 0.75)])
@pytest.mark.parametrize("wanted", [1.0, 0.35])
def test_the_sides_of_a_pair_are_found_as_far_out_as_they_are(wanted, holds_width, left_over, generator):
    """Two guitars that are predicted at 0.6 either side, and a reference of the same song that has them elsewhere.

    The width of the mix does part of it if it may, and for all that is in the mix.
    """
    stems = [Stem(-30.0, 1, 0.0, side=-1), Stem(-30.0, 1, 0.0, side=1), Stem(-30.0, 2, 0.0)]
    ties = Ties.of([Group("Gtr", "sides", (0, 1))], DEFAULT.track, len(stems))
    audio = 0.05 * torch.randn(1, 4, 2 * RATE, generator=generator)
    excerpts, usual = Excerpts(audio, (1, 1, 2), 0, RATE), ties.share_prior(sane_prior(DEFAULT, stems))
    narrow = usual.width._replace(tracks=0.1 * usual.width.tracks)
    predicted = reaching(usual._replace(width=narrow, start=usual.mean), usual, stems, DEFAULT, ties)
    pan, settings = DEFAULT.track.column("panner.pan"), DEFAULT.from_unit(usual.mean)
    settings.tracks[0, :2, pan] = torch.tensor([-wanted, wanted], dtype=torch.float64)
    distance = ReferenceDistance(excerpts.mixed(settings, DEFAULT), RATE)
    if holds_width:
        predicted.width.master[0, DEFAULT.master.column("image.width")] = 0
    found = refine(excerpts, distance, predicted, ties=ties, predicted=True, steps=25).settings
    pans, width = found.tracks[0, :2, pan], master_width(DEFAULT.master, found.master)[0]
    assert float(pans.sum()) == pytest.approx(0, abs=1e-9)
    left, right = (width @ pan_gains(pans[1])).clamp_min(0).tolist()
    assert abs(pan_of(left, right, channels=1) - wanted) < left_over * abs(PAIR_PAN - wanted)


def test_the_width_of_the_mix_is_found(excerpts, prior):
    """A reference that is the start made wider: the master explains it, and the pans stay."""
    prior = prior._replace(start=prior.mean)
    settings, column = DEFAULT.from_unit(prior.start), DEFAULT.master.column("image.width")
    settings.master[0, column] = 1.5
    distance = ReferenceDistance(excerpts.mixed(settings, DEFAULT), RATE)
    found = refine(excerpts, distance, prior, predicted=True, steps=10)
    assert abs(float(found.settings.master[0, column]) - 1.5) < 0.2
    moved = deviations(found.settings, prior).tracks.abs()
    assert moved[..., DEFAULT.track.column("panner.pan")].max() < 0.05
    assert moved.max() < 0.75  # equalizers, which are cheap, begin to make up for the last of it


def test_a_master_that_must_not_move_leaves_the_work_to_the_tracks(excerpts, prior):
    toned = DEFAULT.from_unit(prior.start)
    toned.tracks[0, 1, DEFAULT.track.column("eq.high_shelf.gain_db")] = -6
    distance = ReferenceDistance(excerpts.mixed(toned, DEFAULT), RATE)
    locked = prior._replace(width=prior.width._replace(master=torch.zeros_like(prior.width.master)))
    found = refine(excerpts, distance, locked, predicted=True, steps=15)
    moved = deviations(found.settings, locked)
    assert not moved.master.any() and moved.tracks.any()
    assert sum(found.after.values()) < 0.8 * sum(found.before.values())


def test_what_the_master_is_fitted_to_is_the_whole_mix(excerpts, distance, prior):
    start = DEFAULT.from_unit(prior.start)
    before = refine(excerpts, distance, prior, predicted=True, steps=1).before
    for name, term in distance(excerpts.mixed(start, DEFAULT)).items():
        assert before[name] == pytest.approx(float(term), rel=1e-5, abs=1e-9)  # the same sums, in float32


def test_controls_of_no_width_do_not_move(excerpts, distance, prior):
    unit = DEFAULT.to_unit(refine(excerpts, distance, prior, steps=5).settings)
    for part, mean, width in zip(unit, prior.mean, prior.width, strict=True):
        torch.testing.assert_close(part[width == 0], mean[width == 0], atol=1e-9, rtol=0)


def test_no_steps_leave_what_the_prior_means(excerpts, distance, prior):
    aside = prior._replace(start=prior.start._replace(master=1 - prior.start.master))
    found = refine(excerpts, distance, aside, steps=0)
    for part, mean in zip(DEFAULT.to_unit(found.settings), prior.mean, strict=True):
        torch.testing.assert_close(part, mean, atol=1e-9, rtol=0)
    assert found.before == found.after and found.before


def test_no_steps_from_a_prediction_leave_it_where_it_starts(excerpts, distance, prior):
    """Its master may have got the tone of the reference before."""
    toned = prior._replace(start=prior.start._replace(master=0.9 * prior.start.master))
    found = refine(excerpts, distance, toned, predicted=True, steps=0)
    torch.testing.assert_close(DEFAULT.to_unit(found.settings).master, toned.start.master, atol=1e-9, rtol=0)


@pytest.mark.parametrize("predicted", [False, True])
def test_refinement_stops_when_its_time_is_over(excerpts, distance, prior, predicted):
    found = refine(excerpts, distance, prior, predicted=predicted, steps=1000, seconds=0.0)
    assert len(found.history) == 1 and found.after == found.before


@pytest.mark.parametrize("predicted", [False, True])
def test_every_step_is_told(excerpts, distance, prior, predicted):
    told = []
    found = refine(excerpts, distance, prior, predicted=predicted, steps=3, observer=told.append)
    stages = ["master"] * 3 * predicted + ["tracks"] * 3
    assert [step.stage for step in told] == stages and [step.number for step in told] == [1, 2, 3] * (1 + predicted)
    assert all(step.steps == 3 for step in told)
    shares = [step.share for step in told]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    assert dict(told[0].terms) == found.before and told[-1].best == pytest.approx(sum(found.after.values()))


@pytest.mark.parametrize("predicted", [False, True])
def test_who_watches_may_stop_it_and_has_the_best_so_far(excerpts, distance, prior, predicted):
    told = []
    stopped = refine(
        excerpts,
        distance,
        prior,
        predicted=predicted,
        steps=30,
        observer=lambda step: told.append(step) or len(told) == 4,
    )
    assert stopped.stopped and not stopped.converged and len(stopped.history) == len(told) == 4
    assert sum(stopped.after.values()) < sum(stopped.before.values())
    assert sum(stopped.after.values()) == pytest.approx(told[-1].best)


def test_watching_changes_nothing(excerpts, distance, prior):
    alone = refine(excerpts, distance, prior, predicted=True, steps=3)
    watched = refine(excerpts, distance, prior, predicted=True, steps=3, observer=lambda step: False)
    assert alone.history == watched.history and not watched.stopped
    assert all(torch.equal(a, b) for a, b in zip(alone.settings, watched.settings, strict=True))


def test_the_same_task_gives_the_same_settings(excerpts, distance, prior):
    one, other = (refine(excerpts, distance, prior, steps=3).settings for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_silence_does_no_harm(prior):
    silence = Excerpts(torch.zeros(1, 3, RATE), CHANNELS, 0, RATE)
    noise = torch.full((1, 2, RATE), 0.1)
    found = refine(silence, ReferenceDistance(noise, RATE), prior, steps=2)
    assert all(part.isfinite().all() for part in found.settings)
    assert all(math.isfinite(value) for value in found.history)


def test_a_mono_reference_says_nothing_about_width(generator):
    reference = torch.randn(2, 1, RATE, generator=generator).expand(-1, 2, -1)
    distance = ReferenceDistance(reference, RATE)
    wide = torch.randn(2, 2, RATE, generator=generator)
    narrow = wide.mean(1, keepdim=True).expand_as(wide)
    for one, other in zip(distance(wide).values(), distance(narrow).values(), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-4, abs=1e-6)


def test_kernels_are_ready_once_they_are_warm():
    warm_up()
    assert is_warm()
