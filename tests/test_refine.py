import math

import pytest
import torch

from diffmst.distance import ReferenceDistance, is_warm, warm_up
from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT
from diffmst.prior import BOUND, Stem, sane_prior
from diffmst.refine import refine

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


def test_settings_stay_within_the_prior(excerpts, distance, prior):
    """Even when the distance pulls on one control without end."""
    column = list(DEFAULT.master.params).index("eq.peak_1.gain_db")
    settings = refine(excerpts, lambda mixed: {"pull": -mixed.square().sum()}, prior, steps=30).settings
    unit = DEFAULT.to_unit(settings)
    for part, mean, width in zip(unit, prior.mean, prior.width, strict=True):
        assert ((part - mean).abs() <= BOUND * width + 1e-6).all()
        assert (part >= -1e-9).all() and (part <= 1 + 1e-9).all()
    assert settings.master[0, column] > 3


def test_controls_of_no_width_do_not_move(excerpts, distance, prior):
    unit = DEFAULT.to_unit(refine(excerpts, distance, prior, steps=5).settings)
    for part, mean, width in zip(unit, prior.mean, prior.width, strict=True):
        torch.testing.assert_close(part[width == 0], mean[width == 0], atol=1e-9, rtol=0)


def test_no_steps_leave_the_start(excerpts, distance, prior):
    found = refine(excerpts, distance, prior, steps=0)
    for part, start in zip(DEFAULT.to_unit(found.settings), prior.start, strict=True):
        torch.testing.assert_close(part, start, atol=1e-9, rtol=0)
    assert found.before == found.after and found.before


def test_refinement_stops_when_its_time_is_over(excerpts, distance, prior):
    assert len(refine(excerpts, distance, prior, steps=1000, seconds=0.0).history) == 1


def test_progress_adds_up_to_one(excerpts, distance, prior):
    told = []
    refine(excerpts, distance, prior, steps=3, on_step=told.append)
    assert sum(told) == pytest.approx(1) and min(told) >= 0


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
