"""Faders that make up for tone and dynamics, by the loudness of tracks as the console itself makes them."""

import math

import pytest
import torch

from diffmst.dsp.loudness import pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.kept_loudness import KeptLoudness
from diffmst.layout import DEFAULT, PAPER, Settings
from diffmst.prior import Stem, sane_prior
from diffmst.refine import refine
from diffmst.ties import Ties

RATE = 44_100
CHANNELS = (1, 2)
STEMS = [Stem(-23.0, 1, 0.2), Stem(-23.0, 2, 0.1)]
APPROXIMATELY_LU = 0.9  # the console in band powers is off by so much: LEVEL_DB of test_band_console.py


@pytest.fixture
def excerpts(generator):
    """A beat and a bed of noise."""
    time_s = torch.arange(4 * RATE) / RATE
    noise = torch.randn(2, 3, len(time_s), generator=generator)
    beat = torch.exp(-8 * (time_s % 0.5))
    return Excerpts(
        0.2 * noise * torch.stack([beat, torch.ones_like(beat), torch.ones_like(beat)]), CHANNELS, RATE, RATE
    )


@pytest.fixture
def prior():
    return sane_prior(DEFAULT, STEMS)


def changed(prior, track=0, layout=DEFAULT, **controls):
    """Settings of the prior's start with controls of a track set, named with __ for the dot."""
    settings = layout.from_unit(prior.start)
    for name, value in controls.items():
        settings.tracks[0, track, layout.track.column(name.replace("__", "."))] = value
    return settings


def track_lufs(excerpts, settings, track):
    """Loudness of one track alone behind its fader, with an untouched master."""
    others = [row for row, of in enumerate((0, 1, 1)) if of != track]
    audio = excerpts.audio.clone()
    audio[:, others] = 0
    neutral = settings._replace(master=DEFAULT.defaults(len(CHANNELS)).master)
    return float(pooled_loudness(excerpts._replace(audio=audio).mixed(neutral, DEFAULT), RATE))


@pytest.mark.parametrize("track", [0, 1])
@pytest.mark.parametrize(
    "controls",
    [
        {"eq__high_shelf__gain_db": 9.0, "eq__peak_3__gain_db": 6.0},
        {"eq__high_shelf__gain_db": -9.0, "eq__peak_4__gain_db": -8.0},
        {"compressor__threshold_db": -32.0, "compressor__ratio": 2.0},
    ],
    ids=["boost", "cut", "compression"],
)
def test_a_track_stays_as_loud_as_it_was(excerpts, prior, controls, track):
    start, settings = DEFAULT.from_unit(prior.start), changed(prior, track, **controls)
    kept = KeptLoudness(excerpts, prior, DEFAULT)(settings)
    before_lufs, alone_lufs, kept_lufs = (track_lufs(excerpts, each, track) for each in (start, settings, kept))
    assert abs(alone_lufs - before_lufs) > 3 * APPROXIMATELY_LU  # or there is nothing to make up for
    assert abs(kept_lufs - before_lufs) < APPROXIMATELY_LU


def test_what_a_fader_is_moved_by_stays(excerpts, prior):
    settings = changed(prior, fader__gain_db=-7.5)
    kept = KeptLoudness(excerpts, prior, DEFAULT)(settings)
    torch.testing.assert_close(kept.tracks, settings.tracks, atol=1e-5, rtol=0)


def test_a_fader_that_may_not_move_makes_up_for_nothing(excerpts, prior):
    prior.width.tracks[0, 0, DEFAULT.track.column("fader.gain_db")] = 0
    settings = changed(prior, eq__high_shelf__gain_db=9.0)
    kept = KeptLoudness(excerpts, prior, DEFAULT)(settings)
    assert torch.equal(kept.tracks[0, 0], settings.tracks[0, 0])


def test_a_console_without_faders_makes_up_for_nothing(excerpts):
    prior = sane_prior(PAPER, STEMS)
    settings = changed(prior, layout=PAPER, eq__high_shelf__gain_db=9.0)
    assert KeptLoudness(excerpts, prior, PAPER)(settings) is settings


def test_the_two_files_of_a_recording_are_made_up_for_alike(generator):
    stems = [Stem(-23.0, 1, 0.1, side=-1), Stem(-23.0, 1, 0.1, side=1)]
    ties = Ties.of([Group("Gtr", "sides", (0, 1))], DEFAULT.track, len(stems))
    audio = 0.1 * torch.randn(1, 2, 2 * RATE, generator=generator)
    audio[:, 1] = audio[:, 1].cumsum(-1) / 50  # darker: the same shelf does less to it
    prior = ties.share_prior(sane_prior(DEFAULT, stems))
    settings = DEFAULT.from_unit(prior.start)
    settings.tracks[0, :, DEFAULT.track.column("eq.high_shelf.gain_db")] = 9.0
    kept = KeptLoudness(Excerpts(audio, (1, 1), 0, RATE), prior, DEFAULT, ties)(settings)
    moved_db = (kept.tracks - settings.tracks)[0, :, DEFAULT.track.column("fader.gain_db")]
    assert moved_db[0] == pytest.approx(float(moved_db[1]), abs=1e-9) and moved_db[0] < -1


def test_silence_stays_silent_and_has_no_gradient(prior):
    silent = Excerpts(torch.zeros(1, 3, RATE), CHANNELS, 0, RATE)
    settings = changed(prior, eq__high_shelf__gain_db=9.0)
    tracks = settings.tracks.requires_grad_()
    kept = KeptLoudness(silent, prior, DEFAULT)(Settings(tracks, settings.fx, settings.master)).tracks
    (gradient,) = torch.autograd.grad(kept.sum(), tracks)
    assert torch.equal(kept, tracks) and torch.equal(gradient, torch.ones_like(gradient))


def test_refinement_does_not_use_tone_or_dynamics_as_faders(excerpts, prior):
    """A distance that wants all quieter gets it by the faders alone."""
    start = DEFAULT.from_unit(prior.start)

    def quieter_is_nearer(mixed):
        return {"pull": mixed.square().mean().log()}

    found = refine(excerpts, quieter_is_nearer, prior, predicted=True, steps=15).settings
    faders = [float(part.tracks[0, 0, DEFAULT.track.column("fader.gain_db")]) for part in (start, found)]
    made_up = KeptLoudness(excerpts, prior, DEFAULT)(found).tracks - found.tracks
    moved_db = faders[1] - faders[0] - float(made_up[0, 0, DEFAULT.track.column("fader.gain_db")])
    change_lu = track_lufs(excerpts, found, 0) - track_lufs(excerpts, start, 0)
    assert math.isfinite(change_lu) and change_lu == pytest.approx(moved_db, abs=APPROXIMATELY_LU)
